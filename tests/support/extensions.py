"""Prepared data with classes, and parameters of seconds, for the extensions."""

from typing import Any

import numpy as np

from adversarial_nets.data.prepared import TEST, TRAIN, VALIDATION, PreparedData
from adversarial_nets.parameters.conditional import ClampedChainParameters, CompletionParameters
from adversarial_nets.running import paths
from support.experiments import ROOT, read_yaml

CLASSES = 3
CHAIN = ClampedChainParameters(experiment="none", chains=3, burn_in=2, states=4)
COMPLETION = CompletionParameters(epochs=2, learning_rate=0.001, num_images=6, num_completions=4, num_neighbours=3, chain=CHAIN)


def small_extensions() -> dict[str, Any]:
    """What stands in the shipped file, with models of seconds and none to compare with."""
    found = read_yaml(ROOT / paths.EXTENSIONS)
    found["classifier"] |= {"hidden_units": 8, "epochs": 1}
    found["conditional"] |= {"epochs": 2, "samples_per_class": 10}
    found["completion"] |= {"epochs": 2, "num_images": 4, "num_completions": 4, "num_neighbours": 2}
    found["completion"]["chain"] |= {"chains": 2, "burn_in": 1, "states": 2}
    for name, layer in found["inference"]["layers"].items():
        layer["units"] = 5 if name == "z" else 8
    found["inference"] |= {"updates": 20, "num_fresh": 50, "num_images": 25, "inversion": {"steps": 3, "learning_rate": 0.1}}
    found["few_labels"] |= {"counts": [30], "draws": 2, "folds": 2, "c": [0.01, 1.0], "components": 4, "compared": []}
    return found


def with_classes(digits: np.ndarray) -> PreparedData:
    """150 digits of three classes in turn: 100 to train on, 20 for validation, 30 for testing; ``digits`` are sorted by class."""
    chosen = np.concatenate([digits[500 * label : 500 * label + 50] for label in range(CLASSES)])
    order = np.arange(150).reshape(CLASSES, 50).T.reshape(-1)
    pixels, labels = (chosen[order].reshape(-1, 28, 28) * 255).astype(np.uint8), (np.arange(150) % CLASSES).astype(np.uint8)
    folds, text = np.repeat(np.array([[TRAIN, VALIDATION, TEST]], np.uint8), [100, 20, 30], axis=1), np.array(["none"])
    return PreparedData(np.array("Digits"), pixels, labels, np.arange(100), folds, text, text)
