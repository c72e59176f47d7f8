"""Where to compute, and how exactly."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import distributed

from adversarial_nets.core import arithmetic
from adversarial_nets.core.errors import InputError

THREADS = "ADVERSARIAL_NETS_THREADS"
PLAIN = "note: this processor, or this PyTorch, sums in an order of its own: results will differ from those of other machines"


def resolve(name: str) -> torch.device:
    """The device that ``auto``, ``cpu`` or ``cuda`` means here, with this process set up for exact float32 on it.

    Its threads are as many as there are cores, or as the environment variable ADVERSARIAL_NETS_THREADS says: they change no
    result. Raises InputError if CUDA is asked for and there is none, or the variable is not a number of threads.
    """
    torch.set_num_threads(num_threads())
    # glibc returns large freed blocks to the system, and every page of the next one is a fault. What counts as large follows the
    # largest block freed so far, up to 32 MiB: without this one, the gradients of every step would be such blocks.
    torch.empty(2**25 - 2**16, dtype=torch.uint8)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.deterministic = True
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise InputError("device: cuda is asked for, but PyTorch finds no CUDA GPU here; set device to cpu or auto")
    device = torch.device("cuda" if available and name != "cpu" else "cpu")
    if device.type == "cpu" and not arithmetic.is_specified():
        print(PLAIN, file=sys.stderr)
    return device


def num_threads() -> int:
    """Threads that a process computes with."""
    text = os.environ.get(THREADS)
    if not text:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise InputError(f"{THREADS}: a number of threads from 1 to 1024 is needed; it is {text!r}")
    return int(text)


@contextmanager
def processes(device: torch.device) -> Iterator[tuple[torch.device, distributed.ProcessGroup | None]]:
    """This process's device and the group of those that ``torchrun`` started together; without ``torchrun``, no group."""
    if not distributed.is_torchelastic_launched():
        yield device, None
        return
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield device, distributed.group.WORLD
    finally:
        distributed.destroy_process_group()
