"""List the experiments of `dvc exp run`, the commits that they start from and the workspace: what changed, and the results."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tabulate import tabulate

from adversarial_nets.core.errors import exit_status
from adversarial_nets.regression.revisions import commit, leaves, references
from adversarial_nets.regression.rules import differing
from adversarial_nets.running import dvc_cache, paths
from adversarial_nets.running.paths import ExperimentPaths

HEADERS = ["name", "experiment", "log-likelihood (nats)", "seeds", "what changed"]
WIDTHS = [22, 18, None, None, 46]  # with two spaces between columns: 120 at most
NONE = "no experiments yet; make one with `dvc exp run -S 'experiments/mnist5k.yaml:training.epochs=40'`"


@dataclass(frozen=True)
class Row:
    """One experiment's results in the workspace, a commit or a DVC experiment, with the parameters that its baseline has not."""

    name: str
    experiment: str
    metrics: dict[str, float]
    changed: dict[str, tuple[Any, Any]]

    @property
    def cells(self) -> list[str]:
        """The row as texts."""
        value, error = (f"{self.metrics[key]:.1f}".replace("-", "−") for key in ("log_likelihood", "standard_error"))
        changes = [f"{path}={after}" if after is not None else f"no {path}" for path, (_, after) in self.changed.items()]
        return [self.name, self.experiment, f"{value} ± {error}", f"{self.metrics['num_seeds']}", ", ".join(changes)]


def table() -> str:
    """Every row, best first within an experiment: log-likelihoods of different data cannot be compared."""
    if not (starts := baselines()):
        return NONE
    found = list(rows(shown(starts)))
    order = list(dict.fromkeys(row.experiment for row in found))
    found.sort(key=lambda row: (order.index(row.experiment), -row.metrics["log_likelihood"]))
    return tabulate([row.cells for row in found], HEADERS, disable_numparse=True, maxcolwidths=WIDTHS)


def baselines() -> list[str]:
    """The commits that DVC's experiments start from."""
    refs = references("refs/exps/??/*/*", "refname")
    return list(dict.fromkeys("".join(ref.split("/")[2:4]) for ref in refs))


def shown(commits: list[str]) -> list[dict[str, Any]]:
    """What `dvc exp show` knows of the workspace, HEAD and these commits. Raises InputError if DVC fails."""
    revisions = [f"--rev={each}" for each in dict.fromkeys([commit("HEAD"), *commits])]
    return json.loads(dvc_cache.output("exp", "show", "--json", *revisions))


def rows(states: list[dict[str, Any]]) -> Iterator[Row]:
    """The rows of `dvc exp show`: first the workspace, beside HEAD, then HEAD and other commits, each with its experiments."""
    workspace, head, *_ = states
    yield from _rows("workspace", workspace, head)
    for baseline in states[1:]:
        yield from _rows(baseline["name"] or baseline["rev"][:7], baseline, baseline)
        for experiment in baseline["experiments"] or []:
            tip = experiment["revs"][0]
            yield from _rows(experiment["name"] or tip["rev"][:7], tip, baseline)


def _rows(name: str, state: dict[str, Any], baseline: dict[str, Any]) -> Iterator[Row]:
    """None for an experiment that is queued, runs or failed."""
    for experiment, metrics in _files(state, "metrics").get(str(paths.METRICS), {}).items():
        if "log_likelihood" in metrics:
            yield Row(name, experiment, metrics, changes(_files(baseline, "params"), _files(state, "params"), experiment))


def _files(state: dict[str, Any], kind: str) -> dict[str, Any]:
    """The values in each file of a kind, ``metrics`` or ``params``."""
    described = (state["data"] or {}).get(kind) or {}
    return {path: file.get("data") or {} for path, file in described.items()}


def changes(before: dict[str, Any], after: dict[str, Any], experiment: str) -> dict[str, tuple[Any, Any]]:
    """What differs in params.yaml and an experiment's file, by names as short as the file allows."""
    found = {}
    for file in (str(paths.PARAMETERS), str(ExperimentPaths(experiment).parameters)):
        sides = [dict(leaves(side.get(file, {}))) for side in (before, after)]
        known = {*sides[0], *sides[1]}
        found |= {short(path, known): values for path, values in differing(*sides).items()}
    return found


def short(path: str, known: set[str]) -> str:
    """The shortest end of a parameter's path that no other has, such as ``epochs`` for ``training.epochs``."""
    parts = path.split(".")
    ends = (".".join(parts[-count:]) for count in range(1, len(parts) + 1))
    return next(end for end in ends if end == path or sum(f".{other}".endswith(f".{end}") for other in known) == 1)


def main() -> None:
    """Print the table; there are no arguments."""
    parser = argparse.ArgumentParser(prog="python -m adversarial_nets.regression.experiments", description=__doc__)
    with exit_status():
        parser.parse_args()
        print(table())


if __name__ == "__main__":
    main()
