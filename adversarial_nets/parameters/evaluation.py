"""The Parzen-window protocol, the sanity checks and the reliability of a score."""

from typing import Annotated

from pydantic import Field, model_validator

from adversarial_nets.parameters.section import Count, Positive, Section, require


class SigmaGrid(Section):
    """Bandwidths evenly spaced in log10."""

    lowest: Positive
    highest: Positive
    count: Annotated[int, Field(ge=2)]

    @model_validator(mode="after")
    def _is_ordered(self) -> "SigmaGrid":
        require(self.lowest < self.highest, "lowest", "must be smaller than highest")
        return self


class CountGrid(Section):
    """Whole numbers evenly spaced in their logarithm, ends included."""

    lowest: Count
    highest: Count
    count: Count

    @model_validator(mode="after")
    def _is_ordered(self) -> "CountGrid":
        require(self.lowest <= self.highest, "lowest", "must not be above highest")
        require(self.count > 1 or self.lowest == self.highest, "count", "must be 2 or more where lowest and highest differ")
        return self


class SamplingParameters(Section):
    """How many samples stand for the generator."""

    num_samples: Annotated[int, Field(ge=20)]  # Figure 2 shows so many


class EvaluationParameters(Section):
    """The Parzen-window protocol."""

    num_validation_images: Count
    sigma: SigmaGrid


class SanityParameters(Section):
    """The sanity rows."""

    num_samples: Count
    num_centroids: Count
    kmeans_iterations: Count


class ReliabilityParameters(Section):
    """How far a generator's score can be trusted."""

    num_draws: Annotated[int, Field(ge=2)]  # a spread needs two
    num_samples: CountGrid


class KnownDensityParameters(Section):
    """The estimate's error on a Gaussian, whose density is known."""

    dimensions: CountGrid
    num_samples: CountGrid
    num_points: Count
    repeats: Annotated[int, Field(ge=2)]
