"""Progress of a training: a bar on a terminal, plain lines elsewhere."""

import math
import sys
import time

from tqdm import tqdm

SURE = 0.999  # mean D(x) above which, with mean D(G(z)) as near to 0, G's images hardly move any more
WARNING = "D tells all images apart, G may have collapsed: if this lasts, stop and try another seed"


class EpochProgress:
    """Shows epochs as they end. Plain lines come with each validation, so that a log stays short."""

    def __init__(self, title: str, epochs: int):
        self._title = title
        self._epochs = epochs
        self._log_likelihoods = ""  # the last ones, as they are shown
        self._started = time.monotonic()
        self._first = 0  # a training that goes on has epochs behind it that took none of this time
        self._warned = False
        self._bar = tqdm(total=epochs, desc=title, unit="epoch", disable=not sys.stderr.isatty(), dynamic_ncols=True)

    def __call__(self, row: dict[str, float]) -> None:
        """Show one row of the learning curve."""
        self._first = self._first or row["epoch"]
        validated = not math.isnan(row["validation_log_likelihood"])
        if validated:
            self._log_likelihoods = _log_likelihoods(row)
        shown = _costs(row) + self._log_likelihoods
        self._bar.set_postfix_str(shown, refresh=False)
        self._bar.initial = self._first - 1
        self._bar.update(row["epoch"] - self._bar.n)
        if self._bar.disable and validated:
            self._print(row["epoch"], shown)
        self._warn(row)

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

    def _print(self, epoch: int, shown: str) -> None:
        left = (time.monotonic() - self._started) / (epoch - self._first + 1) * (self._epochs - epoch)
        print(f"{self._title}: epoch {epoch}/{self._epochs}, {shown}, {tqdm.format_interval(left)} left", flush=True)


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
