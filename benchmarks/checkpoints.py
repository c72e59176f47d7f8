"""What saving a run's state costs at the default interval, for the paper's MNIST networks.

Steps and saves take turns in one process, so that a machine whose speed drifts slows both; minima and ratios are printed.
"""

import copy
import tempfile
from pathlib import Path

import timing
import torch

from adversarial_nets.core import devices
from adversarial_nets.core.errors import CheckFailed, exit_status
from adversarial_nets.gan.run import Players, Run, Setup, start
from adversarial_nets.gan.training import play_epoch, refuse_infinite_outcomes
from adversarial_nets.parameters.experiment import Experiment
from adversarial_nets.parameters.project import Project
from adversarial_nets.parameters.reading import read
from adversarial_nets.running import checkpoints, paths
from adversarial_nets.running.checkpoints import Checkpoint

ROUNDS, STEPS = 15, 10
ALLOWED = 0.02  # of the time of training


def main() -> None:
    """Print a Markdown table. Raises CheckFailed if saving costs more than it may."""
    project, experiment = read(paths.PARAMETERS, Project), read(paths.EXPERIMENTS / "mnist.yaml", Experiment)
    device = devices.resolve(project.device)
    images = torch.rand(STEPS * experiment.training.minibatch_size, 784)
    run = start(Setup(experiment, images.numpy(), images[:100].numpy(), 0, device))
    play_epoch(run, 1)
    run.kept = Players(*copy.deepcopy((run.game.generator, run.game.discriminator)), 1, 0.0)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Checkpoint(Path(folder) / "mnist.state", "key")
        contestants = {"steps": lambda: play_epoch(run, 1), "looks": lambda: look(run), "save": lambda: checkpoint.save(run)}
        times = timing.interleaved(contestants, ROUNDS, device)
        size = (Path(folder) / "mnist.state").stat().st_size
    step, look_, save = times["steps"] / STEPS, times["looks"] / STEPS, times["save"]
    share = save / (save + checkpoints.INTERVAL)
    print(f"{timing.machine(device)}; minimum of {ROUNDS} rounds\n")
    print("| | |\n| --- | --- |")
    print(f"| a training step | {1000 * step:.1f} ms |")
    print(f"| of it: is its outcome finite? | {1000 * look_:.3f} ms, {look_ / step:.2%} |")
    print(f"| saving the state, {size / 2**20:.0f} MiB, onto the disk | {1000 * save:.0f} ms, {save / step:.0f} steps |")
    print(f"| share of the time at the default interval of {checkpoints.INTERVAL:.0f} s | {share:.2%} |")
    if share > ALLOWED:
        raise CheckFailed(f"saving takes {share:.1%} of the time; {ALLOWED:.0%} are allowed")


def look(run: Run) -> None:
    """As often as in an epoch, at outcomes as they are in it."""
    for _ in range(STEPS):
        run.outcomes.append(torch.ones(4, device=run.images.device))
        refuse_infinite_outcomes(run, 1)
    run.outcomes.clear()


if __name__ == "__main__":
    with exit_status():
        main()
