"""The stages of learned inference and of few labels on tiny data, and the chapters that are written of them."""

import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from adversarial_nets.data import prepared
from adversarial_nets.data.prepared import VALIDATION
from adversarial_nets.gan import run as games
from adversarial_nets.gan.run import Setup
from adversarial_nets.gan.training import train
from adversarial_nets.parameters.experiment import Experiment
from adversarial_nets.parameters.extensions import Extensions
from adversarial_nets.parameters.reading import parse, read
from adversarial_nets.report import inference as chapters
from adversarial_nets.running import paths
from adversarial_nets.running.paths import ExperimentPaths, ExtensionPaths, RunPaths
from support.experiments import project_values, small_values, write_project, write_yaml
from support.extensions import small_extensions, with_classes


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, digits: np.ndarray) -> Path:
    """A folder with a trained experiment."""
    folder, data, experiment = (
        tmp_path_factory.mktemp("finished"),
        with_classes(digits),
        parse(small_values(), Experiment, "small"),
    )
    write_project(folder, project_values(), mnist5k=small_values())
    write_yaml(folder / paths.EXTENSIONS, small_extensions())
    prepared.save(data, folder / ExperimentPaths("mnist5k").prepared)
    run = train(Setup(experiment, data.training_images, data.fold_images(0, VALIDATION), 0, torch.device("cpu")))
    games.save(run, folder / RunPaths("mnist5k", 0).model)
    return folder


def run_script(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", [name, *arguments])
    try:
        runpy.run_module(f"extensions.{name}", run_name="__main__")
    except SystemExit as ended:
        return ended.code
    return 0


def test_few_labels_without_an_encoder_say_what_to_run(
    finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    assert run_script("few_labels", finished, monkeypatch, "0") == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.endswith("run `python -m extensions.inference` for it, or `make extensions`")


def test_inference_without_a_generator_says_what_to_run(
    finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    assert run_script("inference", finished, monkeypatch, "7") == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "models/mnist5k/7/generator.safetensors: not there; run `python -m stages.train`" in line


def test_stages_write_the_same_bytes_again_and_chapters_follow_from_them(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inference, few_labels = ExtensionPaths("inference", 0), ExtensionPaths("few_labels", 0)
    outputs = [
        finished / path for path in (inference.encoder, inference.scores, inference.figure, few_labels.errors, few_labels.images)
    ]

    def written() -> list[bytes]:
        assert [run_script(name, finished, monkeypatch, "0") for name in ("inference", "few_labels")] == [0, 0]
        return [path.read_bytes() for path in outputs]

    assert written() == written()
    assert list((finished / "checkpoints").glob("*.state")) == []
    scores, errors = json.loads(outputs[1].read_text()), pd.read_csv(outputs[3])
    assert [each["images"] for each in scores["errors"]] == ["fresh samples", "test images"]
    assert errors["features"].unique().tolist() == ["pixels", "D", "untrained D", "E, last hidden layer", "E(x)", "PCA-4"]

    asked = read(finished / paths.EXTENSIONS, Extensions)
    inferred, labelled = chapters.inference_chapter(asked), chapters.few_labels_chapter(asked)
    assert f"{scores['errors'][1]['encoder']:.4f}" in inferred.text
    pixels = errors.loc[errors["features"] == "pixels", "error"]
    assert f"{pixels.mean():.1f} ± {pixels.std():.1f}" in labelled.text


def rows(**errors: list[float]) -> pd.DataFrame:
    names = {"hidden": "E, last hidden layer", "z": "E(x)"}
    return pd.DataFrame(
        [
            {"features": names.get(name, name), "labels": 100, "seed": 0, "draw": draw, "error": error}
            for name, each in errors.items()
            for draw, error in enumerate(each)
        ]
    )


@pytest.mark.parametrize(
    ("d", "hidden", "verdict"),
    [
        ([10, 12, 11], [9, 11, 10], "holds"),
        ([10, 12, 11], [19, 23, 21], "holds with limits"),
        ([20, 21, 19], [20, 22, 19], "does not hold here"),  # no more than chance
        ([40, 41, 39], [40, 42, 39], "does not hold here"),
    ],
)
def test_features_improve_only_by_more_than_chance_over_every_control(d: list[float], hidden: list[float], verdict: str) -> None:
    found = rows(pixels=[20, 22, 21], untrained=[20, 21, 20], D=d, hidden=hidden, z=[50, 50, 50])
    alike = pd.DataFrame({f"{name}: 100": [1, 0, 2] for name in found["features"].unique()})
    assert chapters.few_labels_finding(found, alike).verdict == verdict


def test_a_difference_that_a_few_test_images_make_is_chance() -> None:
    found = rows(pixels=[20, 21, 20], D=[10, 11, 10], hidden=[50, 50, 50], z=[50, 50, 50])
    others = {"E, last hidden layer: 100": [0] * 5, "E(x): 100": [0] * 5}
    wrong = pd.DataFrame({"pixels: 100": [3, 0, 0, 0, 0], "D: 100": [0, 0, 0, 0, 1], **others})
    assert chapters.few_labels_finding(found, wrong).verdict == "does not hold here"


def test_features_of_other_models_are_no_controls() -> None:
    found = rows(pixels=[20, 21, 20], D=[10, 11, 10], hidden=[50, 50, 50], z=[50, 50, 50])
    peer = found[found["features"] == "D"].assign(features="peer", error=1.0)
    others = {"E, last hidden layer: 100": [0] * 5, "E(x): 100": [0] * 5}
    wrong = pd.DataFrame({"pixels: 100": [3] * 5, "D: 100": [0] * 5, "peer: 100": [0] * 5, **others})
    first, *_ = chapters.few_labels_finding(pd.concat([found, peer]), wrong, ["peer"]).sentences
    assert "(D) improve the classifier: 10.3 % against 20.3 % of the best control, pixels" in first


@pytest.mark.parametrize(
    ("fresh", "real", "verdict"), [(0.01, 0.02, "holds"), (0.01, 0.04, "holds with limits"), (0.05, 0.04, "does not hold here")]
)
def test_inference_must_beat_the_nearest_training_image(fresh: float, real: float, verdict: str) -> None:
    others = {"inverted": 0.001, "nearest_training_image": 0.03, "mean_image": 0.06}
    means = pd.DataFrame([{"encoder": fresh, **others}, {"encoder": real, **others}], index=["fresh samples", "test images"])
    assert chapters.inference_finding(means).verdict == verdict
