"""What machine this is, for results that depend on it."""

import platform
from pathlib import Path


def processor() -> str:
    """The processor's name, family, model and stepping where the system tells them: virtual machines share names."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    entries = dict(line.split(":", 1) for line in reversed(lines) if ":" in line)
    known = {key.strip(): value.strip() for key, value in entries.items()}
    parts = [f"{key} {known[key]}" for key in ("cpu family", "model", "stepping") if key in known]
    return ", ".join([known.get("model name", platform.processor()), *parts])
