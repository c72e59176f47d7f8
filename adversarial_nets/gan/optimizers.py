"""The players' optimisers and their schedules, as in the published configuration files."""

import torch
from torch import nn

from adversarial_nets.parameters.training import MomentumParameters, TrainingParameters


def make_optimizer(player: nn.Module, training: TrainingParameters) -> torch.optim.Optimizer:
    """Momentum SGD or Adam over a player's parameters; ``set_schedule`` must precede every step."""
    if training.optimizer == "adam":
        betas = (training.adam.beta1, training.adam.beta2)
        return torch.optim.Adam(player.parameters(), lr=training.learning_rate, betas=betas, fused=True)
    return torch.optim.SGD(player.parameters(), lr=training.learning_rate, momentum=training.momentum.initial, fused=True)


def set_schedule(optimizer: torch.optim.Optimizer, learning_rate: float, momentum: float) -> None:
    """Learning rate η and momentum μ of the next step.

    The published update is v ← μ·v − η·g; θ ← θ + v. torch's is b ← μ'·b + g; θ ← θ − η·b. With v = −η·b they are the
    same if the buffer is also rescaled whenever the learning rate changes: μ' = μ · (previous η / η).
    """
    for group in optimizer.param_groups:
        if "momentum" in group:
            group["momentum"] = momentum * (group["lr"] / learning_rate)
        group["lr"] = learning_rate


def learning_rate_at(update: int, training: TrainingParameters) -> float:
    """Learning rate after a number of updates: divided by the decay after every one, never below the floor.

    With annealing, its decay takes the other's place after ``after_updates``.
    """
    late = max(update - training.annealing.after_updates, 0) if training.annealing else 0
    decayed = training.learning_rate * training.learning_rate_decay ** (late - update)
    annealed = decayed * training.annealing.learning_rate_decay**-late if training.annealing else decayed
    return max(annealed, training.learning_rate_floor)


def momentum_at(epoch: int, momentum: MomentumParameters) -> float:
    """Momentum in an epoch, the first being 1: linear up to ``saturation_epoch``, constant from there."""
    progress = min((epoch - 1) / (momentum.saturation_epoch - 1), 1.0)
    return momentum.initial + progress * (momentum.final - momentum.initial)
