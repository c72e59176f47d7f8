"""What the stages measured, gathered per experiment for the report."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from adversarial_nets.core import files
from adversarial_nets.likelihood.protocol import CrossValidation, mean_and_standard_error


@dataclass(frozen=True)
class SeedResult:
    """One trained generator: its summary, learning curve, choice of σ, test log-likelihoods, (m,) for each fold, what the stage
    ``reliability`` measured of them, ``collapse`` of the samples, and the distances that show whether it copies.
    """

    seed: int
    summary: dict[str, Any]
    learning_curve: pd.DataFrame
    cross_validation: list[CrossValidation]
    log_likelihoods: list[np.ndarray]
    num_samples: int
    reliability: dict[str, Any]
    collapse: dict[str, Any]
    copying: list[dict[str, Any]] = field(default_factory=list)

    @property
    def log_likelihood(self) -> float:
        """Mean test log-likelihood in nats."""
        return mean_and_standard_error(self.log_likelihoods)[0]

    @property
    def draw_std(self) -> float:
        """Sample standard deviation between independent draws of this generator's samples, in nats."""
        return float(np.std([draw["log_likelihood"] for draw in self.reliability["draws"]], ddof=1))


@dataclass(frozen=True)
class ExperimentResult:
    """All seeds of one experiment, its sanity rows, what its networks cost, and how its first generator was made to collapse."""

    name: str
    baselines: dict[str, Any]
    seeds: list[SeedResult]
    costs: dict[str, Any]
    helvetica: dict[str, Any]

    @property
    def data_set(self) -> str:
        """Title of the data set: the column of Table 1."""
        return self.baselines["data_set"]

    def metrics(self) -> dict[str, Any]:
        """The experiment's entry in ``metrics.json``; log-likelihoods in nats, rounded to 1e-6 of them."""
        folds = [np.mean(fold, axis=0) for fold in zip(*(seed.log_likelihoods for seed in self.seeds), strict=True)]
        mean, standard_error = mean_and_standard_error(folds)
        metrics = {"log_likelihood": mean, "standard_error": standard_error}
        if len(self.seeds) > 1:
            metrics["seed_std"] = float(np.std([seed.log_likelihood for seed in self.seeds], ddof=1))
        chosen = [fold for seed in self.seeds for fold in seed.cross_validation]
        metrics |= {
            "validation_log_likelihood": float(np.mean([fold.log_likelihood for fold in chosen])),
            "training_images_log_likelihood": self.baseline("training images as samples"),
            "kmeans_log_likelihood": self.baseline("k-means centroids of training images"),
            "sigma": float(np.mean([fold.sigma for fold in chosen])),
            "refined_log_likelihood": float(np.mean([seed.reliability["refined"]["log_likelihood"] for seed in self.seeds])),
            "draw_std": float(np.mean([seed.draw_std for seed in self.seeds])),
            **self.collapse(),
        }
        return {key: round(value, 6) for key, value in metrics.items()} | {
            "sigma_at_grid_end": any(fold.at_grid_end for fold in chosen),
            "num_seeds": len(self.seeds),
            "num_samples": self.seeds[0].num_samples,
            "num_test_images": sum(self.baselines["num_test_images"]),
        }

    def collapse(self) -> dict[str, float]:
        """Class entropy of the samples, in nats, where the data has classes, and their near-duplicates: means over seeds."""
        measured = [seed.collapse["samples"] for seed in self.seeds]
        signs = [sign for sign in ("class_entropy", "near_duplicates") if sign in measured[0]]
        return {sign: float(np.mean([samples[sign] for samples in measured])) for sign in signs}

    def baseline(self, row: str) -> float:
        """Mean test log-likelihood of a sanity row, in nats."""
        return self.baselines["rows"][row]["log_likelihood"]

    def count_curve(self) -> pd.DataFrame:
        """Test log-likelihood by number of samples, of training images and generators: samples, num_samples, log_likelihood."""
        curves = {"training images": self.baselines["by_num_samples"]}
        curves |= {f"generator, seed {seed.seed}": seed.reliability["by_num_samples"] for seed in self.seeds}
        tables = [pd.DataFrame(rows)[["num_samples", "log_likelihood"]].assign(samples=name) for name, rows in curves.items()]
        return pd.concat(tables, ignore_index=True)

    def sigma_curve(self) -> pd.DataFrame:
        """Mean validation log-likelihood (over folds) for each seed and σ: seed, sigma, log_likelihood."""
        rows = [
            {"seed": seed.seed, "sigma": sigma, "log_likelihood": np.mean(values)}
            for seed in self.seeds
            for sigma, *values in zip(
                seed.cross_validation[0].sigmas, *(fold.log_likelihoods for fold in seed.cross_validation), strict=True
            )
        ]
        return pd.DataFrame(rows)

    def learning_curve(self) -> pd.DataFrame:
        """Every seed's learning curve under one another, the seed in the first column."""
        return pd.concat([seed.learning_curve.assign(seed=seed.seed) for seed in self.seeds], ignore_index=True)


def load_experiment(name: str, seeds: list[int], models: Path, scores: Path, figures: Path) -> ExperimentResult:
    """Read what was measured of an experiment under these folders."""
    results = [_load_seed(seed, *(folder / name / str(seed) for folder in (models, scores, figures))) for seed in seeds]
    of_all = {stage: files.read_json(scores / name / f"{stage}.json") for stage in ("baselines", "costs", "helvetica")}
    return ExperimentResult(name, seeds=results, **of_all)


def _load_seed(seed: int, model: Path, scores: Path, figures: Path) -> SeedResult:
    chosen = files.read_json(scores / "cross_validation.json")
    with np.load(scores / "log_likelihoods.npz", allow_pickle=False) as arrays:
        log_likelihoods = [arrays[f"fold_{fold}"] for fold in range(len(chosen["folds"]))]
    return SeedResult(
        seed=seed,
        summary=files.read_json(model / "summary.json"),
        learning_curve=pd.read_csv(model / "learning_curve.csv"),
        cross_validation=[CrossValidation(**fold) for fold in chosen["folds"]],
        log_likelihoods=log_likelihoods,
        num_samples=chosen["num_samples"],
        reliability=files.read_json(scores / "reliability.json"),
        collapse=files.read_json(scores / "collapse.json"),
        copying=files.read_json(figures / "copying.json"),
    )
