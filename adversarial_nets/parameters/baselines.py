"""The other models of Table 1: their nets, how they are trained, and the Markov chains that their samples come from."""

import math
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from adversarial_nets.parameters.evaluation import SamplingParameters, SigmaGrid
from adversarial_nets.parameters.experiment import Measured
from adversarial_nets.parameters.section import Count, Name, Positive, Section, require
from adversarial_nets.parameters.training import AdamParameters, Momentum, MomentumParameters

NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]


class ChainParameters(SamplingParameters):
    """Samples are states of Markov chains: of all chains after the burn-in, then of all again, until there are enough."""

    chains: Count = Field(description="chains that run side by side; num_samples must be a multiple of it")
    start: Literal["marginals", "training"] = Field(
        description="where chains start: binary draws of the mean training image, or training images at random"
    )
    burn_in: Annotated[int, Field(ge=0)] = Field(description="steps of each chain before the first state that is kept")
    thinning: Count = Field(description="steps of each chain from one kept state to the next")
    pixels: Literal["mean", "binary"] = Field(
        "mean", description="mean: what a pixel is on average given the state, in [0, 1]; binary: a draw of it, 0 or 1"
    )

    @model_validator(mode="after")
    def _fills_whole_states(self) -> "ChainParameters":
        require(self.num_samples % self.chains == 0, "num_samples", f"must be a multiple of chains, {self.chains}")
        return self


class NoisyChainParameters(ChainParameters):
    """Chains of a contractive autoencoder: each step encodes an image, moves the code along the manifold and decodes it."""

    noise: NotNegative = Field(description="standard deviation of the noise in the code, before the Jacobian shapes it")


class LearningRateParameters(Section):
    """A learning rate that falls with every epoch, or linearly to 0, or not at all."""

    initial: Positive = Field(description="learning rate in the first epoch")
    epoch_factor: Annotated[float, Field(gt=0, le=1)] = Field(
        1.0, description="the learning rate is multiplied by it every epoch"
    )
    constant_share: Share = Field(
        1.0, description="share of the updates after which it falls linearly to 0: 0 means from the first, 1 never"
    )


class ChainValidationParameters(Section):
    """How the learning curve's validation log-likelihood is taken, once the last layer learns."""

    every: Count = Field(description="epochs from one validation to the next; the last epoch has one too")
    num_images: Count = Field(description="validation images, the first ones; all if there are fewer")
    sampling: ChainParameters = Field(description="chains for it, with the keys of sampling")
    sigma: SigmaGrid | None = Field(None, description="grid for σ; without it, the published one, 10 values from 0.1 to 1")


class NoisyChainValidationParameters(ChainValidationParameters):
    """The same for chains with noise in the code."""

    sampling: NoisyChainParameters = Field(description="chains for it, with the keys of sampling")


class HiddenLayerParameters(Section):
    """A hidden layer."""

    units: Count = Field(description="hidden units")


class DeepNetParameters(Section):
    """Hidden layers above the pixels."""

    layers: Annotated[dict[Name, HiddenLayerParameters], Field(min_length=2)] = Field(
        description="hidden layers by name, from the pixels up"
    )


class TwoLayerParameters(Section):
    """The two hidden layers of a deep generative stochastic network, by the names h1 and h2."""

    h1: HiddenLayerParameters = Field(description="the layer above the pixels: tanh units without noise")
    h2: HiddenLayerParameters = Field(description="the top layer: tanh units with noise before and after")


class StochasticNetParameters(Section):
    """A deep generative stochastic network: two hidden layers, one tied matrix between each pair of layers."""

    layers: TwoLayerParameters = Field(description="hidden layers")
    input_noise: Share = Field(
        description="probability that a pixel is replaced by a fair coin (salt and pepper), anew at every step"
    )
    hidden_noise: NotNegative = Field(
        description="standard deviation of the Gaussian noise of the top layer, before its tanh and again after"
    )


class StochasticTraining(Section):
    """Training by walkback: the chain runs some steps from each image, and every step is to give that image back."""

    epochs: Count = Field(description="passes over the training images")
    walkback_steps: Count = Field(description="steps of the chain from each training image")
    minibatch_size: Count = Field(description="training images in one update")
    optimizer: Literal["momentum", "adam"] = Field(description="momentum (the published code's) or adam")
    learning_rate: LearningRateParameters = Field(description="of cross-entropies that are means over pixels")
    momentum: Momentum = Field(description="for the optimizer momentum: v becomes momentum · v + (1 − momentum) · gradient")
    adam: AdamParameters = Field(description="for the optimizer adam")
    validation: ChainValidationParameters = Field(description="how the log-likelihood on the learning curve is taken, in nats")


