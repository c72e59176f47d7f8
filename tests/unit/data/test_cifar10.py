"""CIFAR-10 is the published data, split and normalised as described; nothing is unpickled that is not the published file."""

import hashlib
import os
import pickle
import shutil
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torchvision.datasets import CIFAR10

from adversarial_nets.data import cifar10
from adversarial_nets.data import prepared as datasets
from adversarial_nets.data.prepared import TEST, TRAIN, VALIDATION
from adversarial_nets.parameters.data_sets import CIFAR10_ARCHIVE, CIFAR10_FILES
from support.experiments import ROOT, shipped
from support.source_files import FOLDER, Batches, message_of, prepared, snapshot


@pytest.fixture
def official(tmp_path: Path) -> Batches:
    return Batches(tmp_path / "official")


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for source files, which does not exist yet; nothing can be fetched."""
    monkeypatch.setattr(CIFAR10, "url", "http://127.0.0.1:9/cifar-10-python.tar.gz")
    monkeypatch.setenv("no_proxy", "*")
    return tmp_path / "raw"


@pytest.mark.parametrize("present", [(FOLDER,), (CIFAR10_ARCHIVE,), (FOLDER, CIFAR10_ARCHIVE)], ids=["folder", "archive", "both"])
def test_files_that_are_there_are_used_and_only_read(official: Batches, raw: Path, present: tuple[str, ...]) -> None:
    raw.mkdir()
    if FOLDER in present:
        shutil.copytree(official.folder, raw / FOLDER)
    if CIFAR10_ARCHIVE in present:
        shutil.copy(official.archive, raw)
    before = snapshot(raw)
    data = prepared(official.parameters(), raw)
    assert snapshot(raw) == before
    used = [*range(14), *range(14, 20), *range(20, 23)]
    np.testing.assert_array_equal(data.images, official.images[used], strict=True)
    np.testing.assert_array_equal(data.labels, official.labels[used])
    assert data.training.tolist() == list(range(14))
    assert data.folds.tolist() == [[TRAIN] * 14 + [VALIDATION] * 6 + [TEST] * 3]
    assert data.source_checksums.tolist() == [f"md5:{official.md5[name]}" for name in CIFAR10_FILES]


def test_the_first_are_for_training_and_the_last_for_validation(official: Batches) -> None:
    data = prepared(official.parameters(num_train=5, num_validation=2), official.folder.parent)
    np.testing.assert_array_equal(data.images, official.images[[0, 1, 2, 3, 4, 18, 19, 20, 21, 22]])


@pytest.mark.parametrize(("num_train", "title"), [(14, "CIFAR-10 at norm 55, 14-image subset"), (40_000, "CIFAR-10 at norm 55")])
def test_only_the_published_files_are_called_cifar10(official: Batches, monkeypatch, num_train: int, title: str) -> None:
    sizes = {"num_train": num_train, "num_validation": 10_000, "num_test": 10_000} if num_train > 24 else {}
    data = official.parameters(**sizes)
    assert cifar10._title(data, "svhn") == "svhn"
    monkeypatch.setattr(cifar10, "PUBLISHED", {name: official.md5[name] for name in CIFAR10_FILES})
    assert cifar10._title(data, "svhn") == title


def test_other_files_are_called_by_their_experiments_name(official: Batches) -> None:
    assert str(prepared(official.parameters(), official.folder.parent, "svhn").title) == "svhn"


def test_prepared_images_stay_bytes_and_come_back_normalised(official: Batches, tmp_path: Path) -> None:
    datasets.save(prepared(official.parameters(), official.folder.parent), tmp_path / "cifar10.npz")
    data = datasets.load(tmp_path / "cifar10.npz")
    assert data.images.dtype == np.uint8
    for rows, images in ((data.training_images, official.images[:14]), (data.fold_images(0, TEST), official.images[20:23])):
        centred = images.reshape(len(images), -1).astype(np.float64)
        centred -= centred.mean(axis=1, keepdims=True)
        expected = 55 * centred / np.sqrt((centred**2).sum(axis=1, keepdims=True))
        np.testing.assert_allclose(rows, expected, atol=1e-5)
        assert rows.dtype == np.float32


@given(arrays(np.uint8, (3, 1, 4, 4)), st.floats(0.1, 100))
def test_contrast_is_normalised_image_by_image(images: np.ndarray, norm: float) -> None:
    rows = datasets.contrast_normalised(images, norm).astype(np.float64)
    np.testing.assert_allclose(rows.mean(axis=1), 0, atol=1e-5 * norm)
    flat = [len(np.unique(image)) == 1 for image in images]
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), np.where(flat, 0, norm), rtol=1e-4, atol=1e-2 * norm * max(flat))


def test_colour_images_are_shown_as_the_published_scripts_do(official: Batches) -> None:
    """Divided by the samples' largest magnitude, whatever the images beside them; 0 is grey; channels last."""
    data = prepared(official.parameters(), official.folder.parent)
    samples, others = data.training_images[:4], -2 * data.training_images[4:6]
    shown, also = data.pictures(samples, others)
    assert (shown.shape, also.shape) == ((4, 32, 32, 3), (2, 32, 32, 3))
    largest = abs(samples).max()
    np.testing.assert_allclose(shown[2, 5, 7, 1], (samples[2].reshape(3, 32, 32)[1, 5, 7] / largest + 1) / 2, rtol=1e-5)
    beside = np.clip(others[1].reshape(3, 32, 32)[1, 5, 7] / largest, -1, 1)
    np.testing.assert_allclose(also[1, 5, 7, 1], (beside + 1) / 2, rtol=1e-5)
    assert abs(shown - 0.5).max() == pytest.approx(0.5)
    assert (also.min(), also.max()) == (0, 1)  # clipped


