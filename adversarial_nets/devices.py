"""Where to compute, and how exactly."""

import torch

from adversarial_nets.errors import InputError


def resolve(name: str, threads: int) -> torch.device:
    """The device that ``auto``, ``cpu`` or ``cuda`` means here, with this process set up for exact float32 on it.

    Raises InputError where CUDA is asked for and there is none.
    """
    torch.set_num_threads(threads)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.deterministic = True
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise InputError("device: cuda is asked for, but PyTorch finds no CUDA GPU here; set device to cpu or auto")
    return torch.device("cuda" if available and name != "cpu" else "cpu")
