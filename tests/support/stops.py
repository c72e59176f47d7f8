"""Runs that are stopped on purpose."""

import os
import signal
import subprocess
import time
from pathlib import Path

from adversarial_nets.running.checkpoints import Checkpoint, Resumable


class StopsAt(Checkpoint):
    """Is sent a signal before the so-many-th time that it is asked."""

    def __init__(self, path: Path, times: int, number: signal.Signals = signal.SIGTERM):
        super().__init__(path, "key", lambda message: None)
        self.left, self.number = times, number

    def after_step(self, run: Resumable) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), self.number)
        super().after_step(run)


def await_saved(process: subprocess.Popen, states: Path, after: float) -> None:
    """Until a state has been saved that is younger than a time."""
    while process.poll() is None and not any(path.stat().st_mtime > after for path in states.glob("*.state")):
        time.sleep(0.01)
