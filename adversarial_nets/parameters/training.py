"""How the game is played."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from adversarial_nets.parameters.evaluation import SigmaGrid
from adversarial_nets.parameters.section import Count, Name, Positive, Section, require

Momentum = Annotated[float, Field(ge=0, lt=1)]


class MomentumParameters(Section):
    """Linear ramp from ``initial`` in epoch 1 to ``final`` in epoch ``saturation_epoch``."""

    initial: Momentum
    final: Momentum
    saturation_epoch: Annotated[int, Field(ge=2)]

    @model_validator(mode="after")
    def _stays_positive(self) -> "MomentumParameters":
        # torch.optim.SGD keeps no velocity while its momentum is exactly 0, so a ramp cannot pass through it.
        require((self.initial == 0) == (self.final == 0), "initial", "initial and final must be both zero or both positive")
        return self


class AdamParameters(Section):
    """Adam's decay rates."""

    beta1: Momentum
    beta2: Momentum


class ValidationParameters(Section):
    """How the validation log-likelihood on the learning curve is taken: every so many epochs, from so many samples.

    Without a grid for σ of its own it is the published one, which is for pixels in [0, 1].
    """

    every: Count
    num_samples: Count
    num_images: Count
    sigma: SigmaGrid | None = None


class AnnealingParameters(Section):
    """A faster decay of the learning rate towards the end."""

    after_updates: Count
    learning_rate_decay: Annotated[float, Field(ge=1, allow_inf_nan=False)]


class PretrainingParameters(Section):
    """A first stage for so many epochs: the generator from ``first_layer`` on, with that layer fed with noise.

    Then the layers beneath it are put in, and training goes on against a fresh discriminator with new schedules.
    """

    first_layer: Name
    epochs: Count


class GameParameters(Section):
    """The choices that Algorithm 1 and section 3 leave: who moves when, how often, and towards what."""

    game: Literal["simultaneous", "alternating"]
    discriminator_steps: Count
    generator_objective: Literal["non_saturating", "minimax"]

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

    pretraining: PretrainingParameters | None = None
    epochs: Count
    minibatch_size: Count
    optimizer: Literal["momentum", "adam"]
    learning_rate: Positive
    learning_rate_decay: Annotated[float, Field(ge=1, allow_inf_nan=False)]
    learning_rate_floor: Positive
    annealing: AnnealingParameters | None = None
    momentum: MomentumParameters
    adam: AdamParameters
    validation: ValidationParameters
    keep: Literal["last", "best"]

    @model_validator(mode="after")
    def _is_consistent(self) -> "TrainingParameters":
        require(self.learning_rate_floor <= self.learning_rate, "learning_rate_floor", "must not be above learning_rate")
        return self
