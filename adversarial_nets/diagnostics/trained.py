"""Both players at the end of a run, for what happens if one of them is trained on alone."""

import copy
from dataclasses import dataclass

import torch

from adversarial_nets.core import files
from adversarial_nets.core.randomness import stream
from adversarial_nets.gan.game import Game
from adversarial_nets.gan.networks import Network, load_discriminator, load_generator
from adversarial_nets.gan.optimizers import learning_rate_at, make_optimizer, momentum_at
from adversarial_nets.gan.run import Summary
from adversarial_nets.parameters.experiment import Experiment
from adversarial_nets.running.paths import RunPaths


@dataclass(frozen=True)
class Trained:
    """The kept generator and its discriminator, and the run that they are of."""

    generator: Network
    discriminator: Network
    experiment: Experiment
    summary: Summary
    seed: int

    @property
    def schedule(self) -> tuple[float, float]:
        """Learning rate and momentum at which the run ended."""
        training = self.experiment.training
        return learning_rate_at(self.summary.updates, training), momentum_at(training.epochs, training.momentum)

    def game(self, objective: str, purpose: str) -> Game:
        """A game of copies of both, whose optimisers start afresh; ``purpose`` names the random stream of its dropout."""
        players = copy.deepcopy((self.generator, self.discriminator))
        optimizers = [make_optimizer(player, self.experiment.training) for player in players]
        device = next(self.generator.parameters()).device
        return Game(*players, *optimizers, objective, stream(self.seed, f"{purpose}, dropout", device))


def load(run: RunPaths, experiment: Experiment, device: torch.device) -> Trained:
    """What a run left. Raises InputError if a file is missing or damaged."""
    generator, _ = load_generator(run.generator, device)
    discriminator = load_discriminator(run.discriminator, experiment.image_shape, device)
    with files.reading(run.summary, "train") as path:
        return Trained(generator, discriminator, experiment, files.read(path, Summary), run.seed)
