"""All conditionals p(x_S | x_rest) by one generator: it completes an image from any of its pixels (section 7)."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from adversarial_nets.core.randomness import stream
from adversarial_nets.extensions.completers import Completer, generated
from adversarial_nets.extensions.games import ConditionalGenerator, Model, chosen_rows
from adversarial_nets.extensions.masks import KINDS, bank, fixed_masks
from adversarial_nets.gan.run import Setup
from adversarial_nets.likelihood.parzen import ParzenWindow
from adversarial_nets.likelihood.protocol import sigma_grid
from adversarial_nets.parameters.conditional import CompletionParameters

NUM_MASKS = 4000  # that masks are drawn from in training
# What stands for a seen pixel in the mask that G is given. With 1, hundreds of them would outweigh the pixels themselves.
SCALE = 0.2


@dataclass(frozen=True)
class PixelConditions:
    """Some pixels of a training image (n, D) and the mask that says which, of masks (k, D): [x ⊙ m, SCALE · m]."""

    images: Tensor
    masks: Tensor
    choices: int = 2
    shown: int = 0  # D sees the composite alone, as in the authors' code: told where to look, it was soon sure of itself

    @property
    def width(self) -> int:
        """Pixels, and as many values of a mask."""
        return 2 * self.images.shape[1]

    def chosen(self, numbers: Tensor) -> Tensor:
        """Of any image and any mask."""
        image, mask = chosen_rows(self.images, numbers[:, 0]), chosen_rows(self.masks, numbers[:, 1])
        return self.of(image, mask)

    def of(self, images: Tensor, masks: Tensor) -> Tensor:
        """Conditions of images and masks, (m, D) each."""
        return torch.cat([images * masks, SCALE * masks], dim=1)

    def pair(self, images: Tensor, conditions: Tensor) -> Tensor:
        """Seen pixels as they are, the others as generated."""
        seen, mask = conditions.chunk(2, dim=1)
        return torch.where(mask > 0, seen, images)

    def real(self, images: Tensor) -> Tensor:
        """Whole images."""
        return images


def model(setup: Setup, asked: CompletionParameters) -> Model:
    """One generator for all conditionals, ready to be trained."""
    _, height, width = setup.experiment.image_shape
    found = bank(NUM_MASKS, height, width, stream(setup.seed, "masks"))
    conditions = PixelConditions(torch.from_numpy(setup.images).to(setup.device), found.to(setup.device))
    return Model(setup, conditions, partial(_validate, asked), asked.model_dump_json())


def _validate(asked: CompletionParameters, model: Model, generator: ConditionalGenerator) -> float:
    """Log-likelihood in nats of the missing pixels of some validation images, each kind of masks at its best σ; their mean."""
    images, sigmas = spread(model.setup.validation_images, asked.num_images), sigma_grid(model.setup.experiment.evaluation.sigma)
    count = max(model.setup.experiment.training.validation.num_samples // (len(images) * len(KINDS)), 1)
    complete = generated(model, generator, count, "validation noise")
    found = [log_likelihoods(complete, images, fixed_masks(kind, images, model.setup), sigmas) for kind in KINDS]
    return float(np.mean([each.mean(axis=1).max() for each in found]))


def spread(rows: np.ndarray, count: int) -> np.ndarray:
    """``count`` of the rows (n, ...), evenly spaced, because images may be sorted by class; all if there are fewer."""
    return rows[np.linspace(0, len(rows) - 1, min(count, len(rows))).round().astype(int)]


def log_likelihoods(complete: Completer, images: np.ndarray, seen: np.ndarray, sigmas: np.ndarray) -> np.ndarray:
    """log p(missing pixels | seen ones) in nats of each image, under a Parzen window of its completions: (k, n)."""
    return np.stack([log_prob(*each, sigmas) for each in zip(complete(images, seen), images, seen, strict=True)], axis=1)


def log_prob(completions: np.ndarray, image: np.ndarray, mask: np.ndarray, sigmas: np.ndarray) -> np.ndarray:
    """log p of one image's missing pixels in nats, under a Parzen window of completions (k, D) for each bandwidth."""
    missing = mask == 0
    return ParzenWindow(completions[:, missing]).log_prob(image[None, missing], sigmas)[:, 0].numpy()
