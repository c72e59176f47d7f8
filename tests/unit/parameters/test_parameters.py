"""Parameter files: whatever is wrong with one becomes one line that starts with the file and the key's path."""

import copy
import functools
import math
import operator
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from adversarial_nets.core.errors import InputError
from adversarial_nets.parameters.experiment import Experiment
from adversarial_nets.parameters.project import Project
from adversarial_nets.parameters.reading import experiment_path, parse, parse_experiment, read, read_experiments
from support.experiments import ROOT, project_values, shipped, shipped_values, write_yaml

MNIST = "experiments/mnist.yaml"
LAYER = {"type": "sigmoid", "units": 784, "init_range": 0.1}
NAMES = sorted(path.stem for path in (ROOT / "experiments").rglob("*.yaml"))
VALUES = {"params.yaml": project_values(), **{f"experiments/{name}.yaml": shipped_values(name) for name in NAMES}}


class File(NamedTuple):
    """What a parameter file holds."""

    name: str
    values: Any


def at(values: Any, keys: Iterable) -> Any:
    """What stands in a file under these keys."""
    return functools.reduce(operator.getitem, keys, values)


def changed(path: str, value: Any) -> File:
    """A file with one value replaced or added, by the name that `dvc exp run -S` takes; params.yaml needs no name."""
    file, _, keys = path.rpartition(":")
    values = copy.deepcopy(VALUES[file or "params.yaml"])
    *section, key = keys.split(".")
    at(values, section)[key] = value
    return File(file or "params.yaml", values)


def without(file: str, keys: Sequence) -> File:
    values = copy.deepcopy(VALUES[file])
    del at(values, keys[:-1])[keys[-1]]
    return File(file, values)


def parsed(file: File) -> Any:
    return parse(file.values, Project, file.name) if file.name == "params.yaml" else parse_experiment(file.values, file.name)


def complaint(file: File) -> str:
    """What ``parse`` has to say, which must be one line that names the file."""
    with pytest.raises(InputError) as caught:
        parsed(file)
    message = str(caught.value)
    assert len(message.splitlines()) == 1, message
    assert message.startswith(file.name)
    return message


def full(path: str) -> str:
    """The name that a message starts with."""
    return path if ":" in path else f"params.yaml:{path}"


# The files themselves


@pytest.mark.parametrize("name", VALUES)
def test_the_repositorys_files_are_valid(name: str) -> None:
    assert parsed(File(name, VALUES[name]))


def test_values_arrive_unchanged() -> None:
    experiment = shipped("mnist")
    assert experiment.training.learning_rate_floor == 1e-6
    assert experiment.training.learning_rate_decay == 1.000004
    assert list(experiment.discriminator.layers) == ["h0", "h1", "y"]
    assert experiment.discriminator.layers["h0"].keep_probability == 0.8
    assert experiment.generator.layers["y"].bias == "marginals"


def test_what_a_layer_leaves_out_has_no_effect() -> None:
    layer = shipped("mnist").generator.layers["h0"]
    assert (layer.keep_probability, layer.max_column_norm, layer.bias) == (1.0, None, 0.0)


def test_parameters_cannot_change_after_reading() -> None:
    with pytest.raises(ValueError, match="frozen"):
        shipped("mnist").training.epochs = 3


def test_the_annealed_experiment_differs_in_its_decay_and_length_alone() -> None:
    plain, annealed = (shipped_values(name) for name in ("mnist", "mnist_annealed"))
    assert annealed["training"].pop("annealing")
    assert annealed["training"].pop("epochs") > plain["training"].pop("epochs")
    assert plain["training"].pop("averaging")  # which changes no bit of the game
    assert annealed == plain


def test_the_averaged_experiment_is_the_run_of_the_paper_s() -> None:
    last, average = (shipped_values(name) for name in ("mnist", "mnist_averaged"))
    assert (last["training"].pop("keep"), average["training"].pop("keep")) == ("last", "average")
    assert average == last


def test_the_papers_mnist_experiment_has_the_published_settings() -> None:
    """Sections 5 of the paper and the configuration that its authors published."""
    mnist = VALUES[MNIST]
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


def test_every_key_of_an_experiment_is_in_the_file() -> None:
    """Optional is only what a layer may leave out and what single experiments have: a file shows every other knob there is."""
    schema = Experiment.model_json_schema()["$defs"]
    optional = {
        key for section in schema.values() for key in section.get("properties", {}) if key not in section.get("required", [])
    }
    assert optional == {
        "keep_probability",
        "max_column_norm",
        "bias",
        "annealing",
        "averaging",
        "compared",
        "sigma",
        "init_range",
        "sparse_init",
        "num_train",
        "pretraining",
        "sha256",
        "title",
    }


