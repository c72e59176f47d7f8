"""The two-player game of section 3: objectives, and one move of each way of playing it.

``simultaneous_step`` is the published code's: one minibatch of data and one of noise, both gradients taken before either
player moves. ``discriminator_step`` and ``generator_step`` are the two halves of the paper's Algorithm 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from adversarial_nets.core.arithmetic import sigmoid, softplus
from adversarial_nets.gan.networks import Network, limit_column_norms


@dataclass
class Game:
    """The two players, their optimisers, the generator's objective and the random stream for dropout."""

    generator: Network
    discriminator: Network
    generator_optimizer: torch.optim.Optimizer
    discriminator_optimizer: torch.optim.Optimizer
    generator_objective: str
    dropout: torch.Generator | None


class Outcome(NamedTuple):
    """What one step saw, before anybody moved: scalars on the players' device, taken with dropout."""

    discriminator_objective: Tensor
    generator_objective: Tensor
    d_real: Tensor
    d_fake: Tensor


def discriminator_objective(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """½·[BCE(D(x), 1) + BCE(D(G(z)), 0)], mean over the minibatch; the published code's, half of Algorithm 1's, negated.

    softplus(-l) = -log sigmoid(l) and softplus(l) = -log(1 - sigmoid(l)) neither overflow nor lose digits.
    """
    return (softplus(-real_logits).mean() + softplus(fake_logits).mean()) / 2


def generator_objective(fake_logits: Tensor, objective: str) -> Tensor:
    """What the generator descends, mean over the minibatch.

    ``non_saturating``: -log D(G(z)); ``minimax``: log(1 - D(G(z))).
    """
    return softplus(-fake_logits).mean() if objective == "non_saturating" else -softplus(fake_logits).mean()


def simultaneous_step(game: Game, real: Tensor, noise: Tensor) -> Outcome:
    """Both players move at once, from the same pass of ``real`` (m, D) and G(``noise``) (m, d) through the discriminator.

    Every row has a dropout mask of its own, and both objectives see the generated half under the same masks. One backward
    pass serves both: for each generated image, the players' gradients are multiples of one another.
    """
    fake = game.generator(noise)
    logits = game.discriminator.logits(torch.cat([real, fake]), game.dropout, len(real))
    real_logits, fake_logits = logits.detach()[: len(real)], logits.detach()[len(real) :]
    slopes, ratios = _slopes(real_logits, fake_logits, game.generator_objective)
    *discriminator_gradients, at_fake = torch.autograd.grad(logits, (*game.discriminator.parameters(), fake), slopes)
    at_fake = at_fake * ratios
    generator_gradients = torch.autograd.grad(fake, tuple(game.generator.parameters()), at_fake)
    _move(game.discriminator, game.discriminator_optimizer, discriminator_gradients)
    _move(game.generator, game.generator_optimizer, generator_gradients)
    return _outcome(game, real_logits, fake_logits)


def _slopes(real_logits: Tensor, fake_logits: Tensor, objective: str) -> tuple[Tensor, Tensor]:
    """Derivatives of the discriminator's objective by all logits, and what makes them the generator's for the generated rows."""
    from_real = -sigmoid(-real_logits) / (2 * len(real_logits))
    # If the discriminator is all too sure of a fake its own slope vanishes, but the generator's, a multiple of it, need not.
    # A slope this small changes no digit of the discriminator's gradient.
    from_fake = (sigmoid(fake_logits) / (2 * len(fake_logits))).clamp(min=1e-28)
    of_generator = -sigmoid(-fake_logits if objective == "non_saturating" else fake_logits) / len(fake_logits)
    return torch.cat([from_real, from_fake]), of_generator / from_fake


def discriminator_step(game: Game, real: Tensor, noise: Tensor) -> Outcome:
    """One of the k steps on the discriminator in Algorithm 1."""
    with torch.no_grad():
        fake = game.generator(noise)
    logits = game.discriminator.logits(torch.cat([real, fake]), game.dropout)
    real_logits, fake_logits = logits[: len(real)], logits[len(real) :]
    # Algorithm 1 ascends the sum of the two means, without the published code's factor of one half.
    objective = 2 * discriminator_objective(real_logits, fake_logits)
    _move(game.discriminator, game.discriminator_optimizer, _gradients(objective, game.discriminator))
    return _outcome(game, real_logits, fake_logits)


def generator_step(game: Game, noise: Tensor) -> None:
    """The generator's step in Algorithm 1, against the discriminator as it stands (with dropout, as when it trains)."""
    logits = game.discriminator.logits(game.generator(noise), game.dropout)
    gradients = _gradients(generator_objective(logits, game.generator_objective), game.generator)
    _move(game.generator, game.generator_optimizer, gradients)


@torch.no_grad()
def _outcome(game: Game, real_logits: Tensor, fake_logits: Tensor) -> Outcome:
    return Outcome(
        discriminator_objective(real_logits, fake_logits),
        generator_objective(fake_logits, game.generator_objective),
        sigmoid(real_logits).mean(),
        sigmoid(fake_logits).mean(),
    )


def _gradients(objective: Tensor, player: Network) -> tuple[Tensor, ...]:
    return torch.autograd.grad(objective, tuple(player.parameters()))


def _move(player: Network, optimizer: torch.optim.Optimizer, gradients: Sequence[Tensor]) -> None:
    for parameter, gradient in zip(player.parameters(), gradients, strict=True):
        parameter.grad = gradient
    optimizer.step()
    limit_column_norms(player)
