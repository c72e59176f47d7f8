"""What machine this is, for results that depend on it, and what does not fit into it."""

import os
import platform
from pathlib import Path

from adversarial_nets.core.errors import InputError
from adversarial_nets.parameters.reading import AnyExperiment

GIB = 2**30


def refuse_too_large(experiment: AnyExperiment, file: Path) -> None:
    """Raises InputError, with the parameter in its ``file``, if one array of float32 is larger than this machine's memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for key, count in experiment.largest_arrays():
        if 4 * count > memory:
            has = f"this machine has {memory / GIB:.1f} GiB"
            raise InputError(f"{file}:{key}: asks for an array of {4 * count / GIB:.1f} GiB, and {has}; lower it")


def processor() -> str:
    """The processor's name, family, model and stepping if the system names them: virtual machines share names."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    entries = dict(line.split(":", 1) for line in reversed(lines) if ":" in line)
    known = {key.strip(): value.strip() for key, value in entries.items()}
    parts = [f"{key} {known[key]}" for key in ("cpu family", "model", "stepping") if key in known]
    return ", ".join([known.get("model name", platform.processor()), *parts])