# What is wrong, and where

WRONG = [
    # (key, value, what must be in the message: the value, its limit, what is possible instead)
    ("devise", "cpu", "did you mean 'device'"),
    ("device", "gpu", "'auto', 'cpu' or 'cuda'"),
    ("device", None, "None"),
    ("helvetica.generator_updates", 0, "it is 0"),
    ("helvetica.generator_updates", "2", "it is '2'"),
    ("helvetica.generator_updates", 2.0, "it is 2.0"),
    ("helvetica.generator_updates", True, "it is True"),
    ("helvetica.generator_updates", math.nan, "it is nan"),
    ("overfitting.discriminator_updates", 0, "it is 0"),
    ("seeds", [], "at least 1"),
    ("seeds", 3, "it is 3"),
    ("seeds", [4, 4], "twice"),
    ("seeds.0", -1, "it is -1"),
    ("seeds.0", 1.5, "it is 1.5"),
    ("seeds.0", 2**63, str(2**63)),
    ("suite", [], "names no experiment"),
    ("suite", "mnist", "it is 'mnist'"),
    ("suite", ["mnist", "mnist"], "twice"),
    ("suite.0", "../mnist", "'../mnist'"),
    ("suite.0", "mnist\n", r"'mnist\n'"),
    (f"{MNIST}:trainning", {}, "did you mean 'training'"),
    (f"{MNIST}:data.source", "minst", "'images', 'mnist', 'cifar10', 'tfd', 'fer2013'"),
    (f"{MNIST}:data.sorce", "mnist", "did you mean 'source'"),
    (f"{MNIST}:data.sha256", "x", "known are source, md5, num_validation"),
    (f"{MNIST}:data.num_validation", 0, "it is 0"),
    (f"{MNIST}:data.num_validation", 60_000, "it is 60000"),
    (f"{MNIST}:data.md5", None, "it is None"),
    ("experiments/mnist5k.yaml:data.split_seed", 2**32, str(2**32)),
    ("experiments/mnist5k.yaml:data.num_test", 1, "it is 1"),
    ("experiments/mnist5k.yaml:data.sha256", "0" * 63, "pattern"),
    ("experiments/mnist5k.yaml:data.num_train", 4000.0, "it is 4000.0"),
    (f"{MNIST}:generator.noise", "normal", "'uniform' or 'gaussian'"),
    (f"{MNIST}:generator.layers", {}, "at least 1"),
    (f"{MNIST}:generator.layers.H-2", LAYER, "[a-z]"),
    (f"{MNIST}:generator.layers.h0", None, "it is None"),
    (f"{MNIST}:generator.layers.h0.type", "rely", "'relu', 'sigmoid', 'linear', 'maxout'"),
    (f"{MNIST}:generator.layers.h0.pieces", 5, "known are"),
    (f"{MNIST}:generator.layers.h0.unit", 5, "did you mean 'units'"),
    (f"{MNIST}:generator.layers.h0.units", -1, "it is -1"),
    (f"{MNIST}:generator.layers.h0.init_range", 0, "it is 0"),
    (f"{MNIST}:generator.layers.h0.init_range", math.inf, "it is inf"),
    (f"{MNIST}:generator.layers.h0.init_range", math.nan, "it is nan"),
    (f"{MNIST}:generator.layers.h0.bias", "marginal", "'marginals'"),
    (f"{MNIST}:generator.layers.h0.bias", math.nan, "it is nan"),
    (f"{MNIST}:discriminator.layers.h0.pieces", 0, "it is 0"),
    (f"{MNIST}:discriminator.layers.h0.bias", 1.0, "unknown key"),
    (f"{MNIST}:discriminator.layers.h0.keep_probability", 0, "it is 0"),
    (f"{MNIST}:discriminator.layers.h0.keep_probability", 1.1, "it is 1.1"),
    (f"{MNIST}:discriminator.layers.h0.max_column_norm", -1, "it is -1"),
    (f"{MNIST}:training.learning_rat", 1, "did you mean 'learning_rate'"),
    (f"{MNIST}:training.learning_rate", 0, "it is 0"),
    (f"{MNIST}:training.learning_rate", "0.1", "it is '0.1'"),
    (f"{MNIST}:training.learning_rate", True, "it is True"),
    (f"{MNIST}:training.learning_rate", math.nan, "it is nan"),
    (f"{MNIST}:training.learning_rate", [0.1], "number"),
    (f"{MNIST}:training.learning_rate_decay", 0.9, "it is 0.9"),
    (f"{MNIST}:training.learning_rate_floor", 0.0, "it is 0.0"),
    (f"{MNIST}:training.epochs", 0, "it is 0"),
    (f"{MNIST}:training.minibatch_size", 0, "it is 0"),
    (f"{MNIST}:training.game", "sequential", "'simultaneous' or 'alternating'"),
    (f"{MNIST}:training.generator_objective", "wgan", "'non_saturating' or 'minimax'"),
    (f"{MNIST}:training.optimizer", "sgd", "'momentum' or 'adam'"),
    (f"{MNIST}:training.keep", "first", "'last', 'best' or 'average'"),
    (f"{MNIST}:training.momentum.initial", 1, "it is 1"),
    (f"{MNIST}:training.momentum.final", -0.1, "it is -0.1"),
    (f"{MNIST}:training.momentum.saturation_epoch", 1, "it is 1"),
    (f"{MNIST}:training.adam.beta1", 1, "it is 1"),
    (f"{MNIST}:training.adam.beta3", 0.5, "did you mean 'beta"),
    (f"{MNIST}:training.validation.every", 0, "it is 0"),
    (f"{MNIST}:sampling.num_samples", 0, "it is 0"),
    (f"{MNIST}:evaluation.sigma.count", 1, "it is 1"),
    (f"{MNIST}:evaluation.sigma.lowest", -0.1, "it is -0.1"),
    (f"{MNIST}:evaluation.sigma.highest", math.inf, "it is inf"),
]


