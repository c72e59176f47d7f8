"""Two runs of an experiment beside each other: how far apart their log-likelihoods are, and whether chance explains it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from adversarial_nets.likelihood.protocol import mean_and_standard_error
from adversarial_nets.regression.revisions import Results
from adversarial_nets.regression.rules import FEWEST, Comparable, differing, obstacles, paired_seeds, student_margin
from adversarial_nets.report import tables

LEVEL = 0.95


@dataclass(frozen=True)
class Side:
    """One of the two: its results, rows of ``table1.csv``, a PNG of its samples, and for each seed that its mean is of the test
    log-likelihoods in nats, (m,) for each fold. What is not at hand is None.
    """

    name: str
    results: Results
    table: pd.DataFrame
    samples: str | None
    scores: dict[int, list[np.ndarray]] | None

    def folds(self, seeds: list[int]) -> list[np.ndarray]:
        """Each test image's mean over these seeds, or over all if there are none, fold by fold."""
        return [np.mean(fold, axis=0) for fold in zip(*(self.scores[seed] for seed in seeds or self.scores), strict=True)]

    def mean(self, seeds: list[int]) -> float:
        """Log-likelihood in nats: the mean over these seeds, or over all if there are none."""
        by_seed = self.results.by_seed.get("log_likelihood", {})
        return float(np.mean([by_seed[seed] for seed in seeds])) if seeds else self.results.metrics["log_likelihood"]


@dataclass(frozen=True)
class Error:
    """A standard error in nats, and the degrees of freedom that it was estimated with."""

    value: float
    freedom: float

    @property
    def margin(self) -> float:
        """Half of Student's interval that holds with 95 % probability."""
        return student_margin(self.value, self.freedom, LEVEL)

    def __add__(self, other: "Error") -> "Error":
        """Both in quadrature, with Welch's and Satterthwaite's degrees of freedom.

        Those are too many for errors of few seeds. So each variance counts there as (f + 3) / f of itself: then the margin holds
        as often as it says, by simulation.
        """
        own, others = (each.value**2 * (each.freedom + 3) / each.freedom for each in (self, other))
        share = own / np.maximum(own + others, np.finfo(float).tiny)
        return Error(np.hypot(self.value, other.value), 1 / (share**2 / self.freedom + (1 - share) ** 2 / other.freedom))


@dataclass(frozen=True)
class Pair:
    """An experiment on both sides."""

    experiment: str
    a: Side
    b: Side
    comparable: Comparable

    @property
    def parameters(self) -> dict[str, tuple[Any, Any]]:
        """Those that differ, by path."""
        return differing(self.a.results.parameters, self.b.results.parameters)

    @property
    def obstacles(self) -> dict[str, tuple[Any, Any]]:
        """What keeps the log-likelihoods from being compared, by name."""
        return obstacles(self.b.results, self.a.results, self.comparable)

    @property
    def rows(self) -> pd.DataFrame:
        """Both sides' rows of the table, those of one model under one another."""
        both = {side.name: tables.details(side.table.reindex(columns=tables.COLUMNS)) for side in (self.a, self.b)}
        rows = pd.concat(both, names=["of", None]).reset_index("of")
        return rows.iloc[np.argsort(pd.factorize(rows["model"])[0], kind="stable")]

    @property
    def seeds(self) -> list[int]:
        """Those that both sides have, which alone are compared then, pair by pair; empty if they are too few."""
        return paired_seeds(self.a.results, self.b.results)

    @property
    def difference(self) -> float:
        """Log-likelihood of b less that of a, in nats."""
        return self.b.mean(self.seeds) - self.a.mean(self.seeds)

    @property
    def is_paired(self) -> bool:
        """Whether both sides' scores are at hand and of the same test images."""
        if self.a.scores is None or self.b.scores is None or any(path.startswith("data.") for path in self.parameters):
            return False
        return [fold.shape for fold in self.a.folds([])] == [fold.shape for fold in self.b.folds([])]

    @property
    def image_error(self) -> "Error":
        """Of the difference, across test images (across folds, if there are several)."""
        if not self.is_paired:
            errors = [side.results.metrics["standard_error"] for side in (self.a, self.b)]
            return Error(float(np.hypot(*errors)), self.a.results.metrics["num_test_images"] - 1)
        folds = [b - a for a, b in zip(self.a.folds(self.seeds), self.b.folds(self.seeds), strict=True)]
        return Error(mean_and_standard_error(folds)[1], (len(folds) if len(folds) > 1 else len(folds[0])) - 1)

    @property
    def seed_error(self) -> "Error | None":
        """Of the difference, across seeds; None if there are too few to know it.

        Of the differences between paired seeds, or else of two samples with one variance: one seed may stand against several.
        """
        if self.seeds:
            values = [[side.results.by_seed["log_likelihood"][seed] for seed in self.seeds] for side in (self.a, self.b)]
            count = len(self.seeds)
            return Error(float(np.std(np.subtract(*values), ddof=1) / np.sqrt(count)), count - 1)
        counts = np.array([side.results.metrics["num_seeds"] for side in (self.a, self.b)])
        stds = np.array([side.results.metrics.get("seed_std", 0) for side in (self.a, self.b)])
        freedom = int(counts.sum()) - 2
        if freedom < FEWEST - 1:
            return None
        variance = ((counts - 1) * stds**2).sum() / freedom
        return Error(float(np.sqrt(variance * (1 / counts).sum())), freedom)

    @property
    def margin(self) -> float | None:
        """How large a difference other seeds and other test images together make, with 95 % probability, in nats."""
        of_seeds = self.seed_error
        return of_seeds and (of_seeds + self.image_error).margin

    @property
    def is_chance(self) -> bool:
        """Whether chance may explain the difference; with too few seeds nobody knows."""
        margin = self.margin
        return margin is None or abs(self.difference) <= margin
