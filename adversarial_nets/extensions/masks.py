"""Which pixels of an image are seen and which are missing: masks (n, D) float32, 1 where a pixel is seen."""

import numpy as np
import torch
from torch import Tensor

from adversarial_nets.core.randomness import stream
from adversarial_nets.gan.run import Setup

KINDS = ("half", "square", "quadrant", "pixels")  # what is missing
RATES = (0.1, 0.9)  # of missing pixels, where each is drawn by itself


def masks(kind: str, count: int, height: int, width: int, random: torch.Generator) -> Tensor:
    """Masks of a kind, each of its forms in turn: (count, height · width).

    half: left, right, top, bottom; square: the central one of half the sides; quadrant: each of the four; pixels: each pixel by
    itself, with a rate that is uniform in RATES for each mask.
    """
    if kind == "pixels":
        rates = RATES[0] + (RATES[1] - RATES[0]) * torch.rand((count, 1), generator=random)
        return (torch.rand((count, height * width), generator=random) >= rates).float()
    forms = _forms(kind, height, width)
    return forms[torch.arange(count) % len(forms)]


def bank(count: int, height: int, width: int, random: torch.Generator) -> Tensor:
    """Equally many masks of every kind, one kind after another: (count, height · width), count rounded up."""
    each = -(-count // len(KINDS))
    return torch.cat([masks(kind, each, height, width, random) for kind in KINDS])


def fixed_masks(kind: str, images: np.ndarray, setup: Setup) -> np.ndarray:
    """Masks of images (n, D), the same ones for every seed and whatever completes them: (n, D)."""
    _, height, width = setup.experiment.image_shape
    return masks(kind, len(images), height, width, stream(0, f"fixed masks, {kind}")).numpy()


def _forms(kind: str, height: int, width: int) -> Tensor:
    rows, columns = np.arange(height)[:, None] < height // 2, np.arange(width)[None, :] < width // 2
    if kind == "half":
        missing = [columns, ~columns, rows, ~rows]
    elif kind == "quadrant":
        missing = [rows & columns, rows & ~columns, ~rows & columns, ~rows & ~columns]
    else:
        missing = [_central(height)[:, None] & _central(width)[None, :]]
    whole = [np.broadcast_to(each, (height, width)).reshape(-1) for each in missing]
    return torch.from_numpy(1 - np.stack(whole).astype(np.float32))


def _central(size: int) -> np.ndarray:
    """The middle half of a side."""
    numbers = np.arange(size)
    return (numbers >= size // 4) & (numbers < size - size // 4)
