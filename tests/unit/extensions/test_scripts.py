"""The scripts of the extensions on a small project: what they write, and bad input in one line."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from adversarial_nets.core.errors import InputError
from adversarial_nets.data import prepared
from adversarial_nets.parameters.extensions import Extensions
from adversarial_nets.parameters.reading import parse, read, read_experiment
from adversarial_nets.regression import extension_references
from adversarial_nets.running import paths
from adversarial_nets.running.paths import ExperimentPaths
from support.experiments import ROOT, project_values, small_baseline_values, small_values, write_project, write_yaml
from support.extensions import small_extensions, with_classes


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, digits: np.ndarray) -> Path:
    folder = tmp_path_factory.mktemp("project")
    chain = "generative_stochastic_network"
    write_project(folder, project_values(), mnist5k=small_values(), **{f"mnist5k_{chain}": small_baseline_values(chain)})
    write_yaml(folder / "extensions" / "params.yaml", small_extensions())
    for name in ("mnist5k", f"mnist5k_{chain}"):
        prepared.save(with_classes(digits), folder / ExperimentPaths(name).prepared)
        assert run(folder, "stages.train", name, "0").returncode == 0
    return folder


VARIANTS = list(small_extensions()["conditional"]["variants"])


@pytest.fixture(scope="module")
def reported(project: Path) -> Path:
    """The project after all scripts."""
    commands = [
        *(("train", name, "0") for name in [*VARIANTS, "completion"]),
        *(("conditional", name, "0") for name in ["training_images", *VARIANTS]),
        *((name, "0") for name in ("completion", "inference", "few_labels")),
        ("report",),
    ]
    for script, *arguments in commands:
        ended = run(project, f"extensions.{script}", *arguments)
        assert (ended.returncode, ended.stderr) == (0, "")
    return project


def test_the_scripts_make_the_page(reported: Path) -> None:
    page, report = (reported / "reports/extensions/README.md").read_text(), reported / "reports/extensions"
    for path in [f"runs/{name}/0/figure.png" for name in [*VARIANTS, "completion"]]:
        assert f"({path})" in page
        assert (report / path).exists()
    assert pd.read_csv(report / "conditional.csv")["model"].tolist() == ["training_images", *VARIANTS]
    assert set(pd.read_csv(report / "completion.csv")["kind"]) == {"half", "square", "quadrant", "pixels"}
    findings = pd.read_csv(report / "findings.csv", index_col="name")
    assert findings.index.tolist() == ["conditional", "inference", "completion", "few_labels"]
    assert all(sentence in page for sentence in findings["measured"])
    assert not list((reported / "checkpoints").glob("*.state"))
    for name, what in (
        ("appended", "a class"),
        ("completion", "seen pixels"),
        ("inference", "`encoder.safetensors` maps images"),
    ):
        card = (reported / f"extensions/models/{name}/0/model_card.md").read_text()
        assert what in card
        assert "Data: Digits." in card
        assert json.loads(card.split("```json\n")[1].split("```")[0])


def test_a_reference_follows_from_its_runs_and_from_the_models(reported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(reported)
    monkeypatch.setattr(extension_references.provenance, "refuse_uncommitted_code", lambda: None)
    monkeypatch.setattr(extension_references, "refuse_stale_results", lambda pipeline, command: None)
    monkeypatch.setattr(extension_references.provenance, "of_extensions", lambda asked: {"commit": "none"})
    extension_references.write_reference()
    folder = reported / paths.EXTENSION_REFERENCES / "mnist5k"
    checks = list(extension_references.checks())
    assert [check.contradictions() for check in checks] == [[]] * 9
    assert not any(check.skipped for check in checks)

    for name, key in (("inference", "r2"), ("appended", "class_wise_log_likelihood")):
        path = folder / "runs" / name / "0" / "scores.json"
        scores = json.loads(path.read_text())
        path.write_text(json.dumps(scores | {key: scores[key] + 1}))
    contradicted = [check.file for check in extension_references.checks() if check.contradictions()]
    assert [Path(file).name for file in contradicted] == ["README.md", "conditional.csv", "mnist5k", "scores.json", "scores.json"]


@pytest.mark.parametrize("name", ["params", "mnist"])
def test_shipped_parameters_name_experiments_on_the_same_data(name: str) -> None:
    asked = read(ROOT / "extensions" / f"{name}.yaml", Extensions)
    names = [asked.experiment, asked.completion.chain.experiment, *asked.few_labels.compared]
    first, *others = (read_experiment(ROOT / "experiments" / f"{name}.yaml").data for name in names)
    assert all(each == first for each in others)


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
    changed = small_extensions()
    change(changed)
    with pytest.raises(InputError, match=r"extensions/params\.yaml:") as error:
        parse(changed, Extensions, "extensions/params.yaml")
    assert message in str(error.value)
