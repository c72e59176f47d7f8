"""Stages as a user runs them: what they say, how they end, and that a failure leaves everything as it was."""

import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from matplotlib import font_manager  # noqa: F401 (its first import may say on stderr that it builds a cache)
from PIL import Image
from ruamel.yaml import YAML
from sklearn.datasets import load_digits
from torchvision.datasets import CIFAR10, MNIST

from adversarial_nets.core import files
from adversarial_nets.data import prepared as datasets
from adversarial_nets.data.prepared import TEST, TRAIN, VALIDATION, PreparedData
from adversarial_nets.report.results import load_experiment
from support.experiments import (
    BASELINES,
    ROOT,
    project_values,
    shipped_values,
    shrunk_baseline,
    small_baseline_values,
    small_values,
)
from support.faces import faces, put_fer2013, write_tfd
from support.source_files import Archives, Batches, snapshot

ARGUMENTS = {
    # what each stage asks for, and so mentions in its help
    "check": [],
    "fetch": ["experiment"],
    "prepare": ["experiment"],
    "sanity": ["experiment"],
    "train": ["experiment", "seed"],
    "sample": ["experiment", "seed"],
    "figures": ["experiment", "seed"],
    "cross_validate": ["experiment", "seed"],
    "likelihood": ["experiment", "seed"],
    "reliability": ["experiment", "seed"],
    "collapse": ["experiment", "seed"],
    "helvetica": ["experiment", "seed"],
    "overfitting": ["experiment", "seed"],
    "costs": ["experiment"],
    "known_density": [],
    "theory": [],
    "report": [],
}
ABOUT_GAMES = ("costs", "helvetica", "overfitting")
VALUES = {"experiment": "mnist5k", "seed": "0"}


class Ended(NamedTuple):
    """How a stage ended."""

    status: int
    stdout: str
    stderr: str


# Two ways to run a stage: as users do, and in this process, which has PyTorch imported already


