"""What trained networks make of images, as rows of numbers for a classifier or a search of neighbours."""

import functools
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from adversarial_nets.baselines.models import sample_stream
from adversarial_nets.core.arithmetic import product
from adversarial_nets.core.errors import InputError
from adversarial_nets.core.randomness import stream
from adversarial_nets.gan.networks import Network, initialise, load_discriminator
from adversarial_nets.gan.sampling import BATCH_SIZE
from adversarial_nets.running.stage import Task

CODES = ("deep_belief_network", "contractive_autoencoder")  # models with hidden units in layers
Features = Callable[[np.ndarray], np.ndarray]  # images (n, D) → (n, F) float32


@torch.no_grad()
def in_batches(function: Callable[[Tensor], Tensor], device: torch.device, images: np.ndarray) -> np.ndarray:
    """A function of images (n, D) → (n, F), a thousand at a time: another number may round a last digit differently."""
    batches = torch.from_numpy(images).split(BATCH_SIZE)
    return np.concatenate([function(batch.to(device)).cpu().contiguous().numpy() for batch in batches])


def of(function: Callable[[Tensor], Tensor], device: torch.device) -> Features:
    """A function of images (n, D) on the device as features."""
    return functools.partial(in_batches, function, device)


def of_network(network: Network, device: torch.device) -> Features:
    """All hidden layers of a network side by side: of D both maxout layers."""
    return of(lambda x: torch.cat([each.flatten(1) for each in hidden_layers(network, x)], dim=1), device)


def of_players(discriminators: dict[str, Network], encoder: Network, device: torch.device) -> dict[str, Features]:
    """Raw pixels, both hidden layers of each discriminator, the last hidden layer of E, and E(x), by name."""
    return {
        "pixels": lambda images: images,
        **{name: of_network(network, device) for name, network in discriminators.items()},
        "E, last hidden layer": of(lambda x: hidden_layers(encoder, x)[-1], device),
        "E(x)": of(encoder, device),
    }


def standardised(features: Features, images: np.ndarray) -> Features:
    """Features less their mean over the training images (n, D), divided by their standard deviation there, if it is not 0."""
    known = features(images).astype(np.float64)
    mean, deviation = known.mean(0), known.std(0)
    scale = np.where(deviation > 0, deviation, 1)
    return lambda images: ((features(images) - mean) / scale).astype(np.float32)


def principal_components(images: np.ndarray, count: int) -> dict[str, Features]:
    """The first components of the training images (n, D), of a mean variance of 1; there are min(D, count).

    Not whitened: the last ones are noise, of which a classifier with few labels makes too much. The directions are rounded,
    because LAPACK's last digits depend on the processor.
    """
    mean = images.mean(0, dtype=np.float64)
    variances, directions = np.linalg.eigh(np.cov(images, rowvar=False, dtype=np.float64))
    largest = np.argsort(variances)[::-1][:count]
    signs = np.sign(directions[np.abs(directions).argmax(0), np.arange(len(variances))])
    basis = (directions * signs)[:, largest] / np.sqrt(variances[largest].mean())
    basis = torch.from_numpy(basis.round(4).astype(np.float32))
    return {f"PCA-{len(largest)}": lambda images: product(torch.from_numpy((images - mean).astype(np.float32)), basis).numpy()}


def hidden_layers(network: Network, x: Tensor) -> list[Tensor]:
    """Outputs of all layers but the last, without dropout: each (m, units)."""
    outputs = []
    for layer in list(network.layers.values())[:-1]:
        outputs.append(x := layer(x))
    return outputs


def of_baseline(task: Task, images: np.ndarray, device: torch.device) -> Features:
    """Hidden units of a trained deep belief network or autoencoder of images (n, D). Raises InputError if there is none."""
    if task.experiment.model not in CODES:
        raise InputError(f"few_labels.compared: '{task.name}' is not a {' or a '.join(CODES).replace('_', ' ')}; leave it out")
    return of(functools.partial(codes, sample_stream(task.paths, task.experiment, images, device).model), device)


def codes(model: nn.Module, x: Tensor) -> Tensor:
    """Hidden units of a deep belief network (their probabilities) or an autoencoder, all layers side by side."""
    outputs, columns = [], x.t()
    for layer in model.layers.values():
        outputs.append(columns := layer.hidden(columns))
    return torch.cat(outputs).t()


def discriminators(task: Task, device: torch.device) -> dict[str, Network]:
    """The trained D of a run and, as a control of what it learned, one as runs start with. Raises InputError if there is none."""
    experiment = task.experiment
    untrained = Network(experiment.image_shape, experiment.discriminator.layers)
    initialise(untrained, stream(task.seed, "untrained discriminator"))
    trained = load_discriminator(task.paths.discriminator, experiment.image_shape, device)
    return {"D": trained, "untrained D": untrained.to(device)}
