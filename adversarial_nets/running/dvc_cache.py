"""DVC's cache: which outputs it holds, by the MD5 that DVC gives files and folders."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from adversarial_nets.core import files


def folder() -> Path:
    """Where this project's cache is."""
    return Path(subprocess.check_output([sys.executable, "-m", "dvc", "cache", "dir"], text=True).strip())


def holds(md5: str, cache: Path) -> bool:
    """Whether the cache has the file, or the list of a folder's files, of this digest."""
    return (cache / "files" / "md5" / md5[:2] / md5[2:]).exists()


def holds_all(path: Path, cache: Path) -> bool:
    """Whether the cache has the content of a file, or of every file in a folder."""
    inside = [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]
    return all(holds(files.digest(each, "md5"), cache) for each in inside)


def md5(path: Path) -> str:
    """As DVC has it: a folder's is that of a list of its files."""
    if not path.is_dir():
        return files.digest(path, "md5")
    names = sorted(each.relative_to(path).as_posix() for each in path.rglob("*") if each.is_file())
    content = json.dumps([{"md5": md5(path / name), "relpath": name} for name in names], sort_keys=True)
    return hashlib.md5(content.encode(), usedforsecurity=False).hexdigest() + ".dir"
