"""One training step of the paper's MNIST networks beside the same with MKL's products, beside those alone, beside an idiomatic
PyTorch loop, and beside the same with averaged weights.

All take turns in one process, so that a machine whose speed drifts slows all of them; minima and ratios are printed.
"""

from collections.abc import Callable
from itertools import pairwise

import timing
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from adversarial_nets.core import devices
from adversarial_nets.core.arithmetic import plain_products
from adversarial_nets.core.errors import CheckFailed, exit_status
from adversarial_nets.gan.run import Run, Setup, start
from adversarial_nets.gan.training import play_epoch
from adversarial_nets.parameters.experiment import Experiment
from adversarial_nets.parameters.project import Project
from adversarial_nets.parameters.reading import read
from adversarial_nets.parameters.training import AveragingParameters
from adversarial_nets.running import paths

ROUNDS, STEPS = 40, 10
ALLOWED = 0.03  # of a step, for averaged weights


def main() -> None:
    """Print a Markdown table of minima and ratios. Raises CheckFailed if averaged weights cost more than they may."""
    project, experiment = read(paths.PARAMETERS, Project), read(paths.EXPERIMENTS / "mnist.yaml", Experiment)
    device = devices.resolve(project.device)
    images = torch.rand(STEPS * experiment.training.minibatch_size, 784)
    compared = experiment.training.averaging
    kinds = [None, None, compared.model_copy(update={"compared": None}), compared]
    ours, plain, averaged, widths = (
        start(Setup(with_averaging(experiment, kind), images.numpy(), images[:100].numpy(), 0, device)) for kind in kinds
    )
    contestants = {
        "its matrix products alone": matrix_products(ours),
        "our step": lambda: play_epoch(ours, 1),
        "our step, with MKL's products": plain_products()(lambda: play_epoch(plain, 1)),
        "idiomatic loop": idiomatic_loop(experiment, images.to(device)),
        "our step, with averaged weights": lambda: play_epoch(averaged, 1),
        f"our step, with averages of the {len(compared.gammas)} γ that a figure compares": lambda: play_epoch(widths, 1),
    }
    times = timing.interleaved(contestants, ROUNDS, device)
    print(f"{timing.machine(device)}; minimum of {ROUNDS} rounds of {STEPS} steps\n")
    print("| contestant | ms a step | over the matrix products |\n| --- | --- | --- |")
    for name, seconds in times.items():
        print(f"| {name} | {1000 * seconds / STEPS:.1f} | {seconds / times['its matrix products alone']:.2f} |")
    print("\nMatrix products (m × k × n): " + ", ".join(f"{m}×{k}×{n}" for m, k, n in shapes(ours)))
    share = times["our step, with averaged weights"] / times["our step"] - 1
    if share > ALLOWED:
        raise CheckFailed(f"averaged weights cost {100 * share:.1f} % of a step, and may cost {100 * ALLOWED:.0f} %")


def with_averaging(experiment: Experiment, averaging: AveragingParameters | None) -> Experiment:
    """The experiment with other averages of its weights, or none."""
    return experiment.model_copy(update={"training": experiment.training.model_copy(update={"averaging": averaging})})


def shapes(run: Run) -> list[tuple[int, int, int]]:
    """The step's matrix products: forward, weight gradient and input gradient of every layer.

    The gradient of the noise is not needed, and neither is that of the real half of the discriminator's input.
    """
    rows = run.experiment.training.minibatch_size
    products = []
    for player, batch in ((run.game.generator, rows), (run.game.discriminator, 2 * rows)):
        for number, layer in enumerate(player.layers.values()):
            outputs, inputs = layer.linear.weight.shape
            products += [(batch, inputs, outputs), (outputs, batch, inputs)]
            if number > 0:
                products.append((batch, outputs, inputs))
            elif player is run.game.discriminator:
                products.append((rows, outputs, inputs))
    return products


def matrix_products(run: Run) -> Callable[[], None]:
    """The products alone, on arrays of their own."""
    device = run.images.device
    pairs = [(torch.rand(m, k, device=device), torch.rand(k, n, device=device)) for m, k, n in shapes(run)]

    def steps() -> None:
        for _ in range(STEPS):
            for left, right in pairs:
                left @ right

    return steps


def idiomatic_loop(experiment: Experiment, images: Tensor) -> Callable[[], None]:
    """What a good PyTorch programmer writes first: modules, two backward passes, torch.optim.SGD."""
    widths = [experiment.generator.noise_dimensions, *(layer.units for layer in experiment.generator.layers.values())]
    layers = [module for sizes in pairwise(widths) for module in (nn.Linear(*sizes), nn.ReLU())]
    generator = nn.Sequential(*layers[:-1], nn.Sigmoid()).to(images.device)
    *hidden, output = experiment.discriminator.layers.values()
    layers, width = [], images.shape[1]
    for layer in hidden:
        layers += [nn.Dropout(1 - layer.keep_probability), nn.Linear(width, layer.units * layer.pieces), Maxout(layer.pieces)]
        width = layer.units
    discriminator = nn.Sequential(*layers, nn.Dropout(1 - output.keep_probability), nn.Linear(width, 1)).to(images.device)
    optimizers = [
        torch.optim.SGD(player.parameters(), lr=experiment.training.learning_rate, momentum=0.5)
        for player in (generator, discriminator)
    ]
    rows = experiment.training.minibatch_size

    def steps() -> None:
        for real in images.split(rows):
            idiomatic_step(generator, discriminator, *optimizers, real)

    return steps


def idiomatic_step(
    generator: nn.Module,
    discriminator: nn.Module,
    generator_optimizer: torch.optim.Optimizer,
    discriminator_optimizer: torch.optim.Optimizer,
    real: Tensor,
) -> None:
    """The discriminator on real and detached fake images, then the generator through the discriminator."""
    one, zero = torch.ones(len(real), 1, device=real.device), torch.zeros(len(real), 1, device=real.device)
    noise = torch.rand(len(real), generator[0].in_features, device=real.device)
    fake = generator((noise * 2 - 1) * 3**0.5)
    discriminator_optimizer.zero_grad()
    ((bce(discriminator(real), one) + bce(discriminator(fake.detach()), zero)) / 2).backward()
    discriminator_optimizer.step()
    generator_optimizer.zero_grad()
    bce(discriminator(fake), one).backward()
    generator_optimizer.step()


class Maxout(nn.Module):
    """Maximum over consecutive pieces."""

    def __init__(self, pieces: int):
        super().__init__()
        self.pieces = pieces

    def forward(self, x: Tensor) -> Tensor:
        """(m, units * pieces) → (m, units)."""
        return x.view(len(x), -1, self.pieces).max(dim=2).values


if __name__ == "__main__":
    with exit_status():
        main()
