"""Remove outputs of experiments and seeds that params.yaml no longer names: the report's inputs are then a fresh clone's.

Only outputs of experiments that params.yaml describes are removed, and only where DVC's cache holds them: DVC brings them back
when `suite` and `seeds` name them again. Anything else stays.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "stages"))
from common import FIGURES, MODELS, SAMPLES, SCORES, exit_status, load_parameters


def prune() -> None:
    """Remove what is left over and cached; tell what was done."""
    left_over = left_overs()
    cache = Path(subprocess.check_output(["dvc", "cache", "dir"], text=True).strip()) if left_over else None
    for path in left_over:
        if is_cached(path, cache):
            print(f"removing {path}: `suite` and `seeds` no longer name it, and DVC's cache holds it")
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        else:
            print(f"leaving {path}: `suite` and `seeds` do not name it, but DVC's cache does not hold it")


def left_overs() -> list[Path]:
    """Outputs of experiments out of the suite and, within those of the suite, of other seeds."""
    parameters = load_parameters()
    seeds = {str(seed) for seed in parameters.seeds}
    paths = []
    for kind in (MODELS, SAMPLES, SCORES, FIGURES):
        for experiment in sorted(kind.glob("*")):
            inside = [path for path in sorted(experiment.glob("*")) if path.stem.isdigit() and path.stem not in seeds]
            if experiment.name in parameters.suite:
                paths += inside
            elif experiment.name in parameters.experiments:
                paths.append(experiment)
    return paths


def is_cached(path: Path, cache: Path) -> bool:
    """Whether every file's content lies in DVC's cache, under its MD5."""
    files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    digests = [hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest() for file in files]
    return all((cache / "files" / "md5" / digest[:2] / digest[2:]).exists() for digest in digests)


if __name__ == "__main__":
    with exit_status():
        prune()
