"""Results with the parameters that gave them: of the working tree, of a git revision, or of the committed reference."""

import io
import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from adversarial_nets.core.errors import InputError
from adversarial_nets.parameters.experiment import Experiment

METRICS, PARAMETERS, REFERENCE = "reports/metrics.json", "params.yaml", "reports/reference"


@dataclass(frozen=True)
class Results:
    """One experiment's entry in ``metrics.json``, and its parameters by path, such as ``training.epochs``."""

    metrics: dict[str, float]
    parameters: dict[str, Any]


def of_working_tree() -> dict[str, Results]:
    """Every experiment in the working tree's ``metrics.json``. Raises InputError where a file cannot be read."""
    return _results(read, "")


def of_revision(revision: str) -> dict[str, Results]:
    """Every experiment in a revision's ``metrics.json``. Raises InputError where it or its files cannot be read."""
    sha = commit(revision)
    found = _results(lambda path: content(sha, path, revision).decode(), f"{revision}:")
    if not found:
        raise InputError(f"{revision}:{METRICS}: has no experiment's results to compare with")
    return found


def suite() -> list[str]:
    """The experiments that the working tree's parameters call for. Raises InputError where they name none."""
    values = yaml(read(PARAMETERS), PARAMETERS)
    if not isinstance(values, dict) or not isinstance(values.get("suite"), list):
        raise InputError(f"{PARAMETERS}: has no list `suite`")
    return values["suite"]


def of_reference() -> dict[str, Results]:
    """Every experiment that has a committed reference. Raises InputError where there is none or a file cannot be read."""
    folders = sorted(path for path in Path(REFERENCE).glob("*") if path.is_dir())
    if not folders:
        raise InputError(f"{REFERENCE}: no reference there; write one with `make reference`, or name a revision to compare with")
    return {folder.name: _reference(folder) for folder in folders}


def _reference(folder: Path) -> Results:
    metrics, parameters = folder / "metrics.json", folder / "parameters.json"
    found = _metrics(read(str(metrics)), str(metrics))
    if folder.name not in found:
        raise InputError(f"{metrics}: has no results of {folder.name}; write the reference anew with `make reference`")
    return Results(found[folder.name], _by_path(_json(read(str(parameters)), str(parameters))))


def _results(text_of: Callable[[str], str], prefix: str) -> dict[str, Results]:
    found = _metrics(text_of(METRICS), prefix + METRICS)
    described = experiments(text_of(PARAMETERS), prefix + PARAMETERS)
    for name in found.keys() - described.keys():
        raise InputError(f"{prefix}{PARAMETERS}: does not describe {name}, of which {METRICS} has results; run `make repro`")
    return {name: Results(metrics, _by_path(described[name])) for name, metrics in found.items()}


def read(path: str) -> str:
    """A file's text. Raises InputError where it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: not there; run from the project's root, after `make repro`") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None


def commit(revision: str) -> str:
    """The commit that a revision or a DVC experiment names. Raises InputError where there is none, or more than one."""
    known = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").stdout
    experiment = _git("for-each-ref", "--format=%(objectname)", f"refs/exps/*/*/{revision}")
    if experiment.returncode:
        raise InputError(f"git cannot read this project's repository: {_said(experiment)}")
    found = (known or experiment.stdout).decode().split()
    if len(found) > 1:
        raise InputError(
            f"'{revision}': several experiments have this name; `dvc exp list --all-commits --sha` shows their commits"
        )
    if not found:
        raise InputError(f"'{revision}': git knows no such revision or experiment here; has it been fetched, with its history?")
    return found[0]


def content(sha: str, path: str, revision: str) -> bytes:
    """A file as it is in a commit, which errors call ``revision``. Raises InputError where it has no such file."""
    done = _git("show", f"{sha}:./{path}")
    if done.returncode:
        raise InputError(f"'{revision}' has no {path} ({_said(done)})")
    return done.stdout


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", *arguments], capture_output=True)
    except FileNotFoundError:
        raise InputError("git: not installed; it is needed to read other revisions") from None


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    return " ".join(done.stderr.decode(errors="replace").split())


def yaml(text: str, name: str) -> Any:
    """The values in YAML text, read as DVC does. Raises InputError where it is not YAML."""
    try:
        return YAML(typ="safe", pure=True).load(io.StringIO(text))
    except (YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"{name}: not valid YAML: {' '.join(str(error).split())}") from None


def experiments(text: str, name: str) -> dict[str, Any]:
    """The experiments in the text of a ``params.yaml``, of this or an earlier time. Raises InputError where it has none."""
    values = yaml(text, name)
    described = values.get("experiments") if isinstance(values, dict) else None
    if not isinstance(described, dict):
        raise InputError(f"{name}: has no mapping `experiments`")
    return described


def _metrics(text: str, name: str) -> dict[str, dict[str, float]]:
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
    raise ValueError(f"{constant} is no number")


def _by_path(parameters: dict[str, Any]) -> dict[str, Any]:
    return dict(_leaves({name: _with_defaults(name, section) for name, section in parameters.items()}))


def _with_defaults(name: str, section: Any) -> Any:
    """A section of an experiment, complete; as it is where today's rules do not know it, because it is of another time."""
    try:
        field = Experiment.model_fields[name]
        return TypeAdapter(Annotated[field.annotation, field]).validate_python(section).model_dump()
    except (KeyError, ValidationError):
        return section


def _leaves(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """An empty value counts as absent: a default of that kind is new in a later version."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        elif value is not None:
            yield f"{prefix}{key}", value
