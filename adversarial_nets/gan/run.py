"""One run: all that decides it, its state, and what it leaves."""

import copy
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from adversarial_nets.core import arithmetic, files
from adversarial_nets.core.errors import CheckFailed
from adversarial_nets.core.randomness import stream
from adversarial_nets.gan.averaging import WeightAverage
from adversarial_nets.gan.game import Game
from adversarial_nets.gan.networks import Network, initialise, load_discriminator, load_generator, save_network
from adversarial_nets.gan.optimizers import make_optimizer
from adversarial_nets.gan.sampling import draw_noise
from adversarial_nets.parameters.experiment import Experiment
from adversarial_nets.running import paths

PACKAGE = Path(__file__).parents[1]
DECIDING = ("core", "gan", "likelihood")  # folders of the package whose code decides the bytes of a run


@dataclass(frozen=True)
class Setup:
    """All that decides a run: the experiment, training images (n, D), validation images (m, D), the seed and the device."""

    experiment: Experiment
    images: np.ndarray
    validation_images: np.ndarray
    seed: int
    device: torch.device

    def key(self, *sources: str) -> str:
        """Hexadecimal digest of it and of the code: one key, one course of events.

        ``sources``: files of the package that decide it too, beside those of every run.
        """
        code = [path for folder in DECIDING for path in sorted((PACKAGE / folder).glob("*.py"))]
        defining = {
            "experiment": self._experiment_but_keep,
            "images": [_digest(self.images), _digest(self.validation_images)],
            "seed": self.seed,
            "device": torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else self.device.type,
            "arithmetic": [torch.__version__, self.device.type == "cuda" or arithmetic.is_specified()],
            "source": [files.digest(path, "sha256") for path in [*code, *(PACKAGE / source for source in sources)]],
        }
        return hashlib.sha256(json.dumps(defining).encode()).hexdigest()

    @property
    def _experiment_but_keep(self) -> dict[str, Any]:
        """The last generator and the average are of the same course of events; which one is the best decides during it."""
        values = self.experiment.model_dump(include={"generator", "discriminator", "training"})
        if values["training"].get("keep", "best") != "best":
            del values["training"]["keep"]
        return values

    @property
    def can_be_replayed(self) -> bool:
        """Whether what ``save`` writes is all that a run with another choice of what to keep needs."""
        return self.experiment.training.keep != "best" and self.experiment.training.pretraining is None

    @property
    def pretraining(self) -> "Setup":
        """The first of two stages, as a run of its own."""
        training, layers = self.experiment.training, list(self.experiment.generator.layers.items())
        first = [name for name, _ in layers].index(training.pretraining.first_layer)
        generator = self.experiment.generator.model_copy(update={"layers": dict(layers[first:])})
        keep = "last" if training.keep == "average" else training.keep  # the average is the second stage's
        changes = {"epochs": training.pretraining.epochs, "pretraining": None, "averaging": None, "keep": keep}
        shorter = training.model_copy(update=changes)
        experiment = self.experiment.model_copy(update={"generator": generator, "training": shorter})
        return Setup(experiment, self.images, self.validation_images, self.seed, self.device)


@dataclass
class Players:
    """Both networks as they were at the end of an epoch, and the validation log-likelihood in nats there.

    The generator may be its average over the run until then.
    """

    generator: Network
    discriminator: Network
    epoch: int
    log_likelihood: float


