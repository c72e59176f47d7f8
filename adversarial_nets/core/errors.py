"""The two ways in which a script ends other than well, and the exit statuses that they become."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# What a file raises that is there but cannot be opened.
OPENING = (PermissionError, IsADirectoryError, NotADirectoryError)


class InputError(ValueError):
    """The user's input is wrong (exit status 2). The message is one line: what is wrong, where, and what to do."""


class CheckFailed(Exception):
    """The input is fine but the outcome is not, such as a diverged training (exit status 1)."""


@contextmanager
def exit_status() -> Iterator[None]:
    """Turn the failures of a script into one line and its exit status; print what the terminal's encoding lacks as ``?``.

    A file that cannot be opened, whoever opens it, and too little memory are the user's surroundings: status 2.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        yield
    except CheckFailed as error:
        _end(error, 1)
    except InputError as error:
        _end(error, 2)
    except OPENING as error:
        if error.filename is None:  # no file's
            raise
        _end(f"{error.filename}: cannot be opened: {error.strerror}; see to its permissions, or put the right file there", 2)
    except (MemoryError, RuntimeError) as error:
        if not _is_of_memory(error):
            raise
        _end(f"not enough memory here; lower what is large in the experiment, such as units or num_samples: {one_line(error)}", 2)


def _end(message: object, status: int) -> None:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(status)


def _is_of_memory(error: Exception) -> bool:
    """NumPy raises MemoryError; PyTorch, RuntimeError with words of its own for a CPU and for a GPU."""
    return isinstance(error, MemoryError) or "can't allocate memory" in str(error) or "out of memory" in str(error)


def one_line(error: object) -> str:
    """An error's text, or any other, without line breaks."""
    return " ".join(str(error).split())
