"""The Helvetica scenario of section 6, made to happen: the generator is trained too much without updating the discriminator."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from adversarial_nets.core.randomness import stream
from adversarial_nets.data.prepared import PreparedData
from adversarial_nets.diagnostics.collapse import CollapseMeasure, Signs, labels_of
from adversarial_nets.diagnostics.trained import Trained
from adversarial_nets.gan.game import generator_step
from adversarial_nets.gan.optimizers import set_schedule
from adversarial_nets.gan.sampling import draw_noise, generate

OBJECTIVES = ("minimax", "non_saturating")
LOOKS = (0.05, 0.1, 0.25, 0.5, 1)  # shares of the updates after which samples are drawn, as they are before the first
NUM_SAMPLES = 2000  # at each


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
    game, description = trained.game(objective, "helvetica"), trained.experiment.generator
    game.discriminator.requires_grad_(False)  # saves the gradients of its weights
    shape = trained.experiment.training.minibatch_size, description.noise_dimensions
    noise = stream(trained.seed, "helvetica, noise", game.dropout.device)
    seen = draw_noise(description.noise, (NUM_SAMPLES, shape[1]), stream(trained.seed, "helvetica, samples"))
    looks = {max(round(share * updates), 1) for share in LOOKS}
    yield 0, generate(game.generator, seen)
    for update in range(1, updates + 1):
        set_schedule(game.generator_optimizer, *trained.schedule)
        generator_step(game, draw_noise(description.noise, shape, noise))
        if update in looks:
            yield update, generate(game.generator, seen)
