"""How the game is played."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from adversarial_nets.parameters.evaluation import SigmaGrid
from adversarial_nets.parameters.section import Count, Name, Positive, Section, require

Momentum = Annotated[float, Field(ge=0, lt=1)]


class MomentumParameters(Section):
    """Linear ramp from ``initial`` in epoch 1 to ``final`` in epoch ``saturation_epoch``."""

    initial: Momentum = Field(description="momentum in epoch 1")
    final: Momentum = Field(description="momentum from epoch saturation_epoch on")
    saturation_epoch: Annotated[int, Field(ge=2)] = Field(description="epoch in which the linear ramp ends")

    @model_validator(mode="after")
    def _stays_positive(self) -> "MomentumParameters":
        # torch.optim.SGD keeps no velocity while its momentum is exactly 0, so a ramp cannot pass through it.
        require((self.initial == 0) == (self.final == 0), "initial", "initial and final must be both zero or both positive")
        return self


class AdamParameters(Section):
    """Adam's decay rates."""

    beta1: Momentum = Field(description="decay rate of the mean of gradients")
    beta2: Momentum = Field(description="decay rate of the mean of squared gradients")


class ValidationParameters(Section):
    """How the learning curve's validation log-likelihood is taken.

    Without a grid for σ of its own it uses the published one, which is for pixels in [0, 1].
    """

    every: Count = Field(description="epochs from one validation to the next; the last epoch has one too")
    num_samples: Count = Field(description="samples in the Parzen window")
    num_images: Count = Field(description="validation images, the first ones; all if there are fewer")
    sigma: SigmaGrid | None = Field(
        None, description="grid for σ; without it, the published one, 10 values from 0.1 to 1, for pixels in [0, 1]"
    )


class AnnealingParameters(Section):
    """A faster decay of the learning rate towards the end."""

    after_updates: Count = Field(description="updates after which this decay takes the place of the other")
    learning_rate_decay: Annotated[float, Field(ge=1, allow_inf_nan=False)] = Field(
        description="the learning rate is divided by this after every later update"
    )


class PretrainingParameters(Section):
    """A first stage, of its own number of epochs: the generator from ``first_layer`` on, with that layer fed with noise.

    Then the layers beneath it are put in, and training continues against a fresh discriminator with new schedules.
    """

    first_layer: Name = Field(
        description="the generator's layer that is fed with noise in the first stage; those before it are left out"
    )
    epochs: Count = Field(description="epochs of the first stage")


class AveragingParameters(Section):
    """A power-function average of the generator's weights over the run, which the game never sees (Karras et al., 2024)."""

    gamma: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        description="0 is the plain mean of all weights so far; the greater, the more the last weigh: 2, about the last third"
    )
    compared: list[Annotated[float, Field(ge=0, allow_inf_nan=False)]] | None = Field(
        None, description="other gammas, averaged beside it to show what the width of the window does"
    )

    @model_validator(mode="after")
    def _names_no_window_twice(self) -> "AveragingParameters":
        require(len(set(self.gammas)) == len(self.gammas), "compared", "has a gamma twice, or that which is kept")
        return self

    @property
    def gammas(self) -> list[float]:
        """Of all averages, first that which can be kept."""
        return [self.gamma, *(self.compared or [])]


class GameParameters(Section):
    """The choices that Algorithm 1 and section 3 leave: who moves when, how often, and towards what."""

    game: Literal["simultaneous", "alternating"] = Field(
        description="simultaneous: both players move at once, as in the published code; alternating: Algorithm 1 of the paper"
    )
    discriminator_steps: Count = Field(
        description="k of Algorithm 1: updates of D for each one of G; the simultaneous game has 1"
    )
    generator_objective: Literal["non_saturating", "minimax"] = Field(
        description="non_saturating: G ascends log D(G(z)); minimax: G descends log(1 − D(G(z)))"
    )

    @model_validator(mode="after")
    def _has_steps_to_make(self) -> "GameParameters":
        require(
            self.game == "alternating" or self.discriminator_steps == 1,
            "discriminator_steps",
            "must be 1 in the simultaneous game; set game to alternating for more",
        )
        return self


class TrainingParameters(GameParameters):
    """How the game is played."""

    pretraining: PretrainingParameters | None = Field(
        None,
        description="a first stage, before the other layers are put in and D starts afresh; without it, there is one stage",
    )
    epochs: Count = Field(
        description="passes of the discriminator over the training images; the paper does not give their number"
    )
    minibatch_size: Count = Field(description="training images in one update")
    optimizer: Literal["momentum", "adam"] = Field(
        description="momentum (the paper's) or adam; each has settings of its own below"
    )
    learning_rate: Positive = Field(description="learning rate of both players in the first update")
    learning_rate_decay: Annotated[float, Field(ge=1, allow_inf_nan=False)] = Field(
        description="the learning rate is divided by this after every update; 1 means no decay"
    )
    learning_rate_floor: Positive = Field(description="lowest learning rate")
    annealing: AnnealingParameters | None = Field(
        None, description="a faster decay of the learning rate towards the end; without it, there is none"
    )
    averaging: AveragingParameters | None = Field(
        None, description="an average of the generator's weights, beside the game; without it, none is taken"
    )
    momentum: MomentumParameters = Field(description="for the optimizer momentum: a linear ramp over epochs")
    adam: AdamParameters = Field(description="for the optimizer adam")
    validation: ValidationParameters = Field(description="how the log-likelihood on the learning curve is taken, in nats")
    keep: Literal["last", "best", "average"] = Field(
        description="which generator is kept: the last, the best by validation log-likelihood, or the average at the end"
    )

    @model_validator(mode="after")
    def _is_consistent(self) -> "TrainingParameters":
        require(self.learning_rate_floor <= self.learning_rate, "learning_rate_floor", "must not be above learning_rate")
        require(
            self.keep != "average" or self.averaging is not None,
            "keep",
            "average needs averaging, such as averaging: {gamma: 2.0}",
        )
        return self
