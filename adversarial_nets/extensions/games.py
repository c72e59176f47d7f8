"""The game of section 7's conditional models: a condition c is appended to what G takes and to what D sees.

G's input is z and some uniform numbers that choose a condition: it is a function of what the training loop draws for it. Its
output is a row as D sees it: an image and its condition.
"""

import hashlib
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from adversarial_nets.core import files
from adversarial_nets.core.errors import InputError
from adversarial_nets.core.randomness import stream
from adversarial_nets.gan.averaging import WeightAverage
from adversarial_nets.gan.game import Game
from adversarial_nets.gan.layers import layer_of
from adversarial_nets.gan.networks import Network, initialise, read_network, save_network
from adversarial_nets.gan.optimizers import make_optimizer
from adversarial_nets.gan.run import Run, Setup, refuse_infinite_weights, summary
from adversarial_nets.gan.sampling import draw_noise
from adversarial_nets.gan.training import play_epoch
from adversarial_nets.parameters.conditional import BranchedNetworks
from adversarial_nets.parameters.layers import AnyLayer
from adversarial_nets.running import paths
from adversarial_nets.running.checkpoints import Checkpoint


class Conditions(Protocol):
    """What G is given beside z.

    ``choices``: uniform numbers that choose one; ``width``: values of one; ``shown``: values that D sees beside an image.
    """

    choices: int
    width: int
    shown: int

    def chosen(self, numbers: Tensor) -> Tensor:
        """Conditions (m, width) by uniform numbers (m, choices) in [0, 1]."""

    def pair(self, images: Tensor, conditions: Tensor) -> Tensor:
        """What D sees of generated images (m, D) and their conditions: (m, D + shown)."""

    def real(self, images: Tensor) -> Tensor:
        """What D sees of all training images (n, D): (n, D + shown)."""


def chosen_rows(rows: Tensor, numbers: Tensor) -> Tensor:
    """Rows (n, width) that numbers (m,) in [0, 1] choose, each as probable as another: (m, width)."""
    return rows[(numbers * len(rows)).long().clamp(0, len(rows) - 1)]


class ConditionalGenerator(nn.Module):
    """A network that takes [z, c], with the conditions that it is given while it trains."""

    def __init__(self, network: Network, conditions: Conditions):
        super().__init__()
        self.network, self.conditions = network, conditions

    def forward(self, inputs: Tensor) -> Tensor:
        """Rows as D sees them, of z and of numbers on [-√3, √3], as noise is, that choose a condition each."""
        z, numbers = inputs.tensor_split([inputs.shape[1] - self.conditions.choices], dim=1)
        conditions = self.conditions.chosen(numbers / (2 * math.sqrt(3)) + 0.5)
        return self.conditions.pair(self.given(z, conditions), conditions)

    def given(self, z: Tensor, conditions: Tensor) -> Tensor:
        """Images (m, D) of noise (m, d) and conditions (m, width)."""
        return self.network(torch.cat([z, conditions], dim=1))

    @property
    def layers(self) -> nn.ModuleDict:
        """Of the network."""
        return self.network.layers

    @property
    def num_parameters(self) -> int:
        """Of the network."""
        return self.network.num_parameters


class BranchedNetwork(Network):
    """The first layer takes the input's first ``split`` values, the second the rest; the others follow both, side by side."""

    def __init__(self, split: int, rest: int, layers: dict[str, AnyLayer]):
        (first, own), (second, other), *joined = layers.items()
        super().__init__(own.units + other.units, dict(joined))
        branches = {first: layer_of((split,), own), second: layer_of((rest,), other)}
        self.layers = nn.ModuleDict({**branches, **self.layers})
        self.split = split

    def forward(self, x: Tensor, dropout: torch.Generator | None = None) -> Tensor:
        """As of any network."""
        _, _, *joined = self.layers.values()
        x = self._joined(x, dropout)
        for layer in joined:
            x = layer(x, dropout)
        return x

    def logits(self, x: Tensor, dropout: torch.Generator | None = None, num_fixed: int = 0) -> Tensor:
        """As of any network."""
        _, _, *hidden, last = self.layers.values()
        x = self._joined(x, dropout, num_fixed)
        for layer in hidden:
            x = layer(x, dropout)
        return last.preactivation(x, dropout)

    def _joined(self, x: Tensor, dropout: torch.Generator | None, num_fixed: int = 0) -> Tensor:
        first, second, *_ = self.layers.values()
        own, other = x.tensor_split([self.split], dim=1)
        return torch.cat([first(own, dropout, num_fixed), second(other, dropout, num_fixed)], dim=1)


