"""Results with the parameters that gave them: of the working tree, of a git revision, or of the committed reference."""

import io
import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import TypeAdapter, ValidationError

from adversarial_nets.core import files
from adversarial_nets.core.errors import InputError, one_line
from adversarial_nets.diagnostics.collapse import FINISHED
from adversarial_nets.parameters.experiment import Experiment
from adversarial_nets.parameters.reading import MODELS, AnyExperiment, experiment_path, parse_yaml, read_text
from adversarial_nets.parameters.section import Section
from adversarial_nets.running import paths
from adversarial_nets.running.paths import ExperimentPaths

MEASURED = ["log_likelihood", "validation_log_likelihood", "refined_log_likelihood"]  # metrics that seeds.csv has of each run


@dataclass(frozen=True)
class Results:
    """One experiment's entry in ``metrics.json``, its parameters by path, such as ``training.epochs``, and from ``seeds.csv`` the
    value of each metric for each seed that its mean is of; empty if there is no such file.
    """

    metrics: dict[str, float]
    parameters: dict[str, Any]
    by_seed: dict[str, dict[int, float]] = field(default_factory=dict)


def of_working_tree() -> dict[str, Results]:
    """Every experiment in the working tree's ``metrics.json``. Raises InputError if a file cannot be read."""
    with files.reading(paths.METRICS, "report") as path:
        metrics = path.read_text(encoding="utf-8")
    seeds = read_text(paths.SEEDS) if paths.SEEDS.exists() else ""
    return _results(metrics, seeds, lambda name: read_text(experiment_path(name, paths.EXPERIMENTS)), "")


def of_revision(revision: str) -> dict[str, Results]:
    """Every experiment in a revision's ``metrics.json``. Raises InputError if it, or one of its files, cannot be read."""
    sha = commit(revision)
    metrics = content(sha, paths.METRICS, revision).decode()
    found = _results(metrics, _seeds(sha), lambda name: _experiment(sha, name, revision), f"{revision}:")
    if not found:
        raise InputError(f"{revision}:{paths.METRICS}: has no experiment's results to compare with")
    return found


def _seeds(sha: str) -> str:
    """A commit's ``seeds.csv``; empty if it is older than that file."""
    try:
        return content(sha, paths.SEEDS, sha).decode()
    except InputError:
        return ""


def _experiment(sha: str, name: str, revision: str) -> str:
    try:
        return content(sha, ExperimentPaths(name).parameters, revision).decode()
    except InputError as error:
        raise InputError(f"{error}; a commit whose experiments are in params.yaml cannot be compared with") from None


def of_reference() -> dict[str, Results]:
    """Every experiment that has a committed reference. Raises InputError if there is none or a file cannot be read."""
    folders = sorted(path for path in paths.REFERENCES.glob("*") if path.is_dir())
    if not folders:
        remedy = "write one with `make reference`, or name a revision to compare with"
        raise InputError(f"{paths.REFERENCES}: no reference there; {remedy}")
    return {folder.name: _reference(folder) for folder in folders}


def _reference(folder: Path) -> Results:
    metrics, parameters, seeds = folder / paths.METRICS.name, folder / paths.PARAMETERS_USED, folder / paths.SEEDS.name
    found = _entries(read_text(metrics), str(metrics))
    if folder.name not in found:
        raise InputError(f"{metrics}: has no results of {folder.name}; write the reference anew with `make reference`")
    by_seed = _by_seed(read_text(seeds) if seeds.exists() else "", str(seeds)).get(folder.name, {})
    return Results(found[folder.name], _by_path(_json(read_text(parameters), str(parameters))), by_seed)


def _results(metrics: str, seeds: str, experiment: Callable[[str], str], prefix: str) -> dict[str, Results]:
    """From the texts of ``metrics.json``, ``seeds.csv`` and each experiment's file; errors put the prefix before their paths."""
    entries, by_seed = _entries(metrics, f"{prefix}{paths.METRICS}"), _by_seed(seeds, f"{prefix}{paths.SEEDS}")
    return {
        name: Results(entry, _parameters(name, experiment(name), prefix), by_seed.get(name, {}))
        for name, entry in entries.items()
    }


def _by_seed(text: str, file: str) -> dict[str, dict[str, dict[int, float]]]:
    """By experiment, metric and seed, of the runs that finished, or of all if none did."""
    try:
        rows = pd.read_csv(io.StringIO(text)) if text else pd.DataFrame(columns=["experiment"])
        groups = {str(name): counted(group).set_index("seed") for name, group in rows.groupby("experiment")}
        return {name: {metric: group[metric].dropna().to_dict() for metric in MEASURED} for name, group in groups.items()}
    except (ValueError, KeyError) as error:
        raise InputError(f"{file}: not a table of seeds and their results ({one_line(error)}); run `make repro`") from None


