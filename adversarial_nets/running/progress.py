"""Progress of a run: a bar on a terminal, plain lines elsewhere."""

import math
import sys
import time

from tqdm import tqdm

from adversarial_nets.running.checkpoints import Resumable

FIRST, INTERVAL = 2.0, 60.0  # seconds until something is shown, and between plain lines
SURE = 0.999  # mean D(x) above which, with mean D(G(z)) as near to 0, G's images hardly move any more
WARNING = "D tells all images apart, G may have collapsed: if this lasts, stop and try another seed"


class EpochProgress:
    """Shows how far a run is. Plain lines come with each validation, or a minute after the last, so that a log stays short.

    The first one comes after two seconds, long before the first epoch of MNIST ends.
    """

    def __init__(self, title: str, epochs: int, minibatch_size: int):
        self._title = title
        self._epochs = epochs
        self._minibatch_size = minibatch_size
        self._log_likelihoods = ""  # the last ones, as they are shown
        self._started = time.monotonic()
        self._due = self._started + FIRST
        self._begun: float | None = None  # in epochs: what is done before time is taken, all of a run that resumes
        self._ended = 0  # epochs
        self._warned = False
        self._bar = tqdm(total=epochs, desc=title, unit="epoch", disable=not sys.stderr.isatty(), dynamic_ncols=True)

    def __call__(self, row: dict[str, float]) -> None:
        """Show one row of the learning curve: an epoch has ended."""
        self._ended = row["epoch"]
        if self._begun is None:
            self._begin(row["epoch"] - 1)
        validated = not math.isnan(row["validation_log_likelihood"])
        if validated:
            self._log_likelihoods = _log_likelihoods(row)
        shown = _costs(row) + self._log_likelihoods
        self._bar.set_postfix_str(shown, refresh=False)
        self._bar.update(row["epoch"] - self._bar.n)
        if self._bar.disable and validated:
            self._print(row["epoch"], f"epoch {row['epoch']}/{self._epochs}, {shown}")
        self._warn(row)

    def step(self, run: Resumable) -> None:
        """Show an update within an epoch, if it is time to."""
        steps = math.ceil(len(run.order) / self._minibatch_size)
        step = (run.updates - 1) % steps + 1
        done = (self._ended or len(run.curve)) + step / steps
        if self._begun is None:  # the first update of a process is slow, and says nothing about later ones
            self._begin(done)
        elif step < steps and time.monotonic() >= self._due:
            self._show(done, f"epoch {math.ceil(done)}/{self._epochs}, step {step}/{steps}")

    def __enter__(self) -> "EpochProgress":
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the terminal in order, so that an error has a line of its own."""
        self._bar.close()

    def _warn(self, row: dict[str, float]) -> None:
        """A line of its own whenever it begins: on a bar there would be no room for it."""
        sure = row.get("d_real", 0) > SURE and row["d_fake"] < 1 - SURE
        if sure and not self._warned:
            tqdm.write(f"{self._title}: epoch {row['epoch']}: {WARNING}")
        self._warned = sure

    def _begin(self, done: float) -> None:
        """Take time from here on: ``done`` epochs are behind."""
        self._begun = self._bar.initial = done
        self._started = time.monotonic()

    def _show(self, done: float, shown: str) -> None:
        if self._bar.disable:
            self._print(done, shown)
        else:
            self._bar.n, self._due = round(done, 2), time.monotonic() + FIRST
            self._bar.refresh()

    def _print(self, done: float, shown: str) -> None:
        now = time.monotonic()
        if done > self._begun:
            shown += f", {tqdm.format_interval((now - self._started) / (done - self._begun) * (self._epochs - done))} left"
        print(f"{self._title}: {shown}", flush=True)
        self._due = now + INTERVAL


def _costs(row: dict[str, float]) -> str:
    """What both players descend, or what a model without a game does."""
    if "cost" in row:
        return f"cost {row['cost']:.3f}"
    return f"D loss {row['discriminator_objective']:.3f}, G loss {row['generator_objective']:.3f}"


def _log_likelihoods(row: dict[str, float]) -> str:
    """Of the generator, and of its average if the learning curve has it."""
    average = row.get("average_validation_log_likelihood")
    shown = f", validation {row['validation_log_likelihood']:.1f} nats"
    return shown if average is None else f"{shown}, {average:.1f} of the average"
