"""Algorithm 1's choices: gradients recorded beside an unchanged training, the tables, and the pipeline of their own."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from ruamel.yaml import YAML
from test_checkpoints import StopsAt, await_saved, save_prepared, small
from test_dependencies import needed
from test_pipeline import SMALL, Project, clone, commit

from adversarial_nets.core.errors import CheckFailed, InputError
from adversarial_nets.diagnostics import ablations as choices
from adversarial_nets.gan.training import Run, play, start
from adversarial_nets.parameters.experiment import Experiment
from adversarial_nets.parameters.project import Ablations
from adversarial_nets.parameters.reading import parse
from adversarial_nets.parameters.training import GameParameters
from adversarial_nets.running.checkpoints import Checkpoint

ROOT = Path(__file__).parents[1]
FILE = ROOT / "choices" / "params.yaml"
VARIANTS = ["simultaneous", "simultaneous_minimax", "alternating_5_steps"]


@pytest.fixture
def values() -> dict:
    """``choices/params.yaml`` as read: a fresh copy to edit."""
    return YAML(typ="safe").load(FILE)


@pytest.fixture
def experiment(parameter_values: dict) -> Experiment:
    """The default's, with networks of a few units and two epochs."""
    values = parameter_values["experiments"]["mnist5k"]
    for layer in (*values["generator"]["layers"].values(), *values["discriminator"]["layers"].values()):
        layer["units"] = {784: 784, 1: 1}.get(layer["units"], 7)
    values["training"] |= {"epochs": 2, "minibatch_size": 20}
    values["training"]["validation"] |= {"num_samples": 50}
    return Experiment.model_validate(values)


def with_game(experiment: Experiment, **game: object) -> Experiment:
    return experiment.model_copy(update={"training": experiment.training.model_copy(update=game)})


def started(experiment: Experiment, digits: np.ndarray) -> Run:
    return start(experiment, digits[:100], digits[100:120], 0, torch.device("cpu"))


# The generator's gradient


def test_recording_changes_no_bit_of_the_training(experiment: Experiment, digits: np.ndarray) -> None:
    plain, recorded = started(experiment, digits), started(experiment, digits)
    choices.GradientNorms(recorded.game.generator_optimizer)
    play(plain), play(recorded)
    for mine, other in zip(plain.game.generator.parameters(), recorded.game.generator.parameters(), strict=True):
        assert torch.equal(mine, other)
    assert plain.curve[-1] == recorded.curve[-1]


@pytest.mark.parametrize(
    ("game", "rows"),
    [
        ({}, [1] * 5 + [2] * 5),
        ({"game": "alternating"}, [1] * 5 + [2] * 5),
        ({"game": "alternating", "discriminator_steps": 4}, [1, 2]),  # after 4 and 8 of the discriminator's 5 an epoch
        ({"game": "alternating", "discriminator_steps": 7}, [2]),
        ({"game": "alternating", "discriminator_steps": 11}, []),
    ],
)
def test_every_update_of_the_generator_has_a_norm_and_no_other(
    experiment: Experiment, digits: np.ndarray, game: dict, rows: list[int]
) -> None:
    run = started(with_game(experiment, **game), digits)
    norms = choices.GradientNorms(run.game.generator_optimizer)
    play(run, lambda row: norms.end_epoch())
    table = norms.table()
    assert table["epoch"].tolist() == rows
    assert table["update"].tolist() == list(range(1, len(rows) + 1))
    if not rows:
        return
    gradients = np.concatenate([parameter.grad.numpy().ravel() for parameter in run.game.generator.parameters()])
    assert table["gradient_norm"].iloc[-1] == pytest.approx(np.linalg.norm(gradients.astype(np.float64)), rel=1e-5)


