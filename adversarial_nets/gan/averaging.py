"""Averaged weights: a power-function average of a network over its updates, kept beside the game and never played with.

Karras et al., “Analyzing and Improving the Training Dynamics of Diffusion Models” (2024), section 3.1.
"""

import copy
from typing import Any

import torch

from adversarial_nets.gan.networks import Network


class WeightAverage:
    """After u updates: average ← average + (1 − (1 − 1/(u + 1))^(γ + 1))·(weights − average), from the first weights on.

    γ = 0 gives all weights so far their plain mean; the greater γ, the more the last ones weigh: γ = 2 about the last third.
    """

    def __init__(self, source: Network, gamma: float):
        self.network = copy.deepcopy(source)
        self.updates = 0
        self.gamma = gamma
        self._weights = [weight.detach() for weight in source.parameters()]
        self._averages = [average.detach() for average in self.network.parameters()]

    def update(self) -> None:
        """Take in the weights as they are after one more update: one pass over them, element by element."""
        self.updates += 1
        torch._foreach_lerp_(self._averages, self._weights, weight_of_the_last(self.updates, self.gamma))

    def restart(self) -> None:
        """Begin anew from the weights as they are now."""
        self.updates = 0
        torch._foreach_copy_(self._averages, self._weights)

    def state_dict(self) -> dict[str, Any]:
        """The average and the number of updates."""
        return {"network": self.network.state_dict(), "updates": self.updates}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Bring it back to where the saved one was."""
        self.network.load_state_dict(state["network"])
        self.updates = state["updates"]


def weight_of_the_last(updates: int, gamma: float) -> float:
    """Share of the newest weights in the average after this many updates."""
    return 1 - (1 - 1 / (updates + 1)) ** (gamma + 1)
