"""Training any model of Table 1. A baseline learns layer after layer, or all of it at once.

A run that was stopped resumes to the same bytes.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
import torch
from torch import Tensor, nn

from adversarial_nets.baselines.chains import ChainStream
from adversarial_nets.baselines.models import BASELINES
from adversarial_nets.core import files
from adversarial_nets.core.errors import CheckFailed
from adversarial_nets.core.randomness import stream
from adversarial_nets.gan import run as games
from adversarial_nets.gan import training as gan
from adversarial_nets.gan.networks import save_network
from adversarial_nets.gan.run import PACKAGE, Setup, Summary, products
from adversarial_nets.likelihood.parzen import ParzenWindow
from adversarial_nets.likelihood.protocol import PUBLISHED_SIGMAS, cross_validate, sigma_grid
from adversarial_nets.parameters.baselines import LearningRateParameters
from adversarial_nets.running import paths
from adversarial_nets.running.checkpoints import Checkpoint

SOURCES = [f"baselines/{path.name}" for path in sorted((PACKAGE / "baselines").glob("*.py"))]  # their code, for the keys of runs


class Learner(Protocol):
    """What changes a model's weights for some epochs: all of it, or one layer."""

    epochs: int
    learning_rate: LearningRateParameters

    def step(self, x: Tensor, epoch: int, rate: float, random: torch.Generator) -> Tensor:
        """One update from images (D, m); returns a cost, in nats, from before it."""

    def state_dict(self) -> dict[str, Any]:
        """What learning changes beside the weights."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The opposite."""


