"""CIFAR-10 from its official files: every one is verified before anything in it is unpickled, because pickles can run code."""

import shutil
import tarfile
import tempfile
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from adversarial_nets.core import files
from adversarial_nets.core.errors import InputError
from adversarial_nets.data import downloads
from adversarial_nets.data.checksums import verify
from adversarial_nets.data.prepared import TEST, TRAIN, VALIDATION, PreparedData
from adversarial_nets.parameters.data_sets import CIFAR10_ARCHIVE, CIFAR10_FILES, Cifar10

if TYPE_CHECKING:
    from torchvision.datasets import CIFAR10

FOLDER = "cifar-10-batches-py"


def locate(data: Cifar10, raw: Path) -> dict[str, Path]:
    """The seven files by name, or the archive that holds them, which is downloaded if it is not there either.

    Raises InputError if one is not the published one, or cannot be downloaded.
    """
    _verify_all(data.md5, raw)
    if _is_whole(raw):
        return {f"{FOLDER}/{name}": raw / FOLDER / name for name in CIFAR10_FILES}
    if not (raw / CIFAR10_ARCHIVE).exists():
        _fetch(data.md5, raw / CIFAR10_ARCHIVE)
    return {CIFAR10_ARCHIVE: raw / CIFAR10_ARCHIVE}


def prepare(data: Cifar10, raw: Path, name: str) -> PreparedData:
    """The first training images, the last ones for validation, and the first test images.

    From ``raw/cifar-10-batches-py``, or else from the archive in ``raw``, which is fetched where that is missing too. Raises
    InputError where a file is not the published one, or cannot be had.
    """
    _verify_all(data.md5, raw)
    with tempfile.TemporaryDirectory() as workspace:
        root = raw if _is_whole(raw) else _extracted(data.md5, raw, Path(workspace))
        data_set = _with_checksums(data.md5)
        train, test = data_set(root, train=True), data_set(root, train=False)
    first, last = np.arange(data.num_train), np.arange(len(train.data) - data.num_validation, len(train.data))
    used, tested = np.concatenate([first, last]), slice(data.num_test)
    images = np.concatenate([train.data[used], test.data[tested]]).transpose(0, 3, 1, 2)
    labels = np.concatenate([np.array(train.targets)[used], np.array(test.targets)[tested]]).astype(np.uint8)
    counts = [len(first), len(last), len(images) - len(used)]
    return PreparedData(
        title=np.array(_title(data)),
        images=np.ascontiguousarray(images),
        labels=labels,
        training=first,
        folds=np.repeat(np.array([[TRAIN, VALIDATION, TEST]], np.uint8), counts, axis=1),
        source_files=np.array(CIFAR10_FILES),
        source_checksums=np.array([f"md5:{data.md5[name]}" for name in CIFAR10_FILES]),
        contrast_norm=np.array(data.scaling.norm),
    )


def _title(data: Cifar10) -> str:
    """The scale is part of it: a density depends on it."""
    whole = (data.num_train, data.num_validation, data.num_test) == (40_000, 10_000, 10_000)
    return f"CIFAR-10 at norm {data.scaling.norm:g}" + ("" if whole else f", {data.num_train:,}-image subset")


def _verify_all(md5: dict[str, str], raw: Path) -> None:
    """Of the files that are there; all of them, before any is used."""
    paths = {raw / CIFAR10_ARCHIVE: CIFAR10_ARCHIVE} | {raw / FOLDER / name: name for name in CIFAR10_FILES}
    for path, name in paths.items():
        if path.exists():
            verify(path, "md5", md5[name], "put the official file there, or move it away to have the archive fetched or used")


def _is_whole(root: Path) -> bool:
    return all((root / FOLDER / name).exists() for name in CIFAR10_FILES)


def _extracted(md5: dict[str, str], raw: Path, workspace: Path) -> Path:
    """A folder with the files from the archive, verified; the archive is fetched into ``raw`` where it is not there."""
    archive = raw / CIFAR10_ARCHIVE
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(workspace, filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise InputError(f"{archive}: cannot be unpacked: {error}") from None
    _verify_all(md5, workspace)
    if not _is_whole(workspace):
        raise InputError(f"{archive}: does not hold {FOLDER} with {', '.join(CIFAR10_FILES)}")
    return workspace


def _fetch(md5: dict[str, str], archive: Path) -> None:
    """Download the archive through torchvision; only a whole, verified one is put in its place."""
    from torchvision.datasets.utils import download_url

    url = _with_checksums(md5).url
    with tempfile.TemporaryDirectory() as folder:
        try:
            with downloads.impatient():
                download_url(url, folder, archive.name, md5[archive.name])
        except (RuntimeError, OSError, HTTPException) as error:
            reason = " ".join(str(error).split())
            raise InputError(
                f"{archive.name}: could not be fetched from {url}; put it in {archive.parent} by hand, or the folder {FOLDER} "
                f"that it holds. {reason}"
            ) from None
        with files.replacing(archive) as temporary:
            shutil.copyfile(Path(folder) / archive.name, temporary)


def _with_checksums(md5: dict[str, str]) -> type["CIFAR10"]:
    """torchvision's reader, which verifies by these checksums once more before it unpickles."""
    from torchvision.datasets import CIFAR10

    *train, test, meta = [[name, md5[name]] for name in CIFAR10_FILES]
    lists = {"train_list": train, "test_list": [test], "meta": {**CIFAR10.meta, "md5": meta[1]}}
    return type("CIFAR10", (CIFAR10,), lists)
