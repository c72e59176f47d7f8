"""The game on pairs of an image and a condition, held to the plain game and to networks written out by hand."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from adversarial_nets.core.errors import CheckFailed, InputError
from adversarial_nets.extensions import completion, conditional, games
from adversarial_nets.extensions.games import BranchedNetwork, ConditionalGenerator, Model, chosen_rows
from adversarial_nets.gan.networks import Network, initialise
from adversarial_nets.gan.run import Setup
from adversarial_nets.parameters.conditional import BranchedNetworks, ConditionalVariant
from adversarial_nets.parameters.layers import LinearParameters, MaxoutParameters
from adversarial_nets.parameters.reading import parse
from adversarial_nets.running.checkpoints import Checkpoint
from support.experiments import small
from support.extensions import CLASSES, COMPLETION, with_classes
from support.stops import StopsAt

CPU = torch.device("cpu")
LAYERS = {
    "x": MaxoutParameters(type="maxout", units=3, pieces=2, init_range=0.5, keep_probability=0.5),
    "c": LinearParameters(type="relu", units=4, init_range=0.5),
    "joined": LinearParameters(type="relu", units=5, init_range=0.5),
    "y": LinearParameters(type="sigmoid", units=1, init_range=0.5),
}
PUBLISHED = {
    "generator": {
        "noise": "uniform",
        "noise_dimensions": 5,
        "layers": {
            "z": {"type": "relu", "units": 4, "init_range": 0.05},
            "c": {"type": "relu", "units": 6, "init_range": 0.05},
            "y": {"type": "sigmoid", "units": 784, "init_range": 0.05, "bias": "marginals"},
        },
    },
    "discriminator": {
        "layers": {
            "x": {"type": "maxout", "units": 6, "pieces": 2, "init_range": 0.02, "keep_probability": 0.8},
            "c": {"type": "maxout", "units": 4, "pieces": 2, "init_range": 0.02},
            "y": {"type": "sigmoid", "units": 1, "init_range": 0.02},
        }
    },
}


def setup(digits: np.ndarray, **training: object) -> Setup:
    images = with_classes(digits)
    return Setup(small(minibatch_size=20, **training), images.training_images, images.fold_images(0, 2), 0, CPU)


def models(digits: np.ndarray, **training: object) -> dict[str, Model]:
    """One of each kind, with networks of a few units."""
    own, classes = setup(digits, **training), conditional.Classes(with_classes(digits))
    published = parse({"labels": "given", "networks": PUBLISHED}, ConditionalVariant, "test")
    return {
        "appended": conditional.model(own, classes, ConditionalVariant(labels="given", scale=2.0)),
        "published": conditional.model(own, classes, published),
        "completion": completion.model(own, COMPLETION),
    }


@pytest.fixture(params=["appended", "published", "completion"])
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def test_a_branched_network_is_its_two_branches_side_by_side() -> None:
    network = BranchedNetwork(6, 2, LAYERS)
    initialise(network, torch.Generator().manual_seed(0))
    x = np.random.default_rng(0).normal(size=(7, 8))
    weights = {name: value.detach().numpy().astype(np.float64) for name, value in network.named_parameters()}

    def mapped(layer: str, values: np.ndarray) -> np.ndarray:
        return values @ weights[f"layers.{layer}.linear.weight"].T + weights[f"layers.{layer}.linear.bias"]

    own = mapped("x", x[:, :6]).reshape(7, 3, 2).max(axis=2)
    joined = np.concatenate([own, mapped("c", x[:, 6:]).clip(0)], axis=1)
    logits = mapped("y", mapped("joined", joined).clip(0))
    tensor = torch.from_numpy(x.astype(np.float32))
    assert network.logits(tensor).detach().numpy() == pytest.approx(logits, abs=1e-5)
    assert network(tensor).detach().numpy() == pytest.approx(1 / (1 + np.exp(-logits)), abs=1e-5)


def test_branches_have_dropout_of_their_own() -> None:
    """Half of the first branch's inputs are dropped, and none of the second's."""
    network = BranchedNetwork(6, 2, LAYERS)
    initialise(network, torch.Generator().manual_seed(0))
    first, second = (
        torch.cat([torch.ones(500, 6), torch.zeros(500, 2)], 1),
        torch.cat([torch.zeros(500, 6), torch.ones(500, 2)], 1),
    )
    assert len(network.logits(first, torch.Generator().manual_seed(1)).unique()) > 10
    assert len(network.logits(second, torch.Generator().manual_seed(1)).unique()) == 1


@given(st.integers(1, 50), st.floats(0, 1, width=32))
def test_every_number_chooses_a_row(count: int, number: float) -> None:
    rows = torch.arange(count, dtype=torch.float32)[:, None]
    chosen = chosen_rows(rows, torch.tensor([number])).item()
    assert chosen == min(int(np.float32(number) * np.float32(count)), count - 1)


def test_each_condition_is_as_probable_as_another() -> None:
    noise = (2 * torch.rand(20_000, generator=torch.Generator().manual_seed(0)) - 1) * 3**0.5
    chosen = chosen_rows(torch.arange(10.0)[:, None], noise / (2 * 3**0.5) + 0.5)[:, 0]
    assert np.abs(np.bincount(chosen.int().numpy(), minlength=10) / 20_000 - 0.1).max() < 4 * (0.09 / 20_000) ** 0.5


def test_the_generator_gives_rows_as_the_discriminator_sees_them(digits: np.ndarray, name: str) -> None:
    model = models(digits)[name]
    run = games.start(model)
    inputs = torch.zeros(3, run.experiment.generator.noise_dimensions)
    fake, real = run.game.generator(inputs), run.images[torch.arange(3)]
    assert fake.shape == real.shape == (3, 784 + model.conditions.shown)
    assert run.game.discriminator.logits(torch.cat([real, fake])).shape == (6, 1)


def test_appended_conditions_are_what_the_network_and_the_discriminator_see(digits: np.ndarray) -> None:
    run = games.start(models(digits)["appended"])
    generator, z = run.game.generator, torch.randn(4, 5)
    conditions = 2.0 * torch.eye(CLASSES)[[0, 1, 2, 2]]
    expected = generator.network(torch.cat([z, conditions], dim=1))
    assert torch.equal(generator.given(z, conditions), expected)
    assert torch.equal(run.images[:, 784:], generator.conditions.codes)
    assert torch.equal(generator.conditions.pair(expected, conditions)[:, 784:], conditions)


def test_noise_that_is_not_uniform_is_refused(digits: np.ndarray) -> None:
    own = setup(digits)
    gaussian = own.experiment.generator.model_copy(update={"noise": "gaussian"})
    own = Setup(own.experiment.model_copy(update={"generator": gaussian}), own.images, own.validation_images, 0, CPU)
    model = conditional.model(own, conditional.Classes(with_classes(digits)), ConditionalVariant(labels="given"))
    with pytest.raises(InputError, match=r"generator\.noise: must be uniform"):
        games.start(model)


def test_a_generator_of_other_sizes_is_refused(digits: np.ndarray) -> None:
    layers = {**PUBLISHED["generator"]["layers"], "y": {"type": "sigmoid", "units": 9, "init_range": 0.05}}
    networks = {**PUBLISHED, "generator": {**PUBLISHED["generator"], "layers": layers}}
    variant = parse({"labels": "given", "networks": networks}, ConditionalVariant, "test")
    with pytest.raises(InputError, match=r"generator\.layers: the last must have 784 units, one for each pixel; it has 9"):
        games.start(conditional.model(setup(digits), conditional.Classes(with_classes(digits)), variant))


@pytest.mark.parametrize("times", [3, 5, 6, 8])
def test_a_stopped_run_ends_like_one_never_stopped(digits: np.ndarray, tmp_path: Path, name: str, times: int) -> None:
    """Stopped within an epoch, at its end, and within the second, with averaged weights; five updates an epoch."""
    training = {"averaging": {"gamma": 1.0}, "keep": "average"}

    def played(checkpoint: Checkpoint) -> dict[str, bytes]:
        run = games.train(models(digits, **training)[name], lambda row: None, checkpoint)
        games.save(run, tmp_path / "model")
        return {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()}

    usual = played(Checkpoint(tmp_path / "other.state", "key"))
    path = tmp_path / "a.state"
    with pytest.raises(CheckFailed, match="stopped by SIGTERM"), StopsAt(path, times) as stops:
        played(stops)
    assert played(Checkpoint(path, "key")) == usual


def test_a_saved_generator_comes_back(digits: np.ndarray, tmp_path: Path, name: str) -> None:
    model = models(digits)[name]
    run = games.train(model, lambda row: None, Checkpoint(tmp_path / "a.state", "key"))
    games.save(run, tmp_path / "model")
    z, conditions = torch.randn(2, 5), torch.rand(2, model.conditions.width)
    with torch.no_grad():
        expected = run.kept.generator.given(z, conditions)
        assert torch.equal(games.load(model, tmp_path / "model").given(z, conditions), expected)


def test_keys_differ_where_trainings_do(digits: np.ndarray) -> None:
    own, classes = setup(digits), conditional.Classes(with_classes(digits))
    variants = [
        {"labels": "given"},
        {"labels": "shuffled"},
        {"labels": "given", "scale": 2.0},
        {"labels": "given", "networks": PUBLISHED},
    ]
    keys = [conditional.model(own, classes, parse(variant, ConditionalVariant, "test")).key for variant in variants]
    keys.append(models(digits)["completion"].key)
    assert len(set(keys)) == 5


@pytest.mark.parametrize(
    ("player", "layers", "message"),
    [
        ("generator", {"y": PUBLISHED["generator"]["layers"]["y"]}, "must be three or more"),
        ("discriminator", {"x": {"type": "relu", "units": 1, "init_range": 1.0}}, "must be three or more"),
    ],
)
def test_networks_without_branches_are_refused(player: str, layers: dict, message: str) -> None:
    values = {**PUBLISHED, player: {**PUBLISHED[player], "layers": layers}}
    with pytest.raises(InputError, match=rf"test:{player}\.layers: {message}"):
        parse(values, BranchedNetworks, "test")


def test_a_generator_is_a_function_of_its_inputs(digits: np.ndarray, name: str) -> None:
    generator: ConditionalGenerator = games.start(models(digits)[name]).game.generator
    inputs = torch.rand(5, generator.network.layers[next(iter(generator.layers))].linear.weight.shape[1])[:, :7]
    inputs = torch.rand(5, 5 + generator.conditions.choices)
    assert torch.equal(generator(inputs), generator(inputs))
    assert isinstance(generator.network, Network)
