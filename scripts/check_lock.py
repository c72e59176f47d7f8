"""Check that dvc.lock belongs to the code and the parameters as they stand: no stage would run again. Needs no data, no cache."""

import re
import subprocess
import sys

from adversarial_nets.errors import CheckFailed, exit_status


def check_lock() -> None:
    """Raises CheckFailed, with the stages that are out of step.

    What DVC prints decides: its exit status is 0 too where stages would run.
    """
    command = [sys.executable, "-m", "dvc", "repro", "--dry", "--allow-missing"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    stages = re.findall(r"^(?:Running stage|ERROR: failed to reproduce) '(.+?)'", done.stdout, flags=re.MULTILINE)
    if stages:
        named = ", ".join(stages)
        raise CheckFailed(
            f"dvc.lock: not in step with code and parameters: {named} would run again; run `make repro` and commit it"
        )
    if done.returncode or "Data and pipelines are up to date." not in done.stdout:
        raise CheckFailed(f"dvc.lock: could not be checked; DVC says: {' '.join(done.stdout.split())}")
    print("dvc.lock is in step with code and parameters")


if __name__ == "__main__":
    with exit_status():
        check_lock()
