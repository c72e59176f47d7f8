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
from test_datasets import ROOT, snapshot
from torchvision.datasets import CIFAR10

from adversarial_nets.core.errors import InputError
from adversarial_nets.data import prepared as datasets
from adversarial_nets.data import sources
from adversarial_nets.data.prepared import TEST, TRAIN, VALIDATION
from adversarial_nets.parameters.data_sets import CIFAR10_ARCHIVE, CIFAR10_FILES, Cifar10
from adversarial_nets.parameters.section import Section

FOLDER = "cifar-10-batches-py"


class Files:
    """Small files in the official format, four images in each, and the parameters that describe them."""

    def __init__(self, folder: Path):
        random = np.random.default_rng(0)
        self.folder = folder / FOLDER
        self.folder.mkdir(parents=True)
        self.images = random.integers(0, 256, (24, 3, 32, 32), np.uint8)
        self.labels = random.integers(0, 10, 24)
        for number, name in enumerate(CIFAR10_FILES[:6]):
            rows = slice(4 * number, 4 * number + 4)
            batch = {"data": self.images[rows].reshape(4, 3072), "labels": self.labels[rows].tolist()}
            (self.folder / name).write_bytes(pickle.dumps(batch))
        (self.folder / "batches.meta").write_bytes(pickle.dumps({"label_names": list("abcdefghij")}))
        self.archive = folder / CIFAR10_ARCHIVE
        with tarfile.open(self.archive, "w:gz") as tar:
            tar.add(self.folder, FOLDER)
        paths = [self.archive, *(self.folder / name for name in CIFAR10_FILES)]
        self.md5 = {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in paths}

    def parameters(self, **changes: Any) -> Cifar10:
        sizes = {"num_train": 14, "num_validation": 6, "num_test": 3, "scaling": {"norm": 55.0}}
        return Cifar10(**{"source": "cifar10", "md5": self.md5, **sizes, **changes})


@pytest.fixture
def official(tmp_path: Path) -> Files:
    return Files(tmp_path / "official")


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for source files, which does not exist yet; nothing can be fetched."""
    monkeypatch.setattr(CIFAR10, "url", "http://127.0.0.1:9/cifar-10-python.tar.gz")
    monkeypatch.setenv("no_proxy", "*")
    return tmp_path / "raw"


def message_of(data: Section, raw: Path) -> str:
    """What ``prepare`` complains about, in one line; it must leave the folder as it was."""
    before = snapshot(raw)
    with pytest.raises(InputError) as caught:
        sources.prepare(data, raw)
    assert len(str(caught.value).splitlines()) == 1
    assert snapshot(raw) == before
    return str(caught.value)


@pytest.mark.parametrize("present", [(FOLDER,), (CIFAR10_ARCHIVE,), (FOLDER, CIFAR10_ARCHIVE)], ids=["folder", "archive", "both"])
def test_files_that_are_there_are_used_and_only_read(official: Files, raw: Path, present: tuple[str, ...]) -> None:
    raw.mkdir()
    if FOLDER in present:
        shutil.copytree(official.folder, raw / FOLDER)
    if CIFAR10_ARCHIVE in present:
        shutil.copy(official.archive, raw)
    before = snapshot(raw)
    data = sources.prepare(official.parameters(), raw)
    assert snapshot(raw) == before
    used = [*range(14), *range(14, 20), *range(20, 23)]
    np.testing.assert_array_equal(data.images, official.images[used], strict=True)
    np.testing.assert_array_equal(data.labels, official.labels[used])
    assert data.training.tolist() == list(range(14))
    assert data.folds.tolist() == [[TRAIN] * 14 + [VALIDATION] * 6 + [TEST] * 3]
    assert data.source_checksums.tolist() == [f"md5:{official.md5[name]}" for name in CIFAR10_FILES]


def test_the_first_are_for_training_and_the_last_for_validation(official: Files) -> None:
    data = sources.prepare(official.parameters(num_train=5, num_validation=2), official.folder.parent)
    np.testing.assert_array_equal(data.images, official.images[[0, 1, 2, 3, 4, 18, 19, 20, 21, 22]])
    assert "5-image subset" in str(data.title)


def test_prepared_images_stay_bytes_and_come_back_normalised(official: Files, tmp_path: Path) -> None:
    datasets.save(sources.prepare(official.parameters(), official.folder.parent), tmp_path / "cifar10.npz")
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


def test_colour_images_are_shown_as_the_published_scripts_do(official: Files) -> None:
    """Divided by the largest magnitude among all, so that 0 is grey; channels last."""
    data = sources.prepare(official.parameters(), official.folder.parent)
    samples, others = data.training_images[:4], -2 * data.training_images[4:6]
    shown, also = data.pictures(samples, others)
    assert (shown.shape, also.shape) == ((4, 32, 32, 3), (2, 32, 32, 3))
    largest = max(abs(samples).max(), abs(others).max())
    np.testing.assert_allclose(shown[2, 5, 7, 1], (samples[2].reshape(3, 32, 32)[1, 5, 7] / largest + 1) / 2, rtol=1e-5)
    assert max(abs(each - 0.5).max() for each in (shown, also)) == pytest.approx(0.5)


@pytest.mark.parametrize("name", CIFAR10_FILES)
def test_a_wrong_file_is_named_before_anything_is_unpickled(official: Files, raw: Path, name: str, monkeypatch) -> None:
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
def test_a_wrong_archive_is_named_and_left_as_it_is(official: Files, raw: Path, content: bytes | None) -> None:
    raw.mkdir()
    whole = official.archive.read_bytes()
    (raw / CIFAR10_ARCHIVE).write_bytes(whole[:-1] if content is None else content)
    assert message_of(official.parameters(), raw).startswith(f"{raw / CIFAR10_ARCHIVE}: ")


def test_a_mislabelled_batch_is_refused(official: Files, raw: Path) -> None:
    """The right files under one another's names."""
    shutil.copytree(official.folder, raw / FOLDER)
    shutil.copy(official.folder / "test_batch", raw / FOLDER / "data_batch_1")
    assert message_of(official.parameters(), raw).startswith(f"{raw / FOLDER / 'data_batch_1'}: ")


