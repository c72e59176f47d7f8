"""How well an encoder infers z: R², reconstructions beside those of other ways, and neighbours by E(x)."""

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.neighbors import KNeighborsClassifier
from torch import Tensor

from adversarial_nets.core.randomness import stream
from adversarial_nets.data.prepared import TEST, PreparedData
from adversarial_nets.diagnostics.neighbours import nearest
from adversarial_nets.extensions.features import Features
from adversarial_nets.extensions.inference import Run, inverted, noise, r2, variance_explained
from adversarial_nets.gan.sampling import generate

QUANTILES = [0.0, 0.25, 0.5, 0.75, 1.0]
NOISE = "encoder fresh noise"  # its random stream
FRESH, REAL = "fresh samples", "test images"
SHOWN = {"encoder": "G(E(x))", "inverted": "G at the best z", "nearest_training_image": "nearest training image"}


@dataclass(frozen=True)
class Errors:
    """Mean square of reconstruction − image, a pixel, over ``num_images`` images of one kind, by how they are reconstructed.

    ``inverted``: G at the z that gradient steps find from E(x); ``inverted_from_zero``: as many steps from z = 0.
    """

    images: str
    num_images: int
    encoder: float
    inverted: float
    inverted_from_zero: float
    nearest_training_image: float
    mean_image: float


@dataclass(frozen=True)
class Inferred:
    """R² of z, mean and quantiles over coordinates; errors of reconstructions; accuracy of the nearest neighbour by features.

    ``inverted_r2``: of the z that gradient steps find from E(x), whose G(z) is all but the image: what they miss, G ignores.
    """

    num_fresh: int
    r2: float
    r2_quantiles: list[float]
    inverted_r2: float
    errors: list[Errors]
    neighbour_accuracy: dict[str, float]


@dataclass(frozen=True)
class Reconstructed:
    """Images (n, D) of one kind beside their reconstructions, by how these are made, and the z that inversion found (n, d)."""

    kind: str
    images: np.ndarray
    by: dict[str, np.ndarray]
    z: Tensor

    @property
    def errors(self) -> Errors:
        """Their mean squares."""
        found = {name: float(np.square(each - self.images, dtype=np.float64).mean()) for name, each in self.by.items()}
        return Errors(self.kind, len(self.images), **found)

    @property
    def rows(self) -> list[tuple[str, np.ndarray]]:
        """What a figure shows of them, with labels."""
        return [(self.kind, self.images), *((label, self.by[name]) for name, label in SHOWN.items())]


def measure(run: Run, data: PreparedData, features: dict[str, Features]) -> tuple[Inferred, list[Reconstructed]]:
    """What is measured of a trained encoder, and the reconstructions of each kind of images."""
    asked, random = run.setup.asked, stream(run.setup.seed, NOISE)
    z = noise(run.description, asked.num_fresh, random)
    shown = z[: asked.num_images]
    images = {FRESH: generate(run.generator, shown), REAL: data.fold_images(0, TEST)[: asked.num_images]}
    found = [reconstructed(run, kind, each, data.training_images) for kind, each in images.items()]
    coordinates = r2(run, z)
    inferred = Inferred(
        num_fresh=len(z),
        r2=float(coordinates.mean()),
        r2_quantiles=np.quantile(coordinates.numpy(), QUANTILES).tolist(),
        inverted_r2=float(variance_explained(found[0].z, shown).mean()),
        errors=[each.errors for each in found],
        neighbour_accuracy={name: neighbour_accuracy(function, data) for name, function in features.items()},
    )
    return inferred, found


def reconstructed(run: Run, kind: str, images: np.ndarray, training_images: np.ndarray) -> Reconstructed:
    """Images (n, D) by E and G, by gradient steps from E(x) and from 0, by training images: the nearest, and their mean."""
    x = torch.from_numpy(images).to(run.setup.device)
    with torch.no_grad():
        z = run.encoder(x)
    closer = inverted(run, x, z)
    by = {
        "encoder": generate(run.generator, z),
        "inverted": generate(run.generator, closer),
        "inverted_from_zero": generate(run.generator, inverted(run, x, torch.zeros_like(z))),
        "nearest_training_image": training_images[nearest(images, training_images)],
        "mean_image": training_images.mean(0, dtype=np.float64, keepdims=True).astype(np.float32),
    }
    return Reconstructed(kind, images, by, closer.cpu())


def neighbour_accuracy(features: Features, data: PreparedData) -> float:
    """Share of test images whose nearest training image, by Euclidean distance of features, is of their class."""
    search = KNeighborsClassifier(1, algorithm="brute").fit(features(data.training_images), data.labels[data.training])
    return float(search.score(features(data.fold_images(0, TEST)), data.labels[data.folds[0] == TEST]))
