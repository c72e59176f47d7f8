"""Faces that everyone can get: FER-2013, the images of a contest. Not the Toronto Face Database, nor comparable with it."""

from pathlib import Path

import numpy as np
from torchvision.datasets import FER2013

from adversarial_nets.core.errors import InputError, one_line
from adversarial_nets.core.files import digest
from adversarial_nets.data.prepared import OUTSIDE, TEST, TRAIN, VALIDATION, PreparedData
from adversarial_nets.parameters.data_sets import Fer2013

FOLDER, NUM_FOLDS = "fer2013", 5  # torchvision's folder
PAGE = "https://www.kaggle.com/c/challenges-in-representation-learning-facial-expression-recognition-challenge"
# Each of these has all images, torchvision takes the first that is there.
CHOICES = [["fer2013.csv"], ["icml_face_data.csv"], ["train.csv", "test.csv"]]
PLACES = [f"{FOLDER}/{name}" for name in ("fer2013.csv", "icml_face_data.csv")]  # the others' names are too common


def locate(data: Fer2013, folder: Path) -> dict[str, Path]:
    """The files in ``fer2013`` of a folder by name, nothing if they are not there.

    Raises InputError if torchvision, which knows the published checksums, refuses one.
    """
    used = _files(folder)
    if used:
        _read(folder, used)
    return {f"{FOLDER}/{path.name}": path for path in used}


def download(data: Fer2013, raw: Path) -> None:
    """Raises InputError: one accepts the contest's terms to have the files."""
    path = raw / FOLDER / CHOICES[0][0]
    raise InputError(f"{path}: not there; accept the contest's terms at {PAGE}, and put the file there")


def prepare(data: Fer2013, folder: Path, name: str) -> PreparedData:
    """Distinct images at random: some to train on, and five parts of others; each fold tests on one, and chooses σ on the next.

    Raises InputError if a file is wrong, or holds fewer images than are asked for.
    """
    used = _files(folder)
    images, labels = distinct(*_read(folder, used))
    num_train = data.num_train or max(len(images) - NUM_FOLDS * data.num_fold, 1)
    wanted = num_train + NUM_FOLDS * data.num_fold
    if wanted > len(images):
        raise InputError(
            f"{folder / FOLDER}: has {len(images)} distinct images, and {wanted} are asked for; lower num_train or num_fold"
        )
    order = np.random.default_rng(data.split_seed).permutation(len(images))[:wanted]
    return PreparedData(
        title=np.array("FER-2013" if wanted == len(images) else f"FER-2013, {num_train:,}-image subset"),
        images=images[order],
        labels=labels[order],
        training=np.arange(num_train),
        folds=five_folds(num_train, data.num_fold),
        source_files=np.array([path.name for path in used]),
        source_checksums=np.array([f"md5:{digest(path, 'md5')}" for path in used]),
    )


def distinct(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first of equal images (n, H, W), and none of a single grey, in their order; with their labels (n,)."""
    rows = images.reshape(len(images), -1)
    _, first = np.unique(rows, axis=0, return_index=True)
    kept = np.sort(first[rows[first].min(axis=1) < rows[first].max(axis=1)])
    return images[kept], labels[kept]


def five_folds(num_train: int, num_fold: int) -> np.ndarray:
    """Codes (5, n): the training images, then five parts of which each fold has another for testing, and the one after it."""
    folds = np.full((NUM_FOLDS, NUM_FOLDS, num_fold), OUTSIDE, np.uint8)
    for number in range(NUM_FOLDS):
        folds[number, number], folds[number, (number + 1) % NUM_FOLDS] = TEST, VALIDATION
    training = np.full((NUM_FOLDS, num_train), TRAIN, np.uint8)
    return np.concatenate([training, folds.reshape(NUM_FOLDS, -1)], axis=1)


def _files(folder: Path) -> list[Path]:
    """Those that are used, the first of ``CHOICES`` that is there."""
    for names in CHOICES:
        if (folder / FOLDER / names[0]).exists():
            return [folder / FOLDER / name for name in names]
    return []


def _read(folder: Path, used: list[Path]) -> tuple[np.ndarray, np.ndarray]:
    """All images, uint8, and their labels; 255 stands for one that the file does not tell."""
    try:
        parts = [FER2013(folder, split) for split in ("train", "test")]
    except RuntimeError as error:
        names = " and ".join(str(path) for path in used)
        raise InputError(f"{names}: {one_line(error)}") from None
    pairs = [pair for part in parts for pair in part]
    labels = [255 if label is None else label for _, label in pairs]
    return np.stack([np.asarray(image) for image, _ in pairs]), np.array(labels, np.uint8)
