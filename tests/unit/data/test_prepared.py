"""Pixels in the data's own scale, and the file that holds images with their splits and folds."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adversarial_nets.core.errors import InputError
from adversarial_nets.data import prepared as datasets
from adversarial_nets.data.prepared import OUTSIDE, TEST, VALIDATION, PreparedData


def test_pixels_are_scaled_to_the_unit_interval_row_by_row() -> None:
    rows = datasets.scaled(np.array([[[0, 1, 2], [3, 4, 5]], [[250, 251, 252], [253, 254, 255]]], np.uint8))
    expected = np.array([[0, 1, 2, 3, 4, 5], [250, 251, 252, 253, 254, 255]]) / 255
    np.testing.assert_array_equal(rows, expected.astype(np.float32), strict=True)


def five_folds() -> PreparedData:
    """Sixty images in five folds: 30 to train on, and in each fold 10 for validation, 10 for testing and 10 for neither."""
    random = np.random.default_rng(0)
    folds = np.full((5, 60), OUTSIDE, np.uint8)
    for fold in folds:
        fold[30 + random.permutation(30)] = np.repeat([VALIDATION, TEST, OUTSIDE], 10)
    images, labels = random.integers(0, 256, (60, 4, 3), np.uint8), random.integers(0, 7, 60).astype(np.uint8)
    return PreparedData(np.array("Faces"), images, labels, np.arange(30), folds, np.array(["faces.mat"]), np.array(["md5:0"]))


def test_five_folds_come_back_as_they_were_saved(tmp_path: Path) -> None:
    data = five_folds()
    datasets.save(data, tmp_path / "faces.npz")
    back = datasets.load(tmp_path / "faces.npz")
    assert back.num_folds == 5
    for name, value in vars(data).items():
        np.testing.assert_array_equal(getattr(back, name), value, strict=True)


def test_each_fold_has_images_of_its_own() -> None:
    data = five_folds()
    for fold in range(5):
        for part in (VALIDATION, TEST):
            expected = [data.images[i].ravel() / np.float32(255) for i in range(60) if data.folds[fold, i] == part]
            np.testing.assert_array_equal(data.fold_images(fold, part), np.array(expected, np.float32), strict=True)
    np.testing.assert_array_equal(data.training_images, data.images[:30].reshape(30, 12) / np.float32(255))


MISFITS: dict[str, tuple[dict[str, Any], str]] = {
    # what is changed in good data, and the array that the message names
    "float pixels": ({"images": np.zeros((60, 4, 3), np.float32)}, "images"),
    "rows of pixels": ({"images": np.zeros((60, 12), np.uint8)}, "images"),
    "a label too few": ({"labels": np.zeros(59, np.uint8)}, "labels"),
    "folds of other images": ({"folds": np.ones((5, 61), np.uint8)}, "folds"),
    "nothing to train on": ({"training": np.arange(0)}, "training"),
    "an index below 0": ({"training": np.array([-1])}, "training"),
    "an index too far": ({"training": np.array([60])}, "training"),
    "training as fractions": ({"training": np.array([1.0])}, "training"),
    "no test images": ({"folds": np.full((5, 60), VALIDATION, np.uint8)}, "for testing"),
    "no validation images": ({"folds": np.full((5, 60), TEST, np.uint8)}, "for validation"),
}


@pytest.mark.parametrize("case", MISFITS)
def test_arrays_that_do_not_fit_together_are_named(tmp_path: Path, case: str) -> None:
    changes, named = MISFITS[case]
    datasets.save(dataclasses.replace(five_folds(), **changes), tmp_path / "faces.npz")
    with pytest.raises(InputError, match=f"damaged, or not what `prepare` writes.*{named}"):
        datasets.load(tmp_path / "faces.npz")