@dataclass
class Run:
    """A run under way: ``order`` (indices of images) and ``costs`` so far are of the epoch that is being gone through."""

    setup: Setup
    model: nn.Module
    learners: list[Learner]
    images: Tensor
    shuffling: torch.Generator
    noise: torch.Generator
    updates: int = 0
    order: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.int64))
    costs: list[Tensor] = field(default_factory=list)
    curve: list[dict[str, float]] = field(default_factory=list)

    @property
    def epochs(self) -> int:
        """Of all learners."""
        return sum(learner.epochs for learner in self.learners)

    def state_dict(self) -> dict[str, Any]:
        """All that its start does not decide: tensors, and what JSON can hold. Raises CheckFailed if a weight is infinite."""
        refuse_infinite_weights(self)
        return {
            "updates": self.updates,
            "curve": self.curve,
            "order": self.order,
            "costs": torch.stack(self.costs) if self.costs else [],
            "learners": [each.state_dict() for each in (self.model, *self.learners)],
            "streams": [each.get_state() for each in (self.shuffling, self.noise)],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Bring a run that has just started to where the saved one was."""
        device = self.images.device
        self.updates, self.curve = state["updates"], state["curve"]
        self.order, self.costs = state["order"].to(device), [cost.to(device) for cost in state["costs"]]
        for each, saved in zip((self.model, *self.learners), state["learners"], strict=True):
            each.load_state_dict(saved)
        for each, saved in zip((self.shuffling, self.noise), state["streams"], strict=True):
            each.set_state(saved)


@dataclass(frozen=True)
class Training:
    """What a stage does to train a model: the key of its run, its epochs, and the functions that train and save it.

    ``replay`` makes the run of what another experiment left in a folder, if that can be.
    """

    key: str
    epochs: int
    train: Callable[..., Any]
    save: Callable[[Any, Path], None]
    replay: Callable[[Path], Any] | None = None


def training_of(setup: Setup) -> Training:
    """Of the experiment's model."""
    if setup.experiment.model == "adversarial":
        train_it, replay = (functools.partial(function, setup) for function in (gan.train, gan.replay))
        epochs, replay = games.num_epochs(setup.experiment), replay if setup.can_be_replayed else None
        return Training(setup.key(), epochs, train_it, games.save, replay)
    run = start(setup)
    return Training(setup.key(*SOURCES), run.epochs, functools.partial(train, run), save)


def start(setup: Setup) -> Run:
    """Initialise a baseline and every random stream of its run."""
    experiment, images = setup.experiment, torch.from_numpy(setup.images)
    model = BASELINES[experiment.model](experiment.generator, images.shape[1])
    with torch.no_grad():
        model.initialise(images, stream(setup.seed, "initialisation"))
    model.to(setup.device)
    return Run(
        setup=setup,
        model=model,
        learners=model.learners(experiment.training),
        images=images.to(setup.device),
        shuffling=stream(setup.seed, "shuffling"),
        noise=stream(setup.seed, "noise", setup.device),
    )


def train(run: Run, on_epoch: Callable[[dict[str, float]], None] = lambda row: None, checkpoint: Checkpoint | None = None) -> Run:
    """Train a run that has just started, or the rest of the one in the checkpoint, to its end.

    Raises CheckFailed if it was asked to stop, or if a cost or a weight is no longer finite.
    """
    if checkpoint:
        checkpoint.restore(run)
    after_step = checkpoint.after_step if checkpoint else lambda run: None
    for epoch in range(len(run.curve) + 1, run.epochs + 1):
        row = {"epoch": epoch, **train_epoch(run, epoch, after_step)}
        refuse_infinite_weights(run)
        row["validation_log_likelihood"] = validate(run) if _is_due(run, epoch) else math.nan
        run.curve.append(row)
        on_epoch(row)
        after_step(run)
    return run


def train_epoch(run: Run, epoch: int, after_step: Callable[[Run], None] = lambda run: None) -> dict[str, float]:
    """One pass over a fresh shuffle of the training images, or the rest of it; returns the mean cost and the last rate."""
    learner, own_epoch = learner_at(run.learners, epoch)
    if not run.costs:
        run.order = torch.randperm(len(run.images), generator=run.shuffling).to(run.images.device)
    minibatches = run.order.split(run.setup.experiment.training.minibatch_size)
    rates = learning_rates(learner, own_epoch, len(minibatches))
    for rows in minibatches[len(run.costs) :]:
        x, rate = run.images[rows].t().contiguous(), rates[len(run.costs)]
        run.costs.append(learner.step(x, own_epoch, rate, run.noise))
        run.updates += 1
        refuse_infinite_costs(run, epoch, len(minibatches))
        after_step(run)
    cost = torch.stack(run.costs).double().mean().item()
    run.costs.clear()
    return {"cost": cost, "learning_rate": rates[-1]}


def learner_at(learners: list[Learner], epoch: int) -> tuple[Learner, int]:
    """Whose turn it is in an epoch of the whole run, the first being 1, and which of its own epochs that is."""
    for learner in learners:
        if epoch <= learner.epochs:
            return learner, epoch
        epoch -= learner.epochs
    raise ValueError("the run has fewer epochs")


def learning_rates(learner: Learner, epoch: int, steps: int) -> list[float]:
    """Of every step of one of a learner's epochs."""
    shares = [(epoch - 1 + step / steps) / learner.epochs for step in range(steps)]
    return [learning_rate_at(learner.learning_rate, epoch, share) for share in shares]


def learning_rate_at(parameters: LearningRateParameters, epoch: int, progress: float) -> float:
    """Learning rate in an epoch, the first being 1, after a share of all updates."""
    share = parameters.constant_share
    late = (progress - share) / (1 - share) if progress > share else 0
    return parameters.initial * parameters.epoch_factor ** (epoch - 1) * (1 - late)


def _is_due(run: Run, epoch: int) -> bool:
    """Whether the last learner is at work and a validation log-likelihood is to be taken."""
    last = learner_at(run.learners, epoch)[0] is run.learners[-1]
    return last and (epoch % run.setup.experiment.training.validation.every == 0 or epoch == run.epochs)


def validate(run: Run) -> float:
    """Mean validation log-likelihood in nats at the best σ of the grid, from chains with the same random numbers each time."""
    setup, asked = run.setup, run.setup.experiment.training.validation
    samples = ChainStream(run.model, setup.images, asked.sampling, setup.seed, "validation")
    window = ParzenWindow(samples, device=setup.device)
    sigmas = sigma_grid(asked.sigma) if asked.sigma else PUBLISHED_SIGMAS
    return cross_validate(window, setup.validation_images[: asked.num_images], sigmas).log_likelihood


def refuse_infinite_costs(run: Run, epoch: int, steps: int) -> None:
    """Raises CheckFailed with the first of the last steps whose cost is not finite, if it is time to look."""
    every = gan.LOOK_EVERY[run.images.device.type]
    if len(run.costs) % every and len(run.costs) < steps:
        return
    costs = torch.stack(run.costs[-every:])
    if not costs.isfinite().all():
        step = len(run.costs) - len(costs) + int((~costs.isfinite()).nonzero()[0]) + 1
        where = f"in epoch {epoch}, step {step} of {steps}, the cost is not finite"
        raise CheckFailed(f"training diverged: {where}; lower the learning rate")


def refuse_infinite_weights(run: Run) -> None:
    """Raises CheckFailed if a weight is NaN or infinite: such a model is neither kept nor saved."""
    for name, weight in run.model.named_parameters():
        if not weight.detach().isfinite().all():
            where = f"in epoch {len(run.curve) + 1}, after update {run.updates}, {name} is not finite"
            raise CheckFailed(f"training diverged: {where}; lower the learning rate")


def summary(run: Run) -> Summary:
    """Of a finished run; the last model is kept."""
    return Summary(
        device=run.images.device.type,
        epochs=run.epochs,
        kept_epoch=run.epochs,
        updates=run.updates,
        validation_log_likelihood=run.curve[-1]["validation_log_likelihood"],
        generator_parameters=sum(weight.numel() for weight in run.model.parameters()),
        model=run.setup.experiment.model,
        products=products(run.images.device),
    )


def save(run: Run, folder: Path) -> None:
    """Write the model, the learning curve and the summary; the bytes depend on the run alone."""
    with files.replacing(folder) as temporary:
        temporary.mkdir()
        save_network(run.model, run.setup.experiment.generator, temporary / paths.GENERATOR)
        files.write_csv(temporary / paths.LEARNING_CURVE, pd.DataFrame(run.curve))
        files.write_json(temporary / paths.SUMMARY, summary(run))
