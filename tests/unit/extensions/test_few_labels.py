"""Few labels: which images are chosen, what is measured, and that only labels that may be used are."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from adversarial_nets.core.errors import InputError
from adversarial_nets.data import sources
from adversarial_nets.data.prepared import TEST, PreparedData
from adversarial_nets.extensions import few_labels
from adversarial_nets.parameters.inference import FewLabelsParameters
from support.experiments import ROOT, shipped


def asked(**changes: object) -> FewLabelsParameters:
    """A few draws."""
    values = {"counts": [20, 50], "draws": 2, "folds": 2, "c": [0.01, 0.1], "components": 5, "compared": []}
    return FewLabelsParameters.model_validate(values | changes)


@given(
    labels=st.lists(st.integers(0, 3), min_size=40, max_size=120).filter(lambda found: min(np.bincount(found, minlength=4)) > 6),
    seed=st.integers(0, 2**31),
)
def test_each_class_has_equally_many_images_in_every_draw_and_is_in_every_fold(labels: list[int], seed: int) -> None:
    found = np.array(labels, np.uint8)
    rows, folds = few_labels.chosen(found, 24, asked(folds=3), torch.Generator().manual_seed(seed))
    assert len(set(rows.tolist())) == 24
    for fold in range(3):
        assert np.bincount(found[rows[folds == fold]], minlength=4).tolist() == [2] * 4


def test_a_smaller_count_is_part_of_a_larger_one() -> None:
    labels = np.arange(100, dtype=np.uint8) % 5
    few, many = (few_labels.chosen(labels, count, asked(), torch.Generator().manual_seed(1))[0] for count in (10, 50))
    assert set(few.tolist()) < set(many.tolist())


@pytest.mark.parametrize(
    ("labels", "count"), [(np.arange(60, dtype=np.uint8) % 10, 100), (np.full(60, 255, np.uint8), 20), (np.arange(60) % 10, 10)]
)
def test_too_few_images_of_a_class_are_refused_in_one_line(labels: np.ndarray, count: int) -> None:
    with pytest.raises(InputError, match=r"^few_labels.counts: [^\n]*$"):
        few_labels.chosen(labels, count, asked(), torch.Generator())


@pytest.fixture(scope="module")
def data() -> PreparedData:
    """The default's digits."""
    return sources.prepare(shipped().data, ROOT / "data", "mnist5k")


def pixels(images: np.ndarray) -> np.ndarray:
    return images


def test_labels_of_test_images_decide_errors_and_nothing_else(data: PreparedData) -> None:
    few, labels = asked(counts=[50]), data.labels.copy()
    labels[data.folds[0] == TEST] = (labels[data.folds[0] == TEST] + 1) % 10
    usual, other = (
        few_labels.measure("pixels", pixels, each, few, 0).rows for each in (data, dataclasses.replace(data, labels=labels))
    )
    assert usual["c"].tolist() == other["c"].tolist()
    assert usual["error"].between(15, 50).all()
    assert other["error"].gt(90).all()


def test_features_that_are_the_label_make_no_errors_and_those_that_are_noise_guess(data: PreparedData) -> None:
    rows = {len(data.training): data.labels[data.training], 500: data.labels[data.folds[0] == TEST]}
    random = np.random.default_rng(0)
    label = few_labels.measure("label", lambda images: np.eye(10, dtype=np.float32)[rows[len(images)]], data, asked(), 0)
    noise = few_labels.measure("noise", lambda images: random.standard_normal((len(images), 10), np.float32), data, asked(), 0)
    assert label.rows["error"].max() == 0
    assert noise.rows["error"].mean() == pytest.approx(90, abs=4)


def test_misclassified_images_are_counted_over_draws(data: PreparedData) -> None:
    found = few_labels.measure("pixels", pixels, data, asked(), 0)
    for count in (20, 50):
        errors = found.rows.loc[found.rows["labels"] == count, "error"]
        assert found.images[few_labels.column("pixels", count)].mean() / 2 == pytest.approx(errors.mean() / 100)
        assert found.images[few_labels.column("pixels", count)].between(0, 2).all()
