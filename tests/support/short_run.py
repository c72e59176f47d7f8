"""Digests of what little work of every kind gives: a program, so that it runs as on other processors and with other threads."""

import hashlib
import json

import numpy as np
import torch

from adversarial_nets.baselines import training as baselines
from adversarial_nets.baselines.chains import ChainStream
from adversarial_nets.core import devices
from adversarial_nets.core.randomness import stream
from adversarial_nets.gan.run import Setup
from adversarial_nets.gan.sampling import draw_samples
from adversarial_nets.gan.training import train
from adversarial_nets.likelihood.parzen import ParzenWindow
from adversarial_nets.parameters.experiment import Experiment
from adversarial_nets.parameters.reading import parse, parse_experiment
from adversarial_nets.theory import propositions
from support.experiments import BASELINES, shipped_values


def digest(*arrays: np.ndarray) -> str:
    """Of the bytes of arrays, whatever their layout."""
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()[:16]


def trained(name: str) -> str:
    """Both players after three updates of an experiment on random images, their validation, and 70 samples."""
    values = shipped_values(name)
    values["training"] |= {"epochs": 1, "validation": {"every": 1, "num_samples": 70, "num_images": 30}}
    experiment = parse(values, Experiment, name)
    images = np.random.default_rng(0).random((3 * experiment.training.minibatch_size - 1, 784), dtype=np.float32)
    kept = train(Setup(experiment, images, images[:30], 0, torch.device("cpu"))).kept
    parameters = [value.detach().numpy() for player in (kept.generator, kept.discriminator) for value in player.parameters()]
    samples = draw_samples(kept.generator, experiment.generator, 70, 0)
    return digest(*parameters, samples, np.array(kept.log_likelihood))


def trained_baseline(model: str) -> str:
    """A baseline after three updates of each layer on random images, its validation, and 70 states of its chains."""
    values, chains = shipped_values(f"mnist5k_{model}"), {"num_samples": 70, "chains": 35, "burn_in": 2, "thinning": 1}
    for training in values["training"].get("layers", {"all": values["training"]}).values():
        training["epochs"] = 1
    values["training"]["validation"]["sampling"] |= chains
    values["sampling"] |= chains
    experiment = parse_experiment(values, model)
    images = np.random.default_rng(0).random((3 * experiment.training.minibatch_size - 1, 784), dtype=np.float32)
    run = baselines.train(baselines.start(Setup(experiment, images, images[:30], 0, torch.device("cpu"))))
    weights = [value.detach().numpy() for value in run.model.parameters()]
    samples = np.concatenate(list(ChainStream(run.model, images, experiment.sampling, 0)))
    return digest(*weights, samples, np.array(run.curve[-1]["validation_log_likelihood"]))


def scored(sigma: float) -> str:
    """Log-likelihoods of 70 random images under 300: by float32 products, or if σ is narrow by float64's."""
    random = np.random.default_rng(1)
    samples, images = (random.random((count, 784), dtype=np.float32) for count in (300, 70))
    return digest(ParzenWindow(samples).log_prob(images, [sigma, 2 * sigma]).numpy())


def proved() -> str:
    """A discriminator of section 4 after 20 iterations of L-BFGS."""
    discriminator = propositions.perceptron(1, 32, stream(0, "short run"))
    propositions.train_discriminator(discriminator, propositions.PATH, 20)
    return digest(*(value.detach().numpy() for value in discriminator.parameters()))


def main() -> None:
    """Print the digests as JSON, with the networks of the default experiment and of the paper's."""
    devices.resolve("cpu")
    found = {name: trained(name) for name in ("mnist5k", "mnist")} | {name: trained_baseline(name) for name in BASELINES}
    print(json.dumps(found | {"float32 scores": scored(0.2), "float64 scores": scored(1e-3), "section 4": proved()}))


if __name__ == "__main__":
    main()