@pytest.mark.parametrize("times", [3, 6, 8])
def test_a_stopped_training_goes_on_with_the_norms_that_it_had(
    experiment: Experiment, digits: np.ndarray, tmp_path: Path, times: int
) -> None:
    """Stopped within the first epoch, at its end, and within the second."""

    def played(checkpoint: Checkpoint | None) -> tuple[pd.DataFrame, pd.DataFrame, torch.Tensor]:
        run = started(with_game(experiment, game="alternating"), digits)
        norms = choices.GradientNorms(run.game.generator_optimizer)
        run.recorders.append(norms)
        play(run, lambda row: norms.end_epoch(), checkpoint)
        return norms.table(), pd.DataFrame(run.curve), run.game.generator.layers["y"].linear.weight

    usual, path = played(None), tmp_path / "a.state"
    with pytest.raises(CheckFailed, match="stopped by SIGTERM"), StopsAt(path, times) as stops:
        played(stops)
    table, curve, weight = played(Checkpoint(path, "key"))
    pd.testing.assert_frame_equal(table, usual[0], check_exact=True)
    assert len(table) == 10
    pd.testing.assert_frame_equal(curve, usual[1], check_exact=True)
    assert torch.equal(weight, usual[2])


def test_norms_are_those_of_the_whole_gradient() -> None:
    parameters = [torch.nn.Parameter(torch.zeros(3)), torch.nn.Parameter(torch.zeros(2, 2))]
    optimizer = torch.optim.SGD(parameters, lr=1.0)
    norms = choices.GradientNorms(optimizer)
    for scale in (1.0, 2.0):
        parameters[0].grad, parameters[1].grad = torch.full((3,), 2.0 * scale), torch.full((2, 2), scale)
        optimizer.step()
    norms.end_epoch()
    assert norms.table()["gradient_norm"].tolist() == pytest.approx([4.0, 8.0])


def test_minimax_saturates_in_the_first_epoch_on_real_digits(parameter_values: dict, digits: np.ndarray) -> None:
    """Section 3: early in learning D is sure of generated samples, and log(1 - D(G(z))) is flat there."""
    values = parameter_values["experiments"]["mnist5k"]
    values["training"] |= {"epochs": 1}
    values["training"]["validation"] |= {"num_samples": 50, "num_images": 20}
    experiment, images = Experiment.model_validate(values), np.random.default_rng(0).permutation(digits)[:4000]
    means = {}
    for objective in ("minimax", "non_saturating"):
        run = start(with_game(experiment, generator_objective=objective), images, images[:20], 0, torch.device("cpu"))
        norms = choices.GradientNorms(run.game.generator_optimizer)
        play(run, lambda row, norms=norms: norms.end_epoch())
        means[objective] = norms.table()["gradient_norm"].mean()
    assert means["minimax"] < means["non_saturating"] / 2


# Project


def test_the_committed_choices_are_those_of_the_paper(values: dict) -> None:
    asked = parse(values, Ablations)
    games = {(game.game, game.discriminator_steps, game.generator_objective) for game in asked.variants.values()}
    assert {game[1] for game in games if game[0] == "alternating"} >= {1, 2, 5}
    for game in ("simultaneous", "alternating"):
        assert {(game, 1, "minimax"), (game, 1, "non_saturating")} <= games
    assert len(asked.seeds) == 3
    assert len(games) == len(asked.variants)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("discriminator_steps", 2, "variants.simultaneous.discriminator_steps: must be 1 in the simultaneous game"),
        ("game", "sequential", "variants.simultaneous.game: "),
        ("gane", "alternating", "variants.simultaneous.gane: unknown key; did you mean 'game'?"),
    ],
)
def test_an_impossible_variant_is_refused_by_name(values: dict, key: str, value: object, message: str) -> None:
    values["variants"]["simultaneous"][key] = value
    with pytest.raises(InputError, match=message.replace("?", r"\?").replace(".", r"\.")):
        parse(values, Ablations)


# Tables


def tried(variant: str, objective: str, seed: int, gradient: float, game: str = "simultaneous") -> choices.Tried:
    epochs = np.arange(1, 13)
    curve = pd.DataFrame({"epoch": epochs, "gradient_norm": gradient * epochs, "d_real": 0.9, "d_fake": epochs / 100})
    scores = {"log_likelihood": 80.0 + seed, "discriminator_updates": 1200, "generator_updates": 600, "kept_epoch": 10}
    game = GameParameters(game=game, discriminator_steps=1, generator_objective=objective)
    return choices.Tried(variant, game, seed, curve, pd.DataFrame(), scores)


