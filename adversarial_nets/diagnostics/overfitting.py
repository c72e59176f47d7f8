"""Section 3: optimising D to completion on a finite data set would overfit. The twin of the Helvetica scenario: here D is trained
alone, against a generator that stays as it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from adversarial_nets.core.arithmetic import softplus, total
from adversarial_nets.core.randomness import stream
from adversarial_nets.data.prepared import VALIDATION, PreparedData
from adversarial_nets.diagnostics.trained import Trained
from adversarial_nets.gan.game import discriminator_step
from adversarial_nets.gan.networks import Network
from adversarial_nets.gan.optimizers import set_schedule
from adversarial_nets.gan.sampling import BATCH_SIZE, draw_noise, generate

LOOKS = (0.05, 0.1, 0.25, 0.5, 1)  # shares of the updates after which D is looked at, as it is before the first
LIMIT = 10_000  # training images, or held-out ones, that it is looked at with
NUM_SAMPLES = 2000  # as well
TRAINING, HELD_OUT, SAMPLES = "training", "held-out", "samples"


@dataclass(frozen=True)
class Judged:
    """What D, without dropout, makes of ``count`` images after a number of updates of D alone.

    ``accuracy``: the share on the right side of ½. ``cost``: mean of −log D(x), or of −log(1 − D(x)) for samples, in nats.
    """

    updates: int
    images: str
    count: int
    accuracy: float
    cost: float


@dataclass(frozen=True)
class Overfitting:
    """What became of a seed's discriminator: a row for each moment and each kind of images."""

    seed: int
    rows: list[Judged]


def measure(trained: Trained, updates: int, data: PreparedData) -> Overfitting:
    """D's accuracy and cost on training images, on validation images of the first fold, and on samples drawn for this alone."""
    device, description = next(trained.generator.parameters()).device, trained.experiment.generator
    shape = NUM_SAMPLES, description.noise_dimensions
    fresh = draw_noise(description.noise, shape, stream(trained.seed, "overfitting, samples"))
    seen = {
        TRAINING: data.training_images,
        HELD_OUT: data.fold_images(0, VALIDATION),
        SAMPLES: generate(trained.generator, fresh),
    }
    looked_at = {name: torch.from_numpy(images[:LIMIT]).to(device) for name, images in seen.items()}
    moments = train_alone(trained, updates, data.training_images)
    return Overfitting(trained.seed, [judged(now, update, *images) for update, now in moments for images in looked_at.items()])


def train_alone(trained: Trained, updates: int, images: np.ndarray) -> Iterator[tuple[int, Network]]:
    """Train a copy of the discriminator for ``updates`` more, by D's step of Algorithm 1, on training images (n, D).

    Yields the number of updates so far and the discriminator as it is then. Minibatches, dropout, learning rate and momentum are
    those at which the run ended; the optimiser starts afresh.
    """
    game, description = trained.game("minimax", "overfitting"), trained.experiment.generator
    device = game.dropout.device
    noise = stream(trained.seed, "overfitting, noise", device)
    looks = {max(round(share * updates), 1) for share in LOOKS}
    yield 0, game.discriminator
    for update, real in zip(range(1, updates + 1), _minibatches(trained, images), strict=False):
        set_schedule(game.discriminator_optimizer, *trained.schedule)
        discriminator_step(game, real.to(device), draw_noise(description.noise, (len(real), description.noise_dimensions), noise))
        if update in looks:
            yield update, game.discriminator


def _minibatches(trained: Trained, images: np.ndarray) -> Iterator[Tensor]:
    """Of one pass after another, each in an order of its own."""
    shuffling = stream(trained.seed, "overfitting, shuffling")
    while True:
        for rows in torch.randperm(len(images), generator=shuffling).split(trained.experiment.training.minibatch_size):
            yield torch.from_numpy(images[rows.numpy()])


@torch.no_grad()
def judged(discriminator: Network, updates: int, name: str, images: Tensor) -> Judged:
    """Of images (n, D) that are real, unless their name is SAMPLES."""
    logits = torch.cat([discriminator.logits(batch) for batch in images.split(BATCH_SIZE)])
    right = -logits if name == SAMPLES else logits  # positive if D is right
    cost = total(softplus(-right).double()) / len(images)
    return Judged(updates, name, len(images), float((right > 0).double().mean()), float(cost))
