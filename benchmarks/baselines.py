"""An update of each baseline with its MNIST sizes: beside its matrix products alone, and beside what one writes first in PyTorch.

All take turns in one process, so that a machine whose speed drifts slows all of them; minima and ratios are printed.
"""

from collections.abc import Callable

import timing
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as bce
from torch.nn.functional import linear

from adversarial_nets.baselines.training import Learner, start
from adversarial_nets.core import devices
from adversarial_nets.core.errors import CheckFailed, exit_status
from adversarial_nets.core.randomness import stream
from adversarial_nets.gan.run import Setup
from adversarial_nets.parameters.project import Project
from adversarial_nets.parameters.reading import read, read_experiment
from adversarial_nets.running import paths

ROUNDS, UPDATES, ROWS, ALLOWED = 10, 5, 100, 2.0  # ALLOWED: times the matrix products
PIXELS, UNITS, WIDE = 784, 1000, 1500  # sizes of the MNIST experiments


def main() -> None:
    """Print a Markdown table of minima and ratios. Raises CheckFailed if an update takes more than ALLOWED says."""
    device = devices.resolve(read(paths.PARAMETERS, Project).device)
    print(f"{timing.machine(device)}; minimum of {ROUNDS} rounds of {UPDATES} updates of {ROWS} images\n")
    print("| update | ms: its matrix products alone | ours | first in PyTorch | ours over the products | over PyTorch |")
    print("| --- | --- | --- | --- | --- | --- |")
    slow = [name for name, contestants in updates(device).items() if timed(name, contestants, device) > ALLOWED]
    if slow:
        raise CheckFailed(f"more than {ALLOWED:g} times the matrix products: {', '.join(slow)}")


def timed(name: str, contestants: dict[str, Callable[[], None]], device: torch.device) -> float:
    """Print a row; returns how many times its products an update of ours takes."""
    products, ours, first = timing.interleaved(contestants, ROUNDS, device).values()
    cells = [f"{1000 * seconds / UPDATES:.1f}" for seconds in (products, ours, first)]
    print(f"| {name} | {' | '.join(cells)} | {ours / products:.2f} | {ours / first:.2f} |")
    return ours / products


def updates(device: torch.device) -> dict[str, dict[str, Callable[[], None]]]:
    """The contestants by update: products alone, ours, and PyTorch's."""
    images = torch.rand(PIXELS, ROWS, device=device)
    belief, code = (learners(f"mnist_{model}", device) for model in ("deep_belief_network", "contractive_autoencoder"))
    (walkback,) = learners("mnist_generative_stochastic_network", device)
    up, down, gradient = (UNITS, PIXELS, ROWS), (PIXELS, UNITS, ROWS), outer(UNITS, PIXELS)
    five = [up, down, up, gradient, gradient]  # of CD-1; and of a contractive step, whose third is backward
    return {
        "CD-1, 784 to 1,000": contest(five, belief[0], images, cd_1),
        "contractive, 784 to 1,000": contest(five, code[0], images, contractive),
        "walkback, 784 to 1,500 to 1,500": contest(walkback_products(), walkback, images, walk_back),
    }


def learners(name: str, device: torch.device) -> list[Learner]:
    """What changes the weights of an experiment's model."""
    experiment = read_experiment(paths.EXPERIMENTS / f"{name}.yaml")
    images = torch.rand(ROWS, PIXELS).numpy()
    return start(Setup(experiment, images, images, 0, device)).learners


def outer(rows: int, columns: int) -> tuple[int, int, int]:
    """A weight's gradient."""
    return rows, ROWS, columns


def walkback_products() -> list[tuple[int, int, int]]:
    """Of four steps: each has four products forward; backward one for each weight, and one for what is not noise or an image."""
    lower, upper = (WIDE, PIXELS), (WIDE, WIDE)
    forward = 4 * [(*lower, ROWS), (PIXELS, WIDE, ROWS)] + 8 * [(*upper, ROWS)]
    weights = 8 * [outer(*lower)] + 7 * [outer(*upper)]
    return forward + weights + 4 * [(*lower, ROWS)] + 6 * [(*upper, ROWS)]


