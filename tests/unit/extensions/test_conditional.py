"""Conditional generation: class-wise windows against the density written out, labels and what is measured of samples."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import logsumexp

from adversarial_nets.core.errors import InputError
from adversarial_nets.data.prepared import TEST
from adversarial_nets.extensions import class_scores, conditional, games
from adversarial_nets.extensions.conditional import Classes, class_wise
from adversarial_nets.gan.run import Setup
from adversarial_nets.parameters.conditional import ConditionalVariant
from adversarial_nets.parameters.extensions import Extensions
from adversarial_nets.parameters.reading import parse
from support.experiments import small
from support.extensions import CLASSES, small_extensions, with_classes

CPU = torch.device("cpu")
JUDGE = {"hidden_units": 32, "epochs": 10, "minibatch_size": 10, "learning_rate": 0.005}


def asked(samples_per_class: int = 50) -> Extensions:
    values = small_extensions()
    values["conditional"]["samples_per_class"] = samples_per_class
    return parse(values | {"classifier": JUDGE}, Extensions, "small")


@pytest.fixture
def classes(digits: np.ndarray) -> Classes:
    return Classes(with_classes(digits))


def model(classes: Classes, **variant: object) -> games.Model:
    data = classes.data
    setup = Setup(small(), data.training_images, data.fold_images(0, 2), 0, CPU)
    return conditional.model(setup, classes, ConditionalVariant(**{"labels": "given", **variant}))


def density(samples: np.ndarray, x: np.ndarray, sigma: float) -> float:
    """log of the mean of Gaussians about the samples, in nats."""
    exponents = -np.square(samples - x).sum(axis=1) / (2 * sigma**2)
    return logsumexp(exponents) - np.log(len(samples)) - len(x) * np.log(sigma * np.sqrt(2 * np.pi))


def test_each_image_is_under_the_samples_of_its_own_class() -> None:
    random = np.random.default_rng(0)
    samples, images, labels = random.random((3, 5, 4)), random.random((7, 4)), np.array([2, 0, 0, 2, 2, 0, 0])
    found = class_wise(samples, images, labels, np.array([0.2, 0.5]))
    order = np.argsort(labels, kind="stable")
    expected = [[density(samples[labels[row]], images[row], sigma) for row in order] for sigma in (0.2, 0.5)]
    assert found == pytest.approx(np.array(expected), abs=1e-5)


def test_shuffled_labels_are_those_of_other_images(classes: Classes) -> None:
    given, shuffled = (model(classes, labels=labels).conditions.codes for labels in ("given", "shuffled"))
    assert torch.equal(given.argmax(dim=1), torch.from_numpy(classes.training[1].astype(np.int64)))
    assert torch.equal(given.sum(dim=0), shuffled.sum(dim=0))
    assert (given.argmax(dim=1) == shuffled.argmax(dim=1)).float().mean() < 0.5


def test_samples_of_each_class_are_given_its_code(classes: Classes, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = model(classes, scale=3.0)
    generator = games.start(asked).game.generator
    monkeypatch.setattr(generator, "given", lambda z, conditions: torch.cat([z, conditions], dim=1))
    samples = conditional.draw(asked, generator, 4, "sampling")
    assert samples.shape == (CLASSES, 4, 5 + CLASSES)
    assert np.array_equal(samples[:, :, 5:], np.broadcast_to(3 * np.eye(CLASSES)[:, None], (CLASSES, 4, CLASSES)))
    assert len(np.unique(samples[:, :, 0])) == 4 * CLASSES


@pytest.mark.parametrize("labels", [np.zeros(0, np.uint8), np.full(150, 255, np.uint8)])
def test_images_without_classes_are_refused(digits: np.ndarray, labels: np.ndarray) -> None:
    with pytest.raises(InputError, match="experiment: its images have no classes"):
        Classes(replace(with_classes(digits), labels=labels))


def test_what_ignores_the_class_is_exposed(classes: Classes) -> None:
    """Training images as samples, under their classes and under those of others: one window of all cannot tell them apart."""
    samples, protocol = classes.training_by_class, small().evaluation
    right = class_scores.measure(samples, classes, protocol, asked(), 0)
    wrong = class_scores.measure(samples[1:] + samples[:1], classes, protocol, asked(), 0)
    assert wrong.log_likelihood == pytest.approx(right.log_likelihood)
    assert wrong.class_wise_log_likelihood < right.class_wise_log_likelihood - 20
    assert right.asked_share > 0.9 > 0.1 > wrong.asked_share
    assert right.accuracy > 0.8 > 0.2 > wrong.accuracy
    assert (right.num_classes, right.num_samples) == (CLASSES, 100)
    of_few = class_scores.measure(samples, classes, protocol, asked(samples_per_class=1), 0)
    assert of_few.accuracy < of_few.accuracy_of_all == right.accuracy_of_all


def test_accuracies_are_of_test_images(classes: Classes) -> None:
    """A classifier of samples that are the test images knows them all."""
    images, labels = classes.held_out(TEST)
    scores = class_scores.measure([images[labels == label] for label in range(CLASSES)], classes, small().evaluation, asked(), 0)
    assert scores.accuracy == scores.accuracy_of_all == 1
