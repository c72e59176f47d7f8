"""The measure of collapse, and that it catches a generator that was trained too much against a frozen discriminator."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binom

from adversarial_nets.core import files
from adversarial_nets.data.prepared import PreparedData
from adversarial_nets.diagnostics.collapse import (
    Collapse,
    CollapseMeasure,
    Signs,
    class_entropy,
    labelled,
    labels_of,
    outcome,
    rate_interval,
)
from adversarial_nets.diagnostics.helvetica import LOOKS, train_alone
from adversarial_nets.diagnostics.neighbours import distances, distances_from_others
from adversarial_nets.diagnostics.sharpness import Sharpness
from adversarial_nets.diagnostics.trained import Trained
from adversarial_nets.gan.networks import load_discriminator, load_generator, save_network
from adversarial_nets.gan.run import Setup, start, summary
from adversarial_nets.gan.training import play
from adversarial_nets.parameters.experiment import Experiment
from support.experiments import shipped_values

PIXELS = st.integers(0, 6)  # few values, so that duplicates are frequent, and exact in float32
LABELS = np.repeat(np.arange(10), 500).astype(np.uint8)  # of the embedded digits in file order


@pytest.fixture(scope="module")
def shuffled(digits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The digits and their labels in an order of chance."""
    order = np.random.default_rng(0).permutation(len(digits))
    return digits[order], LABELS[order]


@pytest.fixture(scope="module")
def measure(shuffled: tuple[np.ndarray, np.ndarray]) -> CollapseMeasure:
    """Fitted to a thousand digits."""
    return CollapseMeasure(shuffled[0][:1000], shuffled[1][:1000])


# Entropy


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=12).filter(any))
def test_entropy_lies_between_one_class_and_all_alike(histogram: list[int]) -> None:
    found = class_entropy(np.array(histogram))
    assert 0 <= found <= math.log(len(histogram)) + 1e-12
    assert (found == pytest.approx(0, abs=1e-12)) == (sum(count > 0 for count in histogram) == 1)
    assert found == pytest.approx(class_entropy(np.array(sorted(histogram))))
    assert found == pytest.approx(-sum(p * math.log(p) for p in (np.array(histogram) / sum(histogram)).tolist() if p))


def test_entropy_is_in_nats() -> None:
    assert class_entropy(np.full(10, 7)) == pytest.approx(math.log(10))
    assert class_entropy(np.array([5, 5, 0])) == pytest.approx(math.log(2))


# Distances and near-duplicates


@given(arrays(np.float32, st.tuples(st.integers(2, 9), st.integers(1, 4)), elements=PIXELS))
def test_distances_from_others_are_the_nearest(images: np.ndarray) -> None:
    pairs = np.linalg.norm(images[:, None].astype(np.float64) - images[None], axis=2)
    np.fill_diagonal(pairs, np.inf)
    found = distances_from_others(images)
    np.testing.assert_allclose(found, pairs.min(axis=1), rtol=1e-6)
    np.testing.assert_array_equal(found == 0, pairs.min(axis=1) == 0)  # duplicates exactly


@given(st.data(), st.integers(1, 5), st.integers(1, 9), st.integers(1, 4))
def test_distances_are_from_the_nearest_training_image(data: st.DataObject, m: int, n: int, dimensions: int) -> None:
    images = data.draw(arrays(np.float32, (m, dimensions), elements=PIXELS))
    training = data.draw(arrays(np.float32, (n, dimensions), elements=PIXELS))
    pairs = np.linalg.norm(images[:, None].astype(np.float64) - training[None], axis=2)
    np.testing.assert_allclose(distances(images, training), pairs.min(axis=1), rtol=1e-6)


def test_a_single_image_has_no_other() -> None:
    with pytest.raises(ValueError, match="two images or more"):
        distances_from_others(np.zeros((1, 3), np.float32))


