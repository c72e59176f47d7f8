"""The scripts of the extensions on a small project: what they write, and bad input in one line."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from adversarial_nets.core.errors import InputError
from adversarial_nets.data import prepared
from adversarial_nets.parameters.extensions import Extensions
from adversarial_nets.parameters.reading import parse
from adversarial_nets.running.paths import ExperimentPaths
from support.experiments import ROOT, project_values, read_yaml, small_baseline_values, small_values, write_project
from support.extensions import with_classes

FILE = ROOT / "extensions" / "params.yaml"


def values() -> dict[str, Any]:
    """What stands in the shipped file, with models of seconds."""
    found = read_yaml(FILE)
    found["classifier"] |= {"hidden_units": 8, "epochs": 1}
    found["conditional"] |= {"epochs": 2, "samples_per_class": 10}
    found["completion"] |= {"epochs": 2, "num_images": 4, "num_completions": 4, "num_neighbours": 2}
    found["completion"]["chain"] |= {"chains": 2, "burn_in": 1, "states": 2}
    return found


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, digits: np.ndarray) -> Path:
    folder = tmp_path_factory.mktemp("project")
    chain = "generative_stochastic_network"
    write_project(folder, project_values(), mnist5k=small_values(), **{f"mnist5k_{chain}": small_baseline_values(chain)})
    (folder / "extensions").mkdir()
    YAML().dump(values(), folder / "extensions" / "params.yaml")  # layers stay in their order
    prepared.save(with_classes(digits), folder / ExperimentPaths("mnist5k").prepared)
    return folder


def test_the_scripts_make_the_page(project: Path) -> None:
    variants = list(values()["conditional"]["variants"])
    for name in [*variants, "completion"]:
        ended = run(project, "extensions.train", name, "0")
        assert (ended.returncode, ended.stderr) == (0, "")
    assert run(project, "extensions.train_chain", "0").returncode == 0
    for arguments in [("conditional", name, "0") for name in ["training_images", *variants]] + [("completion", "0"), ("report",)]:
        ended = run(project, f"extensions.{arguments[0]}", *arguments[1:])
        assert (ended.returncode, ended.stderr) == (0, "")
    page, report = (project / "reports/extensions/README.md").read_text(), project / "reports/extensions"
    for path in [f"runs/{name}/0/figure.png" for name in [*variants, "completion"]]:
        assert f"({path})" in page
        assert (report / path).exists()
    assert pd.read_csv(report / "conditional.csv")["model"].tolist() == ["training_images", *variants]
    assert set(pd.read_csv(report / "completion.csv")["kind"]) == {"half", "square", "quadrant", "pixels"}
    assert not list((project / "checkpoints").iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train", "apended", "0"), "none is called 'apended'; there are appended, "),
        (("train", "appended", "-1"), "seed: must be 0 or more"),
        (("conditional", "appended", "1"), "extensions/models/appended/1/generator.safetensors: not there; "),
        (("completion", "1"), "extensions/models/completion/1/generator.safetensors: not there; "),
    ],
)
def test_bad_input_is_one_line(project: Path, arguments: tuple[str, ...], message: str) -> None:
    ended = run(project, f"extensions.{arguments[0]}", *arguments[1:])
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1), ended.stderr
    assert ended.stderr.startswith("error: ")
    assert message in ended.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda values: values["conditional"]["variants"].update(completion={"labels": "given"}), "completion: is the name of"),
        (lambda values: values["conditional"]["variants"]["appended"].update(labels="none"), "variants.appended.labels: "),
        (lambda values: values["completion"].update(num_completions=1), "completion.num_completions: "),
        (lambda values: values.update(clasifier={}), "clasifier: unknown key; did you mean 'classifier'?"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(change: Any, message: str) -> None:
    changed = values()
    change(changed)
    with pytest.raises(InputError, match=r"extensions/params\.yaml:") as error:
        parse(changed, Extensions, "extensions/params.yaml")
    assert message in str(error.value)
