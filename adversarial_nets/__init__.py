"""Generative adversarial nets (Goodfellow et al., 2014), reproduced. ``from adversarial_nets import ParzenWindow`` is the door.

The packages import downwards only: core, parameters, running, data, likelihood, gan, diagnostics and theory, report, regression.
Nothing in them reads a parameter file by itself, knows about DVC or touches a path that it was not given: stages do.
Only ``regression``, for the command line, reads finished results of this and other revisions.
"""

from importlib import import_module

__version__ = "0.1.0"
__all__ = ["ParzenWindow", "__version__"]


def __getattr__(name: str) -> object:
    """Import the estimator, and PyTorch with it, only if it is asked for."""
    if name == "ParzenWindow":
        return import_module("adversarial_nets.likelihood.parzen").ParzenWindow
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
