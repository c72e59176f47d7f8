"""The Parzen-window protocol, the sanity checks and the reliability of a score."""

from typing import Annotated

from pydantic import Field, model_validator

from adversarial_nets.parameters.section import Count, Positive, Section, require


class SigmaGrid(Section):
    """Bandwidths evenly spaced in log10."""

    lowest: Positive = Field(description="smallest σ")
    highest: Positive = Field(description="largest σ")
    count: Annotated[int, Field(ge=2)] = Field(description="values of σ, evenly spaced in log10, ends included")

    @model_validator(mode="after")
    def _is_ordered(self) -> "SigmaGrid":
        require(self.lowest < self.highest, "lowest", "must be smaller than highest")
        for key in ("lowest", "highest"):
            require(1e-60 <= getattr(self, key) <= 1e60, key, "must be from 1e-60 to 1e60: beyond, log-likelihoods overflow")
        return self


class CountGrid(Section):
    """Whole numbers evenly spaced in their logarithm, ends included."""

    lowest: Count = Field(description="smallest number")
    highest: Count = Field(description="largest number")
    count: Count = Field(description="numbers, evenly spaced in their logarithm, ends included")

    @model_validator(mode="after")
    def _is_ordered(self) -> "CountGrid":
        require(self.lowest <= self.highest, "lowest", "must not be above highest")
        require(self.count > 1 or self.lowest == self.highest, "count", "must be 2 or more if lowest and highest differ")
        return self


class SamplingParameters(Section):
    """How many samples stand for the generator."""

    # Figure 2 shows 20
    num_samples: Annotated[int, Field(ge=20)] = Field(description="samples that stand for the generator in the Parzen window")


class EvaluationParameters(Section):
    """The Parzen-window protocol."""

    num_validation_images: Count = Field(
        description="validation images of each fold that σ is chosen on, the first ones; all if there are fewer"
    )
    sigma: SigmaGrid = Field(description="grid for σ, in the scale of the pixels")


class SanityParameters(Section):
    """The sanity rows."""

    num_samples: Count = Field(
        description="training images that serve as samples: the first ones, and as many at random; all if there are fewer"
    )
    num_centroids: Count = Field(description="k-means centroids of the training images that serve as samples")
    kmeans_iterations: Count = Field(description="iterations of k-means")


class ReliabilityParameters(Section):
    """How far a generator's score can be trusted."""

    # a spread needs two
    num_draws: Annotated[int, Field(ge=2)] = Field(description="times that new samples are drawn and scored")
    num_samples: CountGrid = Field(description="numbers of samples that the log-likelihood is measured under")


class KnownDensityParameters(Section):
    """The estimate's error on a Gaussian, whose density is known."""

    dimensions: CountGrid = Field(description="dimensions of the Gaussian N(0, I)")
    num_samples: CountGrid = Field(description="numbers of samples in the Parzen window")
    num_points: Count = Field(description="points that σ is chosen on, and as many others that are scored")
    repeats: Annotated[int, Field(ge=2)] = Field(description="times that all is repeated")
