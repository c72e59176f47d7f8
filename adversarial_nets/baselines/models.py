"""The four models of Table 1 by their names in experiment files, and how a trained one gives samples."""

import numpy as np
import torch
from torch import nn

from adversarial_nets.baselines.chains import ChainStream
from adversarial_nets.baselines.contractive_autoencoder import ContractiveAutoencoder
from adversarial_nets.baselines.deep_belief_network import DeepBeliefNetwork
from adversarial_nets.baselines.generative_stochastic_network import GenerativeStochasticNetwork
from adversarial_nets.core import files
from adversarial_nets.gan.networks import load_generator, read_network
from adversarial_nets.gan.sampling import SampleStream
from adversarial_nets.parameters.reading import AnyExperiment
from adversarial_nets.running.paths import RunPaths

BASELINES: dict[str, type[nn.Module]] = {
    "deep_belief_network": DeepBeliefNetwork,
    "contractive_autoencoder": ContractiveAutoencoder,
    "generative_stochastic_network": GenerativeStochasticNetwork,
}


def sample_stream(
    run: RunPaths, experiment: AnyExperiment, images: np.ndarray, device: torch.device
) -> SampleStream | ChainStream:
    """The samples that stand for a trained model, from the stream ``sampling``; training images (n, D) are where chains start.

    Raises InputError if there is no trained model, or it is damaged.
    """
    if experiment.model == "adversarial":
        return SampleStream(*load_generator(run.generator, device), experiment.sampling.num_samples, run.seed, "sampling")
    with files.reading(run.generator, "train"):
        text, weights = read_network(run.generator)
        description = type(experiment.generator).model_validate_json(text)
        model = BASELINES[experiment.model](description, images.shape[1])
        model.load_state_dict(weights)
    return ChainStream(model.to(device), images, experiment.sampling, run.seed)


def other_streams(run: RunPaths, experiment: AnyExperiment, device: torch.device) -> dict[str, SampleStream]:
    """Samples of the other generators of a run, by name: adversarial nets may have averages and a last one."""
    return {
        name: SampleStream(*load_generator(path, device), experiment.sampling.num_samples, run.seed, "sampling")
        for name, path in run.other_generators.items()
    }
