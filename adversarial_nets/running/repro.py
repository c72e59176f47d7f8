"""`dvc repro` in less time: two sides of a pipeline at once, each with half of the threads, and then the rest.

DVC runs one stage at a time, and small networks do not keep several cores busy. Neither side needs an output of the other.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

from adversarial_nets.core.devices import THREADS, num_threads
from adversarial_nets.core.errors import CheckFailed, exit_status
from adversarial_nets.parameters.project import Project
from adversarial_nets.parameters.reading import parse_yaml, read, read_text
from adversarial_nets.running import dvc_cache, paths

DVC = str(Path(sys.executable).with_name("dvc"))
REPRO = [DVC, "repro"]
# DVC holds its lock between stages, never while one runs. Single items, in the pipeline's order, because both sides depend on
# the same stages, and DVC does not look at a stage while another process reads its output.
SIDE = [DVC, "--wait-for-lock", "repro", "--single-item"]
EXTENSIONS = paths.EXTENSIONS.with_name("dvc.yaml")
LOG = paths.LOGS / "other_side.log"


@dataclass(frozen=True)
class Sides:
    """Names of stages in the pipeline's order: what both sides need, the side whose output is shown, and the one beside it."""

    first: list[str]
    shown: list[str]
    beside: list[str]


def repro(pipeline: Path = paths.PIPELINE) -> None:
    """Both sides, if there are two and threads for both, and then the rest. Raises CheckFailed if a stage fails."""
    if num_threads() > 1:
        sides = default_sides() if pipeline == paths.PIPELINE else extension_sides()
        if sides.shown and sides.beside:
            _both(sides, {**os.environ, THREADS: f"{num_threads() // 2}"})
    _succeed(subprocess.call([*REPRO, str(pipeline)]))


def default_sides() -> Sides:
    """The suite, and all else but the report: its sanity rows, baselines, theory. Empty if there is no suite or no baseline."""
    project = read(paths.PARAMETERS, Project)
    if not (project.suite and project.baselines):
        return Sides([], [], [])
    stages = parse_yaml(read_text(paths.PIPELINE), str(paths.PIPELINE))["stages"]
    suite = [name for name, stage in stages.items() if stage.get("matrix", {}).get("experiment") == "${suite}"]
    first = ["check", "fetch", "prepare"]
    beside = ["sanity", *(name for name in stages if name not in ["check", *suite, "report"])]
    return Sides(first, [name for name in suite if name not in [*first, "sanity"]], beside)


def extension_sides() -> Sides:
    """Stages that need data alone, and those that need models of the default, with their training; not what needs both, by DVC's
    graph.
    """
    edges = re.findall(r'"([^"]+)" -> "([^"]+)"', dvc_cache.output("dag", "--dot", str(EXTENSIONS)))
    needs = {name: {needed for needed, needing in edges if needing == name} for edge in edges for name in edge}
    order = [name for name in TopologicalSorter(needs).static_order() if not name.endswith(":report")]
    alone, trained = set(), set()
    for name in order:
        if name.startswith("train") or needs[name] & trained:
            trained.add(name)
        if needs[name] & alone or (name.startswith(f"{EXTENSIONS}:") and name not in trained):
            alone.add(name)
    sides = alone - trained, trained - alone
    return Sides(*[[name for name in order if name in each] for each in (set(order) - alone - trained, *sides)])


def _both(sides: Sides, environment: dict[str, str]) -> None:
    LOG.parent.mkdir(exist_ok=True)
    _succeed(subprocess.call([*REPRO, *sides.first]))
    print(f"Beside this, with output in {LOG}: {', '.join(sides.beside)}", flush=True)
    command = [*SIDE, *sides.beside]
    with LOG.open("wb") as log, subprocess.Popen(command, env=environment, stdout=log, stderr=log, process_group=0) as beside:
        try:
            _succeed(subprocess.call([*SIDE, *sides.shown], env=environment))
            _succeed(beside.wait(), f"see {LOG}")
        finally:
            if beside.poll() is None:  # the shown side failed, or was interrupted
                os.killpg(beside.pid, signal.SIGTERM)  # its stage too, which DVC does not pass signals on to


def _succeed(status: int, where: str = "see above") -> None:
    if status:
        raise CheckFailed(f"a stage failed: {where}")


def main() -> None:
    """Run a pipeline."""
    parser = argparse.ArgumentParser(prog="python -m adversarial_nets.running.repro", description=__doc__.split("\n\n")[0])
    parser.add_argument("pipeline", type=Path, choices=[paths.PIPELINE, EXTENSIONS], nargs="?", default=paths.PIPELINE)
    with exit_status():
        repro(parser.parse_args().pipeline)


if __name__ == "__main__":
    main()
