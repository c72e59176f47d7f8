"""Every source of images that an experiment may name: which files it consists of, and how they become prepared data."""

import shutil
from pathlib import Path
from types import ModuleType

from adversarial_nets.core import files
from adversarial_nets.core.errors import InputError
from adversarial_nets.data import cifar10, fer2013, images, mnist, tfd
from adversarial_nets.data.prepared import PreparedData
from adversarial_nets.parameters.data_sets import AnyData

# Each has `locate(data, folder)`: its files by name, verified, or nothing if one is missing; `download(data, raw)`, which raises
# InputError with how to get them if nobody may download them; and `prepare(data, folder, name)`.
SOURCES = {"images": images, "mnist": mnist, "cifar10": cifar10, "tfd": tfd, "fer2013": fer2013}


def fetch(data: AnyData, raw: Path, folder: Path) -> None:
    """Copy the verified source files into ``folder``, from ``raw``, where people place them and downloads go.

    If ``raw`` lacks some and ``folder`` has all of them already, whole and right, as after ``dvc pull``, they stay. Nothing in
    ``raw`` is changed or removed. Raises InputError if a file is missing and cannot be downloaded, or is not what it should be.
    """
    source = SOURCES[data.source]
    raw = Path(data.path).expanduser() if data.source == "images" else raw
    if not source.locate(data, raw):
        if _has_all(source, data, folder):
            return
        source.download(data, raw)
    with files.replacing(folder) as temporary:
        for name, path in source.locate(data, raw).items():
            (temporary / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, temporary / name)


def prepare(data: AnyData, folder: Path, name: str) -> PreparedData:
    """Read and split the files that ``fetch`` put into ``folder``; ``name`` is the experiment's.

    Raises InputError if a file is missing or not what it should be.
    """
    source = SOURCES[data.source]
    if not source.locate(data, folder):
        raise InputError(f"{folder}: source files are missing; run `python -m stages.fetch {name}` for them, or `dvc repro`")
    return source.prepare(data, folder, name)


def _has_all(source: ModuleType, data: AnyData, folder: Path) -> bool:
    """Whether the files were fetched before. Only a checksum tells that images of one's own are those that ``path`` means."""
    if data.source == "images" and data.sha256 is None:
        return False
    try:
        return bool(source.locate(data, folder))
    except InputError:
        return False
