"""The classifier that judges samples: one hidden layer, trained on images and their labels, with the same bytes everywhere."""

import numpy as np
import torch
from torch import Tensor

from adversarial_nets.core.arithmetic import exp
from adversarial_nets.core.randomness import stream
from adversarial_nets.gan.networks import Network, initialise
from adversarial_nets.gan.sampling import BATCH_SIZE
from adversarial_nets.parameters.conditional import ClassifierParameters
from adversarial_nets.parameters.layers import LinearParameters


class Classifier:
    """Gives each image (D,) one of a number of classes."""

    def __init__(self, pixels: int, classes: int, asked: ClassifierParameters, random: torch.Generator):
        hidden = LinearParameters(type="relu", units=asked.hidden_units, init_range=(6 / pixels) ** 0.5)
        output = LinearParameters(type="linear", units=classes, init_range=(6 / asked.hidden_units) ** 0.5)
        self.network, self.classes, self._asked = Network(pixels, {"hidden": hidden, "output": output}), classes, asked
        initialise(self.network, random)

    def train(self, images: Tensor, labels: Tensor, random: torch.Generator) -> "Classifier":
        """Descend the cross-entropy of images (n, D) in [0, 1] with labels (n,); returns itself."""
        weights, targets = tuple(self.network.parameters()), torch.nn.functional.one_hot(labels, self.classes).float()
        optimizer = torch.optim.Adam(weights, lr=self._asked.learning_rate, fused=True)
        for _ in range(self._asked.epochs):
            for rows in torch.randperm(len(images), generator=random).to(images.device).split(self._asked.minibatch_size):
                logits = self.network(images[rows])
                slopes = (probabilities(logits.detach()) - targets[rows]) / len(rows)  # of the mean cross-entropy
                for weight, gradient in zip(weights, torch.autograd.grad(logits, weights, slopes), strict=True):
                    weight.grad = gradient
                optimizer.step()
        return self

    @torch.no_grad()
    def classify(self, images: Tensor) -> Tensor:
        """The most probable class of each image (n, D): (n,)."""
        return torch.cat([self.network(batch).argmax(dim=1) for batch in images.split(BATCH_SIZE)])

    def accuracy(self, images: np.ndarray, labels: np.ndarray) -> float:
        """Share of images (n, D) that are given their labels (n,)."""
        found = self.classify(torch.from_numpy(images)).numpy()
        return float((found == labels).mean())


def probabilities(logits: Tensor) -> Tensor:
    """Softmax over the columns."""
    powers = exp(logits - logits.amax(dim=1, keepdim=True))
    return powers / powers.sum(dim=1, keepdim=True)


def trained(images: np.ndarray, labels: np.ndarray, asked: ClassifierParameters, seed: int) -> Classifier:
    """A classifier of images (n, D) with labels (n,), from 0 to the number of classes, one less."""
    classes = int(labels.max()) + 1
    classifier = Classifier(images.shape[1], classes, asked, stream(seed, "classifier initialisation"))
    return classifier.train(torch.from_numpy(images), torch.from_numpy(labels.astype(np.int64)), stream(seed, "classifier"))
