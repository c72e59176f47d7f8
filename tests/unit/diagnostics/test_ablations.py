"""Ablations: gradients recorded beside an unchanged run, the tables, and the files of a pipeline of their own."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from adversarial_nets.core.errors import CheckFailed, InputError
from adversarial_nets.data import prepared
from adversarial_nets.data.prepared import VALIDATION
from adversarial_nets.diagnostics import ablations
from adversarial_nets.diagnostics.collapse import COLLAPSED, FINISHED
from adversarial_nets.diagnostics.sanity import mean_image_validation
from adversarial_nets.gan.networks import Network
from adversarial_nets.gan.run import Run, Setup, start
from adversarial_nets.gan.training import play
from adversarial_nets.parameters.experiment import Experiment
from adversarial_nets.parameters.project import Ablations
from adversarial_nets.parameters.reading import parse, read_experiment
from adversarial_nets.parameters.training import GameParameters, TrainingParameters
from adversarial_nets.report import ablations as report
from adversarial_nets.running.checkpoints import Checkpoint
from adversarial_nets.running.paths import AblationPaths, ExperimentPaths
from support.experiments import ROOT, project_values, read_yaml, save_prepared, shipped_values, small, small_values, write_project
from support.stops import StopsAt

FILE = ROOT / "ablations" / "params.yaml"
CPU = torch.device("cpu")


@pytest.fixture
def values() -> dict:
    """``ablations/params.yaml`` as read: a fresh copy to edit."""
    return read_yaml(FILE)


@pytest.fixture
def experiment() -> Experiment:
    """Two epochs of five minibatches each."""
    return small(minibatch_size=20)


def with_game(experiment: Experiment, **game: object) -> Experiment:
    return experiment.model_copy(update={"training": experiment.training.model_copy(update=game)})


def started(experiment: Experiment, digits: np.ndarray) -> Run:
    return start(Setup(experiment, digits[:100], digits[100:120], 0, CPU))


# The generator's gradient


def test_recording_changes_no_bit_of_the_training(experiment: Experiment, digits: np.ndarray) -> None:
    plain, recorded = started(experiment, digits), started(experiment, digits)
    ablations.GradientNorms(recorded.game.generator_optimizer)
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
    norms = ablations.GradientNorms(run.game.generator_optimizer)
    play(run, lambda row: norms.end_epoch())
    table = norms.table()
    assert table["epoch"].tolist() == rows
    assert table["update"].tolist() == list(range(1, len(rows) + 1))
    if not rows:
        return
    gradients = np.concatenate([parameter.grad.numpy().ravel() for parameter in run.game.generator.parameters()])
    assert table["gradient_norm"].iloc[-1] == pytest.approx(np.linalg.norm(gradients.astype(np.float64)), rel=1e-5)


@pytest.mark.parametrize("times", [3, 6, 8])
def test_a_stopped_run_resumes_with_the_norms_that_it_had(
    experiment: Experiment, digits: np.ndarray, tmp_path: Path, times: int
) -> None:
    """Stopped within the first epoch, at its end, and within the second."""

    setup = Setup(with_game(experiment, game="alternating"), digits[:100], digits[100:120], 0, CPU)

    def played(checkpoint: Checkpoint | None) -> tuple[pd.DataFrame, pd.DataFrame, torch.Tensor]:
        run, table = ablations.train(setup, lambda row: None, checkpoint)
        return table, pd.DataFrame(run.curve), run.game.generator.layers["y"].linear.weight

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
    norms = ablations.GradientNorms(optimizer)
    for scale in (1.0, 2.0):
        parameters[0].grad, parameters[1].grad = torch.full((3,), 2.0 * scale), torch.full((2, 2), scale)
        optimizer.step()
    norms.end_epoch()
    assert norms.table()["gradient_norm"].tolist() == pytest.approx([4.0, 8.0])


def test_minimax_saturates_in_the_first_epoch_on_real_digits(digits: np.ndarray) -> None:
    """Section 3: early in learning D is sure of generated samples, and log(1 - D(G(z))) is flat there."""
    values = shipped_values()
    values["training"] |= {"epochs": 1}
    values["training"]["validation"] |= {"num_samples": 50, "num_images": 20}
    experiment, images = Experiment.model_validate(values), np.random.default_rng(0).permutation(digits)[:4000]
    means = {}
    for objective in ("minimax", "non_saturating"):
        run = start(Setup(with_game(experiment, generator_objective=objective), images, images[:20], 0, CPU))
        norms = ablations.GradientNorms(run.game.generator_optimizer)
        play(run, lambda row, norms=norms: norms.end_epoch())
        means[objective] = norms.table()["gradient_norm"].mean()
    assert means["minimax"] < means["non_saturating"] / 2


# Project


def test_the_committed_ablations_are_those_of_the_paper(values: dict) -> None:
    asked = parse(values, Ablations, "ablations/params.yaml")
    played = [each for each in asked.variants.values() if each.generator is None]
    games = {(game.game, game.discriminator_steps, game.generator_objective) for game in played}
    assert {game[1] for game in games if game[0] == "alternating"} >= {1, 2, 5}
    for game in ("simultaneous", "alternating"):
        assert {(game, 1, "minimax"), (game, 1, "non_saturating")} <= games
    assert len(asked.seeds) == 3
    assert len(games) == len(played)


def test_the_committed_variants_of_the_generator_differ_in_one_thing(values: dict) -> None:
    asked, experiment = parse(values, Ablations, "ablations/params.yaml"), Experiment.model_validate(shipped_values("mnist5k"))
    runs = [tried(variant, "minimax", 0, 1.0) for variant in asked.variants]
    runs = [replace(run, experiment=ablations.varied(experiment, asked, run.variant)) for run in runs]
    rows = pd.DataFrame([run.row for run in runs])
    assert ablations.other(rows, (ablations.NOISE,)) == ["gaussian_noise", "noise_of_10_dimensions"]
    assert ablations.other(rows, (ablations.LAYERS,)) == ["convolutional"]
    assert len(ablations.other(rows, ablations.GAME)) == len(rows) - 4
    convolutional, own = (Network(100, run.experiment.generator.layers).num_parameters for run in (runs[-1], runs[0]))
    assert convolutional == pytest.approx(own, rel=0.05)


def test_a_variant_has_its_generator_and_all_else_of_the_experiment(values: dict, experiment: Experiment) -> None:
    asked = parse(values, Ablations, "ablations/params.yaml")
    varied = ablations.varied(experiment, asked, "convolutional")
    assert varied.generator.model_dump(exclude_none=True) == asked.variants["convolutional"].generator.model_dump(
        exclude_none=True
    )
    assert varied.model_copy(update={"generator": experiment.generator}) == experiment
    assert ablations.varied(experiment, asked, "alternating_5_steps").generator == experiment.generator
    assert ablations.described(varied.generator) == {
        "noise": "100 uniform",
        "layers": "400 relu, 1152 relu, 7×7 transposed convolution",
    }


def test_a_generator_that_does_not_suit_the_images_is_refused_by_name(values: dict, experiment: Experiment) -> None:
    values["variants"]["gaussian_noise"]["generator"]["layers"]["y"]["units"] = 783
    asked = parse(values, Ablations, "ablations/params.yaml")
    message = "variant gaussian_noise of ablations/experiment.yaml:generator.layers.y.units: must be 784"
    with pytest.raises(InputError, match=re.escape(message)):
        ablations.varied(experiment, asked, "gaussian_noise")
    values["variants"]["gaussian_noise"]["generator"]["nose"] = "uniform"
    with pytest.raises(InputError, match=re.escape("variants.gaussian_noise.generator.nose: unknown key; did you mean 'noise'?")):
        parse(values, Ablations, "ablations/params.yaml")


def test_a_run_is_scored_and_has_an_outcome(values: dict, experiment: Experiment, digits: np.ndarray, tmp_path: Path) -> None:
    save_prepared(digits, tmp_path)
    data = prepared.load(tmp_path / ExperimentPaths("mnist5k").prepared)
    varied = ablations.varied(experiment, parse(values, Ablations, "ablations/params.yaml"), "noise_of_10_dimensions")
    run, gradients = ablations.train(
        Setup(varied, data.training_images, data.fold_images(0, VALIDATION), 0, CPU), lambda row: None
    )
    bar = mean_image_validation(data, varied, CPU)
    for shift, ended in ((1.0, FINISHED), (-1.0, COLLAPSED)):
        run.curve[-1]["validation_log_likelihood"] = bar + shift
        assert ablations.measure(run, gradients, data, 0).outcome == ended


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "discriminator_steps",
            2,
            "variants.simultaneous.discriminator_steps: must be 1 in the simultaneous game",
        ),
        ("game", "sequential", "variants.simultaneous.game: "),
        ("gane", "alternating", "variants.simultaneous.gane: unknown key; did you mean 'game'?"),
    ],
)
def test_an_impossible_variant_is_refused_by_name(values: dict, key: str, value: object, message: str) -> None:
    values["variants"]["simultaneous"][key] = value
    with pytest.raises(InputError, match=re.escape(f"ablations/params.yaml:{message}")):
        parse(values, Ablations, "ablations/params.yaml")


# Tables


def tried(variant: str, objective: str, seed: int, gradient: float, game: str = "simultaneous") -> ablations.Tried:
    epochs = np.arange(1, 13)
    curve = pd.DataFrame({"epoch": epochs, "gradient_norm": gradient * epochs, "d_real": 0.9, "d_fake": epochs / 100})
    scores = ablations.Scores(80.0 + seed, 1.0, [0.2], False, 1200, 600, 10, COLLAPSED if seed else FINISHED)
    experiment = with_game(small(), game=game, discriminator_steps=1, generator_objective=objective)
    return ablations.Tried(variant, experiment, seed, curve, pd.DataFrame(), scores)


def rows(*gradients: float) -> pd.DataFrame:
    """Two seeds of each objective, with these gradients in the first epoch: minimax's first."""
    names = ["minimax", "minimax", "non_saturating", "non_saturating"]
    runs = [tried(name, name, seed % 2, gradient) for seed, (name, gradient) in enumerate(zip(names, gradients, strict=True))]
    return pd.DataFrame([run.row for run in runs])


