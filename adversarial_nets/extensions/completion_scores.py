"""What is measured of completions of images, of one generator for all masks and of what needs no training."""

from dataclasses import dataclass

import numpy as np

from adversarial_nets.data.prepared import TEST, PreparedData
from adversarial_nets.extensions.classifier import Classifier, trained
from adversarial_nets.extensions.completers import Completer, generated, of_mean_image, of_neighbours, of_other_images
from adversarial_nets.extensions.completion import log_likelihoods, log_prob, spread
from adversarial_nets.extensions.conditional import Classes
from adversarial_nets.extensions.games import ConditionalGenerator, Model
from adversarial_nets.extensions.masks import KINDS, fixed_masks
from adversarial_nets.gan.run import Setup
from adversarial_nets.likelihood.protocol import mean_and_standard_error, sigma_grid
from adversarial_nets.parameters.extensions import Extensions

SHOWN_IMAGES, SHOWN_COMPLETIONS = 4, 8  # in the figure: images for each kind of masks, completions of each
GENERATOR, OTHER, CHAIN = "generator", "generator, given another image", "clamped chain of a GSN"


@dataclass(frozen=True)
class Scores:
    """What is measured of completions of test images of which one kind of pixels is missing; pixels are in [0, 1].

    log_likelihood: of the missing pixels in nats, with its standard error over images; σ from validation images.
    error, error_of_mean: mean square per missing pixel of one completion, and of the mean of all.
    distance: from one completion to the image; diversity: from one completion to another, likewise Euclidean. They are the same
    if completions are draws of p(missing | seen), and a diversity of 0 means that noise changes nothing.
    accuracy: of a classifier of real images on the first completions; accuracy_of_occluded: on images whose missing pixels are 0;
    accuracy_of_original: on the images themselves.
    """

    method: str
    kind: str
    num_completions: int
    log_likelihood: float
    standard_error: float
    sigma: float
    error: float
    error_of_mean: float
    distance: float
    diversity: float
    accuracy: float
    accuracy_of_occluded: float
    accuracy_of_original: float


@dataclass(frozen=True)
class Yardstick:
    """What every method is measured by: held-out images (n, D) with labels (n,), bandwidths and a classifier of real images."""

    setup: Setup
    validation_images: np.ndarray
    images: np.ndarray
    labels: np.ndarray
    sigmas: np.ndarray
    classifier: Classifier

    def measure(self, method: str, complete: Completer, kind: str) -> Scores:
        """Scores of a method on one kind of masks."""
        choice = log_likelihoods(complete, self.validation_images, self._masks(self.validation_images, kind), self.sigmas)
        best = int(choice.mean(axis=1).argmax())
        seen = self._masks(self.images, kind)
        found = [
            self._of_image(*each, self.sigmas[best]) for each in zip(complete(self.images, seen), self.images, seen, strict=True)
        ]
        log_likelihood, standard_error = mean_and_standard_error([np.array([row.pop("log_likelihood") for row in found])])
        first = np.stack([row.pop("first") for row in found])
        counts = {row.pop("count") for row in found}
        return Scores(
            method=method,
            kind=kind,
            num_completions=counts.pop(),
            log_likelihood=log_likelihood,
            standard_error=standard_error,
            sigma=float(self.sigmas[best]),
            **{name: float(np.mean([row[name] for row in found])) for name in found[0]},
            accuracy=self.classifier.accuracy(first, self.labels),
            accuracy_of_occluded=self.classifier.accuracy(self.images * seen, self.labels),
            accuracy_of_original=self.classifier.accuracy(self.images, self.labels),
        )

    def _masks(self, images: np.ndarray, kind: str) -> np.ndarray:
        return fixed_masks(kind, images, self.setup)

    @staticmethod
    def _of_image(completions: np.ndarray, image: np.ndarray, mask: np.ndarray, sigma: float) -> dict:
        missing = mask == 0
        own, truth = completions[:, missing].astype(np.float64), image[missing]
        pairs = own[: len(own) // 2 * 2].reshape(-1, 2, own.shape[1])
        return {
            "count": len(own),
            "first": completions[0],
            "log_likelihood": log_prob(completions, image, mask, np.array([sigma]))[0],
            "error": np.square(own - truth).mean(),
            "error_of_mean": np.square(own.mean(axis=0) - truth).mean(),
            "distance": np.linalg.norm(own - truth, axis=1).mean(),
            "diversity": np.linalg.norm(pairs[:, 0] - pairs[:, 1], axis=1).mean() if len(pairs) else 0.0,
        }


def measure(model: Model, complete: Completer, chain: Completer, data: PreparedData, asked: Extensions) -> list[Scores]:
    """Scores of the generator, of a clamped chain and of what needs no training, on every kind of masks."""
    classes, count = Classes(data), asked.completion.num_images
    images, labels = (spread(each, count) for each in classes.held_out(TEST))
    classifier = trained(*classes.training, asked.classifier, model.setup.seed)
    sigmas = sigma_grid(model.setup.experiment.evaluation.sigma)
    yardstick = Yardstick(model.setup, spread(model.setup.validation_images, count), images, labels, sigmas, classifier)
    methods = {
        GENERATOR: complete,
        OTHER: of_other_images(complete),
        CHAIN: chain,
        "nearest training images": of_neighbours(model.setup.images, asked.completion.num_neighbours),
        "mean training image": of_mean_image(model.setup.images),
    }
    return [yardstick.measure(method, complete, kind) for kind in KINDS for method, complete in methods.items()]


def shown(model: Model, generator: ConditionalGenerator, data: PreparedData) -> np.ndarray:
    """Rows of images, some test images for each kind of masks: (rows, columns, D).

    Columns: the image, what is seen of it on grey, completions, and the nearest training image's.
    """
    images = spread(data.fold_images(0, TEST), SHOWN_IMAGES)
    complete, nearest = generated(model, generator, SHOWN_COMPLETIONS, "shown completions"), of_neighbours(model.setup.images, 1)
    rows = []
    for kind in KINDS:
        seen = fixed_masks(kind, images, model.setup)
        found = zip(
            images, np.where(seen == 1, images, np.float32(0.5)), complete(images, seen), nearest(images, seen), strict=True
        )
        rows += [np.concatenate([image[None], part[None], own, other]) for image, part, own, other in found]
    return np.stack(rows)
