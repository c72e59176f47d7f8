"""Work that only one process may be at: a lock that the system takes back when its process ends, in whatever way."""

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from adversarial_nets.core import files
from adversarial_nets.core.errors import CheckFailed

PATIENCE = 30.0  # seconds: a run whose DVC was killed takes a few to save its state and end
UNSUPPORTED = (errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK)  # some file systems of clusters know no locks


@contextmanager
def alone(path: Path, what: str, say: Callable[[str], None] = print) -> Iterator[None]:
    """Do the block while no other process holds this lock file; without locks in the file system, ``say`` so and do it.

    Raises CheckFailed, with ``what`` it is at, if one keeps it; InputError if the file cannot be written.
    """
    with files.writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = _wait(path, what)
        if _lock(file) is None:
            say(f"{path}: this file system has no locks, so nothing keeps a second process out; start none while {what}")
    try:
        yield
    finally:
        if _is_at(path, file):
            path.unlink()  # while it is held: who opened it before finds that it is gone, and opens the next
        os.close(file)


def is_held(path: Path) -> bool:
    """Whether a process may hold this lock file now; a file that can be locked is what a killed one left."""
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    except OSError:  # somebody else's
        return True
    try:
        return _lock(file) is not True
    finally:
        os.close(file)


def _wait(path: Path, what: str) -> int:
    """The file, locked and open."""
    deadline = time.monotonic() + PATIENCE
    while (file := _try(path)) is None:
        if time.monotonic() > deadline:
            raise CheckFailed(f"{what}: {_holder(path)} is at it; let it end, or stop it, and start again")
        time.sleep(0.05)
    return file


def _holder(path: Path) -> str:
    try:
        return f"process {path.read_text() or 'unknown'}"
    except FileNotFoundError:
        return "another process"


def _try(path: Path) -> int | None:
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    if _lock(file) is not False and _is_at(path, file):
        os.ftruncate(file, 0)
        os.write(file, str(os.getpid()).encode())
        return file
    os.close(file)
    return None


def _lock(file: int) -> bool | None:
    """Whether the open file is now locked by this process; None if its file system knows no locks."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise
        return None
    return True


def _is_at(path: Path, file: int) -> bool:
    """Whether the path still leads to the open file, which another process may have removed when it had done."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(file))
    except FileNotFoundError:
        return False
