"""What several test modules share."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import settings

ROOT = Path(__file__).parents[1]
os.environ["MPLBACKEND"] = "Agg"  # as the stages do
for threads in ("ADVERSARIAL_NETS_THREADS", "OMP_NUM_THREADS"):  # of processes that tests start: two workers share the cores
    os.environ.setdefault(threads, "1")

# Speed varies on shared machines, so no deadline; the same examples on each run, so that a failure is never chance.
settings.register_profile("repeatable", deadline=None, derandomize=True, database=None, max_examples=40)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Networks this small only lose time to a second thread."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def digits() -> np.ndarray:
    """The default's 5,000 digits in file order, sorted by class: (5000, 784) float32 in [0, 1]."""
    with np.load(ROOT / "data" / "mnist5k.npz") as arrays:
        return arrays["images"].reshape(5000, 784).astype(np.float32) / np.float32(255)
