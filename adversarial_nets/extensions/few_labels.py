"""Semi-supervised learning (section 7): do features of D or of E improve a classifier that has few labels?

The field's protocol: as many labels of each class, a mean over random choices of them, errors on all test images. Networks and
scales are from all training images without labels; nothing but the classifier and its C sees a label.
"""

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from adversarial_nets.core.errors import InputError
from adversarial_nets.core.randomness import stream
from adversarial_nets.data.prepared import TEST, PreparedData
from adversarial_nets.diagnostics.collapse import labelled, labels_of
from adversarial_nets.extensions.features import Features
from adversarial_nets.extensions.logistic import classified, cross_validated
from adversarial_nets.parameters.inference import FewLabelsParameters


def measure(features: dict[str, Features], data: PreparedData, asked: FewLabelsParameters, seed: int) -> pd.DataFrame:
    """A row for each kind of features, number of labels and draw: the error in percent on all test images, and the C.

    All features have the same draws. Raises InputError if a class has too few images.
    """
    labels, test_labels = (labels_of(data, rows) for rows in (data.training, data.folds[0] == TEST))
    choices = [
        (count, draw, *chosen(labels, count, asked, stream(seed, f"few labels, draw {draw}"))) for count, draw in _cases(asked)
    ]
    found = []
    for name, function in features.items():
        x, test = (torch.from_numpy(function(images)) for images in (data.training_images, data.fold_images(0, TEST)))
        for count, draw, rows, folds in choices:
            weights, c = cross_validated(x[rows], torch.from_numpy(labels[rows]).long(), folds, asked.c)
            error = 100 * float(np.mean(classified(weights, test).numpy() != test_labels))
            case = {"features": name, "dimensions": x.shape[1], "labels": count, "draw": draw}
            found.append({**case, "num_images": len(test), "error": error, "c": c})
    return pd.DataFrame(found)


def _cases(asked: FewLabelsParameters) -> list[tuple[int, int]]:
    return [(count, draw) for count in asked.counts for draw in range(asked.draws)]


def chosen(labels: np.ndarray, count: int, asked: FewLabelsParameters, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Rows of as many random images of each class, and the fold of each, every class spread over all folds.

    The first rows of each class are those of a smaller count. Raises InputError if a class has too few images.
    """
    names = np.unique(labels[labelled(labels)])
    each = count // max(len(names), 1)
    available = min((int((labels == name).sum()) for name in names), default=0)
    if not asked.folds <= each <= available:
        wanted = f"{count} labels of {len(names)} classes in {asked.folds} folds"
        raise InputError(f"few_labels.counts: {wanted} need {asked.folds} images of each class or more, and at most {available}")
    shuffled = torch.randperm(len(labels), generator=random)
    rows = torch.cat([shuffled[torch.from_numpy(labels)[shuffled] == int(name)][:each] for name in names])
    return rows, (torch.arange(each) % asked.folds).repeat(len(names))
