"""Runs that resume after a stop, to the same bytes as if they had never stopped.

A checkpoint is one file: the SHA-256 of the rest, then tensors as safetensors; one of them holds everything else, as JSON.
"""

import copy
import hashlib
import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import safetensors.torch
import torch
from torch import Tensor

from adversarial_nets.core import files
from adversarial_nets.core.errors import CheckFailed, InputError
from adversarial_nets.running import locks

VERSION = 3
INTERVAL = 60.0  # seconds between saves: what a kill may cost
KEY_LENGTH = 16  # hexadecimal digits of a key that a state's name has
DIGEST_SIZE = hashlib.sha256().digest_size
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Resumable(Protocol):
    """What can be saved and brought back: a run that counts its updates.

    ``curve`` has a row for each epoch that ended, ``order`` the images of the one under way.
    """

    updates: int
    curve: list[dict[str, float]]
    order: Tensor

    def state_dict(self) -> dict[str, Any]:
        """Tensors, and what JSON can hold. Raises CheckFailed if the state is not worth saving."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The opposite."""


@dataclass(frozen=True)
class Work:
    """What is trained: its name in file names, its title in messages, and the key, a digest of all that decides its bytes."""

    name: str
    title: str
    key: str

    @property
    def file_name(self) -> str:
        """Of its checkpoint."""
        return f"{self.name}-{self.key[:KEY_LENGTH]}.state"


@contextmanager
def under_way(
    work: Work, place: Path, states: Path, parent: int | None = None, say: Callable[[str], None] = print
) -> "Iterator[Checkpoint]":
    """The checkpoint of a run, in the folder ``states``, while no other process trains the same.

    Two of one name may not train in one ``place``, nor two of one key with the same states: raises CheckFailed if another does.
    States of the same name under other keys are named and stay: parameters that were changed may be changed back.
    """
    path = states / work.file_name
    with (
        locks.alone(place / f"{work.name}.lock", f"{work.title} is being trained here", say),
        locks.alone(path.with_suffix(".lock"), f"{work.title} is being trained with the same parameters", say),
        Checkpoint(path, work.key, say, parent) as checkpoint,
    ):
        for other in _of_other_keys(path, work.name):
            what = "is of another run (parameters, data, code or machine differ) and stays for that one"
            say(f"{other}: {what}; delete it if you do not mean to resume it")
        yield checkpoint


def parent_process() -> int | None:
    """The process without which a run is to stop: DVC's, which passes no signal on."""
    number = os.environ.get("ADVERSARIAL_NETS_PARENT", "")
    return int(number) if number.isdigit() else None


def _of_other_keys(path: Path, name: str) -> list[Path]:
    """States beside this one whose names differ in the key alone, but for those of runs under way."""
    states = sorted(path.parent.glob(f"{name}-{'[0-9a-f]' * KEY_LENGTH}*.state"))
    others = [other for other in states if not other.name.startswith(path.stem)]
    return [other for other in others if not locks.is_held(other.with_name(f"{other.name[: len(path.stem)]}.lock"))]


