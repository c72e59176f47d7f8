"""Training a generator and a discriminator against each other, epoch by epoch."""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from adversarial_nets import files
from adversarial_nets.errors import CheckFailed
from adversarial_nets.evaluation import PUBLISHED_SIGMAS, cross_validate, sigma_grid
from adversarial_nets.game import Game, Outcome, discriminator_step, generator_step, simultaneous_step
from adversarial_nets.networks import Network, initialise, save_network
from adversarial_nets.optimizers import learning_rate_at, make_optimizer, momentum_at, set_schedule
from adversarial_nets.parameters import Experiment
from adversarial_nets.parzen import ParzenWindow
from adversarial_nets.randomness import stream
from adversarial_nets.sampling import draw_noise, generate

if TYPE_CHECKING:  # it imports this module
    from adversarial_nets.checkpoints import Checkpoint

# Steps between looks at the objectives: a look makes a GPU wait for its results, and a CPU has them at hand.
LOOK_EVERY = {"cpu": 1, "cuda": 100}


@dataclass
class Players:
    """Both networks as they were at the end of an epoch, and the validation log-likelihood in nats there."""

    generator: Network
    discriminator: Network
    epoch: int
    log_likelihood: float


@dataclass
class Run:
    """One training under way: ``order`` (indices of images) and ``outcomes`` so far are of the epoch that is being played.

    ``pretraining`` has the rows of the learning curve of the stage before it, where there was one. ``recorders`` keep what else
    is to be known of it; they have ``state_dict`` and ``load_state_dict``, so that a run that goes on has all of that too.
    """

    experiment: Experiment
    images: Tensor
    validation_images: Tensor
    validation_noise: Tensor
    game: Game
    shuffling: torch.Generator
    noise: torch.Generator
    updates: int = 0
    order: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.int64))
    outcomes: list[Tensor] = field(default_factory=list)
    curve: list[dict[str, float]] = field(default_factory=list)
    kept: Players | None = None
    pretraining: list[dict[str, float]] = field(default_factory=list)
    recorders: list[Any] = field(default_factory=list)


def train(
    experiment: Experiment,
    images: np.ndarray,
    validation_images: np.ndarray,
    seed: int,
    device: torch.device,
    on_epoch: Callable[[dict[str, float]], None] = lambda row: None,
    checkpoint: "Checkpoint | None" = None,
) -> Run:
    """Play the game on training images (n, D) for the experiment's number of epochs, after pretraining where it has one.

    The result's ``kept`` are the players that the parameter ``keep`` asks for; its ``curve`` has a row per epoch, which
    ``on_epoch`` is given too (epochs of pretraining count). With a ``checkpoint`` it goes on from there, and may stop. Raises
    CheckFailed where it stopped, or where an objective or a weight is no longer finite.
    """
    run = start(experiment, images, validation_images, seed, device)
    if experiment.training.pretraining:
        earlier = checkpoint.part("pretraining") if checkpoint else None
        first = start(pretraining_of(experiment), images, validation_images, seed, device, "pretraining, ")
        play(first, on_epoch, earlier)
        if earlier:
            earlier.save(first)  # what the second stage starts from must outlast a stop there
            checkpoint.follow(earlier)
        run.pretraining = first.curve
        run.game.generator.load_state_dict(first.kept.generator.state_dict(), strict=False)
    return play(run, on_epoch, checkpoint)


def pretraining_of(experiment: Experiment) -> Experiment:
    """The first of two stages, as an experiment of its own."""
    stage, layers = experiment.training.pretraining, list(experiment.generator.layers.items())
    first = [name for name, _ in layers].index(stage.first_layer)
    generator = experiment.generator.model_copy(update={"layers": dict(layers[first:])})
    training = experiment.training.model_copy(update={"epochs": stage.epochs, "pretraining": None})
    return experiment.model_copy(update={"generator": generator, "training": training})


def num_epochs(experiment: Experiment) -> int:
    """Of all stages."""
    stage = experiment.training.pretraining
    return experiment.training.epochs + (stage.epochs if stage else 0)


