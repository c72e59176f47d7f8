"""The face data sets: the Toronto Face Database's file in its own format, and FER-2013; wrong files get one clear line."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adversarial_nets.data import fer2013
from adversarial_nets.data import prepared as datasets
from adversarial_nets.data.prepared import OUTSIDE, TEST, TRAIN, VALIDATION
from adversarial_nets.parameters.data_sets import Fer2013, TorontoFaces
from support.faces import faces, put_fer2013, tfd_variables, write_tfd
from support.source_files import message_of, prepared, snapshot

# The Toronto Face Database


def tfd(**options: Any) -> TorontoFaces:
    return TorontoFaces(source="tfd", **options)


def test_unlabelled_images_are_trained_on_and_folds_are_the_files(tmp_path: Path) -> None:
    written = write_tfd(tmp_path / "TFD_48x48.mat")
    data = prepared(tfd(), tmp_path)
    np.testing.assert_array_equal(data.images, written["images"], strict=True)
    np.testing.assert_array_equal(data.folds, written["folds"].T, strict=True)
    assert data.training.tolist() == list(range(300))
    assert (str(data.title), data.num_folds) == ("TFD", 5)
    np.testing.assert_array_equal(data.labels, np.where(written["labs_ex"] < 1, 255, written["labs_ex"]).ravel())
    for fold in range(5):
        expected = written["images"][written["folds"][:, fold] == 3].reshape(20, -1) / np.float32(255)
        np.testing.assert_array_equal(data.fold_images(fold, TEST), expected)
        assert len(data.fold_images(fold, VALIDATION)) == 10
    digest = hashlib.md5((tmp_path / "TFD_48x48.mat").read_bytes()).hexdigest()
    assert data.source_checksums.tolist() == [f"md5:{digest}"]


def test_what_is_in_any_fold_is_not_trained_on(tmp_path: Path) -> None:
    """An image that is 0 in the first column alone is in another fold's test set."""
    folds = tfd_variables()["folds"]
    folds[7, 4] = 3
    write_tfd(tmp_path / "TFD_48x48.mat", folds=folds)
    assert 7 not in prepared(tfd(), tmp_path).training


def test_a_number_of_training_images_makes_a_subset(tmp_path: Path) -> None:
    write_tfd(tmp_path / "TFD_48x48.mat")
    data = prepared(tfd(num_train=50), tmp_path)
    assert (data.training.tolist(), str(data.title)) == (list(range(50)), "TFD, 50-image subset")


def test_larger_images_are_halved_by_means(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (400, 96, 96), np.uint8)
    write_tfd(tmp_path / "TFD_96x96.mat", images=images)
    found = prepared(tfd(), tmp_path).images
    means = (images[:, ::2, ::2].astype(float) + images[:, 1::2, ::2] + images[:, ::2, 1::2] + images[:, 1::2, 1::2]) / 4
    assert (found.shape, found.dtype) == ((400, 48, 48), np.uint8)
    assert np.abs(found - means).max() <= 0.5


def test_the_file_is_only_read_and_gives_the_same_bytes_twice(tmp_path: Path) -> None:
    write_tfd(tmp_path / "raw" / "TFD_48x48.mat")
    before = snapshot(tmp_path / "raw")
    for name in ("a.npz", "b.npz"):
        datasets.save(prepared(tfd(), tmp_path / "raw"), tmp_path / name)
    assert snapshot(tmp_path / "raw") == before
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_where_the_file_is_missing_it_says_whom_to_ask(tmp_path: Path) -> None:
    message = message_of(tfd(), tmp_path)
    for part in (str(tmp_path), "TFD_48x48.mat", "University of Toronto", "on request"):
        assert part in message