def rows(*gradients: float) -> pd.DataFrame:
    """Two seeds of each objective, with these gradients in the first epoch: minimax's first."""
    names = ["minimax", "minimax", "non_saturating", "non_saturating"]
    runs = [tried(name, name, seed % 2, gradient) for seed, (name, gradient) in enumerate(zip(names, gradients, strict=True))]
    return pd.DataFrame([run.row for run in runs])


def test_a_row_has_the_first_epoch_and_the_mean_of_the_last() -> None:
    row = tried("a", "minimax", 0, 2.0).row
    assert (row["gradient_norm_first"], row["gradient_norm_last"]) == (2.0, pytest.approx(2.0 * np.arange(3, 13).mean()))
    assert (row["d_fake_first"], row["d_fake_last"]) == (0.01, pytest.approx(0.075))


def test_the_comparison_has_means_and_spreads_over_seeds() -> None:
    table = choices.comparison(rows(0.1, 0.3, 1.0, 2.0))
    assert table["G's objective"].tolist() == ["minimax", "non-saturating"]
    assert table["log-likelihood (nats)"].tolist() == ["80.5 ± 0.7"] * 2
    assert table["G's gradient, epoch 1"].tolist() == ["0.20 ± 0.14", "1.50 ± 0.71"]
    assert table[["updates of D", "of G"]].to_numpy().tolist() == [["1,200", "600"]] * 2


@pytest.mark.parametrize(
    ("gradients", "words"),
    [((0.1, 0.3, 1.0, 2.0), "in all of 2 pairs"), ((0.1, 3, 1, 2), "in only 1 of 2 pairs"), ((2, 3, 1, 2), "in none of 2 pairs")],
)
def test_the_verdict_compares_the_objectives_seed_by_seed(gradients: tuple[float, ...], words: str) -> None:
    pairs = choices.saturation(rows(*gradients))
    assert pairs["minimax"].tolist() == list(gradients[:2])
    assert pairs["non_saturating"].tolist() == list(gradients[2:])
    assert words in choices.verdict(pairs)


def test_a_game_with_one_objective_alone_is_not_compared() -> None:
    runs = [tried("a", "minimax", 0, 1.0), tried("b", "non_saturating", 0, 2.0, game="alternating")]
    assert choices.saturation(pd.DataFrame([run.row for run in runs])).empty


# The pipeline


@pytest.mark.parametrize("stage", ["train", "report"])
def test_a_stage_depends_on_the_modules_that_it_imports_and_on_no_others(stage: str) -> None:
    script = ROOT / "choices" / f"{stage}.py"
    listed = YAML(typ="safe").load(ROOT / "choices" / "dvc.yaml")["stages"][stage]["deps"]
    wanted = needed(script) | ({ROOT / "adversarial_nets" / "devices.py"} if stage == "train" else set())
    assert {path for path in listed if path.endswith(".py")} == {str(path.relative_to(ROOT)) for path in wanted}


@pytest.mark.parametrize("arguments", [("train.py", "alternatng", "0"), ("report.py",)])
def test_bad_input_is_one_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "choices").mkdir()
    (tmp_path / "choices" / "params.yaml").write_text(FILE.read_text())
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    script, *rest = arguments
    command = [sys.executable, str(ROOT / "choices" / script), *rest]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1), ended.stderr
    assert ended.stderr.startswith("error: ")
    assert "alternatng" in ended.stderr or "make choices" in ended.stderr


# Saves after every step, so that any moment may be within a save.
SAVING = """
import runpy, sys
from adversarial_nets.running import checkpoints
checkpoints.INTERVAL = 0.0
sys.argv = ["choices/train.py", "alternating", "0"]
runpy.run_path("choices/train.py", run_name="__main__")
"""


