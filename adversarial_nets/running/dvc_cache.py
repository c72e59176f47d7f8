"""DVC's cache: which outputs it holds, by the MD5 that DVC gives files and folders."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from adversarial_nets.core import files
from adversarial_nets.core.errors import InputError, one_line


def dvc(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What a command of DVC's prints, whatever the terminal's encoding, and its exit status."""
    command, environment = [sys.executable, "-m", "dvc", *arguments], os.environ | {"PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", env=environment)


def output(*arguments: str) -> str:
    """What it prints. Raises InputError, with what DVC says, if it fails."""
    done = dvc(*arguments)
    if done.returncode:
        raise InputError(f"`dvc {arguments[0]}` fails: {one_line(done.stderr)}")
    return done.stdout


def folder() -> Path:
    """Where this project's cache is. Raises InputError if DVC cannot tell."""
    return Path(output("cache", "dir").strip())


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
