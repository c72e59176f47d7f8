"""Semi-supervised learning (section 7): do features of D or of E improve a classifier that has few labels?

The field's protocol: as many labels of each class, a mean over random choices of them, errors on all test images. Networks and
scales are from all training images without labels; nothing but the classifier and its C sees a label.
"""

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from adversarial_nets.core import files
from adversarial_nets.core.errors import InputError
from adversarial_nets.core.randomness import stream
from adversarial_nets.data.prepared import TEST, PreparedData
from adversarial_nets.diagnostics.collapse import labelled, labels_of
from adversarial_nets.extensions.features import Features
from adversarial_nets.extensions.logistic import classified, cross_validated
from adversarial_nets.parameters.inference import FewLabelsParameters

ERRORS, IMAGES = "errors.csv", "images.csv"


@dataclass(frozen=True)
class Errors:
    """Of one kind of features: a row for each number of labels and draw, with the error in percent on all test images and the C.

    ``images``: in how many draws each test image is misclassified, a column for each number of labels: (m, counts).
    """

    rows: pd.DataFrame
    images: pd.DataFrame


def measure(name: str, features: Features, data: PreparedData, asked: FewLabelsParameters, seed: int) -> Errors:
    """Errors of classifiers of these features; other features have the same draws. Raises InputError if a class is too small."""
    labels, test_labels = (labels_of(data, rows) for rows in (data.training, data.folds[0] == TEST))
    x, test = (torch.from_numpy(features(images)) for images in (data.training_images, data.fold_images(0, TEST)))
    found, wrong = [], {column(name, count): np.zeros(len(test), int) for count in asked.counts}
    for count, draw in itertools.product(asked.counts, range(asked.draws)):
        rows, folds = chosen(labels, count, asked, stream(seed, f"few labels, draw {draw}"))
        weights, c = cross_validated(x[rows], torch.from_numpy(labels[rows]).long(), folds, asked.c)
        missed = classified(weights, test).numpy() != test_labels
        wrong[column(name, count)] += missed
        case = {"features": name, "dimensions": x.shape[1], "labels": count, "draw": draw, "num_images": len(test)}
        found.append({**case, "error": 100 * float(missed.mean()), "c": c})
    return Errors(pd.DataFrame(found), pd.DataFrame(wrong))


def column(name: str, count: int) -> str:
    """What features and a number of labels are called in the table of test images."""
    return f"{name}: {count}"


def save(found: list[Errors], folder: Path) -> None:
    """Write the tables of all kinds of features."""
    with files.replacing(folder) as temporary:
        temporary.mkdir()
        files.write_csv(temporary / ERRORS, pd.concat([each.rows for each in found]))
        files.write_csv(temporary / IMAGES, pd.concat([each.images for each in found], axis=1))


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
