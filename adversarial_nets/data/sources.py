"""Every source of images that an experiment may name: which files it consists of, and how they become prepared data."""

import os
import shutil
from pathlib import Path

from adversarial_nets.core import files
from adversarial_nets.data import cifar10, fer2013, images, mnist, tfd
from adversarial_nets.data.prepared import PreparedData
from adversarial_nets.parameters.data_sets import AnyData

SOURCES = {"images": images, "mnist": mnist, "cifar10": cifar10, "tfd": tfd, "fer2013": fer2013}


def fetch(data: AnyData, raw: Path, folder: Path) -> None:
    """Put the verified source files into ``folder``, from ``raw``, where people place them and downloads go.

    Raises InputError if a file is missing and cannot be downloaded, or is not what it should be; ``raw`` is never changed but for
    downloads.
    """
    found = SOURCES[data.source].locate(data, raw)
    with files.replacing(folder) as temporary:
        for name, path in found.items():
            (temporary / name).parent.mkdir(parents=True, exist_ok=True)
            _link(path, temporary / name)


def prepare(data: AnyData, folder: Path, name: str) -> PreparedData:
    """Read and split the files that ``fetch`` put into ``folder``; ``name`` is the experiment's.

    Raises InputError if a file is not what it should be.
    """
    return SOURCES[data.source].prepare(data, folder, name)


def _link(path: Path, link: Path) -> None:
    """One file under two names, or a copy if the file system has no such links."""
    try:
        os.link(path, link)
    except OSError:
        shutil.copyfile(path, link)
