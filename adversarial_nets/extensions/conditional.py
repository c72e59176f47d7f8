"""Conditional generation, p(x | c): images given their class (section 7; Mirza and Osindero, 2014)."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from adversarial_nets.core.errors import InputError
from adversarial_nets.core.randomness import stream
from adversarial_nets.data.prepared import VALIDATION, PreparedData
from adversarial_nets.extensions.games import ConditionalGenerator, Model, chosen_rows, noise
from adversarial_nets.gan.run import Setup
from adversarial_nets.gan.sampling import BATCH_SIZE
from adversarial_nets.likelihood.parzen import ParzenWindow
from adversarial_nets.likelihood.protocol import CrossValidation, sigma_grid
from adversarial_nets.parameters.conditional import ConditionalVariant

CLASSES_AT_MOST = 255  # the label 255 stands for no class


@dataclass(frozen=True)
class LabelConditions:
    """The classes of the training images in one-hot codes (n, C), in which ``scale`` stands for the class."""

    codes: Tensor
    scale: float
    choices: int = 1

    @property
    def width(self) -> int:
        """A value for each class."""
        return self.codes.shape[1]

    shown = width

    def chosen(self, numbers: Tensor) -> Tensor:
        """Those of training images, each as probable as another."""
        return chosen_rows(self.codes, numbers[:, 0])

    def pair(self, images: Tensor, conditions: Tensor) -> Tensor:
        """D sees the class beside the image."""
        return torch.cat([images, conditions], dim=1)

    def real(self, images: Tensor) -> Tensor:
        """Each image beside its class."""
        return self.pair(images, self.codes)


@dataclass(frozen=True)
class Classes:
    """A data set's images of each part with their classes: rows (n, D) and labels (n,)."""

    data: PreparedData

    def __post_init__(self) -> None:
        if len(self.data.labels) == 0 or self.data.labels[self.data.training].max() >= CLASSES_AT_MOST:
            raise InputError("experiment: its images have no classes, which conditional models need; choose another")

    @property
    def count(self) -> int:
        """Number of classes."""
        return int(self.data.labels[self.data.training].max()) + 1

    @property
    def training(self) -> tuple[np.ndarray, np.ndarray]:
        """Training images."""
        return self.data.training_images, self.data.labels[self.data.training]

    @property
    def training_by_class(self) -> list[np.ndarray]:
        """Training images (n, D) of each class."""
        images, labels = self.training
        return [images[labels == number] for number in range(self.count)]

    def held_out(self, part: int) -> tuple[np.ndarray, np.ndarray]:
        """Images of the first fold for VALIDATION or TEST."""
        return self.data.fold_images(0, part), self.data.labels[self.data.folds[0] == part]


def model(setup: Setup, classes: Classes, variant: ConditionalVariant) -> Model:
    """A conditional model, ready to be trained; its control shuffles the labels of the training images."""
    labels = torch.from_numpy(classes.training[1].astype(np.int64))
    if variant.labels == "shuffled":
        labels = labels[torch.randperm(len(labels), generator=stream(setup.seed, "shuffled labels"))]
    conditions = LabelConditions((variant.scale * one_hot(labels, classes.count)).to(setup.device), variant.scale)
    deciding = f"{variant.model_dump_json()} {labels.tolist()}"
    return Model(setup, conditions, partial(_validate, classes), deciding, variant.networks)


def _validate(classes: Classes, model: Model, generator: ConditionalGenerator) -> float:
    """Class-wise log-likelihood of validation images in nats, at the best σ."""
    asked = model.setup.experiment.training.validation
    samples = draw(model, generator, max(asked.num_samples // classes.count, 1), "validation noise")
    images, labels = (each[: asked.num_images] for each in classes.held_out(VALIDATION))
    return cross_validation(samples, images, labels, sigma_grid(model.setup.experiment.evaluation.sigma)).log_likelihood


@torch.no_grad()
def draw(model: Model, generator: ConditionalGenerator, per_class: int, purpose: str) -> np.ndarray:
    """Samples of every class, (C, n, D) float32, from one random stream of the run."""
    classes = model.conditions.width
    conditions = (model.conditions.scale * torch.eye(classes)).repeat_interleave(per_class, dim=0)
    z = noise(model, len(conditions), purpose)
    device = model.setup.device
    batches = zip(z.to(device).split(BATCH_SIZE), conditions.to(device).split(BATCH_SIZE), strict=True)
    return torch.cat([generator.given(*batch) for batch in batches]).cpu().numpy().reshape(classes, per_class, -1)


def class_wise(samples: np.ndarray, images: np.ndarray, labels: np.ndarray, sigmas: np.ndarray) -> np.ndarray:
    """log p(x | c) in nats of images (m, D) with labels (m,), each under its own class's samples alone: (k, m) for k bandwidths.

    ``samples``: an array (n, D) for each class. The order of the images is that of their classes.
    """
    present = [number for number in range(len(samples)) if (labels == number).any()]
    found = [ParzenWindow(samples[number]).log_prob(images[labels == number], sigmas).numpy() for number in present]
    return np.concatenate(found, axis=1)


def cross_validation(samples: np.ndarray, images: np.ndarray, labels: np.ndarray, sigmas: np.ndarray) -> CrossValidation:
    """The choice of the one σ that serves all classes."""
    return CrossValidation(sigmas.tolist(), class_wise(samples, images, labels, sigmas).mean(axis=1).tolist())