def counted(rows: pd.DataFrame) -> pd.DataFrame:
    """Of rows of ``seeds.csv``, those that the metrics are of: with a score, and finished unless none did."""
    scored = rows[rows["log_likelihood"].notna()]
    finished = scored[scored["outcome"] == FINISHED]
    return finished if len(finished) else scored


def _parameters(name: str, text: str, prefix: str) -> dict[str, Any]:
    file = f"{prefix}{ExperimentPaths(name).parameters}"
    values = parse_yaml(text, file)
    if not isinstance(values, dict):
        raise InputError(f"{file}: a mapping of keys to values is needed here")
    return _by_path(values)


def commit(revision: str) -> str:
    """The commit that a revision or a DVC experiment names. Raises InputError if there is none, or more than one."""
    known = git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").stdout.decode().split()
    found = known or references(f"refs/exps/*/*/{revision}", "objectname")
    if len(found) > 1:
        remedy = "`dvc exp list --all-commits --sha` shows their commits"
        raise InputError(f"'{revision}': several experiments have this name; {remedy}")
    if not found:
        raise InputError(f"'{revision}': git knows no such revision or experiment here; has it been fetched, with its history?")
    return found[0]


def references(pattern: str, field: str) -> list[str]:
    """A field, such as ``refname``, of git's references. Raises InputError if this is not a repository."""
    done = git("for-each-ref", f"--format=%({field})", pattern)
    if done.returncode:
        raise InputError(f"git cannot read this project's repository: {_message(done)}")
    return done.stdout.decode().split()


def content(sha: str, path: Path, revision: str) -> bytes:
    """A file as it is in a commit, which errors call ``revision``. Raises InputError if it has no such file."""
    done = git("show", f"{sha}:./{path.as_posix()}")
    if done.returncode:
        raise InputError(f"'{revision}' has no {path} ({_message(done)})")
    return done.stdout


def table(source: Path | io.BytesIO) -> pd.DataFrame:
    """The rows of a ``table1.csv``; lists of seeds and epochs stay texts, even if there is only one."""
    return pd.read_csv(source, dtype={"seeds": str, "collapsed": str, "kept_epochs": str})


def git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    """What a git command prints, and its exit status. Raises InputError if git is not installed."""
    try:
        return subprocess.run(["git", *arguments], capture_output=True)
    except FileNotFoundError:
        raise InputError("git: not installed; it is needed to read other revisions") from None


def _message(done: subprocess.CompletedProcess[bytes]) -> str:
    return one_line(done.stderr.decode(errors="replace"))


def _entries(text: str, name: str) -> dict[str, dict[str, float]]:
    """Entries of experiments alone: those that have a log-likelihood, and with it all that a judgement rests on."""
    entries = {key: entry for key, entry in _json(text, name).items() if isinstance(entry, dict)}
    found = {key: entry for key, entry in entries.items() if "log_likelihood" in entry}
    needed = dict.fromkeys(["standard_error", "num_seeds"])
    values = [(f"{key}.{metric}", value) for key, entry in found.items() for metric, value in (entry | needed | entry).items()]
    if wrong := [metric for metric, value in values if not isinstance(value, int | float)]:
        raise InputError(f"{name}: {wrong[0]} must be a number; run `make repro`")
    return found


def _json(text: str, name: str) -> dict[str, Any]:
    try:
        value = json.loads(text, parse_constant=_refuse)
    except ValueError as error:
        raise InputError(f"{name}: not valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise InputError(f"{name}: must hold a JSON object")
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")


def _by_path(parameters: dict[str, Any]) -> dict[str, Any]:
    """Parameters of an experiment by path. Those of another time name no model: they are of adversarial nets."""
    schema = MODELS.get(str(parameters.get("model")), Experiment)
    complete = {name: _with_defaults(schema, name, section) for name, section in parameters.items()}
    return dict(leaves({"model": "adversarial", **complete}))


def _with_defaults(schema: type[AnyExperiment], name: str, section: Any) -> Any:
    """A section of an experiment, complete; as it is if today's schema refuses it, because it is of another time."""
    try:
        field = schema.model_fields[name]
        complete = TypeAdapter(Annotated[field.annotation, field]).validate_python(section)
        return complete.model_dump() if isinstance(complete, Section) else complete
    except (KeyError, ValidationError):
        return section


def leaves(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Parameters by path. An empty value counts as absent: a default of that kind is new in a later version."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{key}.")
        elif value is not None:
            yield f"{prefix}{key}", value
