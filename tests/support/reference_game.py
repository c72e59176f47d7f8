"""The game in float64 NumPy with gradients derived by hand: what tests hold the library's steps to.

Written from the paper and its published configuration, not from the library. Weights are (inputs, units * pieces), the
transpose of torch's, so that "max column norm" is about columns here. Dropout masks (0 or 1) are always given by the caller.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy import ndarray as Array


@dataclass
class Layer:
    """One layer: inputs dropped by a mask and divided by ``keep``, a linear map, then the activation ``kind``."""

    kind: str
    weights: Array
    biases: Array
    pieces: int = 1
    keep: float = 1.0
    max_column_norm: float | None = None


class Record(NamedTuple):
    """What a layer's backward pass needs of its forward pass."""

    scales: Array
    inputs: Array
    values: Array
    outputs: Array


Network = list[Layer]
Gradients = list[Array]


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)) without overflow."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def forward(network: Network, x: Array, masks: list[Array] | None = None) -> list[Record]:
    """Every layer's record for inputs (m, d); without masks nothing is dropped."""
    records = []
    for index, layer in enumerate(network):
        scales = np.ones_like(x) if masks is None else masks[index] / layer.keep
        inputs = x * scales
        values = inputs @ layer.weights + layer.biases
        x = _activate(layer, values)
        records.append(Record(scales, inputs, values, x))
    return records


def backward(network: Network, records: list[Record], from_values: Array) -> tuple[Gradients, Array]:
    """Gradients of the weights and biases, in order, and of the input.

    ``from_values`` is the objective's gradient with respect to the last layer's values before its activation.
    """
    gradients: Gradients = []
    for index in range(len(network) - 1, -1, -1):
        record = records[index]
        gradients = [record.inputs.T @ from_values, from_values.sum(axis=0), *gradients]
        from_inputs = (from_values @ network[index].weights.T) * record.scales
        if index:
            from_values = through_activation(network[index - 1], records[index - 1], from_inputs)
    return gradients, from_inputs


def through_activation(layer: Layer, record: Record, from_outputs: Array) -> Array:
    """The gradient with respect to a layer's values, from that with respect to its outputs."""
    if layer.kind == "relu":
        return from_outputs * (record.values > 0)
    if layer.kind == "sigmoid":
        return from_outputs * record.outputs * (1 - record.outputs)
    if layer.kind == "maxout":
        pieces = record.values.reshape(len(record.values), -1, layer.pieces)
        winners = pieces.argmax(axis=2)[:, :, None] == np.arange(layer.pieces)
        return (from_outputs[:, :, None] * winners).reshape(record.values.shape)
    return from_outputs


def _activate(layer: Layer, values: Array) -> Array:
    if layer.kind == "maxout":
        return np.stack([values[:, piece :: layer.pieces] for piece in range(layer.pieces)]).max(axis=0)
    return {"relu": lambda: np.maximum(values, 0), "sigmoid": lambda: sigmoid(values), "linear": lambda: values}[layer.kind]()


class Momentum:
    """The published update: v <- mu v - eta g; theta <- theta + v."""

    def __init__(self):
        self.velocities = None

    def __call__(self, arrays: list[Array], gradients: Gradients, learning_rate: float, momentum: float) -> None:
        self.velocities = self.velocities or [np.zeros_like(array) for array in arrays]
        for array, velocity, gradient in zip(arrays, self.velocities, gradients, strict=True):
            velocity *= momentum
            velocity -= learning_rate * gradient
            array += velocity


class Adam:
    """Kingma and Ba's algorithm 1, with its customary epsilon; momentum is not used."""

    def __init__(self, beta1: float, beta2: float):
        self.betas = beta1, beta2
        self.time = 0
        self.moments = None

    def __call__(self, arrays: list[Array], gradients: Gradients, learning_rate: float, momentum: float) -> None:
        self.time += 1
        self.moments = self.moments or [(np.zeros_like(array), np.zeros_like(array)) for array in arrays]
        beta1, beta2 = self.betas
        for array, (first, second), gradient in zip(arrays, self.moments, gradients, strict=True):
            first[...] = beta1 * first + (1 - beta1) * gradient
            second[...] = beta2 * second + (1 - beta2) * gradient**2
            unbiased = np.sqrt(second / (1 - beta2**self.time))
            array -= learning_rate * first / (1 - beta1**self.time) / (unbiased + 1e-8)


