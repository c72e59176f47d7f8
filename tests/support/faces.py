"""Files in the formats of the face data sets, made of the Olivetti faces if those are there, otherwise of drawn patterns."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat
from torchvision.datasets import FER2013

ROOT = Path(__file__).parents[2]
OLIVETTI = Path(os.environ.get("ADVERSARIAL_NETS_DATA") or ROOT / "data" / "raw") / "olivetti" / "olivetti.npz"


def faces(count: int, side: int = 48) -> np.ndarray:
    """Distinct images (n, side, side) uint8."""
    if OLIVETTI.exists():
        pixels = np.load(OLIVETTI)["pixels"][:count]
        corners = np.linspace(0, 63, side).round().astype(int)
        return np.ascontiguousarray(pixels[:, corners][:, :, corners])
    random, grid = np.random.default_rng(0), np.linspace(-1, 1, side)
    waves = random.uniform(1, 6, (count, 2, 1, 1)) * np.array([grid[:, None] + 0 * grid, grid + 0 * grid[:, None]])
    return (127.5 * (1 + np.sin(waves.sum(axis=1) + random.uniform(0, 6, (count, 1, 1))))).astype(np.uint8)


def tfd_variables(count: int = 400, unlabelled: int = 300, side: int = 48) -> dict[str, np.ndarray]:
    """As in the official file: the labelled images in five folds, of which 70 % train, 10 % validate and 20 % test."""
    random, labelled = np.random.default_rng(1), count - unlabelled
    folds = np.zeros((count, 5), np.uint8)
    sizes = [labelled - labelled // 10 - labelled // 5, labelled // 10, labelled // 5]
    for column in folds.T:
        column[unlabelled:] = random.permutation(np.repeat([1, 2, 3], sizes))
    expressions = np.full((count, 1), -1, np.int16)
    expressions[unlabelled:] = random.integers(1, 8, (labelled, 1))
    identities = random.integers(0, 40, (count, 1)).astype(np.int16)
    return {"images": faces(count, side), "folds": folds, "labs_ex": expressions, "labs_id": identities}


def write_tfd(path: Path, **changes: np.ndarray | None) -> dict[str, np.ndarray]:
    """Write a file in TFD's format and return what is in it; ``changes`` replaces variables, or leaves them out."""
    variables = tfd_variables(side=96 if "96" in path.name else 48) | changes
    path.parent.mkdir(parents=True, exist_ok=True)
    savemat(path, {name: values for name, values in variables.items() if values is not None}, do_compression=True)
    return variables


def write_fer2013(folder: Path, images: np.ndarray, name: str = "fer2013.csv") -> None:
    """Write images (n, 48, 48) as rows of the contest's file; the last quarter is its test part."""
    usage = ["Training"] * (len(images) - len(images) // 4) + ["PublicTest"] * (len(images) // 4)
    header = {"fer2013.csv": "emotion,pixels,Usage", "icml_face_data.csv": "emotion, Usage, pixels"}[name]
    rows = []
    for number, (image, use) in enumerate(zip(images, usage, strict=True)):
        pixels, emotion = " ".join(map(str, image.ravel())), str(number % 7)
        rows.append(",".join([emotion, use, pixels] if "icml" in name else [emotion, pixels, use]))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join([header, *rows]) + "\n")


def put_fer2013(raw: Path, images: np.ndarray, monkeypatch: pytest.MonkeyPatch, name: str = "fer2013.csv") -> None:
    """Images in a file that torchvision takes for the official one."""
    write_fer2013(raw / "fer2013", images, name)
    checksum = hashlib.md5((raw / "fer2013" / name).read_bytes()).hexdigest()
    key = "icml" if "icml" in name else "fer"
    monkeypatch.setattr(FER2013, "_RESOURCES", {**FER2013._RESOURCES, key: (name, checksum)})
