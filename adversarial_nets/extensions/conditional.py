"""Conditional generation, p(x | c): images given their class (section 7; Mirza and Osindero, 2014)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from adversarial_nets.core.errors import InputError
from adversarial_nets.core.randomness import stream
from adversarial_nets.data.prepared import TEST, VALIDATION, PreparedData
from adversarial_nets.extensions.classifier import trained
from adversarial_nets.extensions.games import ConditionalGenerator, Model, noise
from adversarial_nets.gan.run import Setup
from adversarial_nets.gan.sampling import BATCH_SIZE
from adversarial_nets.likelihood.parzen import ParzenWindow
from adversarial_nets.likelihood.protocol import CrossValidation, mean_and_standard_error, score, sigma_grid
from adversarial_nets.parameters.evaluation import EvaluationParameters
from adversarial_nets.parameters.extensions import ClassifierParameters, ConditionalVariant

CLASSES_AT_MOST = 255  # the label 255 stands for no class


@dataclass(frozen=True)
class LabelConditions:
    """The classes of the training images, one-hot: (n, C)."""

    one_hot: Tensor
    choices: int = 1

    @property
    def width(self) -> int:
        """A value for each class."""
        return self.one_hot.shape[1]

    shown = width

    def chosen(self, numbers: Tensor) -> Tensor:
        """Those of training images, each as probable as another."""
        rows = (numbers[:, 0] * len(self.one_hot)).long().clamp(0, len(self.one_hot) - 1)
        return self.one_hot[rows]

    def pair(self, images: Tensor, conditions: Tensor) -> Tensor:
        """D sees the class beside the image."""
        return torch.cat([images, conditions], dim=1)

    def real(self, images: Tensor, random: torch.Generator) -> Tensor:
        """Each image beside its class."""
        return self.pair(images, self.one_hot)


@dataclass(frozen=True)
class Classes:
    """A data set's images of each part with their classes: rows (n, D) and labels (n,)."""

    data: PreparedData

    def __post_init__(self) -> None:
        labels = self.data.labels[self.data.training]
        if len(labels) == 0 or labels.max() >= CLASSES_AT_MOST:
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
    conditions = LabelConditions(one_hot(labels, classes.count).float().to(setup.device))
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
    conditions = torch.eye(classes).repeat_interleave(per_class, dim=0)
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


@dataclass(frozen=True)
class Scores:
    """What is measured of samples of every class.

    log_likelihood: of the test images under one window of all samples, in nats, with its standard error and σ.
    class_wise_log_likelihood: under the samples of each image's own class, likewise.
    asked_share: share of samples that a classifier of real images puts into the class that was asked for.
    accuracy: of test images, by a classifier trained on as many samples as there are training images; accuracy_of_all: on all.
    """

    num_classes: int
    num_samples: int
    log_likelihood: float
    standard_error: float
    sigma: float
    class_wise_log_likelihood: float
    class_wise_standard_error: float
    class_wise_sigma: float
    asked_share: float
    accuracy: float
    accuracy_of_all: float


def measure(
    samples: list[np.ndarray], classes: Classes, asked: EvaluationParameters, judge: ClassifierParameters, seed: int
) -> Scores:
    """Of an array (n, D) of samples for each class."""
    together, labels = np.concatenate(samples), np.repeat(np.arange(len(samples)), [len(each) for each in samples])
    whole = score(ParzenWindow(together), len(together), classes.data, asked)
    own = cross_validation(samples, *classes.held_out(VALIDATION), sigma_grid(asked.sigma))
    test, test_labels = classes.held_out(TEST)
    mean, standard_error = mean_and_standard_error([class_wise(samples, test, test_labels, np.array([own.sigma]))[0]])
    chosen = torch.randperm(len(together), generator=stream(seed, "classified samples"))[: len(classes.training[0])].numpy()
    return Scores(
        num_classes=len(samples),
        num_samples=len(together),
        log_likelihood=whole.log_likelihood,
        standard_error=whole.standard_error,
        sigma=whole.sigmas[0],
        class_wise_log_likelihood=mean,
        class_wise_standard_error=standard_error,
        class_wise_sigma=own.sigma,
        asked_share=trained(*classes.training, judge, seed).accuracy(together, labels),
        accuracy=trained(together[chosen], labels[chosen], judge, seed).accuracy(test, test_labels),
        accuracy_of_all=trained(together, labels, judge, seed).accuracy(test, test_labels),
    )
