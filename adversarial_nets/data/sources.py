"""Every source of images that an experiment may name: which files it consists of, and how they become prepared data."""

import importlib
import os
import re
import shutil
from pathlib import Path
from types import ModuleType

from adversarial_nets.core import files
from adversarial_nets.core.errors import InputError
from adversarial_nets.data.prepared import PreparedData
from adversarial_nets.parameters.data_sets import AnyData


def fetch(data: AnyData, raw: Path, folder: Path) -> None:
    """Copy the verified source files into ``folder``, from ``raw``, where people place them and downloads go.

    If ``raw`` lacks some and ``folder`` has all of them already, whole and right, as after ``dvc pull``, they stay. Nothing in
    ``raw`` is changed or removed. Raises InputError if a file is missing and cannot be downloaded, or is not what it should be.
    """
    source = _source(data)
    raw = Path(os.path.expanduser(data.path)) if data.source == "images" else raw
    if not source.locate(data, raw):
        if _has_all(source, data, folder):
            return
        try:
            source.download(data, raw)
        except InputError as error:
            raise InputError(f"{error}{near_miss(source.PLACES, raw)}") from None
    with files.replacing(folder) as temporary:
        for name, path in source.locate(data, raw).items():
            (temporary / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, temporary / name)


def prepare(data: AnyData, folder: Path, name: str) -> PreparedData:
    """Read and split the files that ``fetch`` put into ``folder``; ``name`` is the experiment's.

    Raises InputError if a file is missing or not what it should be.
    """
    source = _source(data)
    if not source.locate(data, folder):
        raise InputError(f"{folder}: source files are missing; run `python -m stages.fetch {name}` for them, or `dvc repro`")
    return source.prepare(data, folder, name)


def _source(data: AnyData) -> ModuleType:
    """The module that an experiment's ``data.source`` names; only that one, because their libraries take seconds to import.

    Each has ``locate(data, folder)``: its files by name, verified, or nothing if one is missing; ``download(data, raw)``, which
    raises InputError with how to get them if nobody may download them; ``prepare(data, folder, name)``; and ``PLACES``.
    """
    return importlib.import_module(f"adversarial_nets.data.{data.source}")


def near_miss(places: list[str], raw: Path) -> str:
    """What to do with the first file below ``raw`` that is called almost as one of these, or is not in its place."""
    wanted = {_plain(place): place for place in reversed(places)}
    for path in sorted(raw.rglob("*")):
        place = wanted.get(_plain(path.name))
        if place and path.is_file() and path.relative_to(raw).as_posix() not in places:
            moved = path.name == Path(place).name
            return (
                f". Move {path} to {raw / place}" if moved else f". There is {path}: {raw / place} is needed, as it was published"
            )
    return ""


def _plain(place: str) -> str:
    """A file's name without what unpacking and renaming change, such as ``train-images-idx3-ubyte``."""
    return re.sub(r"[^a-z0-9]+", "-", Path(place).name.lower()).removesuffix("-gz")


def _has_all(source: ModuleType, data: AnyData, folder: Path) -> bool:
    """Whether the files were fetched before. Only a checksum tells that images of one's own are those that ``path`` means."""
    if data.source == "images" and data.sha256 is None:
        return False
    try:
        return bool(source.locate(data, folder))
    except InputError:
        return False
