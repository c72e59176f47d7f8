"""Render two git revisions or DVC experiments as one self-contained page, comparison.html."""

import argparse
import base64
import io
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from adversarial_nets import differences, files, history, verdicts
from adversarial_nets.differences import Pair, Side
from adversarial_nets.errors import InputError, exit_status

PAGE = Path("comparison.html")


def compare(a: str, b: str) -> None:
    """Write the page. Raises InputError where a revision cannot be read or the two share no experiment."""
    rules = verdicts.parse(history.yaml(history.read("gate.yaml"), "gate.yaml"), "gate.yaml")
    ours, theirs = history.of_revision(a), history.of_revision(b)
    shared = [name for name in ours if name in theirs]
    if not shared:
        raise InputError(f"'{a}' has results of {', '.join(ours)}, '{b}' of {', '.join(theirs)}: no experiment in common")
    pairs = [Pair(name, side(a, name, ours[name]), side(b, name, theirs[name]), rules.comparable) for name in shared]
    files.write_text(PAGE, differences.render(a, b, pairs))
    print(f"wrote {PAGE}")


def side(revision: str, experiment: str, results: history.Results) -> Side:
    """What a revision has of an experiment, from git and from DVC's cache or remote."""
    sha = history.commit(revision)
    table = pd.read_csv(
        io.BytesIO(history.content(sha, "reports/table1.csv", revision)), dtype={"seeds": str, "kept_epochs": str}
    )
    rows = table[table["experiment"] == experiment]
    seeds = rows["seeds"].dropna().iloc[0].split()
    return Side(revision, results, rows, samples(sha, experiment, seeds[0]), scores(sha, experiment, seeds))


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
    parser.add_argument("a", help="a git revision or a DVC experiment, such as main")
    parser.add_argument("b", help="another; differences are b less a")
    given = parser.parse_args()
    with exit_status():
        compare(given.a, given.b)


if __name__ == "__main__":
    main()