def run(folder: Path, stage: str, *arguments: str) -> Ended:
    """As a process of its own, in a folder with copies of the scripts and the library."""
    # Bytecode would count as a change.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", f"stages.{stage}", *arguments]
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture
def run_here(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> Callable[..., Ended]:
    """A function that runs a stage of the repository in this process and in the folder."""

    def run_stage(stage: str, *arguments: str) -> Ended:
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", [stage, *arguments])
        capsys.readouterr()
        try:
            runpy.run_module(f"stages.{stage}", run_name="__main__")
            status = 0
        except SystemExit as exit:
            status = exit.code or 0
        return Ended(status, *capsys.readouterr())

    return run_stage


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to run stages in, with what an earlier run wrote there."""
    for name in ("stages", "adversarial_nets", "experiments", "ablations", "extensions"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "data").mkdir()
    shutil.copy(ROOT / "data" / "mnist5k.npz", tmp_path / "data")
    write_parameters(tmp_path, suite=["mnist5k", "mnist"])
    for name in ("models/mnist5k/0/old.txt", "samples/mnist5k/old.txt", "data/parameters_valid.txt", "reports/index.html"):
        files.write_text(tmp_path / name, "old\n")
    return tmp_path


def line(ended: Ended, status: int = 2) -> str:
    """The one line in which a stage says why it failed."""
    assert ended.status == status
    assert ended.stdout == ""
    assert ended.stderr.endswith("\n")
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    assert ended.stderr.startswith("error: ")
    return ended.stderr.removeprefix("error: ").rstrip("\n")


def change(folder: Path, edit: Callable[[str], str], file: str = "params.yaml") -> None:
    """Edit a parameter file, which must make a difference."""
    path = folder / file
    before = path.read_text(encoding="utf-8")
    path.write_text(edit(before), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != before


def write_parameters(folder: Path, **changes: Any) -> None:
    YAML(typ="safe").dump(project_values(**changes), folder / "params.yaml")


def write_experiment(folder: Path, values: dict[str, Any], name: str = "mnist5k") -> None:
    YAML(typ="safe").dump(values, folder / "experiments" / f"{name}.yaml")


# One run, two rows


def test_an_experiment_that_keeps_the_average_takes_the_players_of_the_one_that_keeps_the_last(
    folder: Path, run_here: Callable[..., Ended]
) -> None:
    put_data(folder)
    for name, keep in (("mnist5k", "last"), ("averaged", "average"), ("alone", "average")):
        write_experiment(folder, small_values(averaging={"gamma": 2.0, "compared": [0.0]}, keep=keep), name)
        shutil.copy(folder / "data/prepared/mnist5k.npz", folder / f"data/prepared/{name}.npz") if name != "mnist5k" else None
    assert run_here("train", "alone", "0").status == 0
    (folder / "logs" / "alone" / "0.json").write_text("damaged")
    assert "epoch 2/2" in run_here("train", "mnist5k", "0").stdout
    assert run_here("train", "averaged", "0").stdout == (
        "averaged, seed 0: the same run as mnist5k's, which is finished: its players are taken\n"
    )
    alone, averaged = (folder / "models" / name / "0" for name in ("alone", "averaged"))
    assert {path.name for path in averaged.iterdir()} >= {"last_generator.safetensors", "generator_averaged_0.safetensors"}
    for path in averaged.iterdir():
        assert path.read_bytes().replace(b"averaged, seed", b"alone, seed") == (alone / path.name).read_bytes()


# Help


def test_the_table_above_has_every_stage() -> None:
    assert {path.stem for path in (ROOT / "stages").glob("*.py")} - {"__init__"} == set(ARGUMENTS)


@pytest.mark.parametrize("stage", ARGUMENTS)
def test_help_mentions_the_arguments(run_here: Callable[..., Ended], stage: str) -> None:
    ended = run_here(stage, "--help")
    assert (ended.status, ended.stderr) == (0, "")
    usage, *rest = ended.stdout.split("\n\n")
    assert [word for word in usage.split() if word in VALUES] == ARGUMENTS[stage]
    assert len(" ".join(rest[0].split())) > 30  # what it does
    if "experiment" in ARGUMENTS[stage]:
        assert "experiments/" in ended.stdout


def test_help_works_from_the_command_line(folder: Path) -> None:
    ended = run(folder, "prepare", "--help")
    assert (ended.status, ended.stderr) == (0, "")
    assert "experiment" in ended.stdout


@pytest.mark.parametrize(("stage", "arguments"), [("prepare", []), ("check", ["mnist5k"]), ("train", ["mnist5k", "zero"])])
def test_wrong_arguments_are_refused_with_the_usage(
    folder: Path, run_here: Callable[..., Ended], stage: str, arguments: list[str]
) -> None:
    before = snapshot(folder)
    ended = run_here(stage, *arguments)
    assert ended.status == 2
    assert ended.stderr.startswith("usage: ")
    assert "Traceback" not in ended.stderr
    assert snapshot(folder) == before


# Parameters


def test_check_writes_the_same_whatever_the_parameters_are(folder: Path) -> None:
    """Its output must never make another stage run."""
    assert run(folder, "check") == Ended(0, "", "")
    first = (folder / "data" / "parameters_valid.txt").read_bytes()
    change(folder, instead_of("device", "device: auto"))
    assert run(folder, "check") == Ended(0, "", "")
    assert (folder / "data" / "parameters_valid.txt").read_bytes() == first != b"old\n"


def instead_of(key: str, new: str) -> Callable[[str], str]:
    """A function that replaces the first line with a key."""
    return lambda text: re.sub(rf"(?m)^( *){key}: .*$", lambda found: found[1] + new, text, count=1)


WRONG_FILES: dict[str, tuple[Callable[[str], str], list[str]]] = {
    # how params.yaml is changed, and what the message must have, its beginning first
    "a wrong value": (instead_of("device", "device: gpu"), ["params.yaml:device: "]),
    "an unknown key": (instead_of("device", "devise: cpu"), ["params.yaml:devise: unknown key", "'device'"]),
    "an unknown experiment": (lambda text: text.replace("mnist5k", "mnist6k", 1), ["experiments/mnist6k.yaml: ", "'mnist5k'"]),
    "no YAML": (lambda text: text + "\n\t- [", ["params.yaml: not valid YAML", "line"]),
    "a key twice": (lambda text: text + "\ndevice: cpu\n", ["params.yaml: ", '"device"']),
    "nothing": (lambda text: "", ["params.yaml: "]),
    "a list": (lambda text: "- 1\n", ["params.yaml: "]),
    "two documents": (lambda text: text + "\n---\na: 1\n", ["params.yaml: "]),
    "an unknown tag": (instead_of("device", "device: !!python/name:os.system x"), ["params.yaml: "]),
    "an impossible date": (instead_of("device", "device: 2020-99-99"), ["params.yaml: "]),
    "no number": (instead_of("device", "device: !!int two"), ["params.yaml: "]),
    "too deep a nesting": (lambda text: "a: " + "[" * 500 + "]" * 500, ["params.yaml: "]),
}


@pytest.mark.parametrize("case", WRONG_FILES)
def test_a_wrong_params_yaml_is_refused(folder: Path, run_here: Callable[..., Ended], case: str) -> None:
    edit, words = WRONG_FILES[case]
    change(folder, edit)
    before = snapshot(folder)
    message = line(run_here("check"))
    assert message.startswith(words[0])
    assert all(word in message for word in words)
    assert snapshot(folder) == before


@pytest.mark.parametrize("case", ["a wrong value", "no YAML", "a key twice"])
def test_a_wrong_params_yaml_is_refused_on_the_command_line(folder: Path, case: str) -> None:
    edit, words = WRONG_FILES[case]
    change(folder, edit)
    before = snapshot(folder)
    for stage, *arguments in (("check",), ("prepare", "mnist5k")):
        assert line(run(folder, stage, *arguments)).startswith(words[0])
    assert snapshot(folder) == before


@pytest.mark.parametrize(
    ("file", "edit", "words"),
    [
        ("experiments/mnist.yaml", instead_of("epochs", "epochs: -1"), ["experiments/mnist.yaml:training.epochs: ", "-1"]),
        ("experiments/fer2013.yaml", instead_of("source", "sauce: tfd"), ["experiments/fer2013.yaml:data.source: is required"]),
        ("experiments/small/tfd_small.yaml", lambda text: "{", ["experiments/small/tfd_small.yaml: not valid YAML"]),
        ("ablations/params.yaml", lambda text: text + "\nseed: 1\n", ["ablations/params.yaml:seed: unknown key", "'seeds'"]),
    ],
)
def test_every_parameter_file_is_checked_although_the_suite_does_not_name_it(
    folder: Path, run_here: Callable[..., Ended], file: str, edit: Callable[[str], str], words: list[str]
) -> None:
    change(folder, edit, file)
    before = snapshot(folder)
    message = line(run_here("check"))
    assert message.startswith(words[0])
    assert all(word in message for word in words)
    assert snapshot(folder) == before


def test_a_missing_params_yaml_is_named(folder: Path) -> None:
    (folder / "params.yaml").unlink()
    before = snapshot(folder)
    assert line(run(folder, "check")).startswith("params.yaml: not there")
    assert snapshot(folder) == before


def test_a_params_yaml_that_is_a_folder_is_named(folder: Path, run_here: Callable[..., Ended]) -> None:
    (folder / "params.yaml").unlink()
    (folder / "params.yaml").mkdir()
    assert line(run_here("check")).startswith("params.yaml: ")


# Experiment, seed, inputs, device

WITH_EXPERIMENT = [stage for stage, arguments in ARGUMENTS.items() if "experiment" in arguments]
WITH_SEED = [stage for stage, arguments in ARGUMENTS.items() if "seed" in arguments]


@pytest.mark.parametrize("stage", WITH_EXPERIMENT)
def test_an_unknown_experiment_is_named_with_the_known_ones(folder: Path, run_here: Callable[..., Ended], stage: str) -> None:
    before = snapshot(folder)
    message = line(run_here(stage, *["mnits", "0"][: len(ARGUMENTS[stage])]))
    assert "'mnits'" in message
    assert "did you mean 'mnist" in message
    assert snapshot(folder) == before


@pytest.mark.parametrize("experiment", ["mnits", "", "small/tfd_small"])
def test_an_unknown_experiment_is_refused_on_the_command_line(folder: Path, experiment: str) -> None:
    before = snapshot(folder)
    assert f"'{experiment}'" in line(run(folder, "prepare", experiment))
    assert snapshot(folder) == before


@pytest.mark.parametrize("stage", WITH_SEED)
def test_a_negative_seed_is_refused(folder: Path, run_here: Callable[..., Ended], stage: str) -> None:
    before = snapshot(folder)
    message = line(run_here(stage, "mnist5k", "-1"))
    assert message.startswith("seed: ")
    assert "-1" in message
    assert snapshot(folder) == before


@pytest.mark.parametrize("stage", [stage for stage in ARGUMENTS if stage not in ("check", "fetch", "known_density", "theory")])
def test_a_missing_input_is_named(folder: Path, run_here: Callable[..., Ended], stage: str) -> None:
    before = snapshot(folder)
    message = line(run_here(stage, *(VALUES[argument] for argument in ARGUMENTS[stage])))
    missing = message.split(": ")[0]
    assert "mnist5k" in missing
    assert not (folder / missing).exists()
    assert "dvc repro" in message  # what to do
    assert snapshot(folder) == before


def put_data(folder: Path) -> None:
    """Prepared data, of noise."""
    images = np.random.default_rng(0).integers(0, 256, (150, 28, 28), np.uint8)
    folds = np.repeat(np.array([[TRAIN, VALIDATION, TEST]], np.uint8), [100, 20, 30], axis=1)
    text = np.array(["none"])
    data = PreparedData(np.array("Noise"), images, np.zeros(150, np.uint8), np.arange(100), folds, text, text)
    datasets.save(data, folder / "data" / "prepared" / "mnist5k.npz")


@pytest.mark.parametrize(
    ("stage", "samples", "missing", "writer"),
    [
        ("cross_validate", False, "samples/mnist5k/0.npy", "sample"),
        ("likelihood", False, "samples/mnist5k/0.npy", "sample"),
        ("figures", False, "samples/mnist5k/0.npy", "sample"),
        ("likelihood", True, "scores/mnist5k/0/cross_validation.json", "cross_validate"),
        ("figures", True, "models/mnist5k/0/generator.safetensors", "train"),
    ],
)
def test_one_missing_input_is_named_with_the_stage_that_writes_it(
    folder: Path, run_here: Callable[..., Ended], stage: str, samples: bool, missing: str, writer: str
) -> None:
    put_data(folder)
    if samples:
        files.write_npy(folder / "samples" / "mnist5k" / "0.npy", np.zeros((20, 784), np.float32))
    before = snapshot(folder)
    message = line(run_here(stage, "mnist5k", "0"))
    assert message.startswith(f"{missing}: ")
    assert f"python -m stages.{writer}" in message
    assert snapshot(folder) == before


def test_missing_archives_are_named_without_a_network(
    folder: Path, run_here: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ADVERSARIAL_NETS_DATA", raising=False)
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/"])
    monkeypatch.setenv("no_proxy", "*")
    before = snapshot(folder)
    message = line(run_here("fetch", "mnist"))
    assert message.startswith("train-images-idx3-ubyte.gz: ")
    assert str(Path("data/raw/MNIST/raw")) in message
    assert snapshot(folder) == before


def test_archives_are_sought_where_the_environment_says(
    folder: Path, run_here: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = folder / "elsewhere" / "MNIST" / "raw" / "t10k-labels-idx1-ubyte.gz"
    files.write_text(archive, "not the official one")
    before = snapshot(folder)
    monkeypatch.setenv("ADVERSARIAL_NETS_DATA", str(folder / "elsewhere"))
    assert line(run_here("fetch", "mnist")).startswith(f"{archive}: ")
    assert snapshot(folder) == before


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_cuda_is_refused_without_a_gpu(folder: Path) -> None:
    change(folder, instead_of("device", "device: cuda"))
    before = snapshot(folder)
    message = line(run(folder, "check"))
    assert "device: " in message
    assert "cpu" in message
    assert snapshot(folder) == before


# Checks that fail


def test_a_failed_check_is_one_line_and_status_1(folder: Path) -> None:
    stage = "from adversarial_nets.core.errors import CheckFailed\nfrom adversarial_nets.running.stage import main\n\n"
    stage += "def fail(task):\n    raise CheckFailed('it is worse than before')\n\nmain(fail, '', arguments=())\n"
    (folder / "stages" / "fail.py").write_text(stage)
    assert line(run(folder, "fail"), status=1) == "it is worse than before"


def test_a_mistake_in_the_code_is_not_hidden(folder: Path) -> None:
    """Only the user's input and failed checks become a line: anything else needs its traceback."""
    (folder / "stages" / "broken.py").write_text(
        "from adversarial_nets.running.stage import main\n\nmain(lambda task: 1 / 0, '', arguments=())\n"
    )
    ended = run(folder, "broken")
    assert ended.status == 1
    assert "Traceback" in ended.stderr


# A run of everything, as small as can be


def outputs(folder: Path) -> dict[str, bytes]:
    """What all stages wrote."""
    kinds = ("data", "models", "samples", "scores", "figures", "reports")
    written = [path for kind in kinds for path in (folder / kind).rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in written}


def run_all(stages: Iterable[str], run_here: Callable[..., Ended]) -> None:
    for stage in stages:
        for seed in ("0", "1") if "seed" in ARGUMENTS[stage] else ("",):
            ended = run_here(stage, *[{"experiment": "mnist5k", "seed": seed}[argument] for argument in ARGUMENTS[stage]])
            assert (stage, ended.status, ended.stderr) == (stage, 0, "")
            # Progress, in plain lines without a terminal.
            assert ("epoch 2/2, D loss" in ended.stdout) == (stage == "train")


def test_all_stages_make_a_report_and_the_same_numbers_twice(folder: Path, run_here: Callable[..., Ended]) -> None:
    write_parameters(folder)
    write_experiment(folder, small_values())
    run_all(ARGUMENTS, run_here)
    metrics = files.read_json(folder / "reports" / "metrics.json")["mnist5k"]
    assert (metrics["num_seeds"], metrics["num_samples"], metrics["num_test_images"]) == (2, 40, 30)
    assert np.isfinite(metrics["log_likelihood"])
    first = outputs(folder)
    assert not any(Path(name).name.startswith(".") for name in first)
    run_all([stage for stage in ARGUMENTS if stage not in ("check", "fetch", "prepare", "report")], run_here)
    assert outputs(folder) == first


@pytest.mark.parametrize(("model", "row"), [*zip(BASELINES, ("DBN", "Stacked CAE", "Deep GSN"), strict=True)])
def test_all_stages_take_another_model(folder: Path, run_here: Callable[..., Ended], model: str, row: str) -> None:
    """All but those that are about a game; the report has the model's row, beside the paper's."""
    write_parameters(folder, suite=[], baselines=["other"])
    write_experiment(folder, small_baseline_values(model), "other")
    said = {}
    for stage, arguments in ARGUMENTS.items():
        if stage not in ABOUT_GAMES:
            said[stage] = run_here(stage, *[{"experiment": "other", "seed": "0"}[argument] for argument in arguments])
            assert (stage, said[stage].status, said[stage].stderr) == (stage, 0, "")
    assert re.search(r"epoch \d/\d, cost .*, validation", said["train"].stdout)
    metrics = files.read_json(folder / "reports" / "metrics.json")["other"]
    assert (metrics["num_samples"], metrics["num_test_images"]) == (40, 30)
    shown = (folder / "reports" / "table1.md").read_text(encoding="utf-8")
    assert f"| {row} (other) " in shown
    assert (folder / "reports" / "figures" / "other-0-chains.png").exists()


def shrunk(name: str) -> dict[str, Any]:
    """An experiment's small variant, smaller still."""
    values = shipped_values(name)
    values["training"]["validation"] |= {"every": 1, "num_samples": 30}
    values["training"] |= {"epochs": 1, "minibatch_size": 50}
    values["sampling"]["num_samples"] = 40
    values["sanity"] |= {"num_samples": 40, "num_centroids": 10}
    values["reliability"] |= {"num_draws": 2, "num_samples": {"lowest": 20, "highest": 40, "count": 2}}
    return values


def run_path(run_here: Callable[..., Ended], name: str, left_out: Collection[str] = ()) -> None:
    """Every stage that is about one experiment."""
    for stage in [stage for stage, arguments in ARGUMENTS.items() if "experiment" in arguments and stage not in left_out]:
        ended = run_here(stage, *[{"experiment": name, "seed": "0"}[argument] for argument in ARGUMENTS[stage]])
        assert (stage, ended.status, ended.stderr) == (stage, 0, "")


def metrics_of(name: str) -> dict[str, Any]:
    return load_experiment(name, [0]).metrics()


def shrunk_faces(name: str) -> dict[str, Any]:
    """Both stages of training, with a few units."""
    values = shrunk(name)
    values["training"]["pretraining"]["epochs"] = 1
    for player, names in (("generator", ("h0", "h2", "h3")), ("discriminator", ("h0", "h1"))):
        for layer in names:
            values[player]["layers"][layer]["units"] = 12
    values["generator"]["layers"]["y"]["sparse_init"] = 4
    return values


@pytest.mark.nightly
def test_the_fer2013_path(folder: Path, run_here: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch) -> None:
    values = shrunk_faces("fer2013_small")
    values["data"] |= {"num_train": 60, "num_fold": 8}
    write_experiment(folder, values, "fer2013_small")
    put_fer2013(folder / "raw", faces(110), monkeypatch)
    monkeypatch.setenv("ADVERSARIAL_NETS_DATA", str(folder / "raw"))
    run_path(run_here, "fer2013_small")
    metrics = metrics_of("fer2013_small")
    assert (metrics["num_test_images"], np.isfinite(metrics["standard_error"])) == (40, True)


@pytest.mark.parametrize("model", [BASELINES[0], *(pytest.param(each, marks=pytest.mark.nightly) for each in BASELINES[1:])])
def test_the_fer2013_path_of_the_other_models(
    folder: Path, run_here: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    values = shrunk_baseline(shipped_values(name := f"fer2013_{model}"))
    values["data"] |= {"num_train": 60, "num_fold": 8}
    write_experiment(folder, values, name)
    put_fer2013(folder / "raw", faces(110), monkeypatch)
    monkeypatch.setenv("ADVERSARIAL_NETS_DATA", str(folder / "raw"))
    run_path(run_here, name, ABOUT_GAMES)
    metrics = metrics_of(name)
    assert (metrics["num_test_images"], np.isfinite(metrics["standard_error"])) == (40, True)


def test_the_tfd_path_from_its_file_to_the_mean_over_folds(
    folder: Path, run_here: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_experiment(folder, shrunk_faces("tfd_small"), "tfd_small")
    write_tfd(folder / "raw" / "TFD_48x48.mat")
    monkeypatch.setenv("ADVERSARIAL_NETS_DATA", str(folder / "raw"))
    run_path(run_here, "tfd_small")
    metrics = metrics_of("tfd_small")
    with np.load(folder / "scores" / "tfd_small" / "0" / "log_likelihoods.npz") as scores:
        means = [scores[f"fold_{fold}"].mean() for fold in range(5)]
        assert [len(scores[f"fold_{fold}"]) for fold in range(5)] == [20] * 5
    assert metrics["log_likelihood"] == pytest.approx(np.mean(means), abs=1e-6)
    assert metrics["standard_error"] == pytest.approx(np.std(means, ddof=1) / 5**0.5, abs=1e-6)
    assert (metrics["num_test_images"], len(set(np.round(means, 6)))) == (100, 5)
    summary = files.read_json(folder / "models" / "tfd_small" / "0" / "summary.json")
    assert (summary["epochs"], summary["kept_epoch"]) == (2, 2)


@pytest.mark.parametrize("name", ["cifar10_mlp_small", pytest.param("cifar10_conv_small", marks=pytest.mark.nightly)])
def test_the_path_of_colour_images(
    folder: Path, run_here: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    values, batches = shrunk(name), Batches(folder / "raw")
    values["data"] |= {"md5": batches.md5, "num_train": 14, "num_validation": 6, "num_test": 4}
    values["generator"]["layers"]["h0"]["units"] = 20
    write_experiment(folder, values, name)
    monkeypatch.setenv("ADVERSARIAL_NETS_DATA", str(folder / "raw"))
    run_path(run_here, name)
    assert np.isfinite(metrics_of(name)["log_likelihood"])
    assert np.load(folder / "samples" / name / "0.npy").shape == (40, 3072)


# Data of one's own


def own_values(path: str, image_shape: list[int]) -> dict[str, Any]:
    """A small experiment on images that need no code."""
    values, pixels = small_values(), int(np.prod(image_shape))
    sizes = {"num_train": 100, "num_validation": 20, "num_test": 30, "split_seed": 0}
    values["data"] = {"source": "images", "path": path, "image_shape": image_shape, **sizes}
    values["generator"]["layers"]["y"]["units"] = pixels
    return values


@pytest.mark.parametrize("kind", ["file", "folders"])
def test_scikit_learns_digits_are_trained_on_without_code(folder: Path, run_here: Callable[..., Ended], kind: str) -> None:
    digits = load_digits()
    images = (digits.images * 255 / 16).astype(np.uint8)[:300]
    if kind == "file":
        np.savez(folder / "digits.npz", images=images, labels=digits.target[:300])
    for number, (image, label) in enumerate(zip(images, digits.target, strict=False) if kind == "folders" else ()):
        path = folder / "digits" / str(label) / f"{number:04d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    write_experiment(folder, own_values("digits.npz" if kind == "file" else "digits", [8, 8]), "digits")
    write_parameters(folder, suite=["digits"])
    for stage in ("check", "fetch", "prepare", "train", "sample"):
        ended = run_here(stage, *[{"experiment": "digits", "seed": "0"}[argument] for argument in ARGUMENTS[stage]])
        assert (stage, ended.status, ended.stderr) == (stage, 0, "")
    data = datasets.load(folder / "data/prepared/digits.npz")
    assert {image.tobytes() for image in data.images} == {image.tobytes() for image in images}
    shares = np.bincount(data.labels[data.training], minlength=10) / np.bincount(data.labels, minlength=10)
    np.testing.assert_allclose(shares, 1 / 3, atol=0.05)
    assert np.load(folder / "samples/digits/0.npy").shape == (40, 64)
    assert "maps noise to images like those of: digits." in (folder / "models/digits/0/model_card.md").read_text()


def test_other_archives_under_mnists_names_are_not_called_mnist(
    folder: Path, run_here: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    archives, values = Archives(), small_values()
    values["data"] = archives.parameters.model_dump()
    write_experiment(folder, values, "mnist")
    archives.put(folder / "raw/MNIST/raw")
    monkeypatch.setenv("ADVERSARIAL_NETS_DATA", str(folder / "raw"))
    for stage in ("fetch", "prepare", "train"):
        assert run_here(stage, *["mnist", "0"][: len(ARGUMENTS[stage])]).status == 0
    assert str(datasets.load(folder / "data/prepared/mnist.npz").title) == "mnist"
    card = (folder / "models/mnist/0/model_card.md").read_text()
    assert "like those of: mnist." in card
    assert "MNIST" not in card.replace("adversarial-nets", "")


@pytest.mark.parametrize("name", ["tfd", "fer2013", "cifar10_conv"])
def test_missing_source_files_are_one_line_and_nothing_changes(
    folder: Path, run_here: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(CIFAR10, "url", "http://127.0.0.1:9/cifar-10-python.tar.gz")
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("ADVERSARIAL_NETS_DATA", raising=False)
    before = snapshot(folder)
    assert str(Path("data/raw")) in line(run_here("fetch", name))
    assert snapshot(folder) == before


def test_processes_share_the_samples_and_one_of_them_writes(folder: Path, run_here: Callable[..., Ended]) -> None:
    write_experiment(folder, small_values())
    run_all(["check", "fetch", "prepare", "train", "sample", "cross_validate", "likelihood"], run_here)
    written = [folder / "scores" / "mnist5k" / "1" / name for name in ("cross_validation.json", "log_likelihoods.npz")]
    chosen, values = files.read_json(written[0]), np.load(written[1])["fold_0"]
    for path in written:
        path.unlink()
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    for stage in ("cross_validate", "likelihood"):
        command = [*launcher, "-m", f"stages.{stage}", "mnist5k", "1"]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=120, check=True)
    np.testing.assert_allclose(np.load(written[1])["fold_0"], values, atol=1e-6)
    together = files.read_json(written[0])["folds"][0]["log_likelihoods"]
    np.testing.assert_allclose(together, chosen["folds"][0]["log_likelihoods"], atol=1e-6)


def test_a_diverged_training_is_status_1_and_the_old_model_stands(folder: Path, run_here: Callable[..., Ended]) -> None:
    write_experiment(folder, small_values(optimizer="momentum", learning_rate=1e30))
    put_data(folder)
    before = snapshot(folder)
    message = line(run_here("train", "mnist5k", "0"), status=1)
    assert "diverged" in message
    assert "learning rate" in message
    (folder / "checkpoints").rmdir()  # for its lock, and empty again
    assert snapshot(folder) == before


def test_fewer_samples_than_figure_2_shows_are_refused(folder: Path, run_here: Callable[..., Ended]) -> None:
    """By `check`, before anything is trained; `figures` could not draw them."""
    write_experiment(folder, small_values() | {"sampling": {"num_samples": 19}})
    assert line(run_here("check")).startswith("experiments/mnist5k.yaml:sampling.num_samples: ")
