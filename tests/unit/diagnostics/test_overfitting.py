"""D trained alone: what is counted against NumPy, what moves and what does not, and that few images are learned by heart."""

import numpy as np
import pandas as pd
import pytest
import torch

from adversarial_nets.data.prepared import TEST, TRAIN, VALIDATION, PreparedData
from adversarial_nets.diagnostics import overfitting
from adversarial_nets.diagnostics.overfitting import HELD_OUT, LOOKS, SAMPLES, TRAINING, judged, train_alone
from adversarial_nets.diagnostics.trained import Trained
from adversarial_nets.gan.run import Setup, summary
from adversarial_nets.gan.training import train
from adversarial_nets.parameters.experiment import Experiment
from support.experiments import small_values

UPDATES = 60


@pytest.fixture(scope="module")
def trained(digits: np.ndarray) -> Trained:
    """Two epochs of a small game, with a discriminator wide enough to learn a hundred images by heart."""
    values = small_values(minibatch_size=20)
    for layer in values["discriminator"]["layers"].values():
        layer |= {"keep_probability": 1.0}
    values["discriminator"]["layers"]["h0"]["units"] = 60
    experiment = Experiment.model_validate(values)
    run = train(Setup(experiment, digits[:100], digits[100:120], 3, torch.device("cpu")))
    return Trained(run.game.generator, run.game.discriminator, experiment, summary(run), 3)


@pytest.fixture
def data(digits: np.ndarray) -> PreparedData:
    """A hundred digits to train on, as many for validation; those for testing are blank, and of other numbers."""
    pixels = np.zeros((230, 28, 28), np.uint8)
    pixels[:200] = (digits[:200].reshape(-1, 28, 28) * 255).astype(np.uint8)
    folds = np.repeat(np.array([[TRAIN, VALIDATION, TEST]], np.uint8), [100, 100, 30], axis=1)
    text = np.array(["none"])
    return PreparedData(np.array("Digits"), pixels, np.zeros(230, np.uint8), np.arange(100), folds, text, text)


@pytest.mark.parametrize(("name", "label"), [(TRAINING, 1), (HELD_OUT, 1), (SAMPLES, 0)])
def test_accuracy_and_cost_are_those_of_the_probabilities(trained: Trained, digits: np.ndarray, name: str, label: int) -> None:
    images = torch.from_numpy(digits[:1500])  # more than a batch
    with torch.no_grad():
        probabilities = trained.discriminator(images).numpy().ravel().astype(np.float64)
    found = judged(trained.discriminator, 7, name, images)
    assert (found.updates, found.images, found.count) == (7, name, 1500)
    assert found.accuracy == np.mean((probabilities > 0.5) == label)
    assert found.cost == pytest.approx(-np.log(probabilities if label else 1 - probabilities).mean(), rel=1e-5)


def test_only_a_copy_of_the_discriminator_learns(trained: Trained, digits: np.ndarray) -> None:
    before = [{name: value.clone() for name, value in each.state_dict().items()} for each in players(trained)]
    moments = [
        (update, {name: value.clone() for name, value in now.state_dict().items()}) for update, now in alone(trained, digits)
    ]
    assert [update for update, _ in moments] == [0, *(round(share * UPDATES) for share in LOOKS)]
    for each, frozen in zip(players(trained), before, strict=True):
        assert all(torch.equal(value, frozen[name]) for name, value in each.state_dict().items())
    assert all(torch.equal(value, before[1][name]) for name, value in moments[0][1].items())
    assert not torch.equal(moments[1][1]["layers.h0.linear.weight"], before[1]["layers.h0.linear.weight"])


def test_every_training_image_is_seen_once_in_each_pass(trained: Trained) -> None:
    numbered = np.arange(105, dtype=np.float32)[:, None]  # the last minibatch is smaller
    minibatches = overfitting._minibatches(trained, numbered)
    first, second = ([next(minibatches).numpy().ravel() for _ in range(6)] for _ in range(2))
    assert [len(each) for each in first] == [20, 20, 20, 20, 20, 5]
    assert sorted(np.concatenate(first)) == sorted(np.concatenate(second)) == numbered.ravel().tolist()
    assert not np.array_equal(first[0], second[0])


def test_few_images_are_learned_by_heart(trained: Trained, data: PreparedData) -> None:
    rows = pd.DataFrame(overfitting.measure(trained, 400, data).rows).pivot_table(
        ["accuracy", "cost", "count"], "updates", "images"
    )
    assert rows["count"].iloc[-1].to_dict() == {TRAINING: 100, HELD_OUT: 100, SAMPLES: overfitting.NUM_SAMPLES}
    last = rows.iloc[-1]
    assert last["cost"][TRAINING] < rows["cost"][TRAINING].iloc[0] / 2
    assert last["cost"][TRAINING] < last["cost"][HELD_OUT] / 2


def test_the_same_run_gives_the_same_rows(trained: Trained, data: PreparedData) -> None:
    assert overfitting.measure(trained, 5, data) == overfitting.measure(trained, 5, data)


def players(trained: Trained) -> tuple[torch.nn.Module, torch.nn.Module]:
    return trained.generator, trained.discriminator


def alone(trained: Trained, digits: np.ndarray):
    return train_alone(trained, UPDATES, digits[:100])