@given(st.integers(0, 60), st.integers(0, 2**32 - 1))
def test_planted_copies_are_the_near_duplicates(copies: int, seed: int) -> None:
    """Far apart but for the copies: these and what they copy, each once."""
    random = np.random.default_rng(seed)
    images = random.random((100, 50)).astype(np.float32)
    ruler = CollapseMeasure(images, np.array([]))
    different = 100 * np.eye(100, 50, dtype=np.float32) + 200 * np.eye(100, 50, -50, dtype=np.float32)
    copied = different[:copies]
    samples = random.permutation(np.concatenate([different[: 100 - copies], copied]))
    twins = {tuple(row) for row in copied} & {tuple(row) for row in different[: 100 - copies]}
    expected = sum(tuple(row) in twins for row in samples) / 100
    assert ruler.of_samples(samples).near_duplicates == pytest.approx(expected)


@given(st.integers(0, 2**32 - 1))
def test_the_order_of_samples_does_not_matter(measure: CollapseMeasure, digits: np.ndarray, seed: int) -> None:
    samples = np.concatenate([digits[::50], digits[:20]])
    assert measure.of_samples(np.random.default_rng(seed).permutation(samples)) == measure.of_samples(samples)


def test_one_in_a_hundred_training_images_is_a_near_duplicate(measure: CollapseMeasure, shuffled: tuple) -> None:
    found = measure.of_samples(shuffled[0][:1000])
    assert found.near_duplicates == pytest.approx(0.01, abs=0.003)
    assert sum(found.class_histogram) == 1000


def test_as_many_training_images_as_samples_set_the_distance(shuffled: tuple) -> None:
    """Neighbours are nearer the more images there are."""
    images, labels = shuffled[0][:1000], shuffled[1][:1000]
    few, many = CollapseMeasure(images, labels, 100), CollapseMeasure(images, labels, 5000)
    assert (few.count, many.count) == (100, 1000)
    for ruler in (few, many):
        assert ruler.threshold == pytest.approx(np.quantile(distances_from_others(images[: ruler.count]), 0.01))


# Classes


def test_real_images_have_their_classes(measure: CollapseMeasure, shuffled: tuple) -> None:
    images, labels = shuffled[0][2000:3000], shuffled[1][2000:3000]
    found = measure.of_held_out(images, labels)
    assert found.classifier_accuracy > 0.85
    assert math.log(10) - 0.05 < found.class_entropy <= math.log(10)
    difference = np.abs(np.array(found.class_histogram) - np.bincount(labels))
    assert difference.sum() <= 2 * (1 - found.classifier_accuracy) * 1000 + 1e-9
    assert found.near_duplicates < 0.03


def test_a_generator_of_one_image_has_collapsed(measure: CollapseMeasure, digits: np.ndarray) -> None:
    found = measure.of_samples(np.repeat(digits[:1], 200, axis=0))
    assert (found.class_entropy, found.near_duplicates) == (0, 1)
    assert found.class_histogram == [200] + [0] * 9


def test_images_without_a_label_teach_no_class(shuffled: tuple) -> None:
    images, labels = shuffled[0][:600], shuffled[1][:600].astype(np.int16)
    labels[300:] = -1
    assert labelled(np.array([0, 9, -1, 255])).tolist() == [True, True, False, False]
    found = CollapseMeasure(images, labels).of_samples(images[:50])
    alone = CollapseMeasure(images[:300], labels[:300]).of_samples(images[:50])
    assert found.class_histogram == alone.class_histogram


@pytest.mark.parametrize(
    "labels", [np.array([], np.uint8), np.full(600, 255, np.uint8), np.full(600, -1), np.zeros(600, np.uint8)]
)
def test_without_classes_there_is_no_entropy(shuffled: tuple, labels: np.ndarray, tmp_path: Path) -> None:
    text, images = np.array(["none"]), np.round(shuffled[0][:600] * 255).astype(np.uint8)
    data = PreparedData(np.array("Digits"), images, labels, np.arange(500), np.zeros((1, 600)), text, text)
    ruler = CollapseMeasure(shuffled[0][:500], labels_of(data, data.training))
    samples = ruler.of_samples(shuffled[0][500:600])
    assert samples == Signs(near_duplicates=samples.near_duplicates)
    held_out = ruler.of_held_out(shuffled[0][500:600], labels_of(data, np.arange(500, 600)))
    assert held_out == Signs(near_duplicates=held_out.near_duplicates)
    sharp = Sharpness(spread=0.2, gradient=0.1, grey=0.1)
    files.write_json(tmp_path / "collapse.json", Collapse(ruler.count, ruler.threshold, samples, held_out, sharp, sharp))
    assert set(files.read_json(tmp_path / "collapse.json")["samples"]) == {"near_duplicates"}
    assert files.read(tmp_path / "collapse.json", Collapse).samples == samples


