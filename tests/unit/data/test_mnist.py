"""MNIST is the published data, split as described; its archives are checked, and never touched."""

import gzip
import hashlib
import os
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp
from torchvision.datasets import MNIST

from adversarial_nets.data import mnist, sources
from adversarial_nets.data.prepared import OUTSIDE, TEST, TRAIN, VALIDATION, PreparedData
from adversarial_nets.likelihood.parzen import ParzenWindow
from adversarial_nets.likelihood.protocol import score
from support.experiments import ROOT, shipped
from support.source_files import Archives, idx, message_of, prepared, snapshot

OFFICIAL = Path(os.environ.get("ADVERSARIAL_NETS_DATA") or ROOT / "data" / "raw")


@pytest.fixture
def archives(monkeypatch: pytest.MonkeyPatch) -> Archives:
    """Archives of twelve training and five test images, in the place of the published; no mirror answers."""
    archives = Archives()
    monkeypatch.setattr(MNIST, "resources", list(archives.md5.items()))
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/"])
    monkeypatch.setenv("no_proxy", "*")
    return archives


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A folder for source files, which does not exist yet."""
    return tmp_path / "raw"


@pytest.fixture
def mirror(archives: Archives, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a mirror on this machine, with the archives in it."""
    archives.put(tmp_path / "mirror")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path / "mirror")) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        monkeypatch.setattr(MNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
        yield tmp_path / "mirror"
        server.shutdown()


def is_the_archives(data: PreparedData, archives: Archives) -> bool:
    return (
        np.array_equal(data.images, np.concatenate([archives.train_images, archives.test_images]))
        and np.array_equal(data.labels, np.concatenate([archives.train_labels, archives.test_labels]))
        and data.source_checksums.tolist() == [f"md5:{checksum}" for checksum in archives.md5.values()]
    )


def test_official_images_keep_their_order_training_first(archives: Archives, raw: Path) -> None:
    archives.put(raw / "MNIST" / "raw")
    data = prepared(archives.parameters, raw)
    assert is_the_archives(data, archives)
    assert (data.images.dtype, data.labels.dtype, data.images.shape) == (np.uint8, np.uint8, (17, 28, 28))
    assert data.source_files.tolist() == list(archives.md5)


def test_the_last_training_images_are_for_validation(archives: Archives, raw: Path) -> None:
    archives.put(raw / "MNIST" / "raw")
    data = prepared(archives.parameters, raw)
    assert data.training.tolist() == list(range(8))
    assert data.folds.tolist() == [[TRAIN] * 8 + [VALIDATION] * 4 + [TEST] * 5]
    assert (data.folds.dtype, [OUTSIDE, TRAIN, VALIDATION, TEST]) == (np.uint8, [0, 1, 2, 3])
    np.testing.assert_array_equal(data.training_images, archives.train_images[:8].reshape(8, 784) / np.float32(255))
    np.testing.assert_array_equal(data.fold_images(0, VALIDATION), archives.train_images[8:].reshape(4, 784) / np.float32(255))
    np.testing.assert_array_equal(data.fold_images(0, TEST), archives.test_images.reshape(5, 784) / np.float32(255))


def test_official_archives_are_only_read(archives: Archives, raw: Path) -> None:
    archives.put(raw / "MNIST" / "raw")
    before = snapshot(raw)
    first, second = (prepared(archives.parameters, raw) for _ in range(2))
    assert snapshot(raw) == before
    for name, value in vars(first).items():
        np.testing.assert_array_equal(getattr(second, name), value, strict=True)


@pytest.mark.parametrize("number", range(4))
def test_a_corrupted_archive_is_named_and_left_as_it_is(archives: Archives, raw: Path, mirror: Path, number: int) -> None:
    """Even if the right one could be fetched: the file may be somebody's only copy of something."""
    archives.put(raw / "MNIST" / "raw")
    corrupted = raw / "MNIST" / "raw" / list(archives.md5)[number]
    corrupted.write_bytes(corrupted.read_bytes()[:-1])
    before = snapshot(raw)
    message = message_of(archives.parameters, raw)
    assert message.startswith(f"{corrupted}: ")
    assert archives.md5[corrupted.name] in message
    assert snapshot(raw) == before


def test_what_somebody_extracted_beside_the_archives_is_not_trusted(archives: Archives, raw: Path) -> None:
    archives.put(raw / "MNIST" / "raw")
    other = Archives(seed=1)
    for name, content in other.contents.items():
        (raw / "MNIST" / "raw" / name.removesuffix(".gz")).write_bytes(gzip.decompress(content))
    assert is_the_archives(prepared(archives.parameters, raw), archives)


def test_archives_behind_a_link_are_read_and_left_as_they_are(archives: Archives, raw: Path, tmp_path: Path) -> None:
    archives.put(tmp_path / "elsewhere")
    (raw / "MNIST").mkdir(parents=True)
    (raw / "MNIST" / "raw").symlink_to(tmp_path / "elsewhere")
    before = snapshot(tmp_path)
    assert is_the_archives(prepared(archives.parameters, raw), archives)
    assert snapshot(tmp_path) == before


def test_archives_that_cannot_be_fetched_are_named_with_where_to_put_them(archives: Archives, raw: Path) -> None:
    message = message_of(archives.parameters, raw)
    assert message.startswith("train-images-idx3-ubyte.gz: ")
    for part in ("http://127.0.0.1:9/", str(raw / "MNIST" / "raw"), "by hand"):
        assert part in message
    assert not raw.exists()


def test_one_missing_archive_is_the_one_that_is_named(archives: Archives, raw: Path) -> None:
    archives.put(raw / "MNIST" / "raw", *list(archives.md5)[:3])
    before = snapshot(raw)
    assert message_of(archives.parameters, raw).startswith("t10k-labels-idx1-ubyte.gz: ")
    assert snapshot(raw) == before


def test_archives_are_fetched_into_the_raw_folder(archives: Archives, raw: Path, mirror: Path) -> None:
    assert is_the_archives(prepared(archives.parameters, raw), archives)
    folder = raw / "MNIST" / "raw"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == archives.contents
    for path in mirror.iterdir():  # once is enough
        path.unlink()
    assert is_the_archives(prepared(archives.parameters, raw), archives)


def test_only_the_missing_archive_is_fetched(archives: Archives, raw: Path, mirror: Path) -> None:
    names = list(archives.md5)
    archives.put(raw / "MNIST" / "raw", *names[1:])
    for name in names[1:]:
        (mirror / name).unlink()
    before = snapshot(raw / "MNIST" / "raw")
    assert is_the_archives(prepared(archives.parameters, raw), archives)
    after = snapshot(raw / "MNIST" / "raw")
    assert after.pop(names[0])[1] == archives.contents[names[0]]
    assert after == before


@pytest.mark.parametrize("fault", ["missing", "corrupted"])
def test_an_archive_that_a_mirror_does_not_have_right_is_named(archives: Archives, raw: Path, mirror: Path, fault: str) -> None:
    last = mirror / "t10k-labels-idx1-ubyte.gz"
    last.unlink() if fault == "missing" else last.write_bytes(b"<html>Sign in to this network</html>")
    message = message_of(archives.parameters, raw)
    assert message.startswith("t10k-labels-idx1-ubyte.gz: ")
    assert not raw.exists()


def test_a_fetched_archive_that_the_parameters_do_not_know_is_refused(archives: Archives, raw: Path, mirror: Path) -> None:
    """Or its prepared data would claim a checksum that its source does not have."""
    name = "t10k-labels-idx1-ubyte.gz"
    parameters = archives.parameters.model_copy(update={"md5": {**archives.md5, name: "0" * 32}})
    assert name in message_of(parameters, raw)
    assert not raw.exists()


def test_archives_of_ones_own_are_used_and_never_overwritten(raw: Path, mirror: Path) -> None:
    """The parameters say what is right, not torchvision's own list, which here has the mirror's archives."""
    own = Archives(seed=1)
    own.put(raw / "MNIST" / "raw")
    before = snapshot(raw)
    assert is_the_archives(prepared(own.parameters, raw), own)
    assert snapshot(raw) == before


# The real archives, if they are there


needs_official_archives = pytest.mark.skipif(
    not (OFFICIAL / "MNIST" / "raw" / "train-images-idx3-ubyte.gz").exists(),
    reason="needs the official MNIST archives in data/raw or the folder that ADVERSARIAL_NETS_DATA names",
)


@needs_official_archives
def test_training_images_as_samples_score_what_is_known_of_them() -> None:
    mnist = shipped("mnist")
    data = sources.prepare(mnist.data, OFFICIAL, "mnist")
    assert str(data.title) == "MNIST"
    assert [(data.folds[0] == part).sum() for part in (TRAIN, VALIDATION, TEST)] == [50_000, 10_000, 10_000]
    assert np.bincount(data.labels[60_000:]).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    window, protocol = ParzenWindow(data.training_images[:10_000]), mnist.evaluation
    found = score(window, 10_000, data, protocol)
    assert found.log_likelihood == pytest.approx(241.19, abs=0.01)
    assert found.standard_error == pytest.approx(2.13, abs=0.01)
    assert found.sigmas == pytest.approx([0.1668], abs=1e-4)
    assert not found.sigma_at_grid_end


@pytest.mark.nightly
@needs_official_archives
def test_float32_distances_are_exact_enough_on_real_images() -> None:
    """Against float64 throughout, which is held against SciPy in test_parzen.py and, on some of these images, here."""
    data = sources.prepare(shipped("mnist").data, OFFICIAL, "mnist")
    samples, images = data.training_images[:10_000], data.fold_images(0, TEST)[:500]
    sigmas = np.logspace(-1, 0, 10)
    exact = ParzenWindow(samples, precise=True).log_prob(images, sigmas)
    distances = ((images[:20, None].astype(np.float64) - samples) ** 2).sum(axis=2)
    for sigma, values in zip(sigmas, exact[:, :20], strict=True):
        kernels = -distances / (2 * sigma**2) - 784 * np.log(sigma * np.sqrt(2 * np.pi))
        np.testing.assert_allclose(values, logsumexp(kernels, axis=1) - np.log(10_000), rtol=1e-8)
    errors = ParzenWindow(samples).log_prob(images, sigmas) - exact
    assert errors.mean(dim=1).abs().max() < 1e-3
    assert errors.abs().max() < 1e-2
    assert errors[2].abs().max() < 3e-3  # sigma = 0.1668, the protocol's choice


# A data set is what its checksums say


def test_only_the_published_archives_are_called_mnist(archives: Archives, raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archives.put(raw / "MNIST" / "raw")
    assert str(prepared(archives.parameters, raw, "fashion").title) == "fashion"
    monkeypatch.setattr(mnist, "PUBLISHED", archives.md5)
    assert str(prepared(archives.parameters, raw, "fashion").title) == "MNIST"


def test_what_is_known_as_published_are_the_shipped_checksums() -> None:
    assert shipped("mnist").data.md5 == mnist.PUBLISHED


def test_archives_in_another_format_are_refused(archives: Archives, raw: Path) -> None:
    name = "train-images-idx3-ubyte.gz"
    archives.contents[name] = gzip.compress(idx(np.zeros((12, 28, 27), np.uint8)))
    archives.put(raw / "MNIST" / "raw")
    md5 = archives.md5 | {name: hashlib.md5(archives.contents[name]).hexdigest()}
    message = message_of(archives.parameters.model_copy(update={"md5": md5}), raw)
    assert "are not as published (images of shape (12, 28, 27) for 12 labels); see data.md5" in message


def test_more_validation_images_than_there_are_are_refused(archives: Archives, raw: Path) -> None:
    archives.put(raw / "MNIST" / "raw")
    message = message_of(archives.parameters.model_copy(update={"num_validation": 12}), raw)
    assert message == "data.num_validation: must be below the number of training images, 12"
