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

from adversarial_nets.core import files
from adversarial_nets.core.errors import InputError, exit_status
from adversarial_nets.likelihood.protocol import load_log_likelihoods
from adversarial_nets.parameters.reading import read
from adversarial_nets.regression import revisions
from adversarial_nets.regression.differences import Pair, Side
from adversarial_nets.regression.rules import Rules
from adversarial_nets.report.page import render_template
from adversarial_nets.running import paths
from adversarial_nets.running.paths import RunPaths


@dataclass(frozen=True)
class Named:
    """What a name on the command line stands for: a revision and, if the name says so, one experiment of it."""

    name: str
    revision: str
    experiment: str | None


def compare(a: str, b: str) -> None:
    """Write the page. Raises InputError if a name stands for nothing or the two have no results to compare."""
    comparable = read(paths.RULES, Rules).comparable
    first, second = named(a), named(b)
    pairs = [Pair(title(*both), side(first, both[0]), side(second, both[1]), comparable) for both in matched(first, second)]
    files.write_text(paths.COMPARISON, render_template("compare.html", a=a, b=b, pairs=pairs))
    print(f"wrote {paths.COMPARISON}")


def title(a: str, b: str) -> str:
    """What the page calls two experiments, or the one on both sides."""
    return a if a == b else f"{a} and {b}"


def named(name: str) -> Named:
    """A revision or DVC experiment such as ``main``, one experiment's results in it such as ``main:mnist``, or, if git knows no
    revision of that name, those in the last commit. Raises InputError if it is none of these.
    """
    revision, _, experiment = name.rpartition(":")
    if revision and experiment:
        return Named(name, revision, experiment)
    try:
        revisions.commit(name)
    except InputError:
        if name not in results_of_last_commit():
            raise
        return Named(name, "HEAD", name)
    return Named(name, name, None)


def results_of_last_commit() -> dict[str, revisions.Results]:
    """Empty if it has none."""
    try:
        return revisions.of_revision("HEAD")
    except InputError:
        return {}


def matched(a: Named, b: Named) -> list[tuple[str, str]]:
    """The experiments to set against one another: the two that are named, or the one on both sides, or all that both sides have.

    Raises InputError if there are none.
    """
    ours, theirs = revisions.of_revision(a.revision), revisions.of_revision(b.revision)
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
    sha = revisions.commit(given.revision)
    table = revisions.table(io.BytesIO(revisions.content(sha, paths.TABLE, given.revision)))
    rows = table[table["experiment"] == experiment]
    runs = [RunPaths(experiment, int(seed)) for seed in rows["seeds"].dropna().iloc[0].split()]
    results = revisions.of_revision(given.revision)[experiment]
    return Side(given.name, results, rows, samples(sha, runs[0]), scores(sha, runs))


def samples(sha: str, run: RunPaths) -> str | None:
    """The picture of a run's samples as a data address; None if the commit has none."""
    try:
        picture = revisions.content(sha, paths.REPORT_FIGURES / f"{run.name}-{run.seed}-{run.samples_figure.name}", sha)
    except InputError:
        return None
    return "data:image/png;base64," + base64.b64encode(picture).decode()


def scores(sha: str, runs: list[RunPaths]) -> dict[int, list[np.ndarray]] | None:
    """Test log-likelihoods in nats, (m,) for each fold, by seed; None if neither cache nor remote has them all."""
    with tempfile.TemporaryDirectory() as folder:
        copy, wanted = Path(folder) / "scores", paths.SCORES / runs[0].name
        get = [sys.executable, "-m", "dvc", "get", "--quiet", "--rev", sha, "--out", copy, ".", wanted]
        subprocess.run(get, stderr=subprocess.DEVNULL)
        found = {run.seed: copy / run.log_likelihoods.relative_to(wanted) for run in runs}
        complete = all(path.exists() for path in found.values())
        return {seed: load_log_likelihoods(path) for seed, path in found.items()} if complete else None


def main() -> None:
    """Read the two names from the command line."""
    parser = argparse.ArgumentParser(prog="python -m adversarial_nets.regression.compare", description=__doc__)
    parser.add_argument(
        "a", help="a git revision or DVC experiment such as main, an experiment in it such as main:mnist, or mnist for HEAD:mnist"
    )
    parser.add_argument("b", help="another; differences are b less a")
    with exit_status():
        given = parser.parse_args()
        compare(given.a, given.b)


if __name__ == "__main__":
    main()