def test_a_row_has_the_first_epoch_and_the_mean_of_the_last() -> None:
    row = tried("a", "minimax", 0, 2.0).row
    assert (row["gradient_norm_first"], row["gradient_norm_last"]) == (2.0, pytest.approx(2.0 * np.arange(3, 13).mean()))
    assert (row["d_fake_first"], row["d_fake_last"]) == (0.01, pytest.approx(0.075))


def test_the_comparison_has_means_and_spreads_over_the_seeds_that_finished() -> None:
    found = rows(0.1, 0.3, 1.0, 2.0)
    assert report.comparison(found)["test (nats)"].tolist() == ["80.0"] * 2
    for outcome, collapsed in ((FINISHED, "0 of 2 (0 to 84 %)"), (COLLAPSED, "2 of 2 (16 to 100 %)")):  # or over all, if none did
        table = report.comparison(found.assign(outcome=outcome))
        assert table["test (nats)"].tolist() == ["80.5 ± 0.7"] * 2
        assert table["collapsed (95 % interval)"].tolist() == [collapsed] * 2
    assert table["G's objective"].tolist() == ["minimax", "non-saturating"]
    assert table[["z", "layers of G"]].to_numpy().tolist() == [["5 uniform", "6 relu, 6 relu, 784 sigmoid"]] * 2
    assert table["G's gradient, epoch 1"].tolist() == ["0.20 ± 0.14", "1.50 ± 0.71"]
    assert table[["updates of D", "of G"]].to_numpy().tolist() == [["1,200", "600"]] * 2


