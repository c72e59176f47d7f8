"""What all figures share: no display, no settings of the user's, and bytes that depend on the picture alone."""

import io
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from adversarial_nets.core import files

matplotlib.use("Agg")
matplotlib.rcdefaults()  # a user's own settings must not change the figures


def save(figure: Figure, path: Path) -> None:
    """Write a PNG of 256 colours, a third of the size of one of all, whose bytes depend on the picture alone."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=120, bbox_inches="tight")
    plt.close(figure)
    picture = Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    with files.replacing(path) as temporary:
        picture.save(temporary, format="png", optimize=True)
