"""The Helvetica scenario of section 6, made to happen: the generator is trained too much without updating the discriminator."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from adversarial_nets.core.randomness import stream
from adversarial_nets.data.prepared import PreparedData
from adversarial_nets.diagnostics.collapse import CollapseMeasure, Signs, labels_of
from adversarial_nets.gan.game import Game, generator_step
from adversarial_nets.gan.networks import Network
from adversarial_nets.gan.optimizers import learning_rate_at, make_optimizer, momentum_at, set_schedule
from adversarial_nets.gan.run import Summary
from adversarial_nets.gan.sampling import draw_noise, generate
from adversarial_nets.parameters.experiment import Experiment

OBJECTIVES = ("minimax", "non_saturating")
LOOKS = (0.05, 0.1, 0.25, 0.5, 1)  # shares of the updates after which samples are drawn, as they are before the first
NUM_SAMPLES = 2000  # at each


@dataclass(frozen=True)
class Trained:
    """Both players at the end of a run."""

    generator: Network
    discriminator: Network
    experiment: Experiment
    summary: Summary
    seed: int


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Signs of collapse after a number of updates of the generator alone; entropies in nats."""

    updates: int
    class_histogram: list[int] | None = None
    class_entropy: float | None = None
    near_duplicates: float


@dataclass(frozen=True)
class Helvetica:
    """What became of a seed's generator under each objective."""

    seed: int
    num_compared: int
    objectives: dict[str, list[Moment]]


def measure(trained: Trained, updates: int, data: PreparedData) -> tuple[Helvetica, dict[str, list[np.ndarray]]]:
    """Signs of collapse, and the samples (NUM_SAMPLES, D) that they were measured in, by objective."""
    ruler = CollapseMeasure(data.training_images, labels_of(data, data.training), NUM_SAMPLES)
    rows, samples = {}, {}
    for objective in OBJECTIVES:
        seen = dict(train_alone(trained, objective, updates))
        rows[objective] = [_moment(update, ruler.of_samples(images)) for update, images in seen.items()]
        samples[objective] = list(seen.values())
    return Helvetica(trained.seed, ruler.count, rows), samples


def _moment(updates: int, signs: Signs) -> Moment:
    return Moment(
        updates=updates,
        class_histogram=signs.class_histogram,
        class_entropy=signs.class_entropy,
        near_duplicates=signs.near_duplicates,
    )


def train_alone(trained: Trained, objective: str, updates: int) -> Iterator[tuple[int, np.ndarray]]:
    """Train a copy of the generator for ``updates`` more, against a discriminator that stays as it is.

    Yields the number of updates so far and samples (NUM_SAMPLES, D), of the same z each time. Minibatches, dropout, learning rate
    and momentum are those at which the run ended; the optimiser starts afresh.
    """
    game, description = _game(trained, objective), trained.experiment.generator
    training, dimensions = trained.experiment.training, description.noise_dimensions
    schedule = learning_rate_at(trained.summary.updates, training), momentum_at(training.epochs, training.momentum)
    noise = stream(trained.seed, "helvetica, noise", game.dropout.device)
    seen = draw_noise(description.noise, (NUM_SAMPLES, dimensions), stream(trained.seed, "helvetica, samples"))
    looks = {max(round(share * updates), 1) for share in LOOKS}
    yield 0, generate(game.generator, seen)
    for update in range(1, updates + 1):
        set_schedule(game.generator_optimizer, *schedule)
        generator_step(game, draw_noise(description.noise, (training.minibatch_size, dimensions), noise))
        if update in looks:
            yield update, generate(game.generator, seen)


def _game(trained: Trained, objective: str) -> Game:
    generator, discriminator = copy.deepcopy((trained.generator, trained.discriminator))
    discriminator.requires_grad_(False)  # saves the gradients of its weights
    optimizers = [make_optimizer(player, trained.experiment.training) for player in (generator, discriminator)]
    device = next(generator.parameters()).device
    return Game(generator, discriminator, *optimizers, objective, stream(trained.seed, "helvetica, dropout", device))
