"""Images of one's own become prepared data without code: an .npz file or a folder of PNGs, split by a seed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from adversarial_nets.core.files import digest
from adversarial_nets.data.prepared import OUTSIDE, TEST, TRAIN, VALIDATION, PreparedData
from adversarial_nets.parameters.data_sets import Images
from support.experiments import ROOT, shipped
from support.source_files import message_of, prepared

NOWHERE = Path("nowhere")  # these images are where `path` says, not in the folder of source files


def own(path: Path, **changes: Any) -> Images:
    sizes = {"image_shape": [5, 4], "num_train": 20, "num_validation": 6, "num_test": 4, "split_seed": 0}
    return Images(**{"source": "images", "path": str(path), **sizes, **changes})


def drawn(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def saved(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, **arrays)
    return path


def pictures(folder: Path, images: np.ndarray, names: list[str]) -> Path:
    """PNGs of images (n, H, W), or (n, H, W, 3) in colour."""
    for image, name in zip(images, names, strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / name)
    return folder


def numbered(count: int, folders: int = 1) -> list[str]:
    return [f"class-{number % folders}/{number:03d}.png" if folders > 1 else f"{number:03d}.png" for number in range(count)]


def parts(data: PreparedData) -> dict[str, list[int]]:
    codes = {"training": TRAIN, "validation": VALIDATION, "test": TEST, "none": OUTSIDE}
    return {name: np.flatnonzero(data.folds[0] == code).tolist() for name, code in codes.items()}


def test_grey_images_of_a_file_keep_their_order_and_are_split(tmp_path: Path) -> None:
    images, labels = drawn(40, 5, 4), np.arange(40) % 2
    path = saved(tmp_path / "own.npz", images=images, labels=labels)
    data = prepared(own(path), NOWHERE, "dots")
    np.testing.assert_array_equal(data.images, images, strict=True)
    np.testing.assert_array_equal(data.labels, labels.astype(np.uint8), strict=True)
    assert {name: len(rows) for name, rows in parts(data).items()} == {"training": 20, "validation": 6, "test": 4, "none": 10}
    assert sorted(data.training) == parts(data)["training"]
    assert (str(data.title), data.source_files.tolist()) == ("dots", ["own.npz"])
    assert data.source_checksums.tolist() == [f"sha256:{digest(path, 'sha256')}"]


def test_classes_have_equal_shares_of_every_part(tmp_path: Path) -> None:
    data = prepared(own(saved(tmp_path / "own.npz", images=drawn(40, 5, 4), labels=np.arange(40) % 2)), NOWHERE)
    shares = {name: np.bincount(data.labels[rows]).tolist() for name, rows in parts(data).items()}
    assert shares == {"training": [10, 10], "validation": [3, 3], "test": [2, 2], "none": [5, 5]}


def test_without_labels_the_split_is_at_random_and_the_seeds(tmp_path: Path) -> None:
    path = saved(tmp_path / "own.npz", images=drawn(40, 5, 4))
    first, again, other = (prepared(own(path, split_seed=seed), NOWHERE) for seed in (0, 0, 1))
    assert set(first.labels) == {255}
    assert parts(first) == parts(again) != parts(other)


@pytest.mark.parametrize(("stored", "asked"), [((5, 4), [1, 5, 4]), ((1, 5, 4), [5, 4]), ((1, 5, 4), [1, 5, 4])])
def test_a_single_channel_may_be_named_or_not(tmp_path: Path, stored: tuple[int, ...], asked: list[int]) -> None:
    path = saved(tmp_path / "own.npz", images=drawn(30, *stored))
    assert prepared(own(path, image_shape=asked), NOWHERE).images.shape == (30, 5, 4)


def test_colour_images_of_a_file_have_their_channels_first(tmp_path: Path) -> None:
    images = drawn(30, 3, 5, 4)
    data = prepared(own(saved(tmp_path / "own.npz", images=images), image_shape=[3, 5, 4]), NOWHERE)
    np.testing.assert_array_equal(data.images, images, strict=True)


def test_pngs_in_one_folder_have_no_class(tmp_path: Path) -> None:
    images = drawn(30, 5, 4)
    data = prepared(own(pictures(tmp_path / "own", images, numbered(30))), NOWHERE)
    np.testing.assert_array_equal(data.images, images, strict=True)
    assert set(data.labels) == {255}
    assert data.source_files.tolist() == numbered(30)


def test_folders_of_coloured_pngs_are_classes(tmp_path: Path) -> None:
    images, names = drawn(30, 5, 4, 3), numbered(30, folders=2)
    data = prepared(own(pictures(tmp_path / "own", images, names), image_shape=[3, 5, 4]), NOWHERE)
    order = np.argsort(names)
    np.testing.assert_array_equal(data.images, images[order].transpose(0, 3, 1, 2), strict=True)
    np.testing.assert_array_equal(data.labels, order % 2)
    assert np.bincount(data.labels[parts(data)["training"]]).tolist() == [10, 10]


def test_a_png_with_transparency_is_read_without_it(tmp_path: Path) -> None:
    images = drawn(30, 5, 4, 4)
    data = prepared(own(pictures(tmp_path / "own", images, numbered(30)), image_shape=[3, 5, 4]), NOWHERE)
    np.testing.assert_array_equal(data.images, images[..., :3].transpose(0, 3, 1, 2))


def spoiled_png(folder: Path, spoil: Any) -> Path:
    spoil(pictures(folder, drawn(30, 5, 4), numbered(30)) / "007.png")
    return folder


BAD: dict[str, tuple[Any, str]] = {
    # what is put into a folder and named by `path`, and what the message must have
    "nothing": (lambda folder: folder / "own.npz", "own.npz: no images there"),
    "an empty folder": (lambda folder: folder, ": no images there"),
    "another array": (lambda folder: saved(folder / "own.npz", pixels=drawn(30, 5, 4)), "own.npz: has no array `images`"),
    "fractions": (lambda folder: saved(folder / "own.npz", images=drawn(30, 5, 4) / 255), "they are float64 (30, 5, 4)"),
    "rows of pixels": (lambda folder: saved(folder / "own.npz", images=drawn(30, 20)), "they are uint8 (30, 20)"),
    "a number": (lambda folder: saved(folder / "own.npz", images=np.uint8(3)), "they are uint8 ()"),
    "another shape": (lambda folder: saved(folder / "own.npz", images=drawn(30, 4, 5)), "data.image_shape: is [5, 4], but "),
    "channels last": (lambda folder: saved(folder / "own.npz", images=drawn(30, 5, 4, 3)), "of the shape [5, 4, 3]"),
    "too few": (lambda folder: saved(folder / "own.npz", images=drawn(29, 5, 4)), "makes 30 images; there are 29"),
    "objects": (lambda folder: saved(folder / "own.npz", images=np.array([{}])), "own.npz: cannot be read as an .npz file"),
    "labels of others": (
        lambda folder: saved(folder / "own.npz", images=drawn(30, 5, 4), labels=np.zeros(29, int)),
        "`labels` must be 30 whole numbers from 0 to 254, one an image; they are int64 (29,)",
    ),
    "fractions as labels": (
        lambda folder: saved(folder / "own.npz", images=drawn(30, 5, 4), labels=np.zeros(30)),
        "they are float64 (30,)",
    ),
    "a class too high": (
        lambda folder: saved(folder / "own.npz", images=drawn(30, 5, 4), labels=np.full(30, 255)),
        "from 0 to 254",
    ),
    "a class of one image": (
        lambda folder: saved(folder / "own.npz", images=drawn(30, 5, 4), labels=np.eye(30, dtype=int)[0]),
        "data.num_train: the images cannot be split equally by class",
    ),
    "no archive": (lambda folder: a_text(folder / "own.npz"), "own.npz: cannot be read as an .npz file"),
    "half an archive": (lambda folder: halved(saved(folder / "own.npz", images=drawn(30, 5, 4))), "own.npz: cannot be read"),
    "a damaged PNG": (lambda folder: spoiled_png(folder, halved), "007.png: cannot be read as a PNG"),
    "a text as PNG": (lambda folder: spoiled_png(folder, a_text), "007.png: cannot be read as a PNG"),
    "a PNG of 16 bits": (
        lambda folder: spoiled_png(folder, lambda path: Image.fromarray(np.zeros((5, 4), np.uint16)).save(path)),
        "007.png: cannot be read as a PNG: it has 16 bits a pixel",
    ),
    "a PNG of another size": (
        lambda folder: spoiled_png(folder, lambda path: Image.fromarray(drawn(4, 4)).save(path)),
        "007.png: its shape is [4, 4], and that of ",
    ),
    "a coloured PNG": (
        lambda folder: spoiled_png(folder, lambda path: Image.fromarray(drawn(5, 4, 3)).save(path)),
        "007.png: its shape is [3, 5, 4], and that of ",
    ),
    "too many folders": (
        lambda folder: pictures(folder, drawn(256, 5, 4), numbered(256, folders=256)),
        "has images in 256 folders; at most 255 classes",
    ),
}


def halved(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def a_text(path: Path) -> Path:
    path.write_text("<html>Sign in to this network</html>")
    return path


@pytest.mark.parametrize("case", BAD)
def test_bad_images_are_named_in_one_line(tmp_path: Path, case: str) -> None:
    put, words = BAD[case]
    folder = tmp_path / "given"
    folder.mkdir()
    assert words in message_of(own(put(folder)), folder)


@pytest.mark.parametrize("title", ["MNIST", "mnist ", "TFD"])
def test_no_title_is_one_of_the_papers(title: str) -> None:
    with pytest.raises(ValidationError, match="is the name of one of the paper's data sets"):
        own(NOWHERE, title=title)


@pytest.mark.parametrize("shape", [[2, 5, 4], [5, 4, 3], [20], [1, 1, 5, 4]])
def test_shapes_that_no_image_has_are_refused(shape: list[int]) -> None:
    with pytest.raises(ValidationError, match=r"image_shape|must be height and width, or channels before them"):
        own(NOWHERE, image_shape=shape)


# The default's digits


@pytest.fixture(scope="module")
def digits5k() -> PreparedData:
    data = shipped("mnist5k").data
    return prepared(data.model_copy(update={"path": str(ROOT / data.path)}), NOWHERE, "mnist5k")


def test_the_default_is_called_a_subset(digits5k: PreparedData) -> None:
    assert str(digits5k.title) == "MNIST, 5,000-digit subset"
    assert digits5k.source_checksums.tolist() == [f"sha256:{digest(ROOT / 'data/mnist5k.npz', 'sha256')}"]


def test_the_default_has_each_class_equally_often_in_every_part(digits5k: PreparedData) -> None:
    shares = {name: np.bincount(digits5k.labels[rows], minlength=10).tolist() for name, rows in parts(digits5k).items()}
    assert shares == {"training": [400] * 10, "validation": [50] * 10, "test": [50] * 10, "none": [0] * 10}


def test_the_default_is_split_as_its_references_were(digits5k: PreparedData) -> None:
    """Another order or split would make other numbers."""
    assert digits5k.training[:5].tolist() == [3399, 304, 2990, 2292, 4983]
    assert np.flatnonzero(digits5k.folds[0] == TEST)[:5].tolist() == [25, 28, 32, 47, 57]