@pytest.mark.parametrize(("path", "value", "words"), WRONG, ids=[f"{path}={value!r:.20}" for path, value, _ in WRONG])
def test_a_wrong_value_is_named_by_its_path(path: str, value: Any, words: str) -> None:
    file = changed(path.removesuffix(".0"), [value]) if path.endswith(".0") else changed(path, value)
    message = complaint(file)
    assert message.startswith(f"{full(path)}: ")
    assert words in message.removeprefix(full(path))


INCONSISTENT = [
    # (key that is changed, its value, key that the message starts with, words that must be in it)
    (f"{MNIST}:training.discriminator_steps", 2, "training.discriminator_steps", "set game to alternating"),
    (f"{MNIST}:training.momentum.initial", 0.0, "training.momentum.initial", "both zero or both positive"),
    (f"{MNIST}:training.momentum.final", 0, "training.momentum.initial", "both zero or both positive"),
    (f"{MNIST}:training.learning_rate_floor", 0.2, "training.learning_rate_floor", "above learning_rate"),
    (f"{MNIST}:evaluation.sigma.lowest", 1.0, "evaluation.sigma.lowest", "smaller than highest"),
    (f"{MNIST}:evaluation.sigma.highest", 0.05, "evaluation.sigma.lowest", "smaller than highest"),
    (f"{MNIST}:generator.layers.y.units", 783, "generator.layers.y.units", "784"),
    (f"{MNIST}:generator.layers.y.type", "relu", "generator.layers.y.bias", "sigmoid"),
    (f"{MNIST}:generator.layers.h0.bias", "marginals", "generator.layers.h0.bias", "last layer"),
    (f"{MNIST}:generator.layers.z", LAYER, "generator.layers.y.bias", "last layer"),
    (f"{MNIST}:generator.layers.z", {**LAYER, "units": 10}, "generator.layers.z.units", "784"),
    (f"{MNIST}:discriminator.layers.y.units", 2, "discriminator.layers.y.units", "must be 1"),
    (f"{MNIST}:discriminator.layers.y.type", "linear", "discriminator.layers.y.type", "must be sigmoid"),
    (f"{MNIST}:discriminator.layers.y.bias", "marginals", "discriminator.layers.y.bias", "generator"),
    (f"{MNIST}:data.source", "images", "data.md5", "unknown key"),
]


@pytest.mark.parametrize(
    ("path", "value", "blamed", "words"), INCONSISTENT, ids=[f"{row[0]}={row[1]!r:.20}" for row in INCONSISTENT]
)
def test_values_that_do_not_fit_together_are_named(path: str, value: Any, blamed: str, words: str) -> None:
    message = complaint(changed(path, value))
    assert message.startswith(f"{MNIST}:{blamed}: ")
    assert words in message


