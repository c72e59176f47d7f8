"""Images from a generator. Noise is drawn on the CPU, so that a generator is given the same z on every machine."""

import math

import numpy as np
import torch
from torch import Tensor

from adversarial_nets.networks import Network

BATCH_SIZE = 1000  # fixed: another size may round the last digit of a pixel differently


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


def interpolated_noise(noise: str, dimensions: int, lines: int, steps: int, generator: torch.Generator) -> Tensor:
    """Points on straight lines between random pairs of points of z space (Figure 3): (lines * steps, d)."""
    starts, ends = draw_noise(noise, (2, lines, 1, dimensions), generator)
    weights = torch.linspace(0, 1, steps)[:, None]
    return torch.lerp(starts, ends, weights).flatten(0, 1)
