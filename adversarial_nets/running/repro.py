"""`dvc repro` in less time: the suite, and beside it all that is not of the suite, each with half of the threads.

DVC runs one stage at a time, and small networks do not keep several cores busy. Before the report the two sides share no output.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from adversarial_nets.core.devices import THREADS, num_threads
from adversarial_nets.core.errors import CheckFailed, exit_status
from adversarial_nets.parameters.project import Project
from adversarial_nets.parameters.reading import parse_yaml, read, read_text
from adversarial_nets.running import paths

DVC = str(Path(sys.executable).with_name("dvc"))
REPRO = [DVC, "repro"]
# DVC holds its lock between stages, never while one runs. Single items, in the pipeline's order, because both sides depend on
# `check`, and DVC does not look at a stage while another process reads its output.
SIDE = [DVC, "--wait-for-lock", "repro", "--single-item"]
LOG = paths.LOGS / "beside_the_suite.log"


def repro() -> None:
    """Both sides, if there are two and threads for both, and then the rest. Raises CheckFailed if a stage fails."""
    project = read(paths.PARAMETERS, Project)
    if project.suite and project.baselines and num_threads() > 1:
        _both_sides({**os.environ, THREADS: f"{num_threads() // 2}"})
    _succeed(subprocess.call(REPRO))


def sides() -> tuple[list[str], list[str]]:
    """Names of the pipeline's stages after the check: those of the suite, and all others but the report."""
    stages = parse_yaml(read_text(paths.PIPELINE), str(paths.PIPELINE))["stages"]
    suite = [name for name, stage in stages.items() if stage.get("matrix", {}).get("experiment") == "${suite}"]
    return suite, [name for name in stages if name not in ["check", *suite, "report"]]


def _both_sides(environment: dict[str, str]) -> None:
    suite, others = sides()
    LOG.parent.mkdir(exist_ok=True)
    print(f"Beside the suite, with output in {LOG}: {', '.join(others)}", flush=True)
    _succeed(subprocess.call([*REPRO, "check"]))
    with LOG.open("wb") as log, subprocess.Popen([*SIDE, *others], env=environment, stdout=log, stderr=log) as beside:
        try:
            _succeed(subprocess.call([*SIDE, *suite], env=environment))
            _succeed(beside.wait(), f"see {LOG}")
        finally:
            beside.terminate()  # if the suite failed


def _succeed(status: int, where: str = "see above") -> None:
    if status:
        raise CheckFailed(f"a stage failed: {where}")


def main() -> None:
    """Run the pipeline; there are no arguments."""
    parser = argparse.ArgumentParser(prog="python -m adversarial_nets.running.repro", description=__doc__.split("\n\n")[0])
    with exit_status():
        parser.parse_args()
        repro()


if __name__ == "__main__":
    main()
