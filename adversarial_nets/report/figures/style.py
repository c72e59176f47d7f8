"""What all figures share: no display, no settings of the user's, and bytes that depend on the picture alone."""

from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from adversarial_nets.core import files

matplotlib.use("Agg")
matplotlib.rcdefaults()  # a user's own settings must not change the figures


def save(figure: Figure, path: Path) -> None:
    """Write a PNG whose bytes depend on the picture alone."""
    with files.replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)