class AutoencoderLayerTraining(Section):
    """How a layer of a contractive autoencoder is trained."""

    epochs: Count = Field(description="passes over the training images")
    contraction: NotNegative = Field(description="λ: weight of the squared Frobenius norm of the encoder's Jacobian")


class AutoencoderTraining(Section):
    """Layer by layer: the cross-entropy of an image and its reconstruction, summed over pixels, and the contractive penalty."""

    layers: dict[Name, AutoencoderLayerTraining] = Field(description="hidden layers by name; each learns the codes below it")
    minibatch_size: Count = Field(description="training images in one update")
    learning_rate: LearningRateParameters = Field(description="Adam's, for each layer anew")
    adam: AdamParameters = Field(description="Adam")
    validation: NoisyChainValidationParameters = Field(
        description="how the log-likelihood on the learning curve is taken, in nats"
    )


class BoltzmannLayerTraining(Section):
    """How a layer of a deep belief network is trained, as a restricted Boltzmann machine above the layer below."""

    epochs: Count = Field(description="passes over the training images")
    gibbs_steps: Count = Field(description="k: Gibbs steps of the chains that give the negative statistics")
    persistent_chains: Count | None = Field(
        None, description="chains that continue from update to update (PCD); without them, chains start at the data (CD)"
    )
    learning_rate: LearningRateParameters = Field(description="learning rate")
    momentum: MomentumParameters = Field(description="a linear ramp over epochs")
    weight_decay: NotNegative = Field(description="share of each weight that is taken off its gradient")


class BeliefNetTraining(Section):
    """Greedy training, layer by layer, on binary draws of the images and of the layers below."""

    layers: dict[Name, BoltzmannLayerTraining] = Field(description="hidden layers by name")
    minibatch_size: Count = Field(description="training images in one update")
    validation: ChainValidationParameters = Field(description="how the log-likelihood on the learning curve is taken, in nats")


class Baseline(Measured):
    """What the other models of Table 1 have in common: pixels in [0, 1], and no discriminator."""

    discriminator: None = Field(description="null: only adversarial nets have one")
    generator: Any = Field(description="the net that images come from")
    training: Any = Field(description="how it is trained")
    sampling: Any = Field(description="how samples are drawn")

    def largest_arrays(self) -> Iterator[tuple[str, int]]:
        """Values that must be in memory at once, by the parameter that decides how many."""
        pixels = below = math.prod(self.image_shape)
        for name, layer in dict(self.generator.layers).items():
            yield f"generator.layers.{name}.units", layer.units * below
            below = layer.units
        for section, sampling in {
            "sampling": self.sampling,
            "training.validation.sampling": self.training.validation.sampling,
        }.items():
            yield f"{section}.num_samples", sampling.num_samples * pixels

    @model_validator(mode="after")
    def _has_pixels_that_are_probabilities(self) -> "Baseline":
        require(not hasattr(self.data, "scaling"), "data.source", f"pixels of {self.data.source} are not in [0, 1]")
        return self

    @model_validator(mode="after")
    def _trains_every_layer(self) -> "Baseline":
        layers, trained = self.generator.layers, getattr(self.training, "layers", None)
        if trained is not None:
            wanted = f"must name the generator's layers: {', '.join(layers)}"
            require(list(trained) == list(layers), "training.layers", wanted)
        return self


class DeepBeliefNetworkExperiment(Baseline):
    """An experiment with a deep belief network (Hinton, Osindero and Teh, 2006)."""

    model: Literal["deep_belief_network"] = Field(description="which model")
    generator: DeepNetParameters = Field(description="hidden layers of binary units; the top two are a Boltzmann machine")
    training: BeliefNetTraining = Field(description="how the layers are trained")
    sampling: ChainParameters = Field(description="Gibbs steps of the top machine; each kept state is drawn down to pixels")


class ContractiveAutoencoderExperiment(Baseline):
    """An experiment with a stacked contractive autoencoder (Rifai et al., 2011 and 2012)."""

    model: Literal["contractive_autoencoder"] = Field(description="which model")
    generator: DeepNetParameters = Field(description="hidden layers of sigmoid units with tied weights")
    training: AutoencoderTraining = Field(description="how the layers are trained")
    sampling: NoisyChainParameters = Field(description="steps along the manifold that the Jacobian spans")


class GenerativeStochasticNetworkExperiment(Baseline):
    """An experiment with a deep generative stochastic network (Bengio et al., 2014)."""

    model: Literal["generative_stochastic_network"] = Field(description="which model")
    generator: StochasticNetParameters = Field(description="hidden layers and the noise of the chain")
    training: StochasticTraining = Field(description="how the walkback training goes")
    sampling: ChainParameters = Field(description="steps of the chain that was trained")
