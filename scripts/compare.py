"""Render two git revisions, DVC experiments, or experiments of one revision as one self-contained page, comparison.html."""

import argparse
import base64
import io
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from adversarial_nets.core import files
from adversarial_nets.core.errors import InputError, exit_status
from adversarial_nets.regression import comparison as differences
from adversarial_nets.regression import revisions as history
from adversarial_nets.regression import rules as verdicts
from adversarial_nets.regression.comparison import Pair, Side

PAGE = Path("comparison.html")


@dataclass(frozen=True)
class Named:
    """What a name on the command line stands for: a revision and, where the name says so, one experiment of it."""

    name: str
    revision: str
    experiment: str | None


def compare(a: str, b: str) -> None:
    """Write the page. Raises InputError where a name stands for nothing or the two have no results to compare."""
    rules = verdicts.parse(history.yaml(history.read("gate.yaml"), "gate.yaml"), "gate.yaml")
    first, second = named(a), named(b)
    pairs = [
        Pair(ours if ours == theirs else f"{ours} and {theirs}", side(first, ours), side(second, theirs), rules.comparable)
        for ours, theirs in matched(first, second)
    ]
    files.write_text(PAGE, differences.render(a, b, pairs))
    print(f"wrote {PAGE}")


def named(name: str) -> Named:
    """A revision or DVC experiment such as ``main``, one experiment's results in it such as ``main:mnist``, or, where git knows
    no revision of that name, those in the last commit. Raises InputError where it is none of these.
    """
    revision, _, experiment = name.rpartition(":")
    if revision and experiment:
        return Named(name, revision, experiment)
    try:
        history.commit(name)
    except InputError:
        if name not in results_of_last_commit():
            raise
        return Named(name, "HEAD", name)
    return Named(name, name, None)


def results_of_last_commit() -> dict[str, history.Results]:
    """Empty where it has none."""
    try:
        return history.of_revision("HEAD")
    except InputError:
        return {}


def matched(a: Named, b: Named) -> list[tuple[str, str]]:
    """The experiments to set against one another: the two that are named, or the one on both sides, or all that both sides have.

    Raises InputError where there are none.
    """
    ours, theirs = history.of_revision(a.revision), history.of_revision(b.revision)
    if not (a.experiment or b.experiment):
        if shared := [(name, name) for name in ours if name in theirs]:
            return shared
        raise InputError(
            f"'{a.name}' has results of {', '.join(ours)}, '{b.name}' of {', '.join(theirs)}: no experiment in common; "
            "name one of each, such as main:mnist"
        )
    wanted = a.experiment or b.experiment, b.experiment or a.experiment
    for given, known, experiment in zip((a, b), (ours, theirs), wanted, strict=True):
        if experiment not in known:
            raise InputError(f"'{given.name}': {given.revision} has results of {', '.join(known)}, none of {experiment}")
    return [wanted]


def side(given: Named, experiment: str) -> Side:
    """What a revision has of an experiment, from git and from DVC's cache or remote."""
    sha = history.commit(given.revision)
    table = pd.read_csv(
        io.BytesIO(history.content(sha, "reports/table1.csv", given.revision)), dtype={"seeds": str, "kept_epochs": str}
    )
    rows = table[table["experiment"] == experiment]
    seeds = rows["seeds"].dropna().iloc[0].split()
    results = history.of_revision(given.revision)[experiment]
    return Side(given.name, results, rows, samples(sha, experiment, seeds[0]), scores(sha, experiment, seeds))


def samples(sha: str, experiment: str, seed: str) -> str | None:
    """The picture of a seed's samples as a data address; None where the commit has none."""
    try:
        picture = history.content(sha, f"reports/figures/{experiment}-{seed}-samples.png", sha)
    except InputError:
        return None
    return "data:image/png;base64," + base64.b64encode(picture).decode()


def scores(sha: str, experiment: str, seeds: list[str]) -> list[list[np.ndarray]] | None:
    """Test log-likelihoods in nats, (m,) for each fold of each seed; None where neither cache nor remote has them all."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "scores"
        get = [sys.executable, "-m", "dvc", "get", "--quiet", "--rev", sha, "--out", copy, ".", f"scores/{experiment}"]
        subprocess.run(get, stderr=subprocess.DEVNULL)
        paths = [copy / seed / "log_likelihoods.npz" for seed in seeds]
        return [folds(path) for path in paths] if all(path.exists() for path in paths) else None


def folds(path: Path) -> list[np.ndarray]:
    """A seed's scores, in the order of the folds."""
    with np.load(path, allow_pickle=False) as arrays:
        return [arrays[f"fold_{number}"] for number in range(len(arrays))]


def main() -> None:
    """Read the two names from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "a", help="a git revision or DVC experiment such as main, an experiment in it such as main:mnist, or mnist for HEAD:mnist"
    )
    parser.add_argument("b", help="another; differences are b less a")
    given = parser.parse_args()
    with exit_status():
        compare(given.a, given.b)


if __name__ == "__main__":
    main()
