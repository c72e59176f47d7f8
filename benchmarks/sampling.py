"""Sampling from the paper's MNIST generator beside its matrix products alone and beside an idiomatic nn.Sequential.

10,000 samples a round, as the Parzen window takes them, from z to images in NumPy. The three take turns in one process; minima
and ratios are printed.
"""

from collections.abc import Callable

import timing
import torch
from torch import Tensor, nn

from adversarial_nets.core import devices
from adversarial_nets.core.errors import exit_status
from adversarial_nets.gan.networks import Network, initialise
from adversarial_nets.gan.sampling import BATCH_SIZE, draw_noise, generate
from adversarial_nets.parameters.experiment import Experiment
from adversarial_nets.parameters.project import Project
from adversarial_nets.parameters.reading import read
from adversarial_nets.running import paths

ROUNDS, SAMPLES = 15, 10_000
PRODUCTS = "its matrix products alone"


def main() -> None:
    """Print a Markdown table."""
    project, experiment = read(paths.PARAMETERS, Project), read(paths.EXPERIMENTS / "mnist.yaml", Experiment)
    device, description = devices.resolve(project.device), experiment.generator
    generator = Network(description.noise_dimensions, description.layers)
    initialise(generator, torch.Generator(), torch.full((784,), 0.13))
    noise = draw_noise(description.noise, (SAMPLES, description.noise_dimensions), torch.Generator())
    ours, peer = generator.to(device), idiomatic(generator).to(device)
    torch.testing.assert_close(peer(noise[:10].to(device)), ours(noise[:10].to(device)))
    contestants = {
        PRODUCTS: matrix_products(ours),
        "ours": lambda: generate(ours, noise),
        "idiomatic nn.Sequential": lambda: draw(peer, noise),
    }
    times = timing.interleaved(contestants, ROUNDS, device)
    print(f"{timing.machine(device)}; minimum of {ROUNDS} rounds of {SAMPLES:,} samples\n")
    print("| MNIST generator | samples per second | time over the matrix products |\n| --- | --- | --- |")
    for name, seconds in times.items():
        print(f"| {name} | {SAMPLES / seconds:,.0f} | {seconds / times[PRODUCTS]:.2f} |")
    shapes = ", ".join(f"{BATCH_SIZE}×{layer.linear.in_features}×{layer.linear.out_features}" for layer in ours.layers.values())
    print(f"\nMatrix products (m × k × n), {SAMPLES // BATCH_SIZE} times each: {shapes}")


def matrix_products(generator: Network) -> Callable[[], None]:
    """The products alone, on arrays of their own, in batches of the same size."""
    weights = [torch.rand_like(layer.linear.weight) for layer in generator.layers.values()]
    pairs = [(torch.rand(BATCH_SIZE, weight.shape[1], device=weight.device), weight.t()) for weight in weights]

    def products() -> None:
        for _ in range(SAMPLES // BATCH_SIZE):
            for left, right in pairs:
                left @ right

    return products


def idiomatic(generator: Network) -> nn.Sequential:
    """What one writes first in PyTorch, with the same weights."""
    linear = [layer.linear for layer in generator.layers.values()]
    network = nn.Sequential(
        *(module for weights in linear for module in (nn.Linear(weights.in_features, weights.out_features), nn.ReLU()))
    )
    network[-1] = nn.Sigmoid()
    for mine, its in zip(network[::2], linear, strict=True):
        mine.load_state_dict(its.state_dict())
    return network


@torch.no_grad()
def draw(network: nn.Sequential, noise: Tensor) -> object:
    """All samples in one batch."""
    return network(noise.to(next(network.parameters()).device)).cpu().numpy()


if __name__ == "__main__":
    with exit_status():
        main()
