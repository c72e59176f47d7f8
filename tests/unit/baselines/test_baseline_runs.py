"""Runs of the three baselines: stopped and resumed, diverged, saved and sampled; schedules of their learning rates."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from adversarial_nets.baselines import training
from adversarial_nets.baselines.models import sample_stream
from adversarial_nets.baselines.training import SOURCES, start, training_of
from adversarial_nets.core import files
from adversarial_nets.core.errors import CheckFailed, InputError
from adversarial_nets.gan.run import PACKAGE, Setup, Summary
from adversarial_nets.parameters.baselines import LearningRateParameters
from adversarial_nets.parameters.reading import AnyExperiment, parse_experiment
from adversarial_nets.running.checkpoints import Checkpoint
from adversarial_nets.running.machine import refuse_too_large
from adversarial_nets.running.paths import RunPaths
from support.experiments import BASELINES, small, small_baseline, small_baseline_values
from support.stops import StopsAt

CPU = torch.device("cpu")
STEPS = 4  # minibatches of an epoch: 50 images, 16 at a time

each_model = pytest.mark.parametrize("model", BASELINES)


@pytest.fixture
def images(digits: np.ndarray) -> np.ndarray:
    return digits[::100].copy()


def trained(experiment: AnyExperiment, images: np.ndarray, folder: Path, checkpoint: Checkpoint | None = None) -> bytes:
    """Names and bytes of all that a run leaves."""
    work = training_of(Setup(experiment, images, images[:10], 0, CPU))
    work.save(work.train(checkpoint=checkpoint), folder)
    return b"".join(path.name.encode() + path.read_bytes() for path in sorted(folder.iterdir()))


@each_model
@pytest.mark.parametrize("times", [1, STEPS, STEPS + 1, 2 * STEPS + 1, 2 * STEPS + 3, 3 * STEPS])
def test_a_stopped_run_ends_like_one_never_stopped(model, times, images, tmp_path):
    """After the first step, at the ends of epochs, and, if there are layers, in the second one."""
    experiment, state = small_baseline(model), tmp_path / "a.state"
    usual = trained(experiment, images, tmp_path / "usual")
    times = min(times, 2 * STEPS + 1) if model == "generative_stochastic_network" else times
    with pytest.raises(CheckFailed, match="stopped by SIGTERM"), StopsAt(state, times) as checkpoint:
        trained(experiment, images, tmp_path / "stopped", checkpoint)
    assert not (tmp_path / "stopped").exists()
    assert trained(experiment, images, tmp_path / "resumed", Checkpoint(state, "key")) == usual


@each_model
def test_a_run_that_diverges_says_so_in_a_line_and_leaves_nothing(model, images, tmp_path):
    experiment = small_baseline(model)
    rate = {"learning_rate": LearningRateParameters(initial=1e38)}
    layers = getattr(experiment.training, "layers", {})
    if model == "deep_belief_network":
        rate = {"layers": {name: layer.model_copy(update=rate) for name, layer in layers.items()}}
    steep = experiment.model_copy(update={"training": experiment.training.model_copy(update=rate)})
    with pytest.raises(CheckFailed, match=r"training diverged: in epoch \d.*; lower the learning rate") as failed:
        trained(steep, images, tmp_path / "models")
    assert len(str(failed.value).splitlines()) == 1
    assert not (tmp_path / "models").exists()


@each_model
def test_a_saved_model_gives_the_samples_of_the_run(model, images, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    experiment, paths = small_baseline(model), RunPaths("small", 0)
    trained(experiment, images, paths.model)
    stream = sample_stream(paths, experiment, images, CPU)
    samples = np.concatenate(list(stream))
    assert samples.shape == (40, 784)
    assert (samples.min() >= 0, samples.max() <= 1) == (True, True)
    run = training.train(start(Setup(experiment, images, images[:10], 0, CPU)))
    again = np.concatenate(list(type(stream)(run.model, images, experiment.sampling, 0)))
    np.testing.assert_array_equal(samples, again)
    measured = files.read(paths.summary, Summary)
    assert (measured.discriminator_parameters, measured.kept_epoch) == (None, run.epochs)
    assert measured.validation_log_likelihood == training.validate(run)


@each_model
def test_another_models_file_is_refused(model, images, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    other = next(name for name in ("generative_stochastic_network", "deep_belief_network") if name != model)
    paths = RunPaths("small", 0)
    trained(small_baseline(other), images, paths.model)
    with pytest.raises(InputError, match="damaged, or not what `train` writes"):
        sample_stream(paths, small_baseline(model), images, CPU)


def test_adversarial_nets_go_through_the_same_door(images, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = RunPaths("small", 0)
    trained(small(), images, paths.model)
    assert np.concatenate(list(sample_stream(paths, small(), images, CPU))).shape == (40, 784)


@each_model
def test_a_learning_curve_has_a_validation_once_the_last_layer_learns(model, images):
    run = training.train(start(Setup(small_baseline(model), images, images[:10], 0, CPU)))
    values = [row["validation_log_likelihood"] for row in run.curve]
    without = 0 if model == "generative_stochastic_network" else 2
    assert [math.isnan(value) for value in values] == [True] * without + [False] * 2


@each_model
def test_more_than_there_is_memory_is_refused_by_name(model):
    values = small_baseline_values(model)
    values["generator"]["layers"]["h2"]["units"] = 10**13
    with pytest.raises(InputError, match=r"^a.yaml:generator.layers.h2.units: asks for an array of .* GiB"):
        refuse_too_large(parse_experiment(values, "a.yaml"), Path("a.yaml"))


def test_the_code_of_baselines_is_in_the_keys_of_their_runs_alone(images):
    assert {f"baselines/{path.name}" for path in (PACKAGE / "baselines").glob("*.py")} == set(SOURCES)
    setups = [Setup(experiment, images, images, 0, CPU) for experiment in (small(), small_baseline(BASELINES[0]))]
    assert training_of(setups[0]).key == setups[0].key()
    assert training_of(setups[1]).key == setups[1].key(*SOURCES) != setups[1].key()


@pytest.mark.parametrize(
    ("parameters", "epoch", "progress", "expected"),
    [
        ({}, 9, 0.9, 0.5),
        ({"epoch_factor": 0.9}, 3, 0.2, 0.5 * 0.81),
        ({"constant_share": 0.0}, 1, 0.0, 0.5),
        ({"constant_share": 0.0}, 1, 0.75, 0.125),
        ({"constant_share": 0.5}, 1, 0.5, 0.5),
        ({"constant_share": 0.5}, 1, 0.75, 0.25),
    ],
)
def test_learning_rates_fall_by_epochs_or_linearly_to_zero(parameters: dict[str, Any], epoch, progress, expected):
    given = LearningRateParameters(initial=0.5, **parameters)
    assert training.learning_rate_at(given, epoch, progress) == pytest.approx(expected)
