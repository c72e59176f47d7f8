"""What decides a run, and the key that stands for all of it."""

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from adversarial_nets.core import arithmetic, files
from adversarial_nets.gan.run import DECIDING, Setup
from adversarial_nets.parameters.evaluation import SamplingParameters
from support.experiments import ROOT, read_yaml, small

CPU = torch.device("cpu")


@pytest.fixture
def images(digits: np.ndarray) -> np.ndarray:
    return digits[::100].copy()


@pytest.fixture
def key(images: np.ndarray) -> Callable[..., str]:
    """A run's key, with what is given in place of the usual."""

    def of_run(seed: int = 0, images: np.ndarray = images, held_out: np.ndarray = images[:10], **changes: Any) -> str:
        return Setup(small(**changes), images, held_out, seed, CPU).key()

    return of_run


def test_a_key_is_made_of_what_defines_a_run(
    key: Callable[..., str], images: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = images.copy()
    other[3, 300] += 0.5
    keys = [key(), key(seed=1), key(images=other), key(held_out=other[:10]), key(learning_rate=0.5), key(epochs=4)]
    for owner, name, value in (
        (arithmetic, "is_specified", lambda: False),
        (torch, "__version__", "9"),
        (files, "digest", lambda path, algorithm: hashlib.sha256(path.name.encode()).hexdigest()),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, value)
            keys.append(key())
    assert len(set(keys)) == len(keys)
    assert key() == keys[0]


def test_further_sources_are_in_the_key(images: np.ndarray) -> None:
    setup = Setup(small(), images, images, 0, CPU)
    assert setup.key("diagnostics/ablations.py") not in (setup.key(), setup.key("diagnostics/costs.py"))


def test_the_order_of_layers_is_in_the_key(images: np.ndarray) -> None:
    experiment = small()
    layers = experiment.generator.layers
    turned = experiment.generator.model_copy(update={"layers": dict(reversed(layers.items()))})
    other = experiment.model_copy(update={"generator": turned})
    assert Setup(experiment, images, images, 0, CPU).key() != Setup(other, images, images, 0, CPU).key()


def test_what_is_done_with_the_samples_is_not_in_the_key(images: np.ndarray) -> None:
    other = small().model_copy(update={"sampling": SamplingParameters(num_samples=33)})
    assert Setup(small(), images, images, 0, CPU).key() == Setup(other, images, images, 0, CPU).key()


def test_the_code_in_the_key_is_what_a_run_depends_on() -> None:
    """As dvc.yaml has it, but for what reads the images (they are in the key), what writes files, and the other models."""
    listed = read_yaml(ROOT / "dvc.yaml")["stages"]["train"]["deps"]
    library = {name.removeprefix("adversarial_nets/") for name in listed if name.startswith("adversarial_nets/")}
    assert library == {*DECIDING, "baselines", "data/prepared.py", "report/model_card.py"}
