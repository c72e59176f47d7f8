"""Completion of images: masks, what completes, and measures, against what NumPy finds by itself."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from adversarial_nets.extensions import completion, completion_scores, games
from adversarial_nets.extensions.classifier import trained
from adversarial_nets.extensions.completers import Completer, generated, of_mean_image, of_neighbours, of_other_images
from adversarial_nets.extensions.completion_scores import Yardstick
from adversarial_nets.extensions.conditional import Classes
from adversarial_nets.extensions.masks import KINDS, bank, masks
from adversarial_nets.gan.run import Setup
from adversarial_nets.parameters.conditional import ClassifierParameters, CompletionParameters
from support.experiments import small
from support.extensions import COMPLETION, with_classes

CPU = torch.device("cpu")
pixels = arrays(np.float32, (3, 8), elements=st.floats(0, 1, width=32))
seen = arrays(np.float32, (3, 8), elements=st.sampled_from([0.0, 1.0]))


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def model(digits: np.ndarray) -> games.Model:
    data = with_classes(digits)
    return completion.model(Setup(small(), data.training_images, data.fold_images(0, 2), 0, CPU), COMPLETION)


# Masks


def test_halves_and_quadrants_are_all_of_their_forms() -> None:
    half, quadrant = masks("half", 4, 4, 6, random()).view(4, 4, 6), masks("quadrant", 4, 4, 6, random()).view(4, 4, 6)
    assert torch.equal(half[0] + half[1], torch.ones(4, 6))
    assert torch.equal(half[2] + half[3], torch.ones(4, 6))
    assert half[0, :, :3].sum() == half[2, :2].sum() == 0
    assert torch.equal((1 - quadrant).sum(dim=0), torch.ones(4, 6))
    assert torch.equal((1 - quadrant).flatten(1).sum(dim=1), torch.full((4,), 6.0))


def test_the_square_is_the_central_one_of_half_the_sides() -> None:
    square = masks("square", 1, 28, 28, random()).view(28, 28)
    assert square[7:21, 7:21].sum() == 0
    assert square.sum() == 28 * 28 - 14 * 14


def test_independent_pixels_have_rates_within_their_limits() -> None:
    rates = 1 - masks("pixels", 300, 28, 28, random()).mean(dim=1)
    assert rates.min() > 0.05
    assert rates.max() < 0.95
    assert np.quantile(rates, [0.25, 0.5, 0.75]) == pytest.approx([0.3, 0.5, 0.7], abs=0.06)


def test_the_bank_has_every_kind_equally_often() -> None:
    found = bank(40, 28, 28, random()).view(len(KINDS), 10, -1)
    for number, kind in enumerate(KINDS[:3]):
        assert torch.equal(found[number], masks(kind, 10, 28, 28, random()))
    assert found.shape[1:] == (10, 784)


# The game


def test_the_discriminator_sees_composites_and_the_generator_what_is_seen(model: games.Model) -> None:
    numbers = torch.rand(5, 2, generator=random())
    conditions = model.conditions.chosen(numbers)
    known, scaled = conditions.chunk(2, dim=1)
    composites = model.conditions.pair(torch.full((5, 784), 0.5), conditions)
    images = torch.from_numpy(model.setup.images)[(numbers[:, 0] * 100).long()]
    mask = model.conditions.masks[(numbers[:, 1] * len(model.conditions.masks)).long()]
    assert torch.equal(known, images * mask)
    assert torch.equal(scaled, completion.SCALE * mask)
    assert torch.equal(composites, torch.where(mask == 1, images, torch.tensor(0.5)))


# What completes


@given(pixels, seen)
def test_nearest_images_are_those_by_the_seen_pixels(images: np.ndarray, mask: np.ndarray) -> None:
    training = np.random.default_rng(0).random((20, 8), dtype=np.float32)
    for image, own, found in zip(images, mask, of_neighbours(training, 3)(images, mask), strict=True):
        distances = np.square((training - image) * own).sum(axis=1)
        used = [int(np.flatnonzero((training[:, own == 0] == row[own == 0]).all(axis=1))[0]) for row in found]
        if (own == 0).any():
            assert distances[used] == pytest.approx(np.sort(distances)[:3], abs=1e-5)


@given(pixels, seen)
def test_seen_pixels_stay_as_they_are(images: np.ndarray, mask: np.ndarray) -> None:
    training = np.random.default_rng(0).random((5, 8), dtype=np.float32)
    methods: list[Completer] = [of_neighbours(training, 2), of_mean_image(training), of_other_images(of_mean_image(training))]
    for complete in methods:
        for image, own, found in zip(images, mask, complete(images, mask), strict=True):
            assert np.array_equal(found[:, own == 1], np.broadcast_to(image[own == 1], (len(found), int(own.sum()))))


def test_the_generator_completes_what_it_was_given(model: games.Model) -> None:
    images, mask = model.setup.images[:3], masks("half", 3, 28, 28, random()).numpy()
    generator = games.start(model).game.generator
    found = list(generated(model, generator, 4, "test")(images, mask))
    assert [each.shape for each in found] == [(4, 784)] * 3
    for image, own, each in zip(images, mask, found, strict=True):
        assert np.array_equal(each[:, own == 1], np.broadcast_to(image[own == 1], (4, int(own.sum()))))
    assert not np.array_equal(found[0][0], found[0][1])


def test_the_control_was_given_the_next_image() -> None:
    def copies(images: np.ndarray, mask: np.ndarray) -> Iterator[np.ndarray]:
        return iter(images[:, None])

    images, mask = np.arange(6, dtype=np.float32).reshape(3, 2), np.array([[1, 0]] * 3, np.float32)
    assert [each.tolist() for each in of_other_images(copies)(images, mask)] == [[[0, 3]], [[2, 5]], [[4, 1]]]


# Measures


@pytest.fixture
def yardstick(model: games.Model, digits: np.ndarray) -> Yardstick:
    classes = Classes(with_classes(digits))
    judge = ClassifierParameters(hidden_units=16, epochs=5, minibatch_size=10, learning_rate=0.01)
    images, labels = (each[:12] for each in classes.held_out(3))
    classifier = trained(*classes.training, judge, 0)
    return Yardstick(model.setup, model.setup.validation_images[:8], images, labels, np.array([0.1, 0.2]), classifier)


def noisy(deviation: float, copies: int) -> Completer:
    """The truth with Gaussian noise on the missing pixels."""

    def complete(images: np.ndarray, mask: np.ndarray) -> Iterator[np.ndarray]:
        drawn = np.random.default_rng(0)
        for image, own in zip(images, mask, strict=True):
            noise = drawn.normal(0, deviation, (copies, len(image))).astype(np.float32)
            yield image + (1 - own) * noise

    return complete


def test_errors_and_distances_are_those_of_known_noise(yardstick: Yardstick) -> None:
    found = yardstick.measure("noisy", noisy(0.2, 40), "square")
    assert found.error == pytest.approx(0.04, rel=0.05)
    assert found.error_of_mean == pytest.approx(0.04 / 40, rel=0.1)
    assert found.distance == pytest.approx(0.2 * 14, rel=0.05)
    assert found.diversity == pytest.approx(0.2 * 14 * 2**0.5, rel=0.05)
    assert found.num_completions == 40


def test_the_truth_has_no_error_and_the_accuracy_of_the_images(yardstick: Yardstick) -> None:
    found = yardstick.measure("truth", noisy(0, 2), "half")
    assert (found.error, found.error_of_mean, found.distance, found.diversity) == (0, 0, 0, 0)
    assert found.accuracy == found.accuracy_of_original
    assert found.sigma == 0.1
    missing = 392  # of 784 pixels
    assert found.log_likelihood == pytest.approx(-missing * np.log(0.1 * np.sqrt(2 * np.pi)), rel=1e-6)


def test_every_method_is_measured_on_every_kind(model: games.Model, digits: np.ndarray) -> None:
    data, generator = with_classes(digits), games.start(model).game.generator
    complete = generated(model, generator, 4, "test")
    asked = ExtensionsLike(COMPLETION, ClassifierParameters(hidden_units=8, epochs=1, minibatch_size=10, learning_rate=0.01))
    found = completion_scores.measure(model, complete, of_mean_image(data.training_images), data, asked)
    assert [scores.kind for scores in found] == [kind for kind in KINDS for _ in range(5)]
    counts = {scores.method: scores.num_completions for scores in found}
    assert list(counts.values()) == [4, 4, 1, 3, 1]
    assert completion_scores.shown(model, generator, data).shape == (4 * completion_scores.SHOWN_IMAGES, 11, 784)


class ExtensionsLike:
    """The two sections of the parameters that a measurement reads."""

    def __init__(self, completion: CompletionParameters, classifier: ClassifierParameters):
        self.completion, self.classifier = completion, classifier