@pytest.mark.parametrize(
    ("gradients", "words"),
    [((0.1, 0.3, 1.0, 2.0), "in all of 2 pairs"), ((0.1, 3, 1, 2), "in only 1 of 2 pairs"), ((2, 3, 1, 2), "in none of 2 pairs")],
)
def test_the_verdict_compares_the_objectives_seed_by_seed(gradients: tuple[float, ...], words: str) -> None:
    pairs = ablations.saturation(rows(*gradients))
    assert pairs["minimax"].tolist() == list(gradients[:2])
    assert pairs["non_saturating"].tolist() == list(gradients[2:])
    assert words in report.verdict(pairs)


def test_a_game_with_one_objective_alone_is_not_compared() -> None:
    runs = [tried("a", "minimax", 0, 1.0), tried("b", "non_saturating", 0, 2.0, game="alternating")]
    assert ablations.saturation(pd.DataFrame([run.row for run in runs])).empty


def test_another_generator_does_not_mix_with_the_comparison_of_objectives() -> None:
    table = rows(1.0, 2.0, 3.0, 4.0)
    others = table.iloc[2:].assign(variant="other", layers="1 relu", gradient_norm_first=99.0)
    pd.testing.assert_frame_equal(ablations.saturation(pd.concat([table, others])), ablations.saturation(table))


