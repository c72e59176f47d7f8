"""Learned inference: R², gradient steps on z, what is resumed, and features, against independent references."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sklearn.decomposition import PCA
from sklearn.metrics import r2_score

from adversarial_nets.core.errors import CheckFailed, InputError
from adversarial_nets.core.randomness import stream
from adversarial_nets.extensions import features, inference
from adversarial_nets.gan.networks import Network, initialise, save_network
from adversarial_nets.parameters.inference import InferenceParameters
from adversarial_nets.parameters.layers import DiscriminatorParameters, GeneratorParameters
from adversarial_nets.running.checkpoints import Checkpoint
from support.stops import StopsAt

CPU = torch.device("cpu")


def layer(kind: str, units: int, spread: float = 0.3) -> dict:
    return {"type": kind, "units": units, "init_range": spread}


def asked(**changes: object) -> InferenceParameters:
    """A small encoder of images of 12 pixels, for 3 values of z."""
    values = {
        "layers": {"h0": layer("relu", 32), "z": layer("linear", 3)},
        "updates": 300,
        "minibatch_size": 50,
        "learning_rate": 0.01,
        "num_fresh": 200,
        "num_images": 20,
        "inversion": {"steps": 300, "learning_rate": 0.1},
    }
    return InferenceParameters.model_validate(values | changes)


@pytest.fixture
def generator(tmp_path: Path) -> Path:
    """A generator of 12 pixels that ignores the last of 3 values of z."""
    values = {"noise": "uniform", "noise_dimensions": 3, "layers": {"y": layer("sigmoid", 12, 1.0)}}
    description = GeneratorParameters.model_validate(values)
    network = Network(3, description.layers)
    initialise(network, stream(0, "test"))
    with torch.no_grad():
        network.layers["y"].linear.weight[:, 2] = 0
    save_network(network, description, tmp_path / "generator.safetensors")
    return tmp_path / "generator.safetensors"


def started(generator: Path, **changes: object) -> inference.Run:
    return inference.start(inference.Setup(asked(**changes), generator, 0, CPU))


def test_variance_explained_is_scikit_learns() -> None:
    random = torch.Generator().manual_seed(0)
    z, predicted = torch.randn(50, 4, generator=random), torch.randn(50, 4, generator=random)
    expected = r2_score(z.double().numpy(), predicted.double().numpy(), multioutput="raw_values")
    np.testing.assert_allclose(inference.variance_explained(predicted, z), expected, rtol=1e-12)


def test_an_encoder_learns_what_the_generator_shows_of_z_and_guesses_what_it_ignores(generator: Path) -> None:
    run = inference.train(started(generator))
    shown, also_shown, ignored = inference.r2(run, run.held_out).tolist()
    assert min(shown, also_shown) > 0.9
    assert abs(ignored) < 0.05
    assert run.curve[-1]["updates"] == 300
    assert run.optimizer.param_groups[0]["lr"] == pytest.approx(0.01 / 300)


def test_an_update_moves_the_encoder_and_not_the_generator(generator: Path) -> None:
    run = started(generator)
    before = [value.clone() for network in (run.generator, run.encoder) for value in network.parameters()]
    inference.step(run)
    after = [*run.generator.parameters(), *run.encoder.parameters()]
    assert [torch.equal(*pair) for pair in zip(before, after, strict=True)] == [True] * 2 + [False] * 4


def test_gradient_steps_find_the_z_of_an_image_within_the_noises_range(generator: Path) -> None:
    run = started(generator)
    z = inference.noise(run.description, 20, stream(1, "test"))
    with torch.no_grad():
        images = run.generator(z)
    found = inference.inverted(run, images, torch.zeros_like(z))
    np.testing.assert_allclose(found[:, :2], z[:, :2], atol=0.02)
    assert found[:, 2].abs().max() == 0  # the image does not depend on it
    far = inference.inverted(run, torch.ones_like(images), 5 * torch.ones_like(z))
    assert far.abs().max() <= 3**0.5


def test_no_image_has_a_say_in_the_steps_of_another(generator: Path) -> None:
    run = started(generator)
    z = inference.noise(run.description, 4, stream(1, "test"))
    images = torch.rand(4, 12, generator=torch.Generator().manual_seed(0))
    together = inference.inverted(run, images, z)
    np.testing.assert_allclose(inference.inverted(run, images[:1], z[:1]), together[:1], atol=1e-4)


@pytest.mark.parametrize("times", [1, 130])
def test_a_stopped_training_resumes_to_the_same_bytes(generator: Path, tmp_path: Path, times: int) -> None:
    inference.save(inference.train(started(generator)), tmp_path / "usual")
    path = tmp_path / "a.state"
    with pytest.raises(CheckFailed, match="stopped by SIGTERM"), StopsAt(path, times) as stops:
        inference.train(started(generator), "", stops)
    inference.save(inference.train(started(generator), "", Checkpoint(path, "key")), tmp_path / "resumed")
    for name in (inference.ENCODER, "learning_curve.csv"):
        assert (tmp_path / "usual" / name).read_bytes() == (tmp_path / "resumed" / name).read_bytes()


def test_a_saved_encoder_comes_back(generator: Path, tmp_path: Path) -> None:
    run = started(generator)
    inference.save(run, tmp_path / "encoder")
    loaded = inference.load_encoder(tmp_path / "encoder" / inference.ENCODER, 12, CPU)
    x = torch.rand(5, 12)
    assert torch.equal(loaded(x), run.encoder(x))
    assert load_file(tmp_path / "encoder" / inference.ENCODER).keys() == run.encoder.state_dict().keys()


@pytest.mark.parametrize("content", [None, b"", b"nonsense"])
def test_a_missing_or_damaged_encoder_is_an_input_error(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "encoder.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"extensions\.inference[^\n]*$"):
        inference.load_encoder(path, 12, CPU)


def test_a_rate_that_is_too_high_ends_in_one_line(generator: Path) -> None:
    with pytest.raises(CheckFailed, match=r"^training diverged: after update [^\n]*; lower the learning rate$"):
        inference.train(started(generator, learning_rate=1e30))


def test_another_seed_parameter_or_generator_is_another_run(generator: Path, tmp_path: Path) -> None:
    setup = inference.Setup(asked(), generator, 0, CPU)
    other = tmp_path / "other.safetensors"
    other.write_bytes(generator.read_bytes() + b" ")
    others = [(asked(), generator, 1, CPU), (asked(updates=301), generator, 0, CPU), (asked(), other, 0, CPU)]
    keys = {setup.key, *(inference.Setup(*each).key for each in others)}
    assert len(keys) == 4


# Features


def test_hidden_layers_are_those_of_the_network_without_dropout(digits: np.ndarray) -> None:
    layers = {
        "h0": {"type": "maxout", "units": 4, "pieces": 2, "init_range": 0.1, "keep_probability": 0.5},
        "h1": {"type": "maxout", "units": 3, "pieces": 2, "init_range": 0.1, "keep_probability": 0.5},
        "y": layer("sigmoid", 1),
    }
    network = Network(784, DiscriminatorParameters.model_validate({"layers": layers}).layers)
    initialise(network, stream(0, "test"))
    found = features.of_network(network, CPU)(digits[:30])
    x, expected = digits[:30].astype(np.float64), []
    for name in ("h0", "h1"):
        linear = network.layers[name].linear
        x = (x @ linear.weight.detach().numpy().T + linear.bias.detach().numpy()).reshape(30, -1, 2).max(2)
        expected.append(x)
    np.testing.assert_allclose(found, np.concatenate(expected, axis=1), atol=1e-5)


def test_standardised_features_have_mean_0_and_deviation_1_over_training_images(digits: np.ndarray) -> None:
    found = features.standardised(lambda images: images, digits[::10])(digits[::10]).astype(np.float64)
    constant = digits[::10].std(0) == 0
    np.testing.assert_allclose(found.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(found.std(0), ~constant, atol=1e-4)


def test_principal_components_are_scikit_learns_in_one_scale(digits: np.ndarray) -> None:
    training, others = digits[::10], digits[5::100]
    [(name, function)] = features.principal_components(training, 20).items()
    pca = PCA(20, svd_solver="full").fit(training.astype(np.float64))
    expected = pca.transform(others.astype(np.float64)) / pca.explained_variance_.mean() ** 0.5
    found = function(others)
    assert name == "PCA-20"
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=5e-3)
