"""The two ways in which a script ends other than well, and the exit statuses that they become."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class InputError(ValueError):
    """The user's input is wrong (exit status 2). The message is one line: what is wrong, where, and what to do."""


class CheckFailed(Exception):
    """The input is fine but the outcome is not, such as a diverged training (exit status 1)."""


@contextmanager
def exit_status() -> Iterator[None]:
    """Turn the failures of a script into one line and its exit status; print what the terminal's encoding lacks as ``?``."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        yield
    except (InputError, CheckFailed) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, InputError) else 1)


def one_line(error: object) -> str:
    """An error's text, or any other, without line breaks."""
    return " ".join(str(error).split())
