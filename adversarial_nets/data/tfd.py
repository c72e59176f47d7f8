"""The Toronto Face Database, from the file that its authors give out on request."""

from pathlib import Path

import numpy as np
from scipy.io import loadmat

from adversarial_nets.core.errors import InputError, one_line
from adversarial_nets.core.files import digest
from adversarial_nets.data.prepared import OUTSIDE, TEST, VALIDATION, PreparedData
from adversarial_nets.parameters.data_sets import TorontoFaces

SIDE, NUM_FOLDS = 48, 5
# The names that the database's files have, the first that is there is used, and the side of the images in them.
FILES = {"TFD_48x48.mat": 48, "TFD_96x96.mat": 96}
PLACES = list(FILES)


def locate(data: TorontoFaces, folder: Path) -> dict[str, Path]:
    """The file by name, nothing if it is not there. Raises InputError if it is not as it should be; no checksum is published."""
    for name in FILES:
        if (folder / name).exists():
            _read(folder / name)
            return {name: folder / name}
    return {}


def download(data: TorontoFaces, raw: Path) -> None:
    """Raises InputError: the file is given out on request only."""
    raise InputError(
        f"{raw / next(iter(FILES))}: not there; the Toronto Face Database is given out on request by its authors at the "
        f"University of Toronto (J. Susskind, A. Anderson, G. Hinton): put their {' or '.join(FILES)} in {raw}"
    )


def prepare(data: TorontoFaces, folder: Path, name: str) -> PreparedData:
    """Unlabelled images to train on, and the official five folds of the labelled ones.

    Trained on is what is in no fold (value 0 in all of them).
    """
    path = next(folder / each for each in FILES if (folder / each).exists())
    images, folds, labels = _read(path)
    training = np.flatnonzero((folds == OUTSIDE).all(axis=0))[: data.num_train]
    return PreparedData(
        title=np.array("TFD" if data.num_train is None else f"TFD, {len(training):,}-image subset"),
        images=images,
        labels=labels,
        training=training,
        folds=folds,
        source_files=np.array([path.name]),
        source_checksums=np.array([f"md5:{digest(path, 'md5')}"]),  # recorded; none is published
    )


def _read(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images (n, 48, 48), folds (5, n) and labels (n,), all uint8."""
    variables = _variables(path)
    images = _whole_numbers(path, variables, "images", 0, 255)
    side = FILES[path.name]
    _require(images.ndim == 3 and images.shape[1:] == (side, side), path, f"`images` must be n × {side} × {side}", images)
    folds = _whole_numbers(path, variables, "folds", 0, 3)
    _require(folds.shape == (len(images), NUM_FOLDS), path, f"`folds` must be {len(images)} × {NUM_FOLDS}, a row an image", folds)
    labels, identities = (_whole_numbers(path, variables, name, -(2**31), 2**31) for name in ("labs_ex", "labs_id"))
    for name, values in (("labs_ex", labels), ("labs_id", identities)):
        _require(values.size == len(images), path, f"`{name}` must have {len(images)} values, one an image", values)
    _require_all_parts(path, folds)
    # An expression is a number from 1 to 7; images without one have a number below, and here 255.
    expressions = np.where(labels < 1, 255, labels).ravel().clip(1, 255).astype(np.uint8)
    return _halved(images.astype(np.uint8)), folds.T.astype(np.uint8), expressions


def _variables(path: Path) -> dict[str, np.ndarray]:
    names = ["images", "folds", "labs_ex", "labs_id"]
    try:
        found = loadmat(path, variable_names=names)
    except Exception as error:  # what a damaged file raises depends on where it is damaged
        reason = one_line(error) or type(error).__name__
        raise InputError(f"{path}: cannot be read as a MATLAB file: {reason}; put the official file there") from None
    for name in names:
        if name not in found:
            raise InputError(f"{path}: has no variable `{name}`; put the official file there")
    return found


def _whole_numbers(path: Path, variables: dict[str, np.ndarray], name: str, lowest: int, highest: int) -> np.ndarray:
    values = variables[name]
    possible = isinstance(values, np.ndarray) and values.dtype.kind in "uif" and values.size and np.isfinite(values).all()
    inside = possible and lowest <= values.min() and values.max() <= highest and (values == np.round(values)).all()
    _require(inside, path, f"`{name}` must be whole numbers from {lowest} to {highest}", values)
    return values


def _require_all_parts(path: Path, folds: np.ndarray) -> None:
    if not (folds == OUTSIDE).all(axis=1).any():
        raise InputError(f"{path}: has no unlabelled images to train on: none is 0 in every column of `folds`")
    for number, fold in enumerate(folds.T, 1):
        if not (fold == VALIDATION).any() or (fold == TEST).sum() < 2:
            raise InputError(
                f"{path}: column {number} of `folds` must have images for validation (2) and, at least two, for testing (3)"
            )


def _halved(images: np.ndarray) -> np.ndarray:
    """Images of twice the side as means of 2 × 2 pixels, rounded; others as they are."""
    if images.shape[1] == SIDE:
        return images
    blocks = images.reshape(len(images), SIDE, 2, SIDE, 2)
    return ((blocks.sum(axis=(2, 4), dtype=np.uint16) + 2) // 4).astype(np.uint8)


def _require(condition: object, path: Path, wanted: str, found: object) -> None:
    if not condition:
        described = f"{found.dtype} of {found.shape}" if isinstance(found, np.ndarray) else type(found).__name__
        raise InputError(f"{path}: {wanted}; it has {described}")
