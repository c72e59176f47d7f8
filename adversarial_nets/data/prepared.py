"""Prepared data: images with their splits and evaluation folds, in one file."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from adversarial_nets.core import files

# Codes in ``PreparedData.folds``, the ones that the Toronto Face Database uses.
OUTSIDE, TRAIN, VALIDATION, TEST = range(4)


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

        Normalised images are divided by the largest magnitude among the first rows, as by the published scripts by that of the
        samples alone, and what is beyond is clipped; 0 becomes ½.
        """
        images = [each.reshape(len(each), *self.images.shape[1:]) for each in rows]
        if self.contrast_norm is not None:
            largest = np.abs(images[0]).max() or 1
            images = [((each / largest).clip(-1, 1) + 1) / 2 for each in images]
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


def save(data: PreparedData, path: Path) -> None:
    """Write a prepared file; the same data gives the same bytes."""
    arrays = {field.name: getattr(data, field.name) for field in fields(data)}
    files.write_npz(path, **{name: array for name, array in arrays.items() if array is not None})


def load(path: Path) -> PreparedData:
    """Read a prepared file. Raises InputError if there is none, or it is damaged, or its arrays do not fit together."""
    with files.reading(path, "prepare"), np.load(path, allow_pickle=False) as arrays:
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
