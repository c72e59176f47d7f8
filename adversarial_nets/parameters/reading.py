"""Parameter files, read as DVC reads them and checked: a wrong value is refused by name before any work is done.

No stage but ``check`` depends on this package, so that a new limit trains nothing again: a default, once published, must stay.
"""

import io
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from adversarial_nets.core.errors import InputError, one_line
from adversarial_nets.parameters.experiment import Experiment
from adversarial_nets.parameters.messages import first_complaint
from adversarial_nets.parameters.section import Section, nearest

AnySection = TypeVar("AnySection", bound=Section)


def read(path: Path, schema: type[AnySection]) -> AnySection:
    """A parameter file. Raises InputError, with one line that names the file and the key, if it cannot be read or is wrong."""
    return parse(parse_yaml(read_text(path), str(path)), schema, str(path))


def read_experiments(folder: Path) -> dict[str, Experiment]:
    """Every experiment file in a folder and in the folders in it, by name. Raises InputError with the first that is wrong."""
    paths = sorted(folder.rglob("*.yaml"))
    experiments = {path.stem: read(path, Experiment) for path in paths}
    for path in paths:
        if path.stem == "theory":
            raise InputError(f"{path}: an experiment cannot be called 'theory': results have that name already; rename the file")
    return experiments


def experiment_path(name: str, folder: Path) -> Path:
    """The file of an experiment. Raises InputError, with the nearest name that there is, if there is none."""
    path = folder / f"{name}.yaml"
    known = sorted(each.stem for each in folder.glob("*.yaml"))
    if name not in known:
        hint = nearest(name, known) or f"; there are {', '.join(known)}"
        raise InputError(f"{path}: not there, so no experiment is called '{name}'{hint}")
    return path


def read_text(path: Path) -> str:
    """A file's text. Raises InputError if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: not there; run from the project's folder") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None


def parse_yaml(text: str, name: str) -> Any:
    """The values in YAML text. Raises InputError, with the ``name`` of its file, if it is not YAML."""
    try:
        # The YAML 1.2 reader that DVC uses too: to others 1e-6 is a text.
        return YAML(typ="safe", pure=True).load(io.StringIO(text))
    except (YAMLError, ValueError, RecursionError) as error:  # ruamel lets ValueErrors of ill-formed numbers and dates through
        raise InputError(f"{name}: not valid YAML: {one_line(error)}") from None


def parse(values: Any, schema: type[AnySection], name: str) -> AnySection:
    """Check values that came from the file ``name``.

    Raises InputError with one line that names the first wrong key, such as ``experiments/mnist.yaml:training.epochs``.
    """
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        raise InputError(first_complaint(error, values, name)) from None
