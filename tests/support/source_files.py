"""Small source files in the official formats, and the parameters that describe them."""

import gzip
import hashlib
import pickle
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adversarial_nets.core.errors import InputError
from adversarial_nets.data import sources
from adversarial_nets.data.prepared import PreparedData
from adversarial_nets.parameters.data_sets import CIFAR10_ARCHIVE, CIFAR10_FILES, AnyData, Cifar10, OfficialDigits

FOLDER = "cifar-10-batches-py"


class Archives:
    """Small archives in the official format, and the parameters that describe them."""

    def __init__(self, seed: int = 0):
        random = np.random.default_rng(seed)
        self.train_images, self.test_images = (random.integers(0, 256, (n, 28, 28), np.uint8) for n in (12, 5))
        self.train_labels, self.test_labels = (random.integers(0, 10, n).astype(np.uint8) for n in (12, 5))
        self.contents = {
            "train-images-idx3-ubyte.gz": gzip.compress(idx(self.train_images), mtime=0),
            "train-labels-idx1-ubyte.gz": gzip.compress(idx(self.train_labels), mtime=0),
            "t10k-images-idx3-ubyte.gz": gzip.compress(idx(self.test_images), mtime=0),
            "t10k-labels-idx1-ubyte.gz": gzip.compress(idx(self.test_labels), mtime=0),
        }
        self.md5 = {name: hashlib.md5(content).hexdigest() for name, content in self.contents.items()}
        self.parameters = OfficialDigits(source="mnist", md5=self.md5, num_validation=4)

    def put(self, folder: Path, *names: str) -> None:
        """Write these archives, or all of them, into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in names or self.contents:
            (folder / name).write_bytes(self.contents[name])


def idx(array: np.ndarray) -> bytes:
    """The IDX format: two zero bytes, the type (8 is unsigned byte), the number of dimensions, their sizes, the values."""
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def snapshot(folder: Path) -> dict[str, tuple[int, bytes | None]]:
    """Everything under a folder with its time of change and content."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else None)
        for path in sorted(folder.rglob("*"))
    }


class Batches:
    """Small files in the official format, four images in each, and the parameters that describe them."""

    def __init__(self, folder: Path):
        random = np.random.default_rng(0)
        self.folder = folder / FOLDER
        self.folder.mkdir(parents=True)
        self.images = random.integers(0, 256, (24, 3, 32, 32), np.uint8)
        self.labels = random.integers(0, 10, 24)
        for number, name in enumerate(CIFAR10_FILES[:6]):
            rows = slice(4 * number, 4 * number + 4)
            batch = {"data": self.images[rows].reshape(4, 3072), "labels": self.labels[rows].tolist()}
            (self.folder / name).write_bytes(pickle.dumps(batch))
        (self.folder / "batches.meta").write_bytes(pickle.dumps({"label_names": list("abcdefghij")}))
        self.archive = folder / CIFAR10_ARCHIVE
        with tarfile.open(self.archive, "w:gz") as tar:
            tar.add(self.folder, FOLDER)
        paths = [self.archive, *(self.folder / name for name in CIFAR10_FILES)]
        self.md5 = {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in paths}

    def parameters(self, **changes: Any) -> Cifar10:
        sizes = {"num_train": 14, "num_validation": 6, "num_test": 3, "scaling": {"norm": 55.0}}
        return Cifar10(**{"source": "cifar10", "md5": self.md5, **sizes, **changes})


def prepared(data: AnyData, raw: Path, name: str = "own") -> PreparedData:
    """What the stages `fetch` and `prepare` make of a folder of source files for the experiment of this name."""
    with tempfile.TemporaryDirectory() as folder:
        sources.fetch(data, raw, Path(folder) / "fetched")
        return sources.prepare(data, Path(folder) / "fetched", name)


def message_of(data: AnyData, raw: Path) -> str:
    """What these stages complain about, in one line; they must leave the folder of source files as it was."""
    before = snapshot(raw)
    with pytest.raises(InputError) as caught:
        prepared(data, raw)
    assert len(str(caught.value).splitlines()) == 1
    assert snapshot(raw) == before
    return str(caught.value)
