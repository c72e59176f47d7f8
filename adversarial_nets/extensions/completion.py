"""All conditionals p(x_S | x_rest) by one generator: it completes an image from any of its pixels (section 7)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from adversarial_nets.core.arithmetic import product
from adversarial_nets.core.randomness import stream
from adversarial_nets.data.prepared import TEST, PreparedData
from adversarial_nets.extensions.classifier import Classifier, trained
from adversarial_nets.extensions.conditional import Classes
from adversarial_nets.extensions.games import ConditionalGenerator, Model
from adversarial_nets.extensions.masks import KINDS, bank, masks
from adversarial_nets.gan.run import Setup
from adversarial_nets.gan.sampling import draw_noise
from adversarial_nets.likelihood.parzen import ParzenWindow
from adversarial_nets.likelihood.protocol import mean_and_standard_error, sigma_grid
from adversarial_nets.parameters.extensions import CompletionParameters, Extensions

NUM_MASKS = 4000  # that masks are drawn from in training
SHOWN_IMAGES, SHOWN_COMPLETIONS = 4, 8  # in the figure: images for each kind of masks, completions of each
GENERATOR, OTHER = "generator", "generator, given another image"

# Completions (k, D) of each image (n, D) from its pixels where the mask (n, D) is 1, in the order of the images.
Completer = Callable[[np.ndarray, np.ndarray], Iterator[np.ndarray]]


@dataclass(frozen=True)
class PixelConditions:
    """Some pixels of a training image (n, D) and the mask that says which: [x ⊙ m, m], of masks (k, D)."""

    images: Tensor
    masks: Tensor
    choices: int = 2

    @property
    def width(self) -> int:
        """Pixels, and as many values of a mask."""
        return 2 * self.images.shape[1]

    @property
    def shown(self) -> int:
        """D sees the mask."""
        return self.images.shape[1]

    def chosen(self, numbers: Tensor) -> Tensor:
        """Of any image and any mask."""
        image, mask = (
            each[(column * len(each)).long().clamp(0, len(each) - 1)]
            for each, column in zip((self.images, self.masks), numbers.unbind(1), strict=True)
        )
        return torch.cat([image * mask, mask], dim=1)

    def pair(self, images: Tensor, conditions: Tensor) -> Tensor:
        """Seen pixels as they are, the others as generated; and the mask."""
        seen, mask = conditions.chunk(2, dim=1)
        return torch.cat([seen + (1 - mask) * images, mask], dim=1)

    def real(self, images: Tensor, random: torch.Generator) -> "MaskedImages":
        """Whole images, and a mask for each that is drawn anew whenever it is looked at."""
        return MaskedImages(images, self.masks, random)


@dataclass(frozen=True)
class MaskedImages:
    """Images (n, D), each beside a random one of masks (k, D) whenever it is asked for: rows (m, 2·D)."""

    images: Tensor
    masks: Tensor
    random: torch.Generator

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: Tensor) -> Tensor:
        chosen = torch.randint(len(self.masks), (len(rows),), generator=self.random).to(self.device)
        return torch.cat([self.images[rows], self.masks[chosen]], dim=1)

    @property
    def device(self) -> torch.device:
        """Where the images are."""
        return self.images.device


def model(setup: Setup, asked: CompletionParameters) -> Model:
    """One generator for all conditionals, ready to be trained."""
    _, height, width = setup.experiment.image_shape
    found = bank(NUM_MASKS, height, width, stream(setup.seed, "masks"))
    conditions = PixelConditions(torch.from_numpy(setup.images).to(setup.device), found.to(setup.device))
    return Model(setup, conditions, partial(_validate, asked), asked.model_dump_json())


def _validate(asked: CompletionParameters, model: Model, generator: ConditionalGenerator) -> float:
    """Log-likelihood in nats of the missing pixels of some validation images, each kind of masks at its best σ; their mean."""
    images, sigmas = model.setup.validation_images[: asked.num_images], sigma_grid(model.setup.experiment.evaluation.sigma)
    count = max(model.setup.experiment.training.validation.num_samples // (len(images) * len(KINDS)), 1)
    complete = generated(model, generator, count, "validation noise")
    found = [log_likelihoods(complete, images, fixed_masks(kind, model.setup, len(images)), sigmas) for kind in KINDS]
    return float(np.mean([each.mean(axis=1).max() for each in found]))


def fixed_masks(kind: str, setup: Setup, count: int) -> np.ndarray:
    """Masks of so many images, the same ones for whatever completes them."""
    _, height, width = setup.experiment.image_shape
    return masks(kind, count, height, width, stream(0, f"fixed masks, {kind}")).numpy()


def log_likelihoods(complete: Completer, images: np.ndarray, seen: np.ndarray, sigmas: np.ndarray) -> np.ndarray:
    """log p(missing pixels | seen ones) in nats of each image, under a Parzen window of its completions: (k, n)."""
    return np.stack([_log_prob(*each, sigmas) for each in zip(complete(images, seen), images, seen, strict=True)], axis=1)


def _log_prob(completions: np.ndarray, image: np.ndarray, mask: np.ndarray, sigmas: np.ndarray) -> np.ndarray:
    missing = mask == 0
    return ParzenWindow(completions[:, missing]).log_prob(image[None, missing], sigmas)[:, 0].numpy()


# What completes


def generated(model: Model, generator: ConditionalGenerator, count: int, purpose: str) -> Completer:
    """So many completions of each image by the generator, from noise of their own."""
    description, device = model.setup.experiment.generator, model.setup.device

    @torch.no_grad()
    def complete(images: np.ndarray, seen: np.ndarray) -> Iterator[np.ndarray]:
        random = stream(model.setup.seed, purpose)
        for image, mask in zip(torch.from_numpy(images).to(device), torch.from_numpy(seen).to(device), strict=True):
            z = draw_noise(description.noise, (count, description.noise_dimensions), random).to(device)
            condition = torch.cat([image * mask, mask]).expand(len(z), -1)
            pairs = model.conditions.pair(generator.given(z, condition), condition)
            yield pairs[:, : len(image)].cpu().numpy()

    return complete


def of_neighbours(training: np.ndarray, count: int) -> Completer:
    """Missing pixels of the training images (n, D) that are nearest by the seen ones."""

    def complete(images: np.ndarray, seen: np.ndarray) -> Iterator[np.ndarray]:
        for image, mask, row in zip(images, seen, _distances(training, images, seen), strict=True):
            yield np.where(mask == 1, image, training[np.argsort(row, kind="stable")[:count]])

    return complete


def _distances(training: np.ndarray, images: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Squared distances by the seen pixels alone, less what is the same for all training images: (m, n)."""
    known, visible, training = (torch.from_numpy(each) for each in (images * seen, seen, training))
    return (product(visible, training.square().t()) - 2 * product(known, training.t())).numpy()


