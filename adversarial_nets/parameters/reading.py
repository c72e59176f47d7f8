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
from adversarial_nets.parameters.baselines import (
    Baseline,
    ContractiveAutoencoderExperiment,
    DeepBeliefNetworkExperiment,
    GenerativeStochasticNetworkExperiment,
)
from adversarial_nets.parameters.experiment import Experiment
from adversarial_nets.parameters.messages import first_complaint
from adversarial_nets.parameters.section import Section, nearest

MODELS: dict[str, type[Experiment] | type[Baseline]] = {
    "adversarial": Experiment,
    "deep_belief_network": DeepBeliefNetworkExperiment,
    "contractive_autoencoder": ContractiveAutoencoderExperiment,
    "generative_stochastic_network": GenerativeStochasticNetworkExperiment,
}
AnyExperiment = Experiment | Baseline
AnySection = TypeVar("AnySection", bound=Section)


def read(path: Path, schema: type[AnySection]) -> AnySection:
    """A parameter file. Raises InputError, with one line that names the file and the key, if it cannot be read or is wrong."""
    return parse(parse_yaml(read_text(path), str(path)), schema, str(path))


def read_experiment(path: Path) -> AnyExperiment:
    """An experiment's file, of whatever model. Raises InputError as ``read`` does."""
    return parse_experiment(parse_yaml(read_text(path), str(path)), str(path))


def parse_experiment(values: Any, name: str) -> AnyExperiment:
    """Check the values of an experiment's file, by the schema of its model; a file that names none is of adversarial nets."""
    model = values.get("model", "adversarial") if isinstance(values, dict) else "adversarial"
    if model == "adversarial" and isinstance(values, dict) and values.get("discriminator", {}) is None:
        raise InputError(f"{name}:model: adversarial nets need a discriminator; of others, name the model: {', '.join(MODELS)}")
    if not isinstance(model, str) or model not in MODELS:
        raise InputError(one_line(f"{name}:model: must be one of {', '.join(MODELS)} (it is {model!r})"))
    return parse(values, MODELS[model], name)


def read_experiments(folder: Path) -> dict[str, AnyExperiment]:
    """Every experiment file in a folder and in the folders in it, by name. Raises InputError with the first that is wrong."""
    paths = sorted(folder.rglob("*.yaml"))
    experiments = {path.stem: read_experiment(path) for path in paths}
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
