"""Do the lock files belong to the code and the parameters as they stand, so that no stage would run again?

Needs no data and no cache. Exit status 0: they do; 1: a stage would run again.
"""

import argparse
import re
from pathlib import Path

from adversarial_nets.core.errors import CheckFailed, exit_status, one_line
from adversarial_nets.running import dvc_cache

PIPELINE, ABLATIONS, EXTENSIONS = Path("dvc.lock"), Path("ablations/dvc.lock"), Path("extensions/dvc.lock")


def check_locks() -> None:
    """Raises CheckFailed, with the stages that are out of step; pipelines that nobody ran have none, and pass."""
    check(PIPELINE, "run `make repro` and commit it")
    for lock, name in ((ABLATIONS, "ablations"), (EXTENSIONS, "extensions")):
        if lock.exists():
            check(lock, f"run `make {name}` and commit it, or remove it with reports/{name}")


def check(lock: Path, remedy: str) -> None:
    """Raises CheckFailed by what DVC prints: its exit status is 0 even if stages would run."""
    done = dvc_cache.dvc("repro", "--dry", "--allow-missing", str(lock.with_suffix(".yaml")))
    said = done.stdout + done.stderr
    stages = re.findall(r"^(?:Running stage|ERROR: failed to reproduce) '(?:[^':]+:)?([^']+)'", said, flags=re.MULTILINE)
    if stages:
        raise CheckFailed(f"{lock}: not in step with code and parameters: {', '.join(stages)} would run again; {remedy}")
    if done.returncode or "Data and pipelines are up to date." not in done.stdout:
        raise CheckFailed(f"{lock}: could not be checked; DVC says: {one_line(said)}")
    print(f"{lock} is in step with code and parameters")


def main() -> None:
    """Check all of them; there are no arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m adversarial_nets.regression.lock_files", description=__doc__.split("\n\n")[0]
    )
    with exit_status():
        parser.parse_args()
        check_locks()


if __name__ == "__main__":
    main()
