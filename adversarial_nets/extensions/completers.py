"""What completes images: from those of their pixels that are seen, other values for the missing ones."""

from collections.abc import Callable, Iterator

import numpy as np
import torch

from adversarial_nets.core.arithmetic import product
from adversarial_nets.core.randomness import stream
from adversarial_nets.extensions.games import ConditionalGenerator, Model
from adversarial_nets.gan.sampling import draw_noise

# Completions (k, D) of each image (n, D) from its pixels where the mask (n, D) is 1, in the order of the images.
Completer = Callable[[np.ndarray, np.ndarray], Iterator[np.ndarray]]


def generated(model: Model, generator: ConditionalGenerator, count: int, purpose: str) -> Completer:
    """``count`` completions of each image by the generator, from noise of their own."""
    description, device = model.setup.experiment.generator, model.setup.device

    @torch.no_grad()
    def complete(images: np.ndarray, seen: np.ndarray) -> Iterator[np.ndarray]:
        random = stream(model.setup.seed, purpose)
        for image, mask in zip(torch.from_numpy(images).to(device), torch.from_numpy(seen).to(device), strict=True):
            z = draw_noise(description.noise, (count, description.noise_dimensions), random).to(device)
            condition = model.conditions.of(image[None], mask[None]).expand(len(z), -1)
            yield model.conditions.pair(generator.given(z, condition), condition).cpu().numpy()

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
