"""Whether a source file is the one that was published."""

import os

from adversarial_nets.core.errors import InputError
from adversarial_nets.core.files import digest


def verify(path: os.PathLike, algorithm: str, expected: str, remedy: str) -> None:
    """Raises InputError, with what to do about it, if a file's digest is not the expected one."""
    found = digest(path, algorithm)
    if found != expected:
        raise InputError(f"{path}: its {algorithm} checksum is {found}, and {expected} is expected; {remedy}")
