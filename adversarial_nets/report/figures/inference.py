"""The picture of learned inference."""

import numpy as np
from matplotlib.figure import Figure

from adversarial_nets.data.prepared import PreparedData
from adversarial_nets.extensions.reconstruction import Reconstructed
from adversarial_nets.report.figures.images import labelled_rows

COLUMNS = 8
SHOWN = {"encoder": "G(E(x))", "inverted": "G at best z", "nearest_training_image": "training"}


def draw_reconstructions(found: dict[str, Reconstructed], data: PreparedData) -> Figure:
    """The first images of each kind above their reconstructions, and the training image nearest to each."""
    rows = {}
    for kind, each in found.items():
        rows[kind] = each.images[:COLUMNS]
        rows |= {f"{kind}, {label}": each.by[name][:COLUMNS] for name, label in SHOWN.items()}
    pictures = np.stack(data.pictures(*rows.values()))
    labels = [label.rpartition(", ")[2] for label in rows]
    return labelled_rows(pictures, labels)
