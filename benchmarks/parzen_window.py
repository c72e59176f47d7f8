"""The paper's MNIST protocol beside its matrix products alone, the published algorithm and scikit-learn's KernelDensity.

10 bandwidths on 1,000 validation images, then one on 10,000 test images, under 10,000 samples of 784 dimensions: the
default's digits, shifted by a pixel. The contestants take turns in one process; minima and ratios are printed.
"""

import math
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import timing
import torch
from scipy.special import logsumexp
from sklearn.neighbors import KernelDensity
from torch import Tensor

from adversarial_nets.core import devices
from adversarial_nets.core.arithmetic import plain_products
from adversarial_nets.core.errors import exit_status
from adversarial_nets.likelihood.parzen import ParzenWindow
from adversarial_nets.likelihood.protocol import PUBLISHED_SIGMAS
from adversarial_nets.parameters.project import Project
from adversarial_nets.parameters.reading import read
from adversarial_nets.running import paths

ROUNDS, CHOSEN = 7, PUBLISHED_SIGMAS[2]
EVALUATIONS = 10 * 1_000 + 10_000  # of an image at one bandwidth
SLICE = 10  # images that stand for all if a contestant would take minutes; also the published script's minibatch
OURS, WITH_MKL, PRODUCTS, KERNEL_DENSITY = "ours", "ours, with MKL's products", "MKL's matrix products alone", "KernelDensity"
PUBLISHED, IN_PLACE = "the published algorithm, in NumPy", "the published algorithm, in place, on all threads"


@dataclass
class Problem:
    """Samples (10000, 784), validation images (1000, 784) and test images (10000, 784) on a device."""

    samples: Tensor
    validation: Tensor
    test: Tensor

    def contestants(self) -> dict[str, Callable[[], object]]:
        """What takes turns. The last three only do a slice."""
        return {
            PRODUCTS: self.matrix_products,
            OURS: self.protocol,
            WITH_MKL: plain_products()(self.protocol),
            PUBLISHED: lambda: published(self.samples, self.test[:SLICE]),
            IN_PLACE: lambda: published_in_place(self.samples, self.test[:SLICE]),
            KERNEL_DENSITY: lambda: kernel_density(self.tree, self.test[:SLICE]),
        }

    @cached_property
    def tree(self) -> KernelDensity:
        """scikit-learn's estimator, fitted: building its tree is left out of its time."""
        return KernelDensity(bandwidth=CHOSEN).fit(self.samples.cpu().numpy())

    def protocol(self) -> Tensor:
        """Ours: the choice of σ and the test images' log-likelihoods."""
        window = ParzenWindow(self.samples, device=self.samples.device)
        best = window.log_prob(self.validation, PUBLISHED_SIGMAS).mean(dim=1).argmax()
        return window.log_prob(self.test, PUBLISHED_SIGMAS[best])

    def matrix_products(self) -> None:
        """The two products of the protocol in blocks of 1,000 images, which is faster than whole."""
        for images in (self.validation, *self.test.split(1_000)):
            images @ self.samples.T


NORMALISER = math.log(10_000) + 784 * math.log(CHOSEN * math.sqrt(2 * math.pi))


def published(samples: Tensor, images: Tensor) -> Tensor:
    """The published script's way: differences of every image and every sample, for each bandwidth from scratch."""
    scaled = (images.cpu().numpy()[:, None] - samples.cpu().numpy()) / np.float32(CHOSEN)
    return torch.from_numpy(logsumexp(-0.5 * (scaled**2).sum(axis=2), axis=1) - NORMALISER)


def published_in_place(samples: Tensor, images: Tensor) -> Tensor:
    """The same as well as PyTorch can do it: in one piece of memory, on all threads or the GPU."""
    differences = images[:, None] - samples
    return torch.logsumexp(differences.div_(CHOSEN).square_().sum(dim=2) / -2, dim=1) - NORMALISER


