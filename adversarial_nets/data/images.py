"""Images of one's own: an ``.npz`` file with ``images`` and perhaps ``labels``, or a folder of PNGs."""

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


def locate(data: Images, raw: Path) -> dict[str, Path]:
    """The source files by name. Raises InputError if there are none, or the file has another checksum than ``sha256``."""
    path = Path(data.path).expanduser()
    if path.is_dir():
        found = {str(each.relative_to(path)): each for each in sorted(path.rglob("*.png"))}
        if not found:
            raise InputError(f"{path}: holds no PNG; put images there, or change data.path")
        return found
    if not path.is_file():
        raise InputError(f"{path}: not there; put the images there, an .npz file or a folder of PNGs, or change data.path")
    if data.sha256:
        verify(path, "sha256", data.sha256, "put that file there, or change data.sha256")
    return {path.name: path}


def prepare(data: Images, folder: Path, name: str) -> PreparedData:
    """Read and split the images.

    PNGs in folders have the folder as their class. Raises InputError if the images are of another shape than ``image_shape``, or
    fewer than asked for.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    images, labels = _read_npz(paths[0]) if paths[0].suffix == ".npz" else _read_pngs(folder, paths)
    _require_fit(data, images, labels)
    images = images.reshape(len(images), *data.shape[data.shape[0] == 1 :])
    parts = _split(data, labels)
    folds = np.full((1, len(labels)), OUTSIDE, np.uint8)
    for code, part in zip((TRAIN, VALIDATION, TEST), parts, strict=True):
        folds[0, part] = code
    return PreparedData(
        title=np.array(data.title or name),
        images=np.ascontiguousarray(images),
        labels=labels,
        training=parts[0],
        folds=folds,
        source_files=np.array([path.relative_to(folder).as_posix() for path in paths]),
        source_checksums=np.array([f"sha256:{digest(path, 'sha256')}" for path in paths]),
    )


def _read_npz(path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            images = arrays["images"]
            labels = arrays["labels"] if "labels" in arrays else np.full(len(images), NO_CLASS)
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise InputError(f"{path.name}: needs an array `images` in an .npz file ({one_line(error)})") from None
    if labels.dtype.kind not in "iu" or labels.min(initial=0) < 0 or labels.max(initial=0) > NO_CLASS:
        raise InputError(f"{path.name}: `labels` must be whole numbers from 0 to 254")
    return images, labels.astype(np.uint8)


def _read_pngs(folder: Path, paths: list[Path]) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, H, W), or (n, 3, H, W) in colour, and the number of each one's folder."""
    parents = [path.parent for path in paths]
    names = sorted(set(parents))
    classes = np.array([names.index(parent) for parent in parents], np.uint8)
    labels = classes if len(names) > 1 else np.full(len(paths), NO_CLASS, np.uint8)
    pictures = [_read_png(path, folder) for path in paths]
    if len({picture.shape for picture in pictures}) > 1:
        raise InputError(f"{folder}: images of several shapes; all must have the shape data.image_shape")
    return np.stack(pictures), labels


def _read_png(path: Path, folder: Path) -> np.ndarray:
    try:
        with Image.open(path) as picture:
            is_grey = picture.mode in ("1", "L")
            pixels = np.asarray(picture.convert("L" if is_grey else "RGB"))
    except OSError as error:
        raise InputError(f"{path.relative_to(folder)}: not a PNG: {one_line(error)}") from None
    return pixels if is_grey else np.moveaxis(pixels, -1, 0)


def _require_fit(data: Images, images: np.ndarray, labels: np.ndarray) -> None:
    if images.dtype != np.uint8:
        raise InputError(f"data.path: images must be bytes (uint8) from 0 to 255; they are {images.dtype}")
    wanted = tuple(data.image_shape)
    if images.shape[1:] not in (wanted, data.shape):
        raise InputError(f"data.image_shape: is {list(wanted)}, but the images have the shape {list(images.shape[1:])}")
    if len(labels) != len(images):
        raise InputError(f"data.path: {len(labels)} labels for {len(images)} images; one an image is needed")
    asked = data.num_train + data.num_validation + data.num_test
    if asked > len(images):
        raise InputError(f"data.num_train: with num_validation and num_test makes {asked} images; there are {len(images)}")


def _split(data: Images, labels: np.ndarray) -> list[np.ndarray]:
    """Indices of the images for training, validation and testing, each with the classes in equal shares if there are classes."""
    split = {"random_state": data.split_seed}
    classes = labels if len(np.unique(labels)) > 1 else None
    try:
        training, rest = _divided(np.arange(len(labels)), classes, data.num_train, len(labels) - data.num_train, split)
        validation, test = _divided(
            rest, classes if classes is None else classes[rest], data.num_validation, data.num_test, split
        )
    except ValueError as error:
        raise InputError(f"data.num_train: the images cannot be split equally by class ({one_line(error)})") from None
    return [training, validation, test]


def _divided(rows: np.ndarray, classes: np.ndarray | None, first: int, second: int, split: dict) -> list[np.ndarray]:
    return train_test_split(rows, train_size=first, test_size=second, stratify=classes, **split)
