"""The classifier that judges samples, against PyTorch's own cross-entropy in float64."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis.extra.numpy import arrays
from hypothesis.strategies import floats

from adversarial_nets.extensions.classifier import Classifier, probabilities, trained
from adversarial_nets.parameters.conditional import ClassifierParameters

ASKED = ClassifierParameters(hidden_units=7, epochs=2, minibatch_size=4, learning_rate=0.01)


@given(arrays(np.float32, (3, 4), elements=floats(-50, 50, width=32)))
def test_probabilities_are_the_softmax(logits: np.ndarray) -> None:
    expected = torch.softmax(torch.from_numpy(logits).double(), dim=1).numpy()
    assert probabilities(torch.from_numpy(logits)).numpy() == pytest.approx(expected, abs=1e-6)


def test_training_descends_the_cross_entropy() -> None:
    """Five updates an epoch, in the same order as of the reference, which differentiates the cross-entropy by itself."""
    random = np.random.default_rng(0)
    images, labels = random.random((18, 6), dtype=np.float32), torch.from_numpy(random.integers(0, 3, 18))
    classifier = Classifier(6, 3, ASKED, torch.Generator().manual_seed(0))
    weights = [weight.detach().double().requires_grad_() for weight in classifier.network.parameters()]
    optimizer, order = torch.optim.Adam(weights, lr=0.01), torch.Generator().manual_seed(1)
    for _ in range(2):
        for rows in torch.randperm(18, generator=order).split(4):
            hidden = torch.relu(torch.from_numpy(images)[rows].double() @ weights[0].T + weights[1])
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(hidden @ weights[2].T + weights[3], labels[rows]).backward()
            optimizer.step()
    classifier.train(torch.from_numpy(images), labels, torch.Generator().manual_seed(1))
    for own, expected in zip(classifier.network.parameters(), weights, strict=True):
        assert own.detach().numpy() == pytest.approx(expected.detach().numpy(), abs=1e-4)


def test_it_learns_digits_and_nothing_from_shuffled_labels(digits: np.ndarray) -> None:
    images, labels = digits[::5], np.repeat(np.arange(10), 100)
    asked = ClassifierParameters(hidden_units=32, epochs=5, minibatch_size=20, learning_rate=0.005)
    held_out = digits[1::5]
    assert trained(images, labels, asked, 0).accuracy(held_out, labels) > 0.8
    shuffled = np.random.default_rng(0).permutation(labels)
    assert trained(images, shuffled, asked, 0).accuracy(held_out, labels) < 0.3