def kernel_density(tree: KernelDensity, images: Tensor) -> Tensor:
    """scikit-learn's way, by its default algorithm."""
    return torch.from_numpy(tree.score_samples(images.cpu().numpy()))


def problem(device: torch.device) -> Problem:
    """The default's digits: shifted to the right and to the left they are samples, up and down images."""
    with np.load("data/mnist5k.npz", allow_pickle=False) as arrays:
        digits = torch.from_numpy(arrays["images"]).float().div_(255).view(-1, 28, 28)
    right, left, up, down = (digits.roll(shift, axis).flatten(1).to(device) for shift, axis in ((1, 2), (-1, 2), (1, 1), (-1, 1)))
    return Problem(torch.cat([right, left]), digits.flatten(1)[::5].to(device), torch.cat([up, down]))


def error_in_nats(found: Tensor, samples: Tensor, images: Tensor) -> float:
    """Largest deviation from the formula in float64 with SciPy's logsumexp, over some images."""
    samples, images = samples.double().cpu(), images.double().cpu()
    exponents = torch.stack([-(samples - image).square().sum(dim=1) for image in images]) / (2 * CHOSEN**2)
    return abs(found.double().cpu().numpy() - logsumexp(exponents.numpy(), axis=1) + NORMALISER).max()


def errors(given: Problem) -> dict[str, float]:
    """Each contestant's error on the same images."""
    images = given.test[::1_000]
    found = {
        OURS: ParzenWindow(given.samples, device=images.device).log_prob(images, CHOSEN),
        PUBLISHED: published(given.samples, images),
        IN_PLACE: published_in_place(given.samples, images),
        KERNEL_DENSITY: kernel_density(given.tree, images),
    }
    return {name: error_in_nats(values, given.samples, images) for name, values in found.items()}


def peak_mebibytes(contestant: str) -> float:
    """Peak memory of a process of its own that does nothing else: PyTorch and the data included."""
    program = [sys.executable, __file__, contestant]
    return int(subprocess.run(program, check=True, capture_output=True, text=True).stdout) / 1024


def main() -> None:
    """Print a Markdown table."""
    project = read(paths.PARAMETERS, Project)
    device = devices.resolve(project.device)
    given = problem(device)
    contestants = given.contestants()
    if len(sys.argv) > 1:
        contestants[sys.argv[1]]()
        # Not `resource.getrusage`: a child's counts its parent's memory too.
        print(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
        return
    seconds = timing.interleaved(contestants, ROUNDS, device)
    for name in (PUBLISHED, IN_PLACE, KERNEL_DENSITY):
        seconds[name] *= EVALUATIONS / SLICE
    write(device, seconds, {name: peak_mebibytes(name) for name in contestants}, errors(given))


def write(device: torch.device, seconds: dict[str, float], memory: dict[str, float], error: dict[str, float]) -> None:
    """The table and what it means."""
    print(f"{timing.machine(device)}; minimum of {ROUNDS} rounds\n")
    print("| contestant | seconds | over the matrix products | over ours | peak memory, MiB | over ours | largest error, nats |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in seconds:
        ratios = f"{seconds[name] / seconds[PRODUCTS]:.2f} | {seconds[name] / seconds[OURS]:.2f}"
        peak = f"{memory[name]:.0f} | {memory[name] / memory[OURS]:.2f}"
        print(f"| {name} | {seconds[name]:.3f} | {ratios} | {peak} | {f'{error[name]:.1e}' if name in error else ''} |")
    print("\nMatrix products (m × k × n): 1000×784×10000 once, 10000×784×10000 once, in blocks of 1,000 rows.")
    print(f"The published algorithm and KernelDensity: measured on {SLICE} images at one bandwidth, and multiplied up to the")
    print(f"{EVALUATIONS:,} evaluations of the protocol (1,000 images at 10 bandwidths, 10,000 at one).")
    print("Peak memory: of a process that does nothing else, PyTorch, scikit-learn and the data included.")


if __name__ == "__main__":
    with exit_status():
        main()