@dataclass
class Run:
    """A run under way: ``order`` (indices of images) and ``outcomes`` so far are of the epoch that is being played.

    ``averages`` are the generator's: first the one that can be kept. ``pretraining`` has the rows of the learning curve of the
    stage before it, if there was one. ``recorders`` keep what else is to be known of it; they have ``state_dict`` and
    ``load_state_dict``, so that a run that resumes has all of that too.
    """

    experiment: Experiment
    images: Tensor
    validation_images: Tensor
    validation_noise: Tensor
    game: Game
    shuffling: torch.Generator
    noise: torch.Generator
    averages: list[WeightAverage] = field(default_factory=list)
    updates: int = 0
    order: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.int64))
    outcomes: list[Tensor] = field(default_factory=list)
    curve: list[dict[str, float]] = field(default_factory=list)
    kept: Players | None = None
    pretraining: list[dict[str, float]] = field(default_factory=list)
    recorders: list[Any] = field(default_factory=list)

    def state_dict(self) -> dict[str, Any]:
        """All that its start does not decide: tensors, and what JSON can hold. Raises CheckFailed if a weight is infinite."""
        refuse_infinite_weights(self)
        kept = self.kept
        return {
            "updates": self.updates,
            "curve": self.curve,
            "order": self.order,
            "outcomes": torch.stack(self.outcomes) if self.outcomes else [],
            "kept": kept and [kept.generator.state_dict(), kept.discriminator.state_dict(), kept.epoch, kept.log_likelihood],
            "learners": [learner.state_dict() for learner in self._learners],
            "streams": [stream.get_state() for stream in self._streams],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Bring a run that has just started to where the saved one was."""
        device = self.images.device
        self.updates, self.curve = state["updates"], state["curve"]
        self.order, self.outcomes = state["order"].to(device), [outcome.to(device) for outcome in state["outcomes"]]
        for learner, saved in zip(self._learners, state["learners"], strict=True):
            learner.load_state_dict(saved)
        for each, saved in zip(self._streams, state["streams"], strict=True):
            each.set_state(saved)
        if state["kept"]:
            *networks, epoch, log_likelihood = state["kept"]
            self.keep(epoch, log_likelihood)
            for network, saved in zip((self.kept.generator, self.kept.discriminator), networks, strict=True):
                network.load_state_dict(saved)

    def keep(self, epoch: int, log_likelihood: float) -> None:
        """Copy both players as they are now, or the generator's average if that is to be kept."""
        generator = self.averages[0].network if self.experiment.training.keep == "average" else self.game.generator
        self.kept = Players(*copy.deepcopy((generator, self.game.discriminator)), epoch, log_likelihood)

    @property
    def whole_curve(self) -> list[dict[str, float]]:
        """The learning curve of all stages, their epochs numbered through."""
        return self.pretraining + [{**row, "epoch": len(self.pretraining) + row["epoch"]} for row in self.curve]

    @property
    def _learners(self) -> tuple[Any, ...]:
        game = self.game
        players = game.generator, game.discriminator, game.generator_optimizer, game.discriminator_optimizer
        return *players, *self.averages, *self.recorders

    @property
    def _streams(self) -> tuple[torch.Generator, ...]:
        return self.shuffling, self.noise, self.game.dropout


def start(setup: Setup, stage: str = "") -> Run:
    """Initialise both players and every random stream of a run; the streams of another ``stage`` are others."""
    experiment, device = setup.experiment, setup.device
    validation, description = experiment.training.validation, experiment.generator
    noise_shape = (validation.num_samples, description.noise_dimensions)
    game, averaging = _start_game(setup, stage), experiment.training.averaging
    return Run(
        experiment=experiment,
        images=torch.from_numpy(setup.images).to(device),
        validation_images=torch.from_numpy(setup.validation_images[: validation.num_images]).to(device),
        # The same noise each time, so that the curve shows the generator's change and not the noise's.
        validation_noise=draw_noise(description.noise, noise_shape, stream(setup.seed, stage + "validation noise")),
        game=game,
        shuffling=stream(setup.seed, stage + "shuffling"),
        noise=stream(setup.seed, stage + "noise", device),
        averages=[WeightAverage(game.generator, gamma) for gamma in averaging.gammas] if averaging else [],
    )


def _start_game(setup: Setup, stage: str) -> Game:
    experiment, seed, device = setup.experiment, setup.seed, setup.device
    generator = Network(experiment.generator.noise_dimensions, experiment.generator.layers)
    discriminator = Network(experiment.image_shape, experiment.discriminator.layers)
    marginals = torch.from_numpy(setup.images.mean(0, dtype=np.float64))
    initialise(generator, stream(seed, stage + "generator initialisation"), marginals)
    initialise(discriminator, stream(seed, stage + "discriminator initialisation"))
    generator.to(device), discriminator.to(device)
    return Game(
        generator,
        discriminator,
        make_optimizer(generator, experiment.training),
        make_optimizer(discriminator, experiment.training),
        experiment.training.generator_objective,
        stream(seed, stage + "dropout", device),
    )


def refuse_infinite_weights(run: Run) -> None:
    """Raises CheckFailed if a weight is NaN or infinite: such players are neither kept nor saved."""
    for name in infinite_weights(run)[:1]:
        moment = f"in epoch {len(run.curve) + 1}, after update {run.updates}"
        raise CheckFailed(f"training diverged: {moment}, {name} is not finite; lower the learning rate")


def infinite_weights(run: Run) -> list[str]:
    """Names of the parameters of both players that hold NaN or infinity, such as ``generator.layers.h0.linear.weight``."""
    players = {"generator": run.game.generator, "discriminator": run.game.discriminator}
    named = [(f"{player}.{name}", value) for player, network in players.items() for name, value in network.named_parameters()]
    finite = torch.stack([value.detach().isfinite().all() for _, value in named]).tolist()
    return [name for (name, _), is_finite in zip(named, finite, strict=True) if not is_finite]


@dataclass(frozen=True)
class Summary:
    """What the results say of a finished run; ``validation_log_likelihood`` is the kept generator's, in nats."""

    device: str
    epochs: int
    kept_epoch: int
    updates: int
    validation_log_likelihood: float
    generator_parameters: int
    discriminator_parameters: int | None = None
    model: str | None = None  # a baseline's name
    products: str | None = None  # "plain" if they are not specified to the last bit on this processor


def summary(run: Run) -> Summary:
    """Of a finished run."""
    return Summary(
        device=run.images.device.type,
        epochs=num_epochs(run.experiment),
        kept_epoch=len(run.pretraining) + run.kept.epoch,
        updates=run.updates,
        validation_log_likelihood=run.kept.log_likelihood,
        generator_parameters=run.kept.generator.num_parameters,
        discriminator_parameters=run.kept.discriminator.num_parameters,
        products=products(run.images.device),
    )


def products(device: torch.device) -> str | None:
    """What a summary says of the products on a device."""
    return None if device.type == "cuda" or arithmetic.is_specified() else "plain"


def num_epochs(experiment: Experiment) -> int:
    """Of all stages."""
    stage = experiment.training.pretraining
    return experiment.training.epochs + (stage.epochs if stage else 0)


def save(run: Run, folder: Path) -> None:
    """Write the kept players, the learning curve and the summary; the bytes depend on the run alone.

    The generator's averages are written beside it, and if one of them was to be kept, the last generator.
    """
    with files.replacing(folder) as temporary:
        temporary.mkdir()
        for name, generator in {paths.GENERATOR: run.kept.generator, **_other_generators(run)}.items():
            save_network(generator, run.experiment.generator, temporary / name)
        save_network(run.kept.discriminator, run.experiment.discriminator, temporary / paths.DISCRIMINATOR)
        files.write_csv(temporary / paths.LEARNING_CURVE, pd.DataFrame(run.whole_curve))
        files.write_json(temporary / paths.SUMMARY, summary(run))


def _other_generators(run: Run) -> dict[str, Network]:
    is_averaged = run.experiment.training.keep == "average"
    others = {paths.average_generator(average.gamma): average.network for average in run.averages[is_averaged:]}
    return {**others, paths.LAST_GENERATOR: run.game.generator} if is_averaged else others


def load(setup: Setup, folder: Path) -> Run:
    """A finished run of one stage from what ``save`` wrote of it, whether the last generator or the average was to be kept."""
    run, device = start(setup), setup.device

    def generator(name: str) -> Network:
        return load_generator(folder / (name if (folder / name).exists() else paths.GENERATOR), device)[0]

    run.game.generator = generator(paths.LAST_GENERATOR)
    run.game.discriminator = load_discriminator(folder / paths.DISCRIMINATOR, setup.experiment.image_shape, device)
    for average in run.averages:
        average.network = generator(paths.average_generator(average.gamma))
    run.curve = pd.read_csv(folder / paths.LEARNING_CURVE).to_dict("records")
    run.updates = files.read(folder / paths.SUMMARY, Summary).updates
    return run


def _digest(array: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array)).hexdigest()
