"""Section 4, Figure 1, the Helvetica scenario and overfitting: parameters that belong to no experiment."""

from typing import Annotated

from pydantic import Field

from adversarial_nets.parameters.section import Count, Positive, Section, Seed


class OptimalDiscriminatorParameters(Section):
    """The discriminator of proposition 1 and theorem 1."""

    units: Count = Field(description="units in each of its two hidden layers")
    iterations: Count = Field(description="iterations of L-BFGS, at most")


class Proposition2Parameters(Section):
    """Gradient steps on p_g itself."""

    # the picture shows p_g after 40
    steps: Annotated[int, Field(ge=40)] = Field(description="gradient steps on p_g, with the optimal discriminator at every step")
    learning_rate: Positive = Field(description="step size on p_g")
    discriminator_learning_rate: Positive = Field(
        description="for comparison: step size of a discriminator that makes one gradient step instead of being optimal"
    )


class Figure1Parameters(Section):
    """The game on a line."""

    warm_up: Count = Field(description="updates of the discriminator alone, before the game")
    # a panel shows a hundredth of them
    generator_updates: Annotated[int, Field(ge=100)] = Field(description="updates of the generator")
    discriminator_steps: Count = Field(
        description="k of Algorithm 1: updates of the discriminator before each one of the generator"
    )
    generator_learning_rate: Positive = Field(
        description="the generator's learning rate of Adam at the start; it falls linearly to 0"
    )
    discriminator_learning_rate: Positive = Field(
        description="the discriminator's learning rate of Adam at the start; it falls linearly to 0"
    )


class TheoryParameters(Section):
    """Section 4 and Figure 1, measured."""

    seed: Seed = Field(description="decides how these networks start; not one of seeds, because one start is enough")
    discriminator: OptimalDiscriminatorParameters = Field(
        description="proposition 1 and theorem 1: the discriminator that is brought to its optimum"
    )
    # both ends
    path_points: Annotated[int, Field(ge=2)] = Field(
        description="theorem 1: densities on the way from p_g to p_data, both ends included"
    )
    proposition_2: Proposition2Parameters = Field(description="gradient steps on p_g itself, on a discrete support")
    figure_1: Figure1Parameters = Field(description="a generator and a discriminator on a line, by Algorithm 1")


class HelveticaParameters(Section):
    """The generator alone, against a discriminator that stays as it is."""

    generator_updates: Count = Field(
        description="updates of the first seed's trained generator against a discriminator that stays as it is"
    )


class OverfittingParameters(Section):
    """The discriminator alone, against a generator that stays as it is."""

    discriminator_updates: Count = Field(
        description="updates of the first seed's trained discriminator against a generator that stays as it is"
    )
