"""Forget what dvc.lock says of outputs that are not here: another machine's, with other bytes.

DVC trusts the checksums in dvc.lock, finds them in no cache, and runs the stage, even if its run cache has this machine's own
outputs of the same code, data and parameters. Without the entry it looks there first.
"""

import argparse
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from adversarial_nets.core import files
from adversarial_nets.core.errors import exit_status
from adversarial_nets.parameters.reading import parse_yaml, read_text
from adversarial_nets.running import dvc_cache, paths


def forget() -> None:
    """Remove foreign entries from the lock file, and print how many there were."""
    if not paths.LOCK.exists():
        return
    locked, cache = parse_yaml(read_text(paths.LOCK), str(paths.LOCK)), dvc_cache.folder()
    kept = {name: stage for name, stage in locked["stages"].items() if not is_foreign(stage, cache)}
    if count := len(locked["stages"]) - len(kept):
        with files.replacing(paths.LOCK) as temporary:
            YAML(typ="safe").dump({**locked, "stages": kept}, temporary)
        where = "DVC takes them from its run cache, or makes them"
        print(f"{paths.LOCK}: {count} stages have outputs that are not here; {where}")


def is_foreign(stage: dict[str, Any], cache: Path) -> bool:
    """Whether an output of a locked stage is neither in the cache nor in its place."""
    return any(not dvc_cache.holds(out["md5"], cache) and not _is_in_place(out) for out in stage.get("outs", []))


def _is_in_place(out: dict[str, Any]) -> bool:
    path = Path(out["path"])
    return path.exists() and dvc_cache.md5(path) == out["md5"]


def main() -> None:
    """Forget; there are no arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m adversarial_nets.running.foreign_outputs", description=__doc__.split("\n\n")[0]
    )
    parser.parse_args()
    with exit_status():
        forget()


if __name__ == "__main__":
    main()
