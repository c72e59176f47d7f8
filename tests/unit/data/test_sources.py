"""Fetching: source files are found if people placed them, kept if they were fetched before, and never changed."""

from pathlib import Path

import numpy as np
import pytest
from torchvision.datasets import CIFAR10, MNIST

from adversarial_nets.core.errors import InputError
from adversarial_nets.data import sources
from adversarial_nets.parameters.data_sets import AnyData, Images
from adversarial_nets.running import paths
from support.source_files import FOLDER, Archives, Batches, snapshot


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/"])
    monkeypatch.setattr(CIFAR10, "url", "http://127.0.0.1:9/cifar-10-python.tar.gz")
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture(params=["mnist", "cifar10", "images"])
def given(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[AnyData, Path]:
    """A source and a folder that has its files: each of them is known by a checksum."""
    raw = tmp_path / "raw"
    if request.param == "mnist":
        archives = Archives()
        archives.put(raw / "MNIST" / "raw")
        return archives.parameters, raw
    if request.param == "cifar10":
        return Batches(raw).parameters(), raw
    raw.mkdir()
    return own(raw / "own.npz"), raw


def own(path: Path, **changes: str) -> Images:
    np.savez(path, images=np.random.default_rng(0).integers(0, 256, (30, 5, 4), np.uint8))
    sizes = {"image_shape": [5, 4], "num_train": 20, "num_validation": 6, "num_test": 4, "split_seed": 0}
    checksum = sources.files.digest(path, "sha256")
    return Images(**{"source": "images", "path": str(path), "sha256": checksum, **sizes, **changes})


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_are_copied_and_left_as_they_are(given: tuple[AnyData, Path], tmp_path: Path) -> None:
    data, raw = given
    before = snapshot(raw)
    sources.fetch(data, raw, tmp_path / "fetched")
    assert snapshot(raw) == before
    fetched = contents(tmp_path / "fetched")
    assert fetched.items() <= contents(raw).items()
    assert fetched
    links = [path for path in (tmp_path / "fetched").rglob("*") if path.is_file() and path.stat().st_nlink > 1]
    assert not links  # DVC may make its files read-only


def test_files_placed_after_a_first_failure_are_found(given: tuple[AnyData, Path], tmp_path: Path) -> None:
    data, raw = given
    raw.rename(tmp_path / "elsewhere")
    with pytest.raises(InputError):
        sources.fetch(data, raw, tmp_path / "fetched")
    assert not (tmp_path / "fetched").exists()
    (tmp_path / "elsewhere").rename(raw)
    sources.fetch(data, raw, tmp_path / "fetched")
    assert contents(tmp_path / "fetched")


def test_what_was_fetched_is_enough(given: tuple[AnyData, Path], tmp_path: Path) -> None:
    """As after `dvc pull` in another clone, which has no folder of source files and here no network."""
    data, raw = given
    sources.fetch(data, raw, tmp_path / "fetched")
    raw.rename(tmp_path / "elsewhere")
    before = snapshot(tmp_path / "fetched")
    sources.fetch(data, raw, tmp_path / "fetched")
    assert snapshot(tmp_path / "fetched") == before
    assert not raw.exists()


def test_what_was_fetched_and_is_damaged_is_not_enough(given: tuple[AnyData, Path], tmp_path: Path) -> None:
    data, raw = given
    sources.fetch(data, raw, tmp_path / "fetched")
    raw.rename(tmp_path / "elsewhere")
    next(path for path in (tmp_path / "fetched").rglob("*") if path.is_file()).write_bytes(b"damaged")
    with pytest.raises(InputError):
        sources.fetch(data, raw, tmp_path / "fetched")


def test_a_wrong_file_is_refused_although_the_right_one_was_fetched(tmp_path: Path) -> None:
    """Somebody wants it to be used."""
    archives, raw = Archives(), tmp_path / "raw"
    archives.put(raw / "MNIST" / "raw")
    sources.fetch(archives.parameters, raw, tmp_path / "fetched")
    wrong = raw / "MNIST" / "raw" / "t10k-labels-idx1-ubyte.gz"
    wrong.write_bytes(b"another")
    with pytest.raises(InputError, match="its md5 checksum"):
        sources.fetch(archives.parameters, raw, tmp_path / "fetched")
    assert wrong.read_bytes() == b"another"


def test_images_without_a_checksum_must_be_at_the_path_that_is_given(tmp_path: Path) -> None:
    """Those fetched before may be others, and a mistyped path must not go unnoticed."""
    data = own(tmp_path / "own.npz").model_copy(update={"sha256": None})
    sources.fetch(data, tmp_path, tmp_path / "fetched")
    (tmp_path / "own.npz").unlink()
    with pytest.raises(InputError, match="no images there"):
        sources.fetch(data, tmp_path, tmp_path / "fetched")


def test_preparing_reads_nothing_but_what_was_fetched(given: tuple[AnyData, Path], tmp_path: Path) -> None:
    data, raw = given
    with pytest.raises(InputError, match=r"run `python -m stages.fetch own` for them"):
        sources.prepare(data, tmp_path / "fetched", "own")
    sources.fetch(data, raw, tmp_path / "fetched")
    raw.rename(tmp_path / "elsewhere")
    assert str(sources.prepare(data, tmp_path / "fetched", "own").title) == "own"


def test_an_archive_that_was_fetched_is_read_as_its_files_are(tmp_path: Path) -> None:
    batches = Batches(tmp_path / "raw")
    sources.fetch(batches.parameters(), tmp_path / "raw", tmp_path / "files")
    batches.folder.rename(tmp_path / FOLDER)
    sources.fetch(batches.parameters(), tmp_path / "raw", tmp_path / "archive")
    first, second = (sources.prepare(batches.parameters(), tmp_path / name, "own") for name in ("files", "archive"))
    assert contents(tmp_path / "files") != contents(tmp_path / "archive")
    for name, value in vars(first).items():
        np.testing.assert_array_equal(getattr(second, name), value)


@pytest.mark.parametrize(("given", "meant"), [("~/raw", "{home}/raw"), ("~nobody-of-that-name/raw", "~nobody-of-that-name/raw")])
def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: str, meant: str) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ADVERSARIAL_NETS_DATA", given)
    monkeypatch.setenv("ADVERSARIAL_NETS_CHECKPOINTS", given)
    assert paths.raw() == paths.checkpoints() == Path(meant.format(home=tmp_path))
