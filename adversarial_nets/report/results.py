"""What the stages measured, gathered per experiment for the report."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from adversarial_nets.core import files
from adversarial_nets.diagnostics.collapse import COLLAPSED, FINISHED, Collapse, outcome
from adversarial_nets.diagnostics.costs import Costs
from adversarial_nets.diagnostics.helvetica import Helvetica
from adversarial_nets.diagnostics.neighbours import Distances
from adversarial_nets.diagnostics.overfitting import Overfitting
from adversarial_nets.diagnostics.reliability import Reliability, pooled
from adversarial_nets.diagnostics.sanity import Sanity
from adversarial_nets.diagnostics.sharpness import Sharpness
from adversarial_nets.gan.run import Summary
from adversarial_nets.likelihood.protocol import SigmaChoice, load_log_likelihoods, mean_and_standard_error
from adversarial_nets.report.paper import NAMES
from adversarial_nets.running import paths
from adversarial_nets.running.paths import RunPaths

TRAINING_IMAGES, CENTROIDS, MEAN = "training images as samples", "k-means centroids of training images", "mean training image"

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class SeedResult:
    """One run: its summary and learning curve, the choice of σ, test log-likelihoods in nats, (m,) for each fold, how far they
    can be trusted, signs of collapse in its samples, and the distances that show whether it copies.
    """

    seed: int
    summary: Summary
    learning_curve: pd.DataFrame
    sigma_choice: SigmaChoice
    log_likelihoods: list[np.ndarray]
    reliability: Reliability
    collapse: Collapse
    copying: list[Distances]

    @property
    def log_likelihood(self) -> float:
        """Mean test log-likelihood in nats."""
        return mean_and_standard_error(self.log_likelihoods)[0]


@dataclass(frozen=True)
class ExperimentResult:
    """All runs of one experiment that were started, its sanity checks; of adversarial nets also their costs, how the first
    generator was made to collapse, and its discriminator to overfit.
    """

    name: str
    seeds: list[SeedResult]
    sanity: Sanity
    costs: Costs | None
    helvetica: Helvetica | None
    overfitting: Overfitting | None

    @property
    def model(self) -> str:
        """Its name in Table 1."""
        return NAMES[self.seeds[0].summary.model or "adversarial"]

    @property
    def data_set(self) -> str:
        """Title of the data set: the column of Table 1."""
        return self.sanity.data_set

    @property
    def collapsed(self) -> list[SeedResult]:
        """The runs that collapsed, by ``collapse.outcome``."""
        bar = self.sanity.mean_image_validation
        return [seed for seed in self.seeds if outcome(seed.learning_curve, bar) == COLLAPSED]

    @property
    def counted(self) -> list[SeedResult]:
        """The runs that the metrics are of: those that finished, or all if none did."""
        lost = {seed.seed for seed in self.collapsed}
        return [seed for seed in self.seeds if seed.seed not in lost] or self.seeds

    def metrics(self) -> dict[str, Any]:
        """The experiment's entry in ``metrics.json``; log-likelihoods in nats, rounded to 1e-6 of them."""
        choices = [seed.sigma_choice for seed in self.counted]
        metrics = self._log_likelihood() | self._beside_it() | self._collapse() | self._sharpness()
        return {key: round(float(value), 6) for key, value in metrics.items()} | {
            "sigma_at_grid_end": any(choice.at_grid_end for choice in choices),
            "num_seeds": len(self.counted),
            "num_started": len(self.seeds),
            "num_collapsed": len(self.collapsed),
            "num_samples": choices[0].num_samples,
            "num_test_images": sum(self.sanity.num_test_images),
        }

    def _log_likelihood(self) -> dict[str, float]:
        """Of the test images: over images, or over folds, of each one's mean over seeds; the spread; the median over all runs."""
        folds = [np.mean(fold, axis=0) for fold in zip(*(seed.log_likelihoods for seed in self.counted), strict=True)]
        mean, standard_error = mean_and_standard_error(folds)
        metrics = {"log_likelihood": mean, "standard_error": standard_error}
        if len(self.counted) > 1:
            metrics["seed_std"] = np.std([seed.log_likelihood for seed in self.counted], ddof=1)
        return metrics | {"median_log_likelihood": np.median([seed.log_likelihood for seed in self.seeds])}

    def _beside_it(self) -> dict[str, float]:
        """The choice of σ, the sanity checks, and how far the log-likelihood can be trusted."""
        folds = [fold for seed in self.counted for fold in seed.sigma_choice.folds]
        return {
            "validation_log_likelihood": np.mean([fold.log_likelihood for fold in folds]),
            "training_images_log_likelihood": self.sanity.rows[TRAINING_IMAGES].log_likelihood,
            "kmeans_log_likelihood": self.sanity.rows[CENTROIDS].log_likelihood,
            "sigma": np.mean([fold.sigma for fold in folds]),
            "refined_log_likelihood": np.mean([seed.reliability.refined.log_likelihood for seed in self.counted]),
            "draw_std": pooled([seed.reliability.draw_std for seed in self.counted]),
            **self._mixing(),
        }

    def _mixing(self) -> dict[str, float]:
        """Of Markov chains, how many of their states make an independent sample: a mean over seeds."""
        times = [seed.reliability.mixing.autocorrelation_time for seed in self.counted if seed.reliability.mixing]
        return {"autocorrelation_time": np.mean(times)} if times else {}

    def _collapse(self) -> dict[str, float]:
        """Class entropy of the samples, in nats, if the data has classes, and their near-duplicates: means over seeds."""
        samples = [seed.collapse.samples for seed in self.counted]
        entropies = [each.class_entropy for each in samples]
        metrics = {} if None in entropies else {"class_entropy": np.mean(entropies)}
        return {**metrics, "near_duplicates": np.mean([each.near_duplicates for each in samples])}

    def _sharpness(self) -> dict[str, float]:
        """Of the samples, in the data's own scale: means over seeds."""
        measured = [seed.collapse.samples_sharpness for seed in self.counted]
        greys = [each.grey for each in measured]
        return {
            "pixel_spread": np.mean([each.spread for each in measured]),
            **({} if None in greys else {"grey_pixels": np.mean(greys)}),
            "pixel_gradient": np.mean([each.gradient for each in measured]),
        }

    def seeds_table(self) -> pd.DataFrame:
        """``seeds.csv``: a row for each run that was started, with its outcome, log-likelihoods in nats, and σ."""
        lost = {seed.seed for seed in self.collapsed}
        rows = [
            {
                "experiment": self.name,
                "seed": seed.seed,
                "outcome": COLLAPSED if seed.seed in lost else FINISHED,
                "log_likelihood": seed.log_likelihood,
                "validation_log_likelihood": np.mean([fold.log_likelihood for fold in seed.sigma_choice.folds]),
                "refined_log_likelihood": seed.reliability.refined.log_likelihood,
                "sigma": np.mean(seed.sigma_choice.sigmas),
            }
            for seed in self.seeds
        ]
        return pd.DataFrame(rows)

    def count_curve(self) -> pd.DataFrame:
        """Test log-likelihood by number of samples, of training images and generators: num_samples, log_likelihood, samples."""
        curves = {"training images": self.sanity.by_num_samples}
        curves |= {f"generator, seed {seed.seed}": seed.reliability.by_num_samples for seed in self.seeds}
        rows = [(each.num_samples, each.log_likelihood, name) for name, scores in curves.items() for each in scores]
        return pd.DataFrame(rows, columns=["num_samples", "log_likelihood", "samples"])

    def burn_in_curve(self) -> pd.DataFrame:
        """Test log-likelihood of states of chains by steps before them, means over seeds: start, burn_in, log_likelihood."""
        mixing = [seed.reliability.mixing for seed in self.seeds if seed.reliability.mixing]
        rows = [(each.start, each.burn_in, each.score.log_likelihood) for one in mixing for each in one.by_burn_in]
        table = pd.DataFrame(rows, columns=["start", "burn_in", "log_likelihood"])
        return table.groupby(["start", "burn_in"], sort=False, as_index=False).mean()

    def blur(self) -> pd.DataFrame:
        """Score beside sharpness, as ratios to the test images': images, kind, log_likelihood, spread, gradient, grey.

        Of the generators that count, the others of their runs, and stand-ins; not of the mean image, which has no spread.
        """
        rows = [
            (name, "made from training images", score.log_likelihood, self.sanity.sharpness[name])
            for name, score in self.sanity.rows.items()
            if name != MEAN
        ]
        for seed in self.counted:
            rows.append(("kept", "generators that are scored", seed.log_likelihood, seed.collapse.samples_sharpness))
            for other in seed.reliability.alternatives:
                rows.append((other.name, "other generators of their runs", other.score.log_likelihood, other.sharpness))
        real = self.seeds[0].collapse.test_images_sharpness
        return pd.DataFrame(
            [{"images": name, "kind": kind, "log_likelihood": nats, **_ratios(own, real)} for name, kind, nats, own in rows]
        )

    def sigma_curve(self) -> pd.DataFrame:
        """Mean validation log-likelihood (over folds) for each seed and σ: seed, sigma, log_likelihood."""
        rows = [
            {"seed": seed.seed, "sigma": sigma, "log_likelihood": np.mean(values)}
            for seed in self.seeds
            for sigma, *values in zip(
                seed.sigma_choice.folds[0].sigmas, *(fold.log_likelihoods for fold in seed.sigma_choice.folds), strict=True
            )
        ]
        return pd.DataFrame(rows)

    def learning_curve(self) -> pd.DataFrame:
        """Every seed's learning curve under one another, the seed in the last column."""
        return pd.concat([seed.learning_curve.assign(seed=seed.seed) for seed in self.seeds], ignore_index=True)