ANNEALED = "experiments/mnist_annealed.yaml"
WITHOUT_EFFECT = [
    # (key, the greatest value that has an effect, one more) for two epochs of 500 updates
    ("training.discriminator_steps", 1000, 1001),
    ("training.annealing.after_updates", 998, 999),
    ("generator.layers.h0.keep_probability", 1.0, 0.5),
]


@pytest.mark.parametrize(("key", "possible", "without_effect"), WITHOUT_EFFECT)
def test_a_value_that_never_takes_effect_is_refused(key: str, possible: Any, without_effect: Any) -> None:
    for value in (possible, without_effect):
        file = changed(f"{ANNEALED}:training.epochs", 2)
        file.values["training"]["annealing"]["after_updates"] = 10
        file.values["training"]["game"] = "alternating"
        *sections, last = key.split(".")
        section = file.values
        for name in sections:
            section = section[name]
        section[last] = value
        if value == possible:
            assert parsed(file)
        else:
            assert complaint(file).startswith(f"{ANNEALED}:{key}: ")


def test_several_discriminator_steps_go_with_the_alternating_game() -> None:
    file = changed(f"{MNIST}:training.game", "alternating")
    file.values["training"]["discriminator_steps"] = 5
    assert parsed(file).training.discriminator_steps == 5


def test_a_plain_optimizer_without_momentum_is_possible() -> None:
    file = changed(f"{MNIST}:training.momentum", {"initial": 0, "final": 0, "saturation_epoch": 2})
    assert parsed(file).training.momentum.final == 0


CONV = "experiments/cifar10_conv.yaml"
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
    message = complaint(changed(f"{CONV}:{path}", value))
    assert message.startswith(f"{CONV}:{blamed}")
    assert words in message


TFD = "experiments/tfd.yaml"
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
    message = complaint(changed(f"{TFD}:{path}", value))
    assert message.startswith(f"{TFD}:{blamed}")
    assert words in message


def test_more_faces_than_there_are_stop_the_check() -> None:
    assert "34,034" in complaint(changed("experiments/fer2013.yaml:data.num_train", 29_035))


def test_a_convolution_cannot_follow_a_layer_without_positions() -> None:
    layers = VALUES[CONV]["discriminator"]["layers"]
    message = complaint(changed(f"{CONV}:discriminator.layers", {"dense": layers["h3"], **layers}))
    assert message.startswith(f"{CONV}:discriminator.layers.h0: must follow an image")


def test_marginals_need_pixels_from_0_to_1() -> None:
    layer = {"type": "sigmoid", "units": 3072, "init_range": 0.1, "bias": "marginals"}
    assert complaint(changed("experiments/cifar10_mlp.yaml:generator.layers.y", layer)).startswith(
        "experiments/cifar10_mlp.yaml:generator.layers.y.bias"
    )


REQUIRED = [
    "suite", "device", "helvetica.generator_updates", f"{MNIST}:data", f"{MNIST}:data.source", f"{MNIST}:data.md5",
    "experiments/mnist5k.yaml:data.path", f"{MNIST}:generator", f"{MNIST}:generator.noise", f"{MNIST}:generator.layers.h0.type",
    f"{MNIST}:generator.layers.h0.units", f"{MNIST}:discriminator.layers.h0.pieces", f"{MNIST}:training.keep",
    f"{MNIST}:training.adam.beta1", f"{MNIST}:evaluation.sigma.count",
]  # fmt: skip


@pytest.mark.parametrize("path", REQUIRED)
def test_a_missing_key_is_named_as_required(path: str) -> None:
    file, _, keys = full(path).partition(":")
    assert re.match(re.escape(full(path)) + ": .*required", complaint(without(file, keys.split("."))))


MD5 = VALUES[MNIST]["data"]["md5"]


@pytest.mark.parametrize("md5", [{}, dict(list(MD5.items())[1:]), {**MD5, "other.gz": "0" * 32}], ids=["none", "three", "five"])
def test_the_four_archives_are_named_no_more_and_no_less(md5: dict[str, str]) -> None:
    """A checksum that is not there is not checked, and another file cannot be fetched."""
    assert complaint(changed(f"{MNIST}:data.md5", md5)).startswith(f"{MNIST}:data.md5")


@pytest.mark.parametrize("name", ["params.yaml", MNIST])
@pytest.mark.parametrize("whole", [None, [], 3, "text", math.nan])
def test_a_file_that_is_not_a_mapping_is_refused(name: str, whole: Any) -> None:
    assert complaint(File(name, whole)).startswith(f"{name}: ")


