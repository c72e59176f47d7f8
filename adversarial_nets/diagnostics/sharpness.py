"""Are samples as sharp as real images? The Parzen-window estimate rewards blur, so a number counts only beside these."""

from dataclasses import dataclass

import numpy as np

from adversarial_nets.data.prepared import PreparedData

GREY = (0.1, 0.9)  # pixels between these are neither ink nor paper


@dataclass(frozen=True)
class Sharpness:
    """Of images, in the data's own scale; blur lowers the spread and the gradient, and raises the share of grey pixels.

    ``spread``: mean over pixels of their standard deviation over images. ``grey``: share of pixels between 0.1 and 0.9, if pixels
    are in [0, 1]. ``gradient``: mean absolute difference of neighbouring pixels, those below one another and those side by side
    added.
    """

    spread: float
    grey: float | None
    gradient: float


def sharpness(rows: np.ndarray, data: PreparedData) -> Sharpness:
    """Of images like the data's, as rows of pixels (n, D) in its own scale."""
    images = rows.reshape(len(rows), *data.images.shape[1:])
    grey = np.mean((images > GREY[0]) & (images < GREY[1])) if data.contrast_norm is None else None
    return Sharpness(
        spread=float(rows.std(axis=0, dtype=np.float64).mean()),
        grey=None if grey is None else float(grey),
        gradient=_mean_step(images, -2) + _mean_step(images, -1),
    )


def _mean_step(images: np.ndarray, axis: int) -> float:
    return float(np.abs(np.diff(images, axis=axis)).mean(dtype=np.float64))