def test_a_table_without_generators_has_no_variants_of_them() -> None:
    table = rows(1.0, 2.0, 3.0, 4.0).replace({"variant": {"minimax": "simultaneous"}})
    for each in (table, table.drop(columns=["noise", "layers"])):
        assert ablations.other(each, ablations.GAME) == ["non_saturating"]
        assert ablations.other(each, (ablations.NOISE,)) == ablations.other(each, (ablations.LAYERS,)) == []
    assert ablations.other(rows(1.0, 2.0, 3.0, 4.0), ablations.GAME) == []  # no published game to compare with


def test_the_race_is_told_for_each_variant_and_outcome() -> None:
    runs = [tried("simultaneous", "non_saturating", seed, 2.0 - seed) for seed in (0, 1, 2)]
    assert report.race(pd.DataFrame([run.row for run in runs])).to_numpy().tolist() == [
        ["simultaneous", "1 finished", "0.8900", "1", "24.000"],
        ["simultaneous", "2 collapsed", "0.8900", "1", "0.000 to 12.000"],
    ]


# The pipeline


def test_a_run_depends_on_all_of_training_but_the_game() -> None:
    """What is optional cannot be listed, and is refused; but averaging, which the default has."""
    [listed] = [
        params["ablations/experiment.yaml"]
        for params in read_yaml(ROOT / "ablations" / "dvc.yaml")["stages"]["train"]["params"]
        if "ablations/experiment.yaml" in params
    ]
    own = {name: field for name, field in TrainingParameters.model_fields.items() if name not in GameParameters.model_fields}
    assert {key.split(".")[1] for key in listed if "." in key} == {
        "averaging",
        *(name for name, field in own.items() if field.is_required()),
    }
    assert {key for key in listed if "." not in key} == {"generator", "discriminator", "sampling", "evaluation"}


@pytest.mark.parametrize(
    ("key", "value"),
    [("annealing", {"after_updates": 3, "learning_rate_decay": 1.1}), ("pretraining", {"first_layer": "h1", "epochs": 2})],
)
def test_an_experiment_with_what_no_run_depends_on_is_refused(values: dict, key: str, value: dict) -> None:
    asked = parse(values, Ablations, "ablations/params.yaml")
    training = {**small_values()["training"], key: value}
    experiment = small().model_copy(update={"training": TrainingParameters.model_validate(training)})
    with pytest.raises(InputError, match=f"ablations/experiment.yaml:training.{key}: "):
        ablations.varied(experiment, asked, "alternating")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("train", "alternatng", "0"), "none is called 'alternatng'; there are simultaneous"), (("report",), "make ablations")],
)
def test_bad_input_is_one_line(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    write_project(tmp_path, project_values(), mnist5k=small_values())
    (tmp_path / "ablations").mkdir()
    for path in (FILE, FILE.with_name("experiment.yaml")):
        shutil.copy(path, tmp_path / "ablations")
    script, *rest = arguments
    command = [sys.executable, "-m", f"ablations.{script}", *rest]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1), ended.stderr
    assert ended.stderr.startswith("error: ")
    assert message in ended.stderr


@pytest.mark.parametrize(
    ("name", "rates"),
    [
        ("mnist_collapse", [0.1]),
        ("mnist_against_collapse", [0.1, 0.05, 0.2, 0.1]),
        ("mnist_search", [0.1, 0.1, 0.2, 0.1, 0.1]),
    ],
)
def test_ablations_on_mnist_vary_the_published_recipe(name: str, rates: list[float]) -> None:
    """Their experiments are that of ``mnist`` but for how long they last, how closely one looks, and which generator is kept."""
    place = AblationPaths(ROOT / "ablations" / name)
    asked = parse(read_yaml(place.parameters), Ablations, str(place.parameters))
    values, published = read_yaml(place.experiment), shipped_values("mnist")
    for each in (values, published):
        each["sampling"], each["training"] = (
            None,
            {**each["training"], "epochs": 1, "validation": None, "averaging": None, "keep": ""},
        )
    assert values == published
    runs = [ablations.varied(read_experiment(place.experiment), asked, name) for name in asked.variants]
    assert [run.training.learning_rate for run in runs] == rates