USUAL = tfd_variables(count=60, unlabelled=30)
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    # which variables are put in place of the usual, and what must be in the message
    "no images": ({"images": None}, "no variable `images`"),
    "no folds": ({"folds": None}, "no variable `folds`"),
    "no labels": ({"labs_ex": None}, "no variable `labs_ex`"),
    "no identities": ({"labs_id": None}, "no variable `labs_id`"),
    "rows of pixels": ({"images": USUAL["images"].reshape(60, -1)}, "`images` must be n × 48 × 48"),
    "larger images": ({"images": np.zeros((60, 96, 96), np.uint8)}, "`images` must be n × 48 × 48"),
    "colours": ({"images": np.zeros((60, 48, 48, 3), np.uint8)}, "`images` must be n × 48 × 48"),
    "fractions": ({"images": USUAL["images"] / 255}, "`images` must be whole numbers from 0 to 255"),
    "too bright": ({"images": USUAL["images"].astype(np.int16) + 256}, "`images` must be whole numbers from 0 to 255"),
    "not a number": ({"images": np.full((60, 48, 48), np.nan)}, "`images` must be whole numbers"),
    "text": ({"images": np.array(["faces"])}, "`images` must be whole numbers"),
    "four folds": ({"folds": USUAL["folds"][:, :4]}, "`folds` must be 60 × 5"),
    "folds of others": ({"folds": USUAL["folds"][:-1]}, "`folds` must be 60 × 5"),
    "turned folds": ({"folds": USUAL["folds"].T}, "`folds` must be 60 × 5"),
    "a fifth part": ({"folds": USUAL["folds"] + 1}, "`folds` must be whole numbers from 0 to 3"),
    "no unlabelled": ({"folds": np.where(USUAL["folds"] == 0, 1, USUAL["folds"])}, "no unlabelled images"),
    "no validation": ({"folds": np.where(USUAL["folds"] == 2, 1, USUAL["folds"])}, "column 1 of `folds` must have"),
    "no test": ({"folds": np.where(USUAL["folds"] == 3, 1, USUAL["folds"])}, "column 1 of `folds` must have"),
    "too few labels": ({"labs_ex": USUAL["labs_ex"][:-1]}, "`labs_ex` must have 60 values"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_file_that_is_not_as_it_should_be_is_refused(tmp_path: Path, case: str) -> None:
    changes, words = WRONG[case]
    write_tfd(tmp_path / "TFD_48x48.mat", **{**USUAL, **changes})
    message = message_of(tfd(), tmp_path)
    assert message.startswith(f"{tmp_path / 'TFD_48x48.mat'}: ")
    assert words in message


@pytest.mark.parametrize("damage", ["empty", "truncated", "text", "another version"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "TFD_48x48.mat"
    write_tfd(path)
    whole = path.read_bytes()
    later = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + whole[128:]
    contents = {
        "empty": b"",
        "truncated": whole[: len(whole) // 2],
        "text": b"<html>Sign in</html>\n" * 20,
        "another version": later,
    }
    path.write_bytes(contents[damage])
    assert message_of(tfd(), tmp_path).startswith(f"{path}: ")


def test_a_mislabelled_file_is_refused(tmp_path: Path) -> None:
    """The larger images under the smaller ones' name."""
    write_tfd(tmp_path / "TFD_96x96.mat")
    (tmp_path / "TFD_96x96.mat").rename(tmp_path / "TFD_48x48.mat")
    assert "must be n × 48 × 48" in message_of(tfd(), tmp_path)


# FER-2013, here with a few images


def fer(**changes: Any) -> Fer2013:
    return Fer2013(**{"source": "fer2013", "num_train": 30, "num_fold": 4, "split_seed": 0, **changes})


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return tmp_path / "raw"


@pytest.mark.parametrize("name", ["fer2013.csv", "icml_face_data.csv"])
def test_faces_are_split_into_five_parts_that_share_none(raw: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    images = faces(60)
    put_fer2013(raw, images, monkeypatch, name)
    data = prepared(fer(), raw)
    assert len(np.unique(data.images.reshape(50, -1), axis=0)) == 50
    written = {image.tobytes(): number % 7 for number, image in enumerate(images)}
    assert [written[image.tobytes()] for image in data.images] == data.labels.tolist()
    assert data.training.tolist() == list(range(30))
    assert (data.folds[:, :30] == TRAIN).all()
    assert ((data.folds == TEST).sum(axis=0)[30:] == 1).all()
    assert ((data.folds == VALIDATION).sum(axis=0)[30:] == 1).all()
    assert [np.bincount(fold, minlength=4).tolist() for fold in data.folds] == [[12, 30, 4, 4]] * 5
    assert data.source_files.tolist() == [name]


def test_duplicates_and_constant_images_are_dropped(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those of the test part that stand in the training part."""
    distinct = faces(50)
    flat = np.full((3, 48, 48), [[[0]], [[7]], [[255]]], np.uint8)
    put_fer2013(raw, np.concatenate([distinct[:20], flat, distinct, distinct[40:]]), monkeypatch)
    data = prepared(fer(), raw)
    assert sorted(image.tobytes() for image in data.images) == sorted(image.tobytes() for image in distinct)
    assert str(data.title) == "FER-2013"
    message = message_of(fer(num_train=31), raw)
    assert "has 50 distinct images, and 51 are asked for" in message


def test_the_split_is_the_seeds(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_fer2013(raw, faces(60), monkeypatch)
    one, same, other = (prepared(fer(split_seed=seed), raw).images for seed in (0, 0, 1))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_if_faces_are_missing_it_says_where_to_get_them(raw: Path) -> None:
    message = message_of(fer(), raw)
    for part in (str(raw / "fer2013" / "fer2013.csv"), fer2013.PAGE, "terms"):
        assert part in message


@pytest.mark.parametrize("name", ["fer2013.csv", "icml_face_data.csv"])
@pytest.mark.parametrize("content", [b"", b"emotion,pixels,Usage\n", None], ids=["empty", "header", "truncated"])
def test_wrong_faces_are_named(raw: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes | None) -> None:
    put_fer2013(raw, faces(60), monkeypatch, name)
    path = raw / "fer2013" / name
    path.write_bytes(path.read_bytes()[:-1] if content is None else content)
    assert message_of(fer(), raw).startswith(f"{path}: ")


def test_one_of_two_files_is_not_enough(raw: Path) -> None:
    (raw / "fer2013").mkdir(parents=True)
    (raw / "fer2013" / "train.csv").write_text("emotion,pixels\n")
    assert message_of(fer(), raw).startswith(f"{raw / 'fer2013' / 'train.csv'} and {raw / 'fer2013' / 'test.csv'}: ")


def test_equal_faces_are_kept_once_in_their_order() -> None:
    images = np.array([[[1, 2]], [[3, 3]], [[0, 9]], [[1, 2]], [[4, 5]]], np.uint8)
    found, labels = fer2013.distinct(images, np.arange(5))
    assert (found.tolist(), labels.tolist()) == ([[[1, 2]], [[0, 9]], [[4, 5]]], [0, 2, 4])


def test_images_outside_a_fold_are_of_the_other_parts() -> None:
    folds = fer2013.five_folds(2, 1)
    assert folds[0].tolist() == [TRAIN, TRAIN, TEST, VALIDATION, OUTSIDE, OUTSIDE, OUTSIDE]
    assert folds[4].tolist() == [TRAIN, TRAIN, VALIDATION, OUTSIDE, OUTSIDE, OUTSIDE, TEST]
