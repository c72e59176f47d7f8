"""CIFAR-10 from its official files: every one is verified before anything in it is unpickled, because pickles can run code."""

import shutil
import tarfile
from http.client import HTTPException
from pathlib import Path

import numpy as np
from torchvision.datasets import CIFAR10
from torchvision.datasets.utils import download_url

from adversarial_nets.core import files
from adversarial_nets.core.errors import InputError, one_line
from adversarial_nets.data import downloads
from adversarial_nets.data.checksums import verify
from adversarial_nets.data.prepared import TEST, TRAIN, VALIDATION, PreparedData
from adversarial_nets.parameters.data_sets import CIFAR10_ARCHIVE, CIFAR10_FILES, Cifar10

FOLDER = "cifar-10-batches-py"
PLACES = [CIFAR10_ARCHIVE, *(f"{FOLDER}/{name}" for name in CIFAR10_FILES)]
# Checksums that make a data set CIFAR-10; other files in its format are called by their experiment's name.
PUBLISHED = dict([*CIFAR10.train_list, *CIFAR10.test_list, [CIFAR10.meta["filename"], CIFAR10.meta["md5"]]])


def locate(data: Cifar10, folder: Path) -> dict[str, Path]:
    """The seven files in ``cifar-10-batches-py`` by name, or else the archive that holds them; nothing if there is neither.

    Raises InputError if one is not as ``md5`` says.
    """
    _verify_all(data.md5, folder)
    if _is_whole(folder):
        return {f"{FOLDER}/{name}": folder / FOLDER / name for name in CIFAR10_FILES}
    archive = folder / CIFAR10_ARCHIVE
    return {CIFAR10_ARCHIVE: archive} if archive.exists() else {}


def download(data: Cifar10, raw: Path) -> None:
    """Put the archive into ``raw`` through torchvision, whole and verified. Raises InputError if it cannot be had."""
    url = _with_checksums(data.md5).url
    with files.workspace() as folder:
        try:
            with downloads.impatient():
                download_url(url, folder, CIFAR10_ARCHIVE, data.md5[CIFAR10_ARCHIVE])
        except (RuntimeError, OSError, HTTPException) as error:
            raise InputError(
                f"{CIFAR10_ARCHIVE}: could not be downloaded from {url}; put it in {raw} by hand, or the folder {FOLDER} "
                f"that it holds. {one_line(error)}"
            ) from None
        with files.replacing(raw / CIFAR10_ARCHIVE) as temporary:
            shutil.copyfile(folder / CIFAR10_ARCHIVE, temporary)


def prepare(data: Cifar10, folder: Path, name: str) -> PreparedData:
    """The first training images, the last ones for validation, and the first test images.

    torchvision verifies every file once more before it unpickles it. Raises InputError if the archive does not hold the files.
    """
    with files.workspace() as workspace:
        root = folder if _is_whole(folder) else _extracted(data.md5, folder / CIFAR10_ARCHIVE, workspace)
        data_set = _with_checksums(data.md5)
        train, test = data_set(root, train=True), data_set(root, train=False)
    first, last = np.arange(data.num_train), np.arange(len(train.data) - data.num_validation, len(train.data))
    used, tested = np.concatenate([first, last]), slice(data.num_test)
    images = np.concatenate([train.data[used], test.data[tested]]).transpose(0, 3, 1, 2)
    labels = np.concatenate([np.array(train.targets)[used], np.array(test.targets)[tested]]).astype(np.uint8)
    counts = [len(first), len(last), len(images) - len(used)]
    return PreparedData(
        title=np.array(_title(data, name)),
        images=np.ascontiguousarray(images),
        labels=labels,
        training=first,
        folds=np.repeat(np.array([[TRAIN, VALIDATION, TEST]], np.uint8), counts, axis=1),
        source_files=np.array(CIFAR10_FILES),
        source_checksums=np.array([f"md5:{data.md5[name]}" for name in CIFAR10_FILES]),
        contrast_norm=np.array(data.scaling.norm),
    )


def _title(data: Cifar10, name: str) -> str:
    """The scale is part of it: a density depends on it."""
    if {file: data.md5[file] for file in CIFAR10_FILES} != PUBLISHED:
        return name
    whole = (data.num_train, data.num_validation, data.num_test) == (40_000, 10_000, 10_000)
    return f"CIFAR-10 at norm {data.scaling.norm:g}" + ("" if whole else f", {data.num_train:,}-image subset")


def _verify_all(md5: dict[str, str], raw: Path) -> None:
    """Of the files that are there; all of them, before any is used."""
    paths = {raw / CIFAR10_ARCHIVE: CIFAR10_ARCHIVE} | {raw / FOLDER / name: name for name in CIFAR10_FILES}
    for path, name in paths.items():
        if path.exists():
            verify(path, "md5", md5[name], "put the official file there, or move it away to have the archive used or downloaded")


def _is_whole(root: Path) -> bool:
    return all((root / FOLDER / name).exists() for name in CIFAR10_FILES)


def _extracted(md5: dict[str, str], archive: Path, workspace: Path) -> Path:
    """A folder with the files from the archive, verified."""
    try:
        with files.temporary_space(), tarfile.open(archive) as tar:
            tar.extractall(workspace, filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise InputError(f"{archive}: cannot be unpacked: {one_line(error)}") from None
    _verify_all(md5, workspace)
    if not _is_whole(workspace):
        raise InputError(f"{archive}: does not hold {FOLDER} with {', '.join(CIFAR10_FILES)}")
    return workspace


def _with_checksums(md5: dict[str, str]) -> type[CIFAR10]:
    """torchvision's reader with these checksums."""
    *train, test, meta = [[name, md5[name]] for name in CIFAR10_FILES]
    lists = {"train_list": train, "test_list": [test], "meta": {**CIFAR10.meta, "md5": meta[1]}}
    return type("CIFAR10", (CIFAR10,), lists)