def _ratios(measured: Sharpness, real: Sharpness) -> dict[str, float | None]:
    return {
        "spread": measured.spread / real.spread,
        "gradient": measured.gradient / real.gradient,
        "grey": None if measured.grey is None else measured.grey / real.grey,
    }


def load_experiment(name: str, seeds: list[int]) -> ExperimentResult:
    """What was measured of an experiment, from the project's folder. Raises InputError if a file is missing or damaged."""
    results, of_all = [_load_seed(RunPaths(name, seed)) for seed in seeds], RunPaths(name, seeds[0])
    has_a_game = results[0].summary.model in (None, "adversarial")
    return ExperimentResult(
        name=name,
        seeds=results,
        sanity=load(of_all.sanity, "sanity", Sanity),
        costs=load(of_all.costs, "costs", Costs) if has_a_game else None,
        helvetica=load(of_all.helvetica, "helvetica", Helvetica) if has_a_game else None,
        overfitting=load(of_all.overfitting, "overfitting", Overfitting) if has_a_game else None,
    )


def _load_seed(run: RunPaths) -> SeedResult:
    return SeedResult(
        seed=run.seed,
        summary=load(run.summary, "train", Summary),
        learning_curve=load_table(run.learning_curve, "train"),
        sigma_choice=load(run.cross_validation, "cross_validate", SigmaChoice),
        log_likelihoods=load_log_likelihoods(run.log_likelihoods),
        reliability=load(run.reliability, "reliability", Reliability),
        collapse=load(run.collapse, "collapse", Collapse),
        copying=load(run.copying, "figures", list[Distances]),
    )


def load_reference(folder: Path) -> pd.DataFrame:
    """The rows of a committed reference's table, with ``sharpness``: the spread of samples' pixels over that of test images."""
    rows = pd.read_csv(folder / paths.TABLE.name, dtype={"seeds": str, "collapsed": str, "kept_epochs": str})
    measured = folder / paths.BLUR
    spreads = pd.read_csv(measured).groupby("images")["spread"].mean() if measured.exists() else {}
    names = rows["model"].str[0].str.lower() + rows["model"].str[1:]
    return rows.assign(sharpness=names.where(rows["num_started"].isna(), "kept").map(spreads))


def load(path: Path, stage: str, kind: type[Kind]) -> Kind:
    """What a stage wrote as JSON. Raises InputError if it is missing or damaged."""
    with files.reading(path, stage):
        return files.read(path, kind)


def load_table(path: Path, stage: str) -> pd.DataFrame:
    """What a stage wrote as CSV. Raises InputError if it is missing or damaged."""
    with files.reading(path, stage):
        return pd.read_csv(path)
