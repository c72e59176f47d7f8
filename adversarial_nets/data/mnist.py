"""MNIST from its four official archives."""

import gzip
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

import numpy as np
from torchvision.datasets import MNIST

from adversarial_nets.core import files
from adversarial_nets.core.errors import InputError, one_line
from adversarial_nets.core.files import digest
from adversarial_nets.data import downloads
from adversarial_nets.data.checksums import verify
from adversarial_nets.data.prepared import TEST, TRAIN, VALIDATION, PreparedData
from adversarial_nets.parameters.data_sets import ARCHIVES, OfficialDigits

FOLDER = Path("MNIST/raw")  # torchvision's
PLACES = [f"{FOLDER.as_posix()}/{name}" for name in ARCHIVES]
# Checksums that make a data set MNIST; other archives in its format are called by their experiment's name.
PUBLISHED = dict(MNIST.resources)


def locate(data: OfficialDigits, folder: Path) -> dict[str, Path]:
    """The archives by name, in ``MNIST/raw`` of a folder; nothing if one is missing.

    Raises InputError if one is not as ``md5`` says.
    """
    found = {str(FOLDER / name): folder / FOLDER / name for name in _present(data.md5, folder)}
    for path in found.values():
        verify(path, "md5", data.md5[path.name], "delete it to have it downloaded, or put the official file there")
    return found if len(found) == len(data.md5) else {}


def download(data: OfficialDigits, raw: Path) -> None:
    """Put the archives that ``raw/MNIST/raw`` lacks into it, each whole and verified. Raises InputError if one cannot be had.

    torchvision trusts what was unpacked once and overwrites archives that it does not like, so it works on copies.
    """
    folder, present = raw / FOLDER, _present(data.md5, raw)
    with files.workspace() as root:
        workspace = _copied(present, raw, root)
        _download_into(root, data.md5, folder)
        for name in data.md5.keys() - set(present):
            with files.replacing(folder / name) as temporary:
                shutil.copyfile(workspace / name, temporary)


def prepare(data: OfficialDigits, folder: Path, name: str) -> PreparedData:
    """The first training images to train on, the last ``num_validation`` for validation, and the test images."""
    train, test = _read(data.md5, folder)
    images, labels = np.concatenate([train.data, test.data]), np.concatenate([train.targets, test.targets])
    num_training = len(train.data) - data.num_validation
    if num_training < 1:
        raise InputError(f"data.num_validation: must be below the number of training images, {len(train.data)}")
    folds = np.repeat(np.array([[TRAIN, VALIDATION, TEST]], np.uint8), [num_training, data.num_validation, len(test.data)], 1)
    return PreparedData(
        title=np.array("MNIST" if data.md5 == PUBLISHED else name),
        images=images,
        labels=labels.astype(np.uint8),
        training=np.arange(num_training),
        folds=folds,
        source_files=np.array(list(data.md5)),
        source_checksums=np.array([f"md5:{checksum}" for checksum in data.md5.values()]),
    )


def _present(md5: dict[str, str], folder: Path) -> list[str]:
    return [name for name in md5 if (folder / FOLDER / name).exists()]


def _read(md5: dict[str, str], folder: Path) -> tuple[MNIST, MNIST]:
    """Training and test part. torchvision unpacks archives beside them, so it works on a copy."""
    data_set = _with_checksums(md5)
    with files.workspace() as root:
        _copied(list(md5), folder, root)
        with _reading(md5, folder):
            data_set(root, download=True)  # unpacks what is there
            return _matching(data_set(root, train=True)), _matching(data_set(root, train=False))


def _copied(names: list[str], folder: Path, root: Path) -> Path:
    """The folder with copies of these archives below ``root``."""
    (root / FOLDER).mkdir(parents=True)
    for name in names:
        shutil.copyfile(folder / FOLDER / name, root / FOLDER / name)
    return root / FOLDER


@contextmanager
def _reading(md5: dict[str, str], folder: Path) -> Iterator[None]:
    """Archives that have the checksums asked for, but are of another format: only other checksums than the published do that."""
    try:
        yield
    except (AssertionError, TypeError, ValueError, IndexError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{folder}: {', '.join(md5)} are not as published ({one_line(error)}); see data.md5") from None


def _matching(part: MNIST) -> MNIST:
    if part.data.shape != (len(part.targets), 28, 28) or len(part.targets) == 0:
        raise ValueError(f"images of shape {tuple(part.data.shape)} for {len(part.targets)} labels")
    return part


def _with_checksums(md5: dict[str, str]) -> type[MNIST]:
    return type("MNIST", (MNIST,), {"resources": list(md5.items())})  # the class's name is its folder's


def _download_into(root: Path, md5: dict[str, str], folder: Path) -> None:
    data_set, workspace = _with_checksums(md5), root / FOLDER
    try:
        with downloads.impatient(), _reading(md5, folder):
            data_set(root, download=True)
    except (RuntimeError, OSError, HTTPException) as error:
        wrong = (name for name in md5 if not (workspace / name).exists() or digest(workspace / name, "md5") != md5[name])
        raise InputError(
            f"{next(wrong, 'the archives')}: could not be downloaded from any of {', '.join(data_set.mirrors)}; put it by hand "
            f"in {folder}. {one_line(error)}"
        ) from None
