"""Outputs that are whole or absent, and whose bytes depend on their content alone (DVC hashes them)."""

import errno
import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zipfile import ZipFile, ZipInfo

import numpy as np
from pydantic import TypeAdapter

from adversarial_nets.core.errors import OPENING, InputError, one_line

if TYPE_CHECKING:  # pandas takes a second to import, and most stages write no table
    import pandas as pd

Kind = TypeVar("Kind")
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # no space, no quota, or larger than this process may write


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Write a file or a folder beside its place; it takes the place only once the block has ended well.

    Raises InputError if the system does not let it: what was there then stays.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        workspace = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        try:
            yield workspace / path.name
            _replace(workspace / path.name, path, workspace / "previous")
        finally:
            shutil.rmtree(workspace, ignore_errors=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what a full disk or a folder without permission raises into InputError; a block that wrote nothing is a mistake."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"{path}: cannot be written: {reason}; see to space and permissions there, then start again") from None


@contextmanager
def workspace() -> Iterator[Path]:
    """A temporary folder. Raises InputError, with its place, if it is full or too small."""
    with temporary_space(), tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@contextmanager
def temporary_space() -> Iterator[None]:
    """Turn what a full or small temporary folder raises into InputError."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        remedy = "see to space there, or let TMPDIR name another folder"
        raise InputError(f"{tempfile.gettempdir()}: temporary files cannot be written: {error.strerror}; {remedy}") from None


def _replace(new: Path, path: Path, previous: Path) -> None:
    if path.is_dir() and new.exists():  # os.replace does not replace a folder that holds anything
        os.replace(path, previous)
    try:
        os.replace(new, path)
    except BaseException:
        if previous.exists():
            os.replace(previous, path)
        raise


def write_durably(path: Path, content: bytes) -> None:
    """Bytes that outlive a power failure: they are on the disk before they take their place, and so is the place after."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_text(path: Path, text: str) -> None:
    """UTF-8 with line feeds on every system."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """A dataclass, a list of them or plain values, indented, in their order; a dataclass's fields that are None are left out.

    NaN and infinity, which JSON does not know, raise ValueError.
    """
    plain = [_plain(each) for each in value] if isinstance(value, list) else _plain(value)
    write_text(path, json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _plain(value: Any) -> Any:
    return asdict(value, dict_factory=_without_none) if is_dataclass(value) else value


def _without_none(items: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in items if value is not None}


def write_csv(path: Path, table: "pd.DataFrame") -> None:
    """Nine significant digits, which tell any two float32 apart; an empty cell stands for "no value"."""
    write_text(path, table.to_csv(index=False, float_format="%.9g", lineterminator="\n"))


def write_npy(path: Path, array: np.ndarray) -> None:
    """One array in NumPy's own format."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.save(file, array)


def write_npz(path: Path, **arrays: np.ndarray) -> None:
    """Several named arrays, not compressed: compressors differ between systems.

    Not by ``numpy.savez``, whose ZIP headers depend on Python's patch version. ``ZipInfo`` stamps each with a fixed date.
    """
    with replacing(path) as temporary, ZipFile(temporary, "w") as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.save(content, array)
            archive.writestr(ZipInfo(f"{name}.npy"), content.getbuffer())


def read_json(path: Path) -> Any:
    """The value in a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def read(path: Path, kind: type[Kind]) -> Kind:
    """A dataclass from the JSON that ``write_json`` made of it. Raises ValueError if the file holds something else."""
    return TypeAdapter(kind).validate_json(path.read_bytes())


@contextmanager
def reading(path: Path, stage: str) -> Iterator[Path]:
    """Turn whatever a missing or damaged output raises into InputError, with the stage that writes it; the block only reads."""
    remedy = f"run `python -m stages.{stage}` for it, or `dvc repro`"
    try:
        if not path.exists():
            raise InputError(f"{path}: not there; {remedy}")
        path.open("rb").close()  # not every reader says why it cannot open a file
        yield path
    except InputError:
        raise
    except OPENING as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}; see to its permissions, or {remedy}") from None
    except Exception as error:  # what a damaged file raises depends on where it is damaged
        what = f"({type(error).__name__}: {one_line(error)})"
        raise InputError(f"{path}: damaged, or not what `{stage}` writes; {remedy}, or `dvc checkout` {what}") from None


def read_samples(path: Path) -> np.ndarray:
    """A model's saved samples, (n, D) float32. Raises InputError if there are none, or they are not images."""
    with reading(path, "sample"):
        samples = np.load(path, allow_pickle=False)
        if samples.ndim != 2 or len(samples) == 0 or samples.dtype != np.float32:
            raise ValueError(f"float32 (n, D) is needed; it is {samples.dtype} {samples.shape}")
        if not np.isfinite(samples).all():
            raise ValueError("it holds NaN or infinity")
        return samples


def digest(path: os.PathLike, algorithm: str) -> str:
    """Hexadecimal digest of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()
