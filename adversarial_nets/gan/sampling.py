"""Images from a generator. Noise is drawn on the CPU, so that a generator is given the same z on every machine."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from adversarial_nets.core.randomness import stream
from adversarial_nets.gan.networks import Network
from adversarial_nets.parameters.layers import GeneratorParameters

BATCH_SIZE = 1000  # fixed: another size may round the last digit of a pixel differently
BLOCK_SIZE = 10_000  # samples that a stream holds at a time


def draw_noise(noise: str, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """float32 noise of unit variance: ``uniform`` on [-√3, √3], or ``gaussian``, on the generator's device."""
    if noise == "gaussian":
        return torch.randn(shape, generator=generator, device=generator.device)
    return (2 * torch.rand(shape, generator=generator, device=generator.device) - 1) * math.sqrt(3)


@torch.no_grad()
def generate(generator: Network, noise: Tensor) -> np.ndarray:
    """Images for noise (n, d), in the data's own scale: (n, D) float32."""
    device = next(generator.parameters()).device
    return np.concatenate([generator(batch.to(device)).cpu().contiguous().numpy() for batch in noise.split(BATCH_SIZE)])


def draw_samples(generator: Network, description: GeneratorParameters, count: int, seed: int) -> np.ndarray:
    """The samples that stand for a generator in the Parzen window: (count, D) float32."""
    noise = draw_noise(description.noise, (count, description.noise_dimensions), stream(seed, "sampling"))
    return generate(generator, noise)


@dataclass(frozen=True)
class SampleStream:
    """``count`` samples in blocks (n, D), the same ones each time that it is gone through, and never all in memory."""

    generator: Network
    description: GeneratorParameters
    count: int
    seed: int
    name: str

    def __iter__(self) -> Iterator[np.ndarray]:
        """Blocks of samples from the random stream ``name``."""
        random = stream(self.seed, self.name)
        for start in range(0, self.count, BLOCK_SIZE):
            shape = (min(BLOCK_SIZE, self.count - start), self.description.noise_dimensions)
            yield generate(self.generator, draw_noise(self.description.noise, shape, random))

    def drawn(self, count: int, name: str) -> "SampleStream":
        """So many samples from another random stream."""
        return replace(self, count=count, name=name)


def interpolated_noise(noise: str, dimensions: int, lines: int, steps: int, generator: torch.Generator) -> Tensor:
    """Points on straight lines between random pairs of points of z space (Figure 3): (lines * steps, d)."""
    starts, ends = draw_noise(noise, (2, lines, 1, dimensions), generator)
    weights = torch.linspace(0, 1, steps)[:, None]
    return (starts + weights * (ends - starts)).flatten(0, 1)
