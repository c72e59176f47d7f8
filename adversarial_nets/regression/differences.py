"""Two runs of an experiment beside each other: how far apart their log-likelihoods are, and whether chance explains it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student_t

from adversarial_nets.likelihood.protocol import mean_and_standard_error
from adversarial_nets.regression.revisions import Results
from adversarial_nets.regression.rules import Comparable, differing, obstacles
from adversarial_nets.report import tables

LEVEL = 0.95


@dataclass(frozen=True)
class Side:
    """One of the two: its results, rows of ``table1.csv``, a PNG of its samples, and for each seed the test log-likelihoods in
    nats, (m,) for each fold. What is not at hand is None.
    """

    name: str
    results: Results
    table: pd.DataFrame
    samples: str | None
    scores: list[list[np.ndarray]] | None

    @property
    def folds(self) -> list[np.ndarray]:
        """Each test image's mean over seeds, fold by fold."""
        return [np.mean(fold, axis=0) for fold in zip(*self.scores, strict=True)]


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
    def difference(self) -> float:
        """Log-likelihood of b less that of a, in nats."""
        return self.b.results.metrics["log_likelihood"] - self.a.results.metrics["log_likelihood"]

    @property
    def is_paired(self) -> bool:
        """Whether both sides' scores are at hand and of the same test images."""
        if self.a.scores is None or self.b.scores is None or any(path.startswith("data.") for path in self.parameters):
            return False
        return [fold.shape for fold in self.a.folds] == [fold.shape for fold in self.b.folds]

    @property
    def standard_error(self) -> float:
        """Of the difference, across test images (across folds, if there are several), in nats."""
        if self.is_paired:
            return mean_and_standard_error([b - a for a, b in zip(self.a.folds, self.b.folds, strict=True)])[1]
        return float(np.hypot(self.a.results.metrics["standard_error"], self.b.results.metrics["standard_error"]))

    @property
    def image_margin(self) -> float:
        """How far from the difference that of other test images may be, with 95 % probability, in nats."""
        folds = self.a.folds if self.is_paired else [np.empty(int(self.a.results.metrics["num_test_images"]))]
        count = len(folds) if len(folds) > 1 else len(folds[0])
        return float(student_t.ppf((1 + LEVEL) / 2, df=count - 1) * self.standard_error)

    @property
    def seed_margin(self) -> float | None:
        """How large a difference other seeds alone make, with 95 % probability, in nats; None for one seed on either side.

        Student's for two samples with one variance, so that a single seed may stand against several.
        """
        counts = np.array([side.results.metrics["num_seeds"] for side in (self.a, self.b)])
        stds = np.array([side.results.metrics.get("seed_std", 0) for side in (self.a, self.b)])
        freedom = counts.sum() - 2
        if freedom == 0:
            return None
        variance = ((counts - 1) * stds**2).sum() / freedom
        return float(student_t.ppf((1 + LEVEL) / 2, df=freedom) * np.sqrt(variance * (1 / counts).sum()))

    @property
    def chances(self) -> list[str]:
        """The kinds of chance that explain the difference, or may."""
        found = [] if abs(self.difference) > self.image_margin else ["other test images"]
        if self.seed_margin is None:
            return [*found, "other seeds (there is one on each side, so their spread is not known)"]
        return found if abs(self.difference) > self.seed_margin else [*found, "other seeds"]