@pytest.mark.parametrize("key", ["a\nb", "a\u2028b", "", 0, None, False, 3, ("a", 1)])
@pytest.mark.parametrize("section", [(), ("training",)], ids=".".join)
def test_an_odd_unknown_key_is_shown_in_one_line(key: Any, section: tuple) -> None:
    values = copy.deepcopy(VALUES[MNIST])
    at(values, section)[key] = 1
    message = complaint(File(MNIST, values))
    assert "unknown key" in message
    assert all(word in message.split(": ")[0] for word in str(key).split())


def test_an_odd_union_tag_is_shown_in_one_line() -> None:
    assert complaint(changed(f"{MNIST}:generator.layers.h0.type", "a\nb")).startswith(f"{MNIST}:generator.layers.h0.type: ")


# Anything else that can stand in the file

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
    st.sampled_from(["mnist", "images", "relu", "sigmoid", "maxout", "linear", "marginals", "adam", "alternating", "best"]),
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


NODES = [(file, *path) for file, values in VALUES.items() for path in nodes(values)]
# The small ones have no keys of their own.
KEYS = [path for path in NODES if isinstance(path[-1], str) and "small" not in path[0]]
MAPPINGS = [*((file,) for file in VALUES), *(path for path in NODES if isinstance(at(VALUES, path), dict))]


def accepted_or_named(file: File, path: tuple) -> None:
    """No other exception, one line, and it names the key, or the section or a neighbour in it that no longer fits."""
    try:
        parsed(file)
    except InputError as error:
        message = str(error)
        assert len(message.splitlines()) == 1
        assert message.startswith(file.name)
        section = f"{file.name}:{'.'.join(map(str, path[:-1]))}"
        named = " ".join(str(path[-1]).split()) in message
        assert named or (len(path) > 1 and message.startswith((f"{section}.", f"{section}: ")))


@settings(max_examples=400)
@given(st.sampled_from(NODES), ANYTHING)
@example((MNIST, "data"), {})
@example((MNIST, "generator", "layers", "h0", "type"), "a\nb")
def test_any_value_anywhere_is_accepted_or_named(path: tuple, value: Any) -> None:
    file, *keys = path
    values = copy.deepcopy(VALUES[file])
    at(values, keys[:-1])[keys[-1]] = value
    accepted_or_named(File(file, values), tuple(keys))


@pytest.mark.parametrize("path", KEYS, ids=".".join)
def test_any_missing_key_is_accepted_or_named(path: tuple) -> None:
    file, *keys = path
    accepted_or_named(without(file, keys), tuple(keys))


@settings(max_examples=200)
@given(st.sampled_from(MAPPINGS), st.text(max_size=8) | st.integers() | st.none() | st.booleans(), ANYTHING)
def test_any_added_key_is_accepted_or_named(section: tuple, key: Any, value: Any) -> None:
    file, *keys = section
    values = copy.deepcopy(VALUES[file])
    mapping = at(values, keys)
    assume(key not in mapping)
    mapping[key] = value
    accepted_or_named(File(file, values), (*keys, key))


# A folder of experiments


def test_every_file_in_the_folder_is_read_by_name() -> None:
    assert sorted(read_experiments(ROOT / "experiments")) == NAMES


def test_the_first_file_that_is_wrong_is_named(tmp_path: Path) -> None:
    write_yaml(tmp_path / "a.yaml", shipped_values())
    write_yaml(tmp_path / "small" / "b.yaml", {**shipped_values(), "trainning": {}})
    with pytest.raises(InputError, match=re.escape(f"{tmp_path}/small/b.yaml:trainning: unknown key; did you mean 'training'?")):
        read_experiments(tmp_path)


def test_theory_is_not_a_name_for_an_experiment(tmp_path: Path) -> None:
    write_yaml(tmp_path / "theory.yaml", shipped_values())
    with pytest.raises(InputError, match="cannot be called 'theory'"):
        read_experiments(tmp_path)


@pytest.mark.parametrize(("name", "words"), [("mnits", "did you mean 'mnist'?"), ("zebra", "there are cifar10_conv, ")])
def test_an_experiment_without_a_file_is_refused(name: str, words: str) -> None:
    with pytest.raises(InputError, match=re.escape(words)):
        experiment_path(name, ROOT / "experiments")


@pytest.mark.parametrize(("content", "words"), [(b"a: [", "not valid YAML"), (b"\xff", "cannot be read"), (None, "not there")])
def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "params.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=words) as caught:
        read(path, Project)
    assert str(caught.value).startswith(f"{path}: ")
    assert len(str(caught.value).splitlines()) == 1