@dataclass(frozen=True)
class Model:
    """A conditional model that can be trained.

    validate: a log-likelihood of validation images in nats, of the model and a generator. deciding: a text of what decides its
    training beside the setup. networks: without them, the experiment's.
    """

    setup: Setup
    conditions: Conditions
    validate: Callable[["Model", ConditionalGenerator], float]
    deciding: str
    networks: BranchedNetworks | None = None

    @property
    def key(self) -> str:
        """Hexadecimal digest of all that decides its training."""
        sources = [f"extensions/{path.name}" for path in sorted(Path(__file__).parent.glob("*.py"))]
        defining = [self.setup.key(*sources), self.setup.experiment.evaluation.model_dump_json(), self.deciding]
        return hashlib.sha256("\n".join(defining).encode()).hexdigest()

    def generator(self) -> ConditionalGenerator:
        """A generator whose weights nothing has set."""
        description, width = (self.networks or self.setup.experiment).generator, self.conditions.width
        dimensions = description.noise_dimensions
        if self.networks:
            network = BranchedNetwork(dimensions, width, description.layers)
        else:
            network = Network(dimensions + width, description.layers)
        return ConditionalGenerator(network, self.conditions)

    def discriminator(self) -> Network:
        """A discriminator whose weights nothing has set."""
        pixels, layers = self.setup.images.shape[1], (self.networks or self.setup.experiment).discriminator.layers
        if self.networks:
            return BranchedNetwork(pixels, self.conditions.shown, layers)
        return Network(pixels + self.conditions.shown, layers)


def start(model: Model) -> Run:
    """Initialise both players and every random stream of a run. Raises InputError if the noise cannot choose conditions."""
    setup, seed, device = model.setup, model.setup.seed, model.setup.device
    description = (model.networks or setup.experiment).generator
    if description.noise != "uniform":
        raise InputError("generator.noise: must be uniform for conditional models")
    pixels, output = setup.images.shape[1], list(description.layers.values())[-1]
    if getattr(output, "units", pixels) != pixels:
        raise InputError(f"generator.layers: the last must have {pixels} units, one for each pixel; it has {output.units}")
    inputs = description.model_copy(update={"noise_dimensions": description.noise_dimensions + model.conditions.choices})
    images = torch.from_numpy(setup.images).to(device)
    game, averaging = _start_game(model), setup.experiment.training.averaging
    return Run(
        experiment=setup.experiment.model_copy(update={"generator": inputs}),
        images=model.conditions.real(images),
        validation_images=torch.empty(0),
        validation_noise=torch.empty(0),
        game=game,
        shuffling=stream(seed, "shuffling"),
        noise=stream(seed, "noise", device),
        averages=[WeightAverage(game.generator, averaging.gamma)] if averaging else [],
    )


def _start_game(model: Model) -> Game:
    setup, seed, device = model.setup, model.setup.seed, model.setup.device
    generator, discriminator = model.generator(), model.discriminator()
    marginals = torch.from_numpy(setup.images.mean(0, dtype=np.float64))
    initialise(generator.network, stream(seed, "generator initialisation"), marginals)
    initialise(discriminator, stream(seed, "discriminator initialisation"))
    generator.to(device), discriminator.to(device)
    training = setup.experiment.training
    optimizers = [make_optimizer(player, training) for player in (generator, discriminator)]
    return Game(generator, discriminator, *optimizers, training.generator_objective, stream(seed, "dropout", device))


def train(model: Model, on_epoch: Callable[[dict[str, float]], None], checkpoint: Checkpoint) -> Run:
    """Play the game, or the rest of it, to its end. The last generator is kept, or its average if the experiment keeps that.

    Raises CheckFailed if it was asked to stop, or if an objective or a weight is no longer finite.
    """
    run, training = start(model), model.setup.experiment.training
    checkpoint.restore(run)
    for epoch in range(len(run.curve) + 1, training.epochs + 1):
        row = {"epoch": epoch, **play_epoch(run, epoch, checkpoint.after_step)}
        refuse_infinite_weights(run)
        is_due = epoch % training.validation.every == 0 or epoch == training.epochs
        row["validation_log_likelihood"] = model.validate(model, averaged(run)) if is_due else math.nan
        run.curve.append(row)
        on_epoch(row)
        checkpoint.after_step(run)
    run.keep(training.epochs, run.curve[-1]["validation_log_likelihood"])
    return run


def averaged(run: Run) -> ConditionalGenerator:
    """The generator as it would be kept now."""
    return run.averages[0].network if run.experiment.training.keep == "average" else run.game.generator


def save(run: Run, folder: Path) -> None:
    """Write the kept generator, the learning curve and the summary; the bytes depend on the run alone."""
    with files.replacing(folder) as temporary:
        temporary.mkdir()
        save_network(run.kept.generator.network, run.experiment.generator, temporary / paths.GENERATOR)
        files.write_csv(temporary / paths.LEARNING_CURVE, pd.DataFrame(run.curve))
        files.write_json(temporary / paths.SUMMARY, summary(run))


@contextmanager
def reading(path: Path) -> Iterator[Path]:
    """Turn whatever a missing or damaged output of the extensions raises into InputError; the block only reads."""
    if not path.exists():
        raise InputError(f"{path}: not there; run `make extensions`")
    with files.reading(path, "extensions"):
        yield path


def load(model: Model, folder: Path) -> ConditionalGenerator:
    """The kept generator of a finished run. Raises InputError if there is none, or it is damaged."""
    generator = model.generator()
    with reading(folder / paths.GENERATOR) as path:
        generator.network.load_state_dict(read_network(path)[1])
    return generator.to(model.setup.device)


def noise(model: Model, count: int, purpose: str) -> Tensor:
    """z of ``count`` samples (count, d), from a random stream of the run's seed."""
    description = (model.networks or model.setup.experiment).generator
    return draw_noise(description.noise, (count, description.noise_dimensions), stream(model.setup.seed, purpose))
