"""Training a generator and a discriminator against each other, epoch by epoch."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from adversarial_nets.core.errors import CheckFailed
from adversarial_nets.gan.game import Outcome, discriminator_step, generator_step, simultaneous_step
from adversarial_nets.gan.networks import Network
from adversarial_nets.gan.optimizers import learning_rate_at, momentum_at, set_schedule
from adversarial_nets.gan.run import Run, Setup, infinite_weights, load, refuse_infinite_weights, start
from adversarial_nets.gan.sampling import draw_noise, generate
from adversarial_nets.likelihood.parzen import ParzenWindow
from adversarial_nets.likelihood.protocol import PUBLISHED_SIGMAS, cross_validate, sigma_grid
from adversarial_nets.running.checkpoints import Checkpoint

# Steps between looks at the objectives: a look makes a GPU wait for its results, and a CPU has them at hand.
LOOK_EVERY = {"cpu": 1, "cuda": 100}
LAST, AVERAGE = "validation_log_likelihood", "average_validation_log_likelihood"  # columns of the learning curve
OnEpoch = Callable[[dict[str, float]], None]


def train(setup: Setup, on_epoch: OnEpoch = lambda row: None, checkpoint: Checkpoint | None = None) -> Run:
    """Play the game for the experiment's number of epochs, after pretraining if it has one.

    The result's ``kept`` are the players that the parameter ``keep`` asks for; its ``curve`` has a row per epoch, which
    ``on_epoch`` is given too (epochs of pretraining count). With a ``checkpoint`` it resumes from there, and may stop. Raises
    CheckFailed if it stopped, or if an objective or a weight is no longer finite.
    """
    run = start(setup)
    if setup.experiment.training.pretraining:
        _pretrain(run, setup, on_epoch, checkpoint)
    return play(run, on_epoch, checkpoint)


def _pretrain(run: Run, setup: Setup, on_epoch: OnEpoch, checkpoint: Checkpoint | None) -> None:
    earlier = checkpoint.part("pretraining") if checkpoint else None
    first = play(start(setup.pretraining, "pretraining, "), on_epoch, earlier)
    if earlier:
        earlier.save(first)  # what the second stage starts from must outlast a stop there
        checkpoint.follow(earlier)
    run.pretraining = first.curve
    run.game.generator.load_state_dict(first.kept.generator.state_dict(), strict=False)
    for average in run.averages:
        average.restart()


def play(run: Run, on_epoch: OnEpoch = lambda row: None, checkpoint: Checkpoint | None = None) -> Run:
    """Play a run that has just started, or the rest of the one in the checkpoint, to its end."""
    experiment = run.experiment
    if checkpoint:
        checkpoint.restore(run)
    after_step = checkpoint.after_step if checkpoint else lambda run: None
    for epoch in range(len(run.curve) + 1, experiment.training.epochs + 1):
        outcomes = play_epoch(run, epoch, after_step)
        refuse_infinite_weights(run)
        log_likelihoods = _log_likelihoods(run, epoch)
        row = {"epoch": epoch, **outcomes, **_schedule(run, epoch), **log_likelihoods}
        if experiment.training.keep == "best" and _is_the_best(run, log_likelihoods[LAST]):
            run.keep(epoch, log_likelihoods[LAST])
        run.curve.append(row)
        on_epoch({**row, "epoch": len(run.pretraining) + epoch})
        after_step(run)
    return _keep_the_end(run, run.curve[-1])


def replay(setup: Setup, folder: Path) -> Run:
    """What ``train`` would return, of a finished run in ``folder`` whose setup differs in nothing but what is kept."""
    run = load(setup, folder)
    return _keep_the_end(run, _log_likelihoods(run, len(run.curve)))  # the curve in the folder is rounded


def _keep_the_end(run: Run, log_likelihoods: dict[str, float]) -> Run:
    if run.experiment.training.keep != "best":
        column = AVERAGE if run.experiment.training.keep == "average" else LAST
        run.keep(run.experiment.training.epochs, log_likelihoods[column])
    return run


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
    outcome = simultaneous_step(run.game, real, _noise(run, len(real)))
    for average in run.averages:
        average.update()
    return outcome


def _alternating(run: Run, real: Tensor, momentum: float) -> Outcome:
    """A discriminator step; after every k of them, across epochs too, a generator step."""
    learning_rate = learning_rate_at(run.updates, run.experiment.training)
    set_schedule(run.game.discriminator_optimizer, learning_rate, momentum)
    outcome = discriminator_step(run.game, real, _noise(run, len(real)))
    run.updates += 1
    if run.updates % run.experiment.training.discriminator_steps == 0:
        set_schedule(run.game.generator_optimizer, learning_rate, momentum)
        generator_step(run.game, _noise(run, run.experiment.training.minibatch_size))
        for average in run.averages:
            average.update()
    return outcome


def _noise(run: Run, count: int) -> Tensor:
    description = run.experiment.generator
    return draw_noise(description.noise, (count, description.noise_dimensions), run.noise)


def _schedule(run: Run, epoch: int) -> dict[str, float]:
    training = run.experiment.training
    momentum = momentum_at(epoch, training.momentum) if training.optimizer == "momentum" else math.nan
    return {"learning_rate": learning_rate_at(run.updates, training), "momentum": momentum}


def _log_likelihoods(run: Run, epoch: int) -> dict[str, float]:
    """Validation log-likelihoods of the learning curve, in nats; NaN if none is due."""
    training = run.experiment.training
    due = epoch % training.validation.every == 0 or epoch == training.epochs
    generators = [run.game.generator, *(average.network for average in run.averages[:1])]
    return {
        name: _validate(run, each, epoch) if due else math.nan for name, each in zip((LAST, AVERAGE), generators, strict=False)
    }


def _validate(run: Run, generator: Network, epoch: int) -> float:
    """Mean validation log-likelihood in nats at the best σ of the grid for it, or of the published one."""
    samples = generate(generator, run.validation_noise)
    if not np.isfinite(samples).all():
        raise CheckFailed(f"training diverged: after epoch {epoch} the images are not finite; lower the learning rate")
    window = ParzenWindow(samples, device=run.images.device)
    grid = run.experiment.training.validation.sigma
    return cross_validate(window, run.validation_images, sigma_grid(grid) if grid else PUBLISHED_SIGMAS).log_likelihood


def _is_the_best(run: Run, log_likelihood: float) -> bool:
    """Whether these are the best players so far: validation decides (NaN: not taken), the test set has no say."""
    return log_likelihood > (run.kept.log_likelihood if run.kept else -math.inf)


def refuse_infinite_outcomes(run: Run, epoch: int) -> None:
    """Raises CheckFailed with the first of the last steps whose outcome is not finite, if it is time to look."""
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