def play(
    run: Run, on_epoch: Callable[[dict[str, float]], None] = lambda row: None, checkpoint: "Checkpoint | None" = None
) -> Run:
    """Play a run that has just started, or the rest of the one in the checkpoint, to its end."""
    experiment = run.experiment
    if checkpoint:
        checkpoint.restore(run)
    after_step = checkpoint.after_step if checkpoint else lambda run: None
    for epoch in range(len(run.curve) + 1, experiment.training.epochs + 1):
        outcomes = play_epoch(run, epoch, after_step)
        row = {"epoch": epoch, **outcomes, **_schedule(run, epoch), "validation_log_likelihood": math.nan}
        refuse_infinite_weights(run)
        if epoch % experiment.training.validation.every == 0 or epoch == experiment.training.epochs:
            row["validation_log_likelihood"] = _validate(run, epoch)
        if _is_to_keep(run, epoch, row["validation_log_likelihood"]):
            networks = copy.deepcopy((run.game.generator, run.game.discriminator))
            run.kept = Players(*networks, epoch, row["validation_log_likelihood"])
        run.curve.append(row)
        on_epoch({**row, "epoch": len(run.pretraining) + epoch})
        after_step(run)
    return run


def start(
    experiment: Experiment, images: np.ndarray, validation_images: np.ndarray, seed: int, device: torch.device, stage: str = ""
) -> Run:
    """Initialise both players and every random stream of a run; the streams of another stage are others."""
    description = experiment.generator
    generator = Network(description.noise_dimensions, description.layers)
    discriminator = Network(experiment.image_shape, experiment.discriminator.layers)
    initialise(generator, stream(seed, stage + "generator initialisation"), torch.from_numpy(images.mean(0, dtype=np.float64)))
    initialise(discriminator, stream(seed, stage + "discriminator initialisation"))
    generator.to(device), discriminator.to(device)
    validation = experiment.training.validation
    noise_shape = (validation.num_samples, description.noise_dimensions)
    return Run(
        experiment=experiment,
        images=torch.from_numpy(images).to(device),
        validation_images=torch.from_numpy(validation_images[: validation.num_images]).to(device),
        # The same noise each time, so that the curve shows the generator's change and not the noise's.
        validation_noise=draw_noise(description.noise, noise_shape, stream(seed, stage + "validation noise")),
        game=Game(
            generator,
            discriminator,
            make_optimizer(generator, experiment.training),
            make_optimizer(discriminator, experiment.training),
            experiment.training.generator_objective,
            stream(seed, stage + "dropout", device),
        ),
        shuffling=stream(seed, stage + "shuffling"),
        noise=stream(seed, stage + "noise", device),
    )


def play_epoch(run: Run, epoch: int, after_step: Callable[[Run], None] = lambda run: None) -> dict[str, float]:
    """One pass over a fresh shuffle of the training images, or the rest of it; returns the mean outcome of its minibatches."""
    training = run.experiment.training
    momentum = momentum_at(epoch, training.momentum)
    step = _simultaneous if training.game == "simultaneous" else _alternating
    if not run.outcomes:
        run.order = torch.randperm(len(run.images), generator=run.shuffling).to(run.images.device)
    for rows in run.order.split(training.minibatch_size)[len(run.outcomes) :]:
        run.outcomes.append(torch.stack(step(run, run.images[rows], momentum)))
        refuse_infinite_outcomes(run, epoch)
        after_step(run)
    means = torch.stack(run.outcomes).double().mean(dim=0).tolist()
    run.outcomes.clear()
    return dict(zip(Outcome._fields, means, strict=True))


def _simultaneous(run: Run, real: Tensor, momentum: float) -> Outcome:
    learning_rate = learning_rate_at(run.updates, run.experiment.training)
    set_schedule(run.game.discriminator_optimizer, learning_rate, momentum)
    set_schedule(run.game.generator_optimizer, learning_rate, momentum)
    run.updates += 1
    return simultaneous_step(run.game, real, _noise(run, len(real)))


def _alternating(run: Run, real: Tensor, momentum: float) -> Outcome:
    """A discriminator step; after every k of them, across epochs too, a generator step."""
    learning_rate = learning_rate_at(run.updates, run.experiment.training)
    set_schedule(run.game.discriminator_optimizer, learning_rate, momentum)
    outcome = discriminator_step(run.game, real, _noise(run, len(real)))
    run.updates += 1
    if run.updates % run.experiment.training.discriminator_steps == 0:
        set_schedule(run.game.generator_optimizer, learning_rate, momentum)
        generator_step(run.game, _noise(run, run.experiment.training.minibatch_size))
    return outcome


def _noise(run: Run, count: int) -> Tensor:
    description = run.experiment.generator
    return draw_noise(description.noise, (count, description.noise_dimensions), run.noise)