def of_mean_image(training: np.ndarray) -> Completer:
    """Missing pixels of the mean training image, the same for every image."""
    mean = training.mean(axis=0, dtype=np.float64).astype(np.float32)
    return lambda images, seen: (np.where(mask == 1, image, mean)[None] for image, mask in zip(images, seen, strict=True))


def of_other_images(complete: Completer) -> Completer:
    """A control: what completes an image was given another one, the next."""

    def completed(images: np.ndarray, seen: np.ndarray) -> Iterator[np.ndarray]:
        others = complete(np.roll(images, -1, axis=0), seen)
        return (np.where(mask == 1, image, other) for image, mask, other in zip(images, seen, others, strict=True))

    return completed


# What is measured


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
        return fixed_masks(kind, self.setup, len(images))

    @staticmethod
    def _of_image(completions: np.ndarray, image: np.ndarray, mask: np.ndarray, sigma: float) -> dict:
        missing = mask == 0
        own, truth = completions[:, missing].astype(np.float64), image[missing]
        pairs = own[: len(own) // 2 * 2].reshape(-1, 2, own.shape[1])
        return {
            "count": len(own),
            "first": completions[0],
            "log_likelihood": _log_prob(completions, image, mask, np.array([sigma]))[0],
            "error": np.square(own - truth).mean(),
            "error_of_mean": np.square(own.mean(axis=0) - truth).mean(),
            "distance": np.linalg.norm(own - truth, axis=1).mean(),
            "diversity": np.linalg.norm(pairs[:, 0] - pairs[:, 1], axis=1).mean() if len(pairs) else 0.0,
        }


def measure(model: Model, generator: ConditionalGenerator, data: PreparedData, asked: Extensions) -> list[Scores]:
    """Scores of the generator and of what needs no training, on every kind of masks."""
    classes, count = Classes(data), asked.completion.num_images
    images, labels = (each[:count] for each in classes.held_out(TEST))
    classifier = trained(*classes.training, asked.classifier, model.setup.seed)
    sigmas = sigma_grid(model.setup.experiment.evaluation.sigma)
    yardstick = Yardstick(model.setup, model.setup.validation_images[:count], images, labels, sigmas, classifier)
    complete = generated(model, generator, asked.completion.num_completions, "completions")
    methods = {
        GENERATOR: complete,
        OTHER: of_other_images(complete),
        "nearest training images": of_neighbours(model.setup.images, asked.completion.num_neighbours),
        "mean training image": of_mean_image(model.setup.images),
    }
    return [yardstick.measure(method, complete, kind) for kind in KINDS for method, complete in methods.items()]


def shown(model: Model, generator: ConditionalGenerator, data: PreparedData) -> np.ndarray:
    """Rows of images, some test images for each kind of masks: (rows, columns, D).

    Columns: the image, what is seen of it on grey, completions, and the nearest training image's.
    """
    images = data.fold_images(0, TEST)
    images = images[np.linspace(0, len(images) - 1, SHOWN_IMAGES).round().astype(int)]
    complete, nearest = generated(model, generator, SHOWN_COMPLETIONS, "shown completions"), of_neighbours(model.setup.images, 1)
    rows = []
    for kind in KINDS:
        seen = fixed_masks(kind, model.setup, len(images))
        found = zip(
            images, np.where(seen == 1, images, np.float32(0.5)), complete(images, seen), nearest(images, seen), strict=True
        )
        rows += [np.concatenate([image[None], grey[None], own, other]) for image, grey, own, other in found]
    return np.stack(rows)
