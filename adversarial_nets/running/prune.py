"""Remove outputs of experiments and seeds that params.yaml no longer names: the report's inputs are then a fresh clone's.

Only outputs of experiments that have a file are removed, and only if DVC's cache holds them: DVC brings them back when it
names them again. Anything else stays.
"""

import argparse
import shutil
from contextlib import suppress
from pathlib import Path

from adversarial_nets.core.errors import exit_status
from adversarial_nets.parameters.project import Project
from adversarial_nets.parameters.reading import read
from adversarial_nets.running import dvc_cache, paths

KINDS = (paths.MODELS, paths.SAMPLES, paths.SCORES, paths.FIGURES)  # folders of outputs, by experiment


def prune() -> None:
    """Remove what is left over and in the cache, and print what was done."""
    left_over = left_overs(read(paths.PARAMETERS, Project))
    cache = dvc_cache.folder() if left_over else None
    for path in left_over:
        if dvc_cache.holds_all(path, cache):
            print(f"removing {path}: params.yaml no longer names it, and DVC's cache holds it")
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        else:
            print(f"leaving {path}: params.yaml does not name it, but DVC's cache does not hold it")


def remove_empty_folders() -> None:
    """Those for outputs: DVC makes them for every name in `suite` and `baselines` before the stage `check` can refuse it."""
    folders = [path for kind in KINDS for path in kind.rglob("*") if path.is_dir() and not path.is_symlink()]
    for folder in sorted(folders, reverse=True):
        with suppress(OSError):  # what is not empty cannot be removed
            folder.rmdir()


def left_overs(project: Project) -> list[Path]:
    """Outputs of experiments out of the suite and, within those of the suite, of other seeds."""
    experiments = [path for kind in KINDS for path in sorted(kind.glob("*"))]
    return [path for experiment in experiments for path in _left_overs(experiment, project)]


def _left_overs(experiment: Path, project: Project) -> list[Path]:
    if experiment.name in project.runs:
        seeds = {str(seed) for seed in project.runs[experiment.name]}
        return [path for path in sorted(experiment.glob("*")) if path.stem.isdigit() and path.stem not in seeds]
    return [experiment] if paths.ExperimentPaths(experiment.name).parameters.exists() else []


def main() -> None:
    """Prune; there are no arguments."""
    parser = argparse.ArgumentParser(prog="python -m adversarial_nets.running.prune", description=__doc__.split("\n\n")[0])
    with exit_status():
        parser.parse_args()
        prune()


if __name__ == "__main__":
    main()