class Checkpoint:
    """Where a run under way keeps its state, and whether it has been asked to stop.

    As a context it catches SIGTERM and SIGINT, and the run ends after its current step. A second signal does what it always does.
    The run also ends if the process ``parent`` has ended: one that was killed cannot pass a signal on.
    """

    def __init__(self, path: Path, key: str, say: Callable[[str], None] = print, parent: int | None = None):
        self._path = path
        self._key = key
        self._say = say
        self._parent = parent
        self.on_step: Callable[[Resumable], None] = lambda run: None  # called after each step, of a part too
        self._started_at = self._saved_at = time.monotonic()
        self._seconds_before = 0.0
        self._signals: list[signal.Signals] = []  # those that asked to stop; shared with the parts
        self._parts: list[Checkpoint] = []
        self._usual: dict[signal.Signals, Any] = {}

    def restore(self, run: Resumable) -> None:
        """Bring a run that has just started to where the saved one was, if there is one.

        A file that is damaged, of another version or of another run is set aside under another name, and the run stays as it is.
        """
        for unfinished in self._path.parent.glob(f".{self._path.name}.*"):  # a save was killed
            shutil.rmtree(unfinished, ignore_errors=True)
        if not self._path.exists():
            return
        try:
            state, self._seconds_before = _read(self._path, self._key)
        except OSError as error:
            raise InputError(f"{self._path}: cannot be read: {error.strerror}; see to its permissions, or delete it") from None
        except ValueError as error:
            aside = self._path.with_name(f"{self._path.name}.refused")
            os.replace(self._path, aside)
            self._say(f"{self._path}: {error}; set aside as {aside.name}, the run starts afresh")
        else:
            run.load_state_dict(state)
            self._say(f"{self._path}: the run resumes after {run.updates} updates")

    @property
    def seconds(self) -> float:
        """How long the run has taken, up to the state that it resumed from and since."""
        return self._seconds_before + time.monotonic() - self._started_at

    def after_step(self, run: Resumable) -> None:
        """Save if it is time to. Raises CheckFailed, with the state saved, if the run is to stop."""
        self.on_step(run)
        if reason := self._reason_to_stop():
            self.save(run)
            raise CheckFailed(f"stopped by {reason} after {run.updates} updates; started again, it resumes from {self._path}")
        if time.monotonic() - self._saved_at >= INTERVAL:
            self.save(run)

    def save(self, run: Resumable) -> None:
        """Replace the saved state by the run's. That one stays if this raises.

        Raises InputError if the file cannot be written, CheckFailed if the run refuses to be saved.
        """
        tensors: dict[str, Tensor] = {}
        state = {"version": VERSION, "key": self._key, "seconds": self.seconds, "run": _take_out(run.state_dict(), tensors)}
        tensors["state"] = torch.frombuffer(bytearray(json.dumps(state), "utf-8"), dtype=torch.uint8)
        content = safetensors.torch.save(tensors)
        files.write_durably(self._path, hashlib.sha256(content).digest() + content)
        self._saved_at = time.monotonic()

    def clear(self) -> None:
        """Remove the state, and those of the parts: the run's results are safe."""
        for each in (self, *self._parts):
            each._path.unlink(missing_ok=True)

    def part(self, name: str) -> "Checkpoint":
        """The checkpoint of an earlier stage of the same run: a file of its own, the same signals."""
        part = copy.copy(self)
        part._path = self._path.with_name(f"{self._path.stem}-{name}{self._path.suffix}")
        part._key = f"{self._key}, {name}"
        self._parts.append(part)
        return part

    def follow(self, part: "Checkpoint") -> None:
        """Count what a part took before it was stopped; if this one has a state of its own, ``restore`` knows better."""
        self._seconds_before = part._seconds_before

    def __enter__(self) -> "Checkpoint":
        self._usual = {number: signal.signal(number, self._ask_to_stop) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        """Leave signals as they were."""
        for number, handler in self._usual.items():
            signal.signal(number, handler)

    def _reason_to_stop(self) -> str | None:
        if self._signals:
            return self._signals[0].name
        return "the end of its parent process" if self._parent and not _is_alive(self._parent) else None

    def _ask_to_stop(self, number: int, _: FrameType | None) -> None:
        self._signals.append(signal.Signals(number))
        self.__exit__()


def _is_alive(process: int) -> bool:
    """A process that was killed, but whom its own parent has not waited for yet, has ended too."""
    try:
        if Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].startswith("Z"):
            return False
    except OSError:  # no such process, or no such file system
        pass
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is somebody else's
        return True
    return True


def _read(path: Path, key: str) -> tuple[dict[str, Any], float]:
    """A run's state and the seconds that it took. Raises ValueError, with the reason, if this run cannot resume from it."""
    digest, content = (whole := path.read_bytes())[:DIGEST_SIZE], whole[DIGEST_SIZE:]
    if hashlib.sha256(content).digest() != digest:
        raise ValueError("damaged")
    tensors = safetensors.torch.load(content)
    state = json.loads(tensors.pop("state").numpy().tobytes())
    if state["version"] != VERSION:
        raise ValueError(f"of version {state['version']}, and this is version {VERSION}")
    if state["key"] != key:
        raise ValueError("of another run")
    return _put_back(state["run"], tensors), state["seconds"]


def _take_out(value: Any, tensors: dict[str, Tensor]) -> Any:
    """The value with every tensor in it moved to ``tensors``, where its name stands for it."""
    if isinstance(value, Tensor):
        name = str(len(tensors))
        tensors[name] = value.contiguous()
        return {"tensor": name}
    if isinstance(value, dict):
        return {"dict": [[key, _take_out(each, tensors)] for key, each in value.items()]}
    return [_take_out(each, tensors) for each in value] if isinstance(value, list | tuple) else value


def _put_back(value: Any, tensors: dict[str, Tensor]) -> Any:
    """The opposite of ``_take_out``; tuples come back as lists."""
    if isinstance(value, dict):
        return tensors[value["tensor"]] if "tensor" in value else {key: _put_back(each, tensors) for key, each in value["dict"]}
    return [_put_back(each, tensors) for each in value] if isinstance(value, list) else value
