"""Check that the lock files belong to the code and the parameters as they stand: no stage would run again.

Needs no data and no cache.
"""

import re
import subprocess
import sys
from pathlib import Path

from adversarial_nets.core.errors import CheckFailed, exit_status

# Each lock file, and what renews it.
LOCKS = {
    "dvc.lock": "run `make repro` and commit it",
    "choices/dvc.lock": "run `make choices` and commit it, or remove it with reports/choices",
}


def check_locks() -> None:
    """Raises CheckFailed, with the stages that are out of step; choices that were never tried out are none of them."""
    for lock, remedy in LOCKS.items():
        if lock == "dvc.lock" or Path(lock).exists():
            check(lock, remedy)
            print(f"{lock} is in step with code and parameters")


def check(lock: str, remedy: str) -> None:
    """What DVC prints decides: its exit status is 0 too where stages would run."""
    command = [sys.executable, "-m", "dvc", "repro", "--dry", "--allow-missing", str(Path(lock).with_suffix(".yaml"))]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    stages = re.findall(r"^(?:Running stage|ERROR: failed to reproduce) '(?:[^':]+:)?([^']+)'", done.stdout, flags=re.MULTILINE)
    if stages:
        named = ", ".join(stages)
        raise CheckFailed(f"{lock}: not in step with code and parameters: {named} would run again; {remedy}")
    if done.returncode or "Data and pipelines are up to date." not in done.stdout:
        raise CheckFailed(f"{lock}: could not be checked; DVC says: {' '.join(done.stdout.split())}")


if __name__ == "__main__":
    with exit_status():
        check_locks()
