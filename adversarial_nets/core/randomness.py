"""Independent random streams, so that drawing more from one does not move the others."""

import hashlib

import torch


def stream(seed: int, name: str, device: str | torch.device = "cpu") -> torch.Generator:
    """Random stream for one purpose of one run. On the CPU it is the same on every machine; a GPU draws other numbers.

    The pair is hashed because generators seeded with neighbouring integers are not promised to be independent.
    """
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest[:8], "little"))
