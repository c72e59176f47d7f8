"""Samples of a model that has no other way to give them than a Markov chain.

All chains run side by side. Where they start, how long they run before a state is kept, and how far kept states are apart are
parameters, because scores depend on them.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from adversarial_nets.baselines.layers import bernoulli
from adversarial_nets.core.randomness import stream
from adversarial_nets.parameters.baselines import ChainParameters

State = tuple[Tensor, ...]


class Chained(Protocol):
    """A model with a Markov chain; images are columns, (D, m)."""

    def begin(self, images: Tensor, random: torch.Generator) -> State:
        """The state of chains that start at images."""

    def advance(self, state: State, random: torch.Generator, noise: float) -> State:
        """One step; ``noise`` is ``sampling.noise`` for a model that has it."""

    def pixels(self, state: State, random: torch.Generator) -> Tensor:
        """Mean pixels given a state: (D, m) in [0, 1]."""


@dataclass(frozen=True)
class ChainStream:
    """``count`` samples in blocks (chains, D), a state of every chain each; the same ones each time that it is gone through."""

    model: Any
    images: np.ndarray
    sampling: ChainParameters
    seed: int
    name: str = "sampling"
    count: int | None = None

    def __iter__(self) -> Iterator[np.ndarray]:
        """Blocks of samples from the random stream ``name``, which is the CPU's on any device."""
        count, size = self.count or self.sampling.num_samples, self.sampling.chains
        for start, block in zip(range(0, count, size), self._states(), strict=False):
            yield block[: count - start]

    def drawn(self, count: int, name: str) -> "ChainStream":
        """As many samples from another random stream."""
        return replace(self, count=count, name=name)

    def started(self, start: str, burn_in: int, count: int) -> "ChainStream":
        """As many consecutive states of chains that start elsewhere, after as many steps; the same chains for every number."""
        asked = {"start": start, "burn_in": burn_in, "thinning": 1}
        return replace(self, sampling=self.sampling.model_copy(update=asked), count=count, name=f"from {start}")

    @torch.no_grad()
    def _states(self) -> Iterator[np.ndarray]:
        """Kept states as pixels, (chains, D) float32, without end."""
        random, binary = stream(self.seed, self.name), stream(self.seed, f"{self.name}, pixels")
        start, device = start_images(self.images, self.sampling, random), next(self.model.parameters()).device
        state = self.model.begin(torch.from_numpy(start).t().contiguous().to(device), random)
        for steps in itertools.chain([self.sampling.burn_in + 1], itertools.repeat(self.sampling.thinning)):
            for _ in range(steps):
                state = self.model.advance(state, random, getattr(self.sampling, "noise", 0.0))
            pixels = self.model.pixels(state, random)
            pixels = bernoulli(pixels, binary) if self.sampling.pixels == "binary" else pixels
            yield pixels.t().contiguous().cpu().numpy()


def start_images(images: np.ndarray, sampling: ChainParameters, random: torch.Generator) -> np.ndarray:
    """Images (chains, D) that chains start at, from training images (n, D)."""
    if sampling.start == "training":
        return images[torch.randint(len(images), (sampling.chains,), generator=random).numpy()]
    marginals = torch.from_numpy(images.mean(0, dtype=np.float64).astype(np.float32))
    return bernoulli(marginals.expand(sampling.chains, -1), random).numpy()
