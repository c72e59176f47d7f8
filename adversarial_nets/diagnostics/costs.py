"""What networks cost, counted: multiply-adds of their linear maps and convolutions, forward and backward."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from adversarial_nets.core import arithmetic
from adversarial_nets.gan.run import Setup, start
from adversarial_nets.gan.sampling import draw_noise, generate
from adversarial_nets.gan.training import play_epoch
from adversarial_nets.parameters.experiment import Experiment


def multiply_adds(work: Callable[[], object]) -> int:
    """Multiply-adds of all matrix products and convolutions that PyTorch does in ``work``; it counts two operations in each."""
    with arithmetic.plain_products(), FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops() // 2


@dataclass(frozen=True)
class Costs:
    """Weights and biases of both players, and the multiply-adds of a sample and of a training step."""

    generator_parameters: int
    discriminator_parameters: int
    minibatch_size: int
    discriminator_steps: int
    multiply_adds_per_sample: int
    multiply_adds_per_step: int


def count(experiment: Experiment, pixels: int) -> Costs:
    """What an experiment's networks cost, for images of ``pixels`` values.

    A step is one of the generator's with the discriminator's k, on whole minibatches. It is counted on minibatches of one image:
    every product is proportional to their size.
    """
    training, description = experiment.training, experiment.generator
    single = experiment.model_copy(update={"training": training.model_copy(update={"minibatch_size": 1})})
    images = np.full((training.discriminator_steps, pixels), 0.5, np.float32)
    run = start(Setup(single, images, images, 0, torch.device("cpu")))
    noise = draw_noise(description.noise, (1, description.noise_dimensions), torch.Generator())
    return Costs(
        generator_parameters=run.game.generator.num_parameters,
        discriminator_parameters=run.game.discriminator.num_parameters,
        minibatch_size=training.minibatch_size,
        discriminator_steps=training.discriminator_steps,
        multiply_adds_per_sample=multiply_adds(lambda: generate(run.game.generator, noise)),
        multiply_adds_per_step=training.minibatch_size * multiply_adds(lambda: play_epoch(run, 1)),
    )