# The Helvetica scenario, in small


@pytest.fixture
def narrow() -> Experiment:
    """The default's game with narrower networks."""
    values = shipped_values("mnist5k")
    for player, units in (("generator", 64), ("discriminator", 48)):
        for layer in ("h0", "h1"):
            values[player]["layers"][layer]["units"] = units
    values["training"] |= {"epochs": 12, "minibatch_size": 100, "keep": "last"}
    values["training"]["validation"] |= {"every": 12, "num_samples": 50, "num_images": 20}
    return Experiment.model_validate(values)


def test_a_generator_trained_too_much_collapses_and_is_caught(
    narrow: Experiment, shuffled: tuple, measure: CollapseMeasure
) -> None:
    images = shuffled[0][:2000]
    run = play(start(Setup(narrow, images, images[:20], 0, torch.device("cpu"))))
    trained = Trained(run.game.generator, run.game.discriminator, narrow, summary(run), 0)
    frozen = {name: value.clone() for name, value in run.game.discriminator.state_dict().items()}
    moments = list(train_alone(trained, "minimax", 200))
    assert [updates for updates, _ in moments] == [0, *(round(share * 200) for share in LOOKS)]
    before, after = measure.of_samples(moments[0][1]), measure.of_samples(moments[-1][1])
    assert before.class_entropy > 1
    assert after.class_entropy < before.class_entropy / 2
    assert after.near_duplicates > 0.9
    assert all(torch.equal(value, frozen[name]) for name, value in run.game.discriminator.state_dict().items())


def test_a_saved_discriminator_comes_back(narrow: Experiment, tmp_path) -> None:
    images = np.full((1, 784), 0.5, np.float32)
    run = start(Setup(narrow, images, images, 0, torch.device("cpu")))
    save_network(run.game.discriminator, narrow.discriminator, tmp_path / "d.safetensors")
    save_network(run.game.generator, narrow.generator, tmp_path / "g.safetensors")
    images = torch.rand(5, 784, generator=torch.Generator().manual_seed(0))
    found = load_discriminator(tmp_path / "d.safetensors", narrow.image_shape, torch.device("cpu"))
    assert torch.equal(found(images), run.game.discriminator(images))
    assert load_generator(tmp_path / "g.safetensors", torch.device("cpu"))[0].num_parameters == run.game.generator.num_parameters


# The outcome of a run


@pytest.mark.parametrize(
    ("validation", "expected"),
    [
        ([np.nan, 10.0, np.nan, 20.0], "finished"),
        ([np.nan, 10.0, np.nan, -60.5], "collapsed"),
        ([-300.0, -200.0, -59.5, np.nan], "finished"),  # it recovered; the last epoch's was not taken
        ([-300.0], "collapsed"),  # stopped early
    ],
)
def test_the_last_validation_decides_the_outcome(validation: list[float], expected: str) -> None:
    curve = pd.DataFrame({"validation_log_likelihood": validation, "average_validation_log_likelihood": 100.0})
    assert outcome(curve, -60.0) == expected


def test_the_interval_of_the_rate_is_clopper_and_pearsons() -> None:
    low, high = rate_interval(1, 8)
    assert binom.sf(0, 8, low) == pytest.approx(0.025)
    assert binom.cdf(1, 8, high) == pytest.approx(0.025)
    assert rate_interval(0, 3)[0] == 0
    assert rate_interval(0, 3)[1] == pytest.approx(1 - 0.025 ** (1 / 3))
