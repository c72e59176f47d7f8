"""Section 4, Figure 1 and the Helvetica scenario: parameters that belong to no experiment."""

from typing import Annotated

from pydantic import Field

from adversarial_nets.parameters.section import Count, Positive, Section, Seed


class OptimalDiscriminatorParameters(Section):
    """The discriminator of proposition 1 and theorem 1."""

    units: Count
    iterations: Count


class Proposition2Parameters(Section):
    """Gradient steps on p_g itself."""

    steps: Count
    learning_rate: Positive
    discriminator_learning_rate: Positive


class Figure1Parameters(Section):
    """The game on a line."""

    warm_up: Count
    generator_updates: Annotated[int, Field(ge=100)]  # a panel shows a hundredth of them
    discriminator_steps: Count
    generator_learning_rate: Positive
    discriminator_learning_rate: Positive


class TheoryParameters(Section):
    """Section 4 and Figure 1, measured."""

    seed: Seed
    discriminator: OptimalDiscriminatorParameters
    path_points: Annotated[int, Field(ge=2)]  # both ends
    proposition_2: Proposition2Parameters
    figure_1: Figure1Parameters


class HelveticaParameters(Section):
    """The generator alone, against a discriminator that stays as it is."""

    generator_updates: Count
