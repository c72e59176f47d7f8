"""Checks that numbers of one file follow from another: how they are compared, and what a contradiction looks like."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from adversarial_nets.parameters.reading import parse_yaml, read_text
from adversarial_nets.running import dvc_cache

EXACT = 0.0
COPIED = 6e-7  # one of the two files has the number rounded to 1e-6
IN_FLOAT32 = 2e-4  # nats: scores of single images are kept in float32
RECOMPUTED = 1e-3  # nats, or of a pixel's range: what other kernels may change
OF_ONE_IMAGE = 1e-2  # nats: distances in float32 may be off by that much if they are computed in other blocks

Numbers = dict[str, Any]
Compared = tuple[Numbers, Numbers, float]  # found, expected and tolerance


@dataclass(frozen=True)
class Check:
    """Numbers of one file, ``found`` there and ``expected`` from its source; or why they cannot be compared."""

    file: str
    source: str
    found: Numbers
    expected: Numbers
    tolerance: float = EXACT
    skipped: str = ""

    def contradictions(self) -> list[str]:
        """One line for each number that does not follow from the source."""
        keys = [key for key in self.expected if not _agree(self.found.get(key), self.expected[key], self.tolerance)]
        return [
            f"{self.file}: {key} is {_shown(self.found.get(key))}, but {self.source} gives {_shown(self.expected[key])}"
            for key in keys
        ]

    def __str__(self) -> str:
        if self.skipped:
            return f"skipped          {self.file} ← {self.source}: {self.skipped}"
        verdict = "DOES NOT FOLLOW" if self.contradictions() else "follows"
        return f"{verdict:<16} {self.file} ← {self.source}: {len(self.expected)} compared"


def _agree(found: Any, expected: Any, tolerance: float) -> bool:
    if isinstance(expected, bool | np.bool_ | str) or not isinstance(found, int | float) or not isinstance(expected, int | float):
        return found == expected or bool(pd.isna(found) is True and pd.isna(expected) is True)
    return math.isclose(found, expected, rel_tol=1e-8, abs_tol=tolerance) or (math.isnan(found) and math.isnan(expected))


def _shown(value: Any) -> str:
    return {None: "not there", False: "not expected", True: "there"}.get(value, str(value))


def if_present(file: Path, sources: Sequence[Path], compare: Callable[[], Compared]) -> Check:
    """A check from files that may not be here: then it is skipped."""
    missing = [path for path in sources if not path.exists()]
    if missing:
        return Check(str(file), str(sources[0]), {}, {}, skipped=f"{missing[0]} is not here")
    found, expected, tolerance = compare()
    return Check(str(file), str(sources[0]), found, expected, tolerance)


def lines(file: Path, text: str, source: str, expected: str) -> Check:
    """Every line that should be there, and none beside them."""
    found = dict.fromkeys(text.splitlines(), True)
    return Check(str(file), source, found, dict.fromkeys(found, False) | dict.fromkeys(expected.splitlines(), True))


def as_locked(lock: Path, folder: Path) -> Compared:
    """What the stage `report` wrote into a folder, or found there: its digests now, and as a lock file has them."""
    stage = parse_yaml(read_text(lock), str(lock))["stages"]["report"]
    known = {each["path"]: each["md5"] for each in stage["deps"] + stage["outs"] if each["path"].startswith(f"{folder}/")}
    return {path: dvc_cache.md5(Path(path)) for path in known if Path(path).exists()}, known, EXACT