def begin(folder: Path) -> subprocess.Popen:
    shared = os.environ | {"PYTHONPATH": str(ROOT), "ADVERSARIAL_NETS_CHECKPOINTS": str(folder / "states")}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", SAVING], cwd=folder, env=shared, **pipes)


def finish(folder: Path) -> tuple[str, dict[str, bytes]]:
    """What a training says, and what it writes."""
    ended = begin(folder)
    said, errors = ended.communicate(timeout=120)
    assert (errors, ended.returncode) == ("", 0)
    assert [*(folder / "states").iterdir(), *(folder / "checkpoints").iterdir()] == []
    runs = folder / "reports" / "choices" / "runs" / "alternating" / "0"
    return said, {path.name: path.read_bytes() for path in runs.iterdir()}


@pytest.mark.slow
def test_a_killed_training_ends_like_one_never_killed(tmp_path: Path, parameter_values: dict, digits: np.ndarray) -> None:
    YAML(typ="safe").dump(small(parameter_values, epochs=40), tmp_path / "params.yaml")
    (tmp_path / "choices").mkdir()
    for name in ("params.yaml", "train.py"):
        shutil.copy(ROOT / "choices" / name, tmp_path / "choices")
    (tmp_path / "stages").symlink_to(ROOT / "stages")
    save_prepared(digits, tmp_path)
    _, usual = finish(tmp_path)
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
        process, started = begin(tmp_path), time.time()
        await_saved(process, tmp_path / "states", started)
        process.send_signal(number)
        process.communicate(timeout=120)
        assert process.returncode == (1 if number == signal.SIGTERM else -number)
    said, found = finish(tmp_path)
    assert "training goes on after" in said
    assert found == usual


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A clone in which a few small choices were tried out."""
    project = clone(tmp_path_factory.mktemp("clone"))
    for path, value in SMALL.items():
        project.set(path, value)
    values = YAML(typ="safe").load(FILE)
    values |= {"seeds": [0], "variants": {name: values["variants"][name] for name in VARIANTS}}
    YAML().dump(values, project.folder / "choices" / "params.yaml")
    for name in ("dvc.lock", "choices/dvc.lock"):
        (project.folder / name).unlink(missing_ok=True)
    project.run("rm", "-rf", "reports/choices")
    project.run("dvc", "repro", "choices/dvc.yaml")
    commit(project, "Small choices")
    return project


@pytest.mark.slow
def test_the_choices_are_tried_out_and_told(project: Project) -> None:
    folder = project.folder / "reports" / "choices"
    table = pd.read_csv(folder / "choices.csv")
    assert table["variant"].tolist() == VARIANTS
    assert table["discriminator_updates"].tolist() == [10, 10, 10]
    assert table["generator_updates"].tolist() == [10, 10, 2]
    assert np.isfinite(table["log_likelihood"]).all()
    told = (folder / "README.md").read_text(encoding="utf-8")
    assert choices.verdict(choices.saturation(table)) in told
    assert "![" in told
    assert (folder / "choices.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_a_second_run_runs_nothing_and_a_forced_one_gives_the_same_bytes(project: Project) -> None:
    assert "Running stage" not in project.run("dvc", "repro", "choices/dvc.yaml")
    project.run("dvc", "repro", "--force", "choices/dvc.yaml")
    assert project.run("git", "status", "--porcelain") == ""


@pytest.mark.slow
def test_the_default_runs_no_choices_and_needs_none(project: Project) -> None:
    listed = project.run("dvc", "stage", "list", "--name-only")
    assert "train@mnist5k-0" in listed
    assert "alternating" not in listed
    # In git, not in the cache: choices that were tried out elsewhere must not stand in the way of a checkout.
    shutil.rmtree(project.folder / "reports" / "choices")
    assert "choices" not in project.run("dvc", "checkout", status=None)
    project.run("git", "checkout", "reports/choices")
    assert "Running stage" not in project.run("dvc", "repro", "choices/dvc.yaml")
