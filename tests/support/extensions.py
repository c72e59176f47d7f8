"""Prepared data with classes, for the extensions."""

import numpy as np

from adversarial_nets.data.prepared import TEST, TRAIN, VALIDATION, PreparedData
from adversarial_nets.parameters.conditional import ClampedChainParameters, CompletionParameters

CLASSES = 3
CHAIN = ClampedChainParameters(experiment="none", chains=3, burn_in=2, states=4)
COMPLETION = CompletionParameters(epochs=2, learning_rate=0.001, num_images=6, num_completions=4, num_neighbours=3, chain=CHAIN)


def with_classes(digits: np.ndarray) -> PreparedData:
    """150 digits of three classes in turn: 100 to train on, 20 for validation, 30 for testing; ``digits`` are sorted by class."""
    chosen = np.concatenate([digits[500 * label : 500 * label + 50] for label in range(CLASSES)])
    order = np.arange(150).reshape(CLASSES, 50).T.reshape(-1)
    pixels, labels = (chosen[order].reshape(-1, 28, 28) * 255).astype(np.uint8), (np.arange(150) % CLASSES).astype(np.uint8)
    folds, text = np.repeat(np.array([[TRAIN, VALIDATION, TEST]], np.uint8), [100, 20, 30], axis=1), np.array(["none"])
    return PreparedData(np.array("Digits"), pixels, labels, np.arange(100), folds, text, text)