def contest(
    shapes: list[tuple[int, int, int]], learner: Learner, x: Tensor, first: Callable[[Tensor], Callable[[], None]]
) -> dict[str, Callable[[], None]]:
    """Products of these shapes (m, k, n), our update from images (D, m), and PyTorch's."""
    pairs = [(torch.rand(m, k, device=x.device), torch.rand(k, n, device=x.device)) for m, k, n in shapes]
    random = stream(0, "benchmark", x.device)

    def products() -> None:
        for left, right in pairs:
            left @ right

    return {
        "products": repeated(products),
        "ours": repeated(lambda: learner.step(x, 1, 0.001, random)),
        "first": repeated(first(x.t().contiguous())),
    }


def repeated(update: Callable[[], None]) -> Callable[[], None]:
    """So many updates."""

    def all_of_them() -> None:
        for _ in range(UPDATES):
            update()

    return all_of_them


def cd_1(x: Tensor) -> Callable[[], None]:
    """CD-1 as a tutorial writes it, on images (m, D)."""
    weight, visible, hidden = torch.randn(UNITS, PIXELS) * 0.01, torch.zeros(PIXELS), torch.zeros(UNITS)
    parameters = [each.to(x.device) for each in (weight, visible, hidden)]
    velocities = [torch.zeros_like(each) for each in parameters]

    @torch.no_grad()
    def update() -> None:
        weight, visible, hidden = parameters
        data = torch.bernoulli(x)
        up = torch.sigmoid(linear(data, weight, hidden))
        chain = torch.bernoulli(torch.sigmoid(linear(torch.bernoulli(up), weight.t(), visible)))
        again = torch.sigmoid(linear(chain, weight, hidden))
        gradients = (up.t() @ data - again.t() @ chain) / len(x), (data - chain).mean(0), (up - again).mean(0)
        for parameter, velocity, gradient in zip(parameters, velocities, gradients, strict=True):
            velocity.mul_(0.5).add_(gradient, alpha=0.001)
            parameter.add_(velocity)

    return update


def contractive(x: Tensor) -> Callable[[], None]:
    """A contractive autoencoder's step with autograd and Adam."""
    weight = torch.nn.Parameter(torch.randn(UNITS, PIXELS, device=x.device) * 0.01)
    visible, hidden = (torch.nn.Parameter(torch.zeros(size, device=x.device)) for size in (PIXELS, UNITS))
    optimizer = torch.optim.Adam([weight, visible, hidden], lr=0.001)

    def update() -> None:
        code = torch.sigmoid(linear(x, weight, hidden))
        penalty = (((code * (1 - code)) ** 2) @ (weight**2).sum(1)).mean()
        optimizer.zero_grad()
        (bce(linear(code, weight.t(), visible), x, reduction="sum") / len(x) + 0.1 * penalty).backward()
        optimizer.step()

    return update


def walk_back(x: Tensor) -> Callable[[], None]:
    """Four steps of walkback with autograd."""
    shapes = (WIDE, PIXELS), (WIDE, WIDE), (PIXELS,), (WIDE,), (WIDE,)
    weights = [torch.nn.Parameter(torch.randn(*shape, device=x.device) * 0.01) for shape in shapes]
    optimizer = torch.optim.SGD(weights, lr=0.001, momentum=0.5, dampening=0.5)

    def noisy(h: Tensor) -> Tensor:
        h = torch.tanh(h + 2 * torch.randn_like(h))
        return h + 2 * torch.randn_like(h)

    def update() -> None:
        lower, upper, pixel_bias, h1_bias, h2_bias = weights
        h2, visible, cost = x.new_zeros(len(x), WIDE), x, 0
        for _ in range(4):
            noise = torch.rand_like(visible)
            corrupted = torch.where(noise < 0.4, (noise < 0.2).float(), visible)
            h1 = torch.tanh(linear(corrupted, lower) + linear(h2, upper.t()) + h1_bias)
            logits, h2 = linear(h1, lower.t()) + pixel_bias, noisy(linear(h1, upper) + h2_bias)
            cost = cost + bce(logits, x)
            visible = torch.bernoulli(torch.sigmoid(logits.detach()))
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()

    return update


if __name__ == "__main__":
    with exit_status():
        main()
