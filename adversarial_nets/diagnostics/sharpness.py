"""Are samples as sharp as real images? The Parzen-window estimate rewards blur, so a number counts only beside these."""

from dataclasses import dataclass

import numpy as np

from adversarial_nets.data.prepared import PreparedData

GREY = (0.1, 0.9)  # pixels between these are neither ink nor paper


@dataclass(frozen=True)
class Sharpness:
    """Of images, in the data's own scale; blur lowers the spread and the gradient, and raises the share of grey pixels.

    ``spread``: mean over pixels of their standard deviation over images. ``gradient``: mean absolute difference of neighbouring
    pixels, those below one another and those side by side added. ``grey``: share of pixels between 0.1 and 0.9, if pixels are in
    [0, 1].
    """

    spread: float
    gradient: float
    grey: float | None = None


def sharpness(rows: np.ndarray, data: PreparedData) -> Sharpness:
    """Of images like the data's, as rows of pixels (n, D) in its own scale."""
    images = rows.reshape(len(rows), *data.images.shape[1:])
    return Sharpness(
        spread=float(rows.std(axis=0, dtype=np.float64).mean()),
        gradient=_mean_step(images, -2) + _mean_step(images, -1),
        grey=float(np.mean((rows > GREY[0]) & (rows < GREY[1]))) if data.contrast_norm is None else None,
    )


def _mean_step(images: np.ndarray, axis: int) -> float:
    return float(np.abs(np.diff(images, axis=axis)).mean(dtype=np.float64))
