"""Timing of contestants beside one another, and the machine's description, for all benchmarks."""

import time
from collections.abc import Callable

import torch

from adversarial_nets.running.machine import processor


def interleaved(contestants: dict[str, Callable[[], object]], rounds: int, device: torch.device) -> dict[str, float]:
    """Least seconds of each, taken in turns after one round of warming up: what else a machine does only makes them more."""
    times = {name: [] for name in contestants}
    for _ in range(rounds + 1):
        for name, run in contestants.items():
            started = time.perf_counter()
            run()
            if device.type == "cuda":
                torch.cuda.synchronize()
            times[name].append(time.perf_counter() - started)
    return {name: min(seconds[1:]) for name, seconds in times.items()}


def machine(device: torch.device) -> str:
    """The machine that the figures come from."""
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name()}; PyTorch {torch.__version__}"
    cpu = f"{torch.get_num_threads()} threads, {torch.backends.cpu.get_cpu_capability()}"
    return f"{processor()}; {cpu}; PyTorch {torch.__version__}"
