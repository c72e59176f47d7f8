"""What saving a training's state costs at the default interval, for the paper's MNIST networks.

Steps and saves take turns in one process, so that a machine whose speed drifts slows both; medians and ratios are printed.
"""

import copy
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "stages"))
import timing
import torch
from common import exit_status, load_parameters

from adversarial_nets.core import devices
from adversarial_nets.core.errors import CheckFailed
from adversarial_nets.gan.training import Players, Run, play_epoch, refuse_infinite_outcomes, start
from adversarial_nets.running import checkpoints
from adversarial_nets.running.checkpoints import Checkpoint

ROUNDS, STEPS = 15, 10
ALLOWED = 0.02  # of the time of training


def main() -> None:
    """Print a Markdown table. Raises CheckFailed where saving costs more than it may."""
    parameters = load_parameters()
    experiment, device = parameters.experiments["mnist"], devices.resolve(parameters.device)
    images = torch.rand(STEPS * experiment.training.minibatch_size, 784)
    run = start(experiment, images.numpy(), images[:100].numpy(), 0, device)
    play_epoch(run, 1)
    run.kept = Players(*copy.deepcopy((run.game.generator, run.game.discriminator)), 1, 0.0)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Checkpoint(Path(folder) / "mnist.state", "key")
        contestants = {"steps": lambda: play_epoch(run, 1), "looks": lambda: look(run), "save": lambda: checkpoint.save(run)}
        times = timing.interleaved(contestants, ROUNDS, device)
        size = (Path(folder) / "mnist.state").stat().st_size
    step, look_, save = times["steps"] / STEPS, times["looks"] / STEPS, times["save"]
    share = save / (save + checkpoints.INTERVAL)
    print(f"{timing.machine(device)}; median of {ROUNDS} rounds\n")
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
