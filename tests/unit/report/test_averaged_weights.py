"""What a reader is shown of averaged weights: the learning curve, the model card, and samples with and without."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from adversarial_nets.data import prepared
from adversarial_nets.data.prepared import VALIDATION, PreparedData
from adversarial_nets.gan.run import Run, Setup
from adversarial_nets.gan.training import train
from adversarial_nets.report.figures.curves import learning_curves
from adversarial_nets.report.figures.images import averaging
from adversarial_nets.report.model_card import model_card
from adversarial_nets.running.paths import ExperimentPaths
from support.experiments import save_prepared, small


@pytest.fixture
def data(digits: np.ndarray, tmp_path: Path) -> PreparedData:
    save_prepared(digits, tmp_path)
    return prepared.load(tmp_path / ExperimentPaths("mnist5k").prepared)


def run(data: PreparedData, keep: str) -> Run:
    experiment = small(averaging={"gamma": 2.0}, keep=keep)
    return train(Setup(experiment, data.training_images, data.fold_images(0, VALIDATION), 0, torch.device("cpu")))


def test_the_card_says_which_generator_it_is(data: PreparedData) -> None:
    average, last = (run(data, keep) for keep in ("average", "last"))
    card = " ".join(model_card(average, data, "small", 0).split())
    assert f"**{average.curve[-1]['average_validation_log_likelihood']:.1f} nats**" in card
    assert (
        "This is the generator of epoch 2 of 2, its weights averaged over the run; `last_generator.safetensors` has its" in card
    )
    assert '"averaging": { "gamma": 2.0 }' in card
    card = model_card(last, data, "small", 0)
    assert f"**{last.curve[-1]['validation_log_likelihood']:.1f} nats**" in card
    assert "kept because it was the last." in card


def test_the_curves_figure_shows_both_likelihoods_if_there_are_two(data: PreparedData) -> None:
    curve = pd.DataFrame(run(data, "average").curve).assign(seed=0)
    *_, likelihood = learning_curves(curve).axes
    drawn = {line.get_label(): line.get_ydata().tolist() for line in likelihood.lines}
    assert drawn == {
        "validation": curve["validation_log_likelihood"].tolist(),
        "validation, averaged weights": curve["average_validation_log_likelihood"].tolist(),
    }
    *_, likelihood = learning_curves(curve.drop(columns="average_validation_log_likelihood")).axes
    assert [line.get_label() for line in likelihood.lines] == ["validation"]


def test_samples_with_averaged_weights_stand_above_the_last_generators(data: PreparedData) -> None:
    """Two pairs of rows of nine; sample i of the one above sample i of the other."""
    with_average, without = np.full((30, 784), 0.25, np.float32), np.full((30, 784), 0.75, np.float32)
    with_average[:, 0], without[:, 0] = np.arange(30) / 64, np.arange(30) / 64
    axes = averaging(with_average, without, data).axes
    shown = [axis.images[0].get_array() for axis in axes]
    values = np.array([image[1, 1] for image in shown]).reshape(4, 9)
    np.testing.assert_array_equal(values, np.repeat([[0.25], [0.75], [0.25], [0.75]], 9, axis=1))
    numbers = np.array([image[0, 0] * 64 for image in shown]).reshape(4, 9)
    np.testing.assert_array_equal(numbers, np.arange(18).reshape(2, 9).repeat(2, axis=0))
    assert [axis.get_ylabel() for axis in axes[::9]] == ["average", "last", "average", "last"]