def _schedule(run: Run, epoch: int) -> dict[str, float]:
    training = run.experiment.training
    momentum = momentum_at(epoch, training.momentum) if training.optimizer == "momentum" else math.nan
    return {"learning_rate": learning_rate_at(run.updates, training), "momentum": momentum}


def _validate(run: Run, epoch: int) -> float:
    """Mean validation log-likelihood in nats at the best σ of the grid for it, or of the published one."""
    samples = generate(run.game.generator, run.validation_noise)
    if not np.isfinite(samples).all():
        raise CheckFailed(f"training diverged: after epoch {epoch} the images are not finite; lower the learning rate")
    window = ParzenWindow(samples, device=run.images.device)
    grid = run.experiment.training.validation.sigma
    return cross_validate(window, run.validation_images, sigma_grid(grid) if grid else PUBLISHED_SIGMAS).log_likelihood


def _is_to_keep(run: Run, epoch: int, log_likelihood: float) -> bool:
    """Whether these are the players to keep so far: validation decides (NaN: not taken), the test set has no say."""
    if run.experiment.training.keep == "last":
        return epoch == run.experiment.training.epochs
    return log_likelihood > (run.kept.log_likelihood if run.kept else -math.inf)


def refuse_infinite_outcomes(run: Run, epoch: int) -> None:
    """Raises CheckFailed with the first of the last steps whose outcome is not finite, where it is time to look."""
    steps, every = math.ceil(len(run.images) / run.experiment.training.minibatch_size), LOOK_EVERY[run.images.device.type]
    if len(run.outcomes) % every and len(run.outcomes) < steps:
        return
    seen = torch.stack(run.outcomes[-every:])
    if bool(seen.isfinite().all()):
        return
    row, column = (~seen.isfinite()).nonzero()[0].tolist()
    step = len(run.outcomes) - len(seen) + row + 1
    what = f"{Outcome._fields[column]} is {seen[row, column].item()}"
    weights = "".join(f", and {name} is not finite" for name in infinite_weights(run)[:1])
    raise CheckFailed(f"training diverged: in epoch {epoch}, step {step} of {steps}, {what}{weights}; lower the learning rate")


def refuse_infinite_weights(run: Run) -> None:
    """Raises CheckFailed where a weight is NaN or infinite: such players are neither kept nor saved."""
    for name in infinite_weights(run)[:1]:
        moment = f"in epoch {len(run.curve) + 1}, after update {run.updates}"
        raise CheckFailed(f"training diverged: {moment}, {name} is not finite; lower the learning rate")


def infinite_weights(run: Run) -> list[str]:
    """Names of the parameters of both players that hold NaN or infinity, such as ``generator.layers.h0.linear.weight``."""
    players = {"generator": run.game.generator, "discriminator": run.game.discriminator}
    named = [(f"{player}.{name}", value) for player, network in players.items() for name, value in network.named_parameters()]
    finite = torch.stack([value.detach().isfinite().all() for _, value in named]).tolist()
    return [name for (name, _), is_finite in zip(named, finite, strict=True) if not is_finite]


def whole_curve(run: Run) -> list[dict[str, float]]:
    """The learning curve of all stages, their epochs numbered through."""
    return run.pretraining + [{**row, "epoch": len(run.pretraining) + row["epoch"]} for row in run.curve]


def summary(run: Run) -> dict[str, int | float | str]:
    """What a reader of the results wants to know of a finished run."""
    return {
        "device": run.images.device.type,
        "epochs": num_epochs(run.experiment),
        "kept_epoch": len(run.pretraining) + run.kept.epoch,
        "updates": run.updates,
        "validation_log_likelihood": run.kept.log_likelihood,
        "generator_parameters": run.kept.generator.num_parameters,
        "discriminator_parameters": run.kept.discriminator.num_parameters,
    }


def save(run: Run, folder: Path) -> None:
    """Write the kept players, the learning curve and the summary; the bytes depend on the run alone."""
    with files.replacing(folder) as temporary:
        temporary.mkdir()
        save_network(run.kept.generator, run.experiment.generator, temporary / "generator.safetensors")
        save_network(run.kept.discriminator, run.experiment.discriminator, temporary / "discriminator.safetensors")
        files.write_csv(temporary / "learning_curve.csv", pd.DataFrame(whole_curve(run)))
        files.write_json(temporary / "summary.json", summary(run))