@dataclass
class Player:
    """A network and the optimiser that moves it."""

    network: Network
    optimizer: Momentum | Adam

    @property
    def arrays(self) -> list[Array]:
        """Weights and biases in order, not copied."""
        return [array for layer in self.network for array in (layer.weights, layer.biases)]

    def move(self, gradients: Gradients, learning_rate: float, momentum: float) -> None:
        """One update; afterwards no column of a limited layer is longer than its limit."""
        self.optimizer(self.arrays, gradients, learning_rate, momentum)
        for layer in self.network:
            if layer.max_column_norm is not None:
                norms = np.sqrt((layer.weights**2).sum(axis=0))
                layer.weights *= np.minimum(1, layer.max_column_norm / norms)


def discriminator_objective(real_logits: Array, fake_logits: Array) -> float:
    """What the published code's discriminator descends: the mean of its two cross-entropies' means."""
    return (np.logaddexp(0, -real_logits).mean() + np.logaddexp(0, fake_logits).mean()) / 2


def generator_objective(fake_logits: Array, objective: str) -> float:
    """-log D(G(z)), or log(1 - D(G(z))) for ``minimax``: the mean."""
    return -np.logaddexp(0, fake_logits).mean() if objective == "minimax" else np.logaddexp(0, -fake_logits).mean()


def discriminator_gradients(
    network: Network, real: Array, fake: Array, real_masks: list[Array], fake_masks: list[Array]
) -> Gradients:
    """Gradients of ``discriminator_objective``."""
    real_records, fake_records = forward(network, real, real_masks), forward(network, fake, fake_masks)
    # d/dl -log sigmoid(l) = -sigmoid(-l), and d/dl -log(1 - sigmoid(l)) = sigmoid(l).
    from_real, _ = backward(network, real_records, -sigmoid(-real_records[-1].values) / 2 / len(real))
    from_fake, _ = backward(network, fake_records, sigmoid(fake_records[-1].values) / 2 / len(fake))
    return [one + other for one, other in zip(from_real, from_fake, strict=True)]


def generator_gradients(
    generator: Network, discriminator: Network, noise: Array, fake_masks: list[Array], objective: str
) -> Gradients:
    """Gradients of ``generator_objective`` through a discriminator under the given masks."""
    generated = forward(generator, noise)
    judged = forward(discriminator, generated[-1].outputs, fake_masks)
    logits = judged[-1].values
    from_logits = -(sigmoid(logits) if objective == "minimax" else sigmoid(-logits)) / len(noise)
    _, from_images = backward(discriminator, judged, from_logits)
    gradients, _ = backward(generator, generated, through_activation(generator[-1], generated[-1], from_images))
    return gradients


class Schedule(NamedTuple):
    learning_rate: float
    momentum: float


def simultaneous_step(
    generator: Player,
    discriminator: Player,
    real: Array,
    noise: Array,
    real_masks: list[Array],
    fake_masks: list[Array],
    objective: str,
    schedule: Schedule,
) -> None:
    """The published code's step: both gradients at the same point, the same masks of the generated half in both."""
    fake = forward(generator.network, noise)[-1].outputs
    from_discriminator = discriminator_gradients(discriminator.network, real, fake, real_masks, fake_masks)
    from_generator = generator_gradients(generator.network, discriminator.network, noise, fake_masks, objective)
    discriminator.move(from_discriminator, *schedule)
    generator.move(from_generator, *schedule)


def discriminator_step(
    generator: Player,
    discriminator: Player,
    real: Array,
    noise: Array,
    real_masks: list[Array],
    fake_masks: list[Array],
    schedule: Schedule,
) -> None:
    """Algorithm 1's inner step: its objective is the sum of the two means, twice the published code's."""
    fake = forward(generator.network, noise)[-1].outputs
    gradients = discriminator_gradients(discriminator.network, real, fake, real_masks, fake_masks)
    discriminator.move([2 * gradient for gradient in gradients], *schedule)


def generator_step(
    generator: Player, discriminator: Player, noise: Array, masks: list[Array], objective: str, schedule: Schedule
) -> None:
    """Algorithm 1's outer step."""
    generator.move(generator_gradients(generator.network, discriminator.network, noise, masks, objective), *schedule)
