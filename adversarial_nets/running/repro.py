"""`dvc repro` in less time: two sides of a pipeline at once, each with half of the threads, and then the rest.

DVC runs one stage at a time, and small networks do not keep several cores busy. Neither side needs an output of the other.
"""

import argparse
import os
import re
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
    """The suite, and all else but the report: the baselines and the theory. None if there is no suite or no baseline."""
    project = read(paths.PARAMETERS, Project)
    if not (project.suite and project.baselines):
        return Sides([], [], [])
    stages = parse_yaml(read_text(paths.PIPELINE), str(paths.PIPELINE))["stages"]
    suite = [name for name, stage in stages.items() if stage.get("matrix", {}).get("experiment") == "${suite}"]
    return Sides(["check"], suite, [name for name in stages if name not in ["check", *suite, "report"]])


def extension_sides() -> Sides:
    """Stages that need data alone, and those that need models of the default, which are trained if they are not there."""
    plans = _extension_plans()
    data_alone = [plan for plan in plans if not any(name.startswith("train") for name in plan)]
    first = [name for name in _merged(data_alone) if not _is_extension(name)]
    shown = [name for name in _merged(data_alone) if _is_extension(name)]
    needs_both = [plan[-1] for plan in plans if plan not in data_alone and set(plan) & set(shown)]
    return Sides(first, shown, [name for name in _merged(plans) if name not in [*first, *shown, *needs_both]])


def _extension_plans() -> list[list[str]]:
    """For each stage of the extensions but the report, all that it needs, itself last, by DVC's graph."""
    edges = re.findall(r'"([^"]+)" -> "([^"]+)"', dvc_cache.output("dag", "--dot", str(EXTENSIONS)))
    needs = {name: {needed for needed, needing in edges if needing == name} for edge in edges for name in edge}
    order = list(TopologicalSorter(needs).static_order())
    return [_plan(name, order, needs) for name in order if _is_extension(name) and not name.endswith(":report")]


def _plan(name: str, order: list[str], needs: dict[str, set[str]]) -> list[str]:
    wanted = {name}
    for each in reversed(order):
        wanted |= needs[each] if each in wanted else set()
    return [each for each in order if each in wanted]


def _is_extension(name: str) -> bool:
    return name.startswith(f"{paths.EXTENSIONS.parent}/")


def _merged(plans: list[list[str]]) -> list[str]:
    return list(dict.fromkeys(name for plan in plans for name in plan))


def _both(sides: Sides, environment: dict[str, str]) -> None:
    LOG.parent.mkdir(exist_ok=True)
    _succeed(subprocess.call([*REPRO, *sides.first]))
    print(f"Beside this, with output in {LOG}: {', '.join(sides.beside)}", flush=True)
    with LOG.open("wb") as log, subprocess.Popen([*SIDE, *sides.beside], env=environment, stdout=log, stderr=log) as beside:
        try:
            _succeed(subprocess.call([*SIDE, *sides.shown], env=environment))
            _succeed(beside.wait(), f"see {LOG}")
        finally:
            beside.terminate()  # if the shown side failed


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
