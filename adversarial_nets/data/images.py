"""Images of one's own: an ``.npz`` file with ``images`` and perhaps ``labels``, or a folder of PNGs."""

import os
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.model_selection import train_test_split

from adversarial_nets.core.errors import InputError, one_line
from adversarial_nets.core.files import digest
from adversarial_nets.data.checksums import verify
from adversarial_nets.data.prepared import OUTSIDE, TEST, TRAIN, VALIDATION, PreparedData
from adversarial_nets.parameters.data_sets import Images

NO_CLASS = 255
PLACES: list[str] = []  # wherever `path` says


def locate(data: Images, place: Path) -> dict[str, Path]:
    """The files at ``place`` by name: an ``.npz`` file, or those in a folder; nothing if there are none.

    Raises InputError if a file has another checksum than ``sha256``, cannot be read, or does not fit the parameters.
    """
    found = _files(place)
    if data.sha256:
        for path in found.values():
            verify(path, "sha256", data.sha256, "put that file there, or change data.sha256; a folder of PNGs has none")
    if found:
        _read_and_split(data, found)
    return found


def download(data: Images, place: Path) -> None:
    """Raises InputError: nobody else has the images."""
    raise InputError(f"{place}: no images there; put them there, an .npz file or a folder of PNGs, or change data.path")


def prepare(data: Images, folder: Path, name: str) -> PreparedData:
    """The images in the order of the file, or of the PNGs' names, split at random. PNGs in folders have the folder as class."""
    found = _files(folder)
    images, labels, parts = _read_and_split(data, found)
    folds = np.full((1, len(labels)), OUTSIDE, np.uint8)
    for code, part in zip((TRAIN, VALIDATION, TEST), parts, strict=True):
        folds[0, part] = code
    return PreparedData(
        title=np.array(data.title or name),
        images=images,
        labels=labels,
        training=parts[0],
        folds=folds,
        source_files=np.array(list(found)),
        source_checksums=np.array([f"sha256:{digest(path, 'sha256')}" for path in found.values()]),
    )


def _files(place: Path) -> dict[str, Path]:
    if place.is_file():
        return {place.name: place}
    if not place.exists():
        return {}
    found = [Path(folder, name) for folder, _, names in os.walk(place, onerror=_refuse) for name in names]
    paths = sorted(path for path in found if path.suffix.lower() == ".png") or sorted(place.glob("*.npz"))[:1]
    return {path.relative_to(place).as_posix(): path for path in paths}


def _refuse(error: OSError) -> None:
    """A folder that cannot be listed: its images must not be left out without a word."""
    raise error


def _read_and_split(data: Images, found: dict[str, Path]) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Images (n, H, W) or (n, C, H, W) and labels (n,), both uint8, and the indices of each part."""
    first, *others = found.values()
    images, labels = _read_pngs([first, *others]) if others or first.suffix.lower() == ".png" else _read_npz(first)
    if (1, *images.shape[1:])[-3:] != data.shape:
        found = f"{first} has images of the shape {list(images.shape[1:])}"
        raise InputError(f"data.image_shape: is {data.image_shape}, but {found}")
    images = np.ascontiguousarray(images.reshape(len(images), *data.shape[data.shape[0] == 1 :]))
    return images, labels, _split(data, labels)


def _read_npz(path: Path) -> tuple[np.ndarray, np.ndarray]:
    arrays = _arrays(path)
    images, labels = arrays["images"], arrays.get("labels")
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or images.size == 0:
        found = f"{images.dtype} {images.shape}"
        raise InputError(f"{path}: `images` must be bytes (uint8), (n, H, W) or (n, C, H, W); they are {found}")
    if labels is None:
        return images, np.full(len(images), NO_CLASS, np.uint8)
    if labels.shape != (len(images),) or labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= NO_CLASS:
        found = f"{labels.dtype} {labels.shape}"
        raise InputError(f"{path}: `labels` must be {len(images)} whole numbers from 0 to 254, one an image; they are {found}")
    return images, labels.astype(np.uint8)


def _arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in ("images", "labels") if name in archive.files}
    except Exception as error:  # what a damaged file raises depends on where it is damaged
        raise InputError(f"{path}: cannot be read as an .npz file without pickled objects: {one_line(error)}") from None
    if "images" not in arrays:
        raise InputError(f"{path}: has no array `images`; save it as np.savez(file, images=images, labels=labels)")
    return arrays


def _read_pngs(paths: list[Path]) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, H, W), or (n, 3, H, W) in colour, and the number of each one's folder."""
    pictures = [_read_png(path) for path in paths]
    for path, picture in zip(paths, pictures, strict=True):
        if picture.shape != pictures[0].shape:
            shapes = f"{list(picture.shape)}, and that of {paths[0]} is {list(pictures[0].shape)}"
            raise InputError(f"{path}: its shape is {shapes}; all must have the same, data.image_shape")
    folders, classes = np.unique([str(path.parent) for path in paths], return_inverse=True)
    if len(folders) > NO_CLASS:
        raise InputError(f"{paths[0].parent.parent}: has images in {len(folders)} folders; at most 255 classes are possible")
    return np.stack(pictures), classes.astype(np.uint8) if len(folders) > 1 else np.full(len(paths), NO_CLASS, np.uint8)


def _read_png(path: Path) -> np.ndarray:
    """(H, W) uint8 if it is grey, otherwise (3, H, W); what makes it transparent is left out."""
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            if picture.mode.startswith("I"):
                raise ValueError("it has 16 bits a pixel; save it with 8")
            pixels = np.asarray(picture.convert("L" if picture.mode in ("1", "L", "LA") else "RGB"))
    except Exception as error:  # as above
        raise InputError(f"{path}: cannot be read as a PNG: {one_line(error)}") from None
    return pixels if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0)


def _split(data: Images, labels: np.ndarray) -> list[np.ndarray]:
    """Indices of the images for training, validation and testing, each with the classes in equal shares if there are classes."""
    asked = data.num_train + data.num_validation + data.num_test
    if asked > len(labels):
        raise InputError(f"data.num_train: with num_validation and num_test makes {asked} images; there are {len(labels)}")
    try:
        training, rest = _divided(np.arange(len(labels)), labels, (data.num_train, len(labels) - data.num_train), data.split_seed)
        validation, test = _divided(rest, labels, (data.num_validation, data.num_test), data.split_seed)
    except ValueError as error:
        raise InputError(f"data.num_train: the images cannot be split equally by class: {one_line(error)}") from None
    return [training, validation, test]


def _divided(rows: np.ndarray, labels: np.ndarray, sizes: tuple[int, int], seed: int) -> list[np.ndarray]:
    """Rows at random, as many as ``sizes`` says."""
    classes = labels[rows] if len(np.unique(labels)) > 1 else None
    return train_test_split(rows, train_size=sizes[0], test_size=sizes[1], stratify=classes, random_state=seed)