def test_files_inside_the_archive_are_verified_too(official: Files, raw: Path) -> None:
    raw.mkdir()
    shutil.copy(official.archive, raw)
    data = official.parameters(md5={**official.md5, "test_batch": "0" * 32})
    assert "test_batch: its md5 checksum" in message_of(data, raw)


def test_an_archive_of_something_else_is_refused(official: Files, raw: Path) -> None:
    raw.mkdir()
    with tarfile.open(raw / CIFAR10_ARCHIVE, "w:gz") as tar:
        tar.add(official.folder, "another-folder")
    md5 = hashlib.md5((raw / CIFAR10_ARCHIVE).read_bytes()).hexdigest()
    message = message_of(official.parameters(md5={**official.md5, CIFAR10_ARCHIVE: md5}), raw)
    assert message.startswith(f"{raw / CIFAR10_ARCHIVE}: does not hold {FOLDER}")


@pytest.mark.parametrize("some", [False, True], ids=["nothing there", "part of the folder there"])
def test_what_cannot_be_fetched_is_named_with_where_to_put_it(official: Files, raw: Path, some: bool) -> None:
    if some:
        shutil.copytree(official.folder, raw / FOLDER)
        (raw / FOLDER / "test_batch").unlink()
    message = message_of(official.parameters(), raw)
    assert message.startswith(f"{CIFAR10_ARCHIVE}: could not be fetched from http://127.0.0.1:9/")
    for part in (str(raw), FOLDER, "by hand"):
        assert part in message
    assert raw.exists() == some


@pytest.fixture
def mirror(official: Files, raw: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
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


def test_a_fetched_archive_is_kept_whole(official: Files, raw: Path, mirror: Path) -> None:
    sources.prepare(official.parameters(), raw)
    assert [path.name for path in raw.iterdir()] == [CIFAR10_ARCHIVE]
    assert (raw / CIFAR10_ARCHIVE).read_bytes() == official.archive.read_bytes()


def test_another_file_than_the_published_is_not_kept(official: Files, raw: Path, mirror: Path) -> None:
    (mirror / CIFAR10_ARCHIVE).write_bytes(b"<html>Sign in to this network</html>")
    assert message_of(official.parameters(), raw).startswith(f"{CIFAR10_ARCHIVE}: could not be fetched")
    assert not raw.exists()


def real_folder() -> Path:
    return Path(os.environ.get("ADVERSARIAL_NETS_DATA") or ROOT / "data" / "raw")


@pytest.mark.skipif(not (real_folder() / FOLDER).exists(), reason="needs the official CIFAR-10 files in data/raw")
def test_the_official_files_are_split_as_published(parameter_values: dict[str, Any]) -> None:
    """The first classes are those that torchvision documents; every class is tested a thousand times."""
    data = sources.prepare(Cifar10(**parameter_values["experiments"]["cifar10_mlp"]["data"]), real_folder())
    assert str(data.title) == "CIFAR-10 at norm 55"
    assert [(data.folds[0] == part).sum() for part in (TRAIN, VALIDATION, TEST)] == [40_000, 10_000, 10_000]
    assert data.training.tolist() == list(range(40_000))
    assert data.labels[:10].tolist() == [6, 9, 9, 4, 1, 1, 2, 7, 8, 3]
    assert np.bincount(data.labels[50_000:]).tolist() == [1000] * 10
    np.testing.assert_allclose(np.linalg.norm(data.fold_images(0, TEST), axis=1), 55, rtol=1e-5)
