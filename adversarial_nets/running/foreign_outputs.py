"""Forget what dvc.lock says of outputs that are not here: another machine's, with other bytes.

DVC trusts the checksums in dvc.lock, finds them in no cache, and runs the stage, even if its run cache has this machine's own
outputs of the same code, data and parameters. Without their checksums it looks there first.
"""

import argparse
from pathlib import Path
from typing import Any

from adversarial_nets.core import files
from adversarial_nets.core.errors import exit_status
from adversarial_nets.parameters.reading import parse_yaml, read_text
from adversarial_nets.running import dvc_cache, paths


def forget() -> None:
    """Remove foreign outputs from the lock file, and print of how many stages; do nothing if no stage ever ran here."""
    if not paths.LOCK.exists() or not ((cache := dvc_cache.folder()) / "runs").exists():
        return
    text = read_text(paths.LOCK)
    stages = parse_yaml(text, str(paths.LOCK))["stages"]
    foreign = [name for name, stage in stages.items() if is_foreign(stage, cache)]
    if foreign:
        files.write_text(paths.LOCK, without_outputs(text, foreign))
        where = "DVC takes them from its run cache, or makes them"
        print(f"{paths.LOCK}: {len(foreign)} stages have outputs that are not here; {where}")


def without_outputs(text: str, stages: list[str]) -> str:
    """A lock file's text without these stages' outputs: every other line keeps its place, as DVC leaves it."""
    kept, stage, key = [], "", ""
    for line in text.splitlines(keepends=True):
        indent, name = len(line) - len(line.lstrip()), line.strip().rstrip(":")
        stage = name if indent == 2 else stage
        key = name if indent == 4 and not line.lstrip().startswith("-") else key if indent >= 4 else ""
        if stage not in stages or key != "outs":
            kept.append(line)
    return "".join(kept)


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
    with exit_status():
        parser.parse_args()
        forget()


if __name__ == "__main__":
    main()
