"""The Helvetica scenario of section 6, made to happen: the generator is trained too much without updating the discriminator."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from adversarial_nets.game import Game, generator_step
from adversarial_nets.networks import Network
from adversarial_nets.optimizers import learning_rate_at, make_optimizer, momentum_at, set_schedule
from adversarial_nets.parameters import Experiment
from adversarial_nets.randomness import stream
from adversarial_nets.sampling import draw_noise, generate

OBJECTIVES = ("minimax", "non_saturating")
LOOKS = (0.05, 0.1, 0.25, 0.5, 1)  # shares of the updates after which samples are drawn, as they are before the first
NUM_SAMPLES = 2000  # at each


def go_on(
    generator: Network,
    discriminator: Network,
    experiment: Experiment,
    objective: str,
    summary: dict[str, Any],
    updates: int,
    seed: int,
) -> Iterator[tuple[int, np.ndarray]]:
    """Train the generator alone, so many updates more, against a discriminator that stays as it is.

    Yields the number of these updates and samples (NUM_SAMPLES, D), of the same z each time. Minibatches, dropout, learning rate
    and momentum are those at which the training with this ``summary`` ended; the optimiser starts afresh.
    """
    training, description, device = experiment.training, experiment.generator, next(generator.parameters()).device
    discriminator.requires_grad_(False)  # saves the gradients of its weights
    optimizers = [make_optimizer(player, training) for player in (generator, discriminator)]
    game = Game(generator, discriminator, *optimizers, objective, stream(seed, "helvetica, dropout", device))
    schedule = learning_rate_at(summary["updates"], training), momentum_at(training.epochs, training.momentum)
    noise, dimensions = stream(seed, "helvetica, noise", device), description.noise_dimensions
    seen = draw_noise(description.noise, (NUM_SAMPLES, dimensions), stream(seed, "helvetica, samples"))
    looks = {max(round(share * updates), 1) for share in LOOKS}
    yield 0, generate(generator, seen)
    for update in range(1, updates + 1):
        set_schedule(game.generator_optimizer, *schedule)
        generator_step(game, draw_noise(description.noise, (training.minibatch_size, dimensions), noise))
        if update in looks:
            yield update, generate(generator, seen)