@pytest.mark.parametrize("name", CIFAR10_FILES)
def test_a_wrong_file_is_named_before_anything_is_unpickled(official: Batches, raw: Path, name: str, monkeypatch) -> None:
    """A pickle that would do harm: opening it would end the test."""

    class Harm:
        def __reduce__(self) -> tuple:
            return os._exit, (7,)

    shutil.copytree(official.folder, raw / FOLDER)
    (raw / FOLDER / name).write_bytes(pickle.dumps(Harm()))
    monkeypatch.setattr(pickle, "load", lambda *_, **__: pytest.fail("unpickled"))
    message = message_of(official.parameters(), raw)
    assert message.startswith(f"{raw / FOLDER / name}: ")
    assert official.md5[name] in message


@pytest.mark.parametrize("content", [b"", b"<html>", None], ids=["empty", "other", "truncated"])
def test_a_wrong_archive_is_named_and_left_as_it_is(official: Batches, raw: Path, content: bytes | None) -> None:
    raw.mkdir()
    whole = official.archive.read_bytes()
    (raw / CIFAR10_ARCHIVE).write_bytes(whole[:-1] if content is None else content)
    assert message_of(official.parameters(), raw).startswith(f"{raw / CIFAR10_ARCHIVE}: ")


def test_a_mislabelled_batch_is_refused(official: Batches, raw: Path) -> None:
    """The right files under one another's names."""
    shutil.copytree(official.folder, raw / FOLDER)
    shutil.copy(official.folder / "test_batch", raw / FOLDER / "data_batch_1")
    assert message_of(official.parameters(), raw).startswith(f"{raw / FOLDER / 'data_batch_1'}: ")


def test_files_inside_the_archive_are_verified_too(official: Batches, raw: Path) -> None:
    raw.mkdir()
    shutil.copy(official.archive, raw)
    data = official.parameters(md5={**official.md5, "test_batch": "0" * 32})
    assert "test_batch: its md5 checksum" in message_of(data, raw)


def test_an_archive_of_something_else_is_refused(official: Batches, raw: Path) -> None:
    raw.mkdir()
    with tarfile.open(raw / CIFAR10_ARCHIVE, "w:gz") as tar:
        tar.add(official.folder, "another-folder")
    md5 = hashlib.md5((raw / CIFAR10_ARCHIVE).read_bytes()).hexdigest()
    message = message_of(official.parameters(md5={**official.md5, CIFAR10_ARCHIVE: md5}), raw)
    assert f"{CIFAR10_ARCHIVE}: does not hold {FOLDER}" in message


@pytest.mark.parametrize("some", [False, True], ids=["nothing there", "part of the folder there"])
def test_what_cannot_be_fetched_is_named_with_where_to_put_it(official: Batches, raw: Path, some: bool) -> None:
    if some:
        shutil.copytree(official.folder, raw / FOLDER)
        (raw / FOLDER / "test_batch").unlink()
    message = message_of(official.parameters(), raw)
    assert message.startswith(f"{CIFAR10_ARCHIVE}: could not be downloaded from http://127.0.0.1:9/")
    for part in (str(raw), FOLDER, "by hand"):
        assert part in message
    assert raw.exists() == some


@pytest.fixture
def mirror(official: Batches, raw: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a server on this machine that has the archive."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    folder = official.archive.parent
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        monkeypatch.setattr(CIFAR10, "url", f"http://127.0.0.1:{server.server_port}/{CIFAR10_ARCHIVE}")
        yield folder
        server.shutdown()


def test_a_fetched_archive_is_kept_whole(official: Batches, raw: Path, mirror: Path) -> None:
    prepared(official.parameters(), raw)
    assert [path.name for path in raw.iterdir()] == [CIFAR10_ARCHIVE]
    assert (raw / CIFAR10_ARCHIVE).read_bytes() == official.archive.read_bytes()


def test_another_file_than_the_published_is_not_kept(official: Batches, raw: Path, mirror: Path) -> None:
    (mirror / CIFAR10_ARCHIVE).write_bytes(b"<html>Sign in to this network</html>")
    assert message_of(official.parameters(), raw).startswith(f"{CIFAR10_ARCHIVE}: could not be downloaded")
    assert not raw.exists()


def real_folder() -> Path:
    return Path(os.environ.get("ADVERSARIAL_NETS_DATA") or ROOT / "data" / "raw")


@pytest.mark.skipif(not (real_folder() / FOLDER).exists(), reason="needs the official CIFAR-10 files in data/raw")
def test_the_official_files_are_split_as_published() -> None:
    """The first classes are those that torchvision documents; every class is tested a thousand times."""
    data = prepared(shipped("cifar10_mlp").data, real_folder())
    assert str(data.title) == "CIFAR-10 at norm 55"
    assert [(data.folds[0] == part).sum() for part in (TRAIN, VALIDATION, TEST)] == [40_000, 10_000, 10_000]
    assert data.training.tolist() == list(range(40_000))
    assert data.labels[:10].tolist() == [6, 9, 9, 4, 1, 1, 2, 7, 8, 3]
    assert np.bincount(data.labels[50_000:]).tolist() == [1000] * 10
    np.testing.assert_allclose(np.linalg.norm(data.fold_images(0, TEST), axis=1), 55, rtol=1e-5)
