"""Data for `dvc plots`: means over seeds, one file an experiment, so that revisions overlay line on line."""

from dataclasses import asdict, fields
from pathlib import Path

import pandas as pd

from adversarial_nets.core import files
from adversarial_nets.diagnostics.overfitting import Judged
from adversarial_nets.report.results import ExperimentResult
from adversarial_nets.running.paths import KNOWN_DENSITY_TABLE, OVERFITTING_TABLE


def write_plots(results: list[ExperimentResult], known_density: pd.DataFrame, folder: Path) -> None:
    """A folder for each plot, with a CSV for each experiment; the estimate's errors on known densities; and overfitting."""
    with files.replacing(folder) as temporary:
        files.write_csv(temporary / KNOWN_DENSITY_TABLE.name, known_density)
        files.write_csv(temporary / OVERFITTING_TABLE.name, overfitting(results))
        for result in results:
            for plot, table in plots(result).items():
                files.write_csv(temporary / plot / f"{result.name}.csv", table)


def plots(result: ExperimentResult) -> dict[str, pd.DataFrame]:
    """Tables by the names of their plots, objectives and log-likelihoods in nats; a baseline plays no game."""
    curve = result.learning_curve().groupby("epoch", as_index=False).mean().drop(columns="seed")
    game = {"objectives": ["discriminator_objective", "generator_objective"], "outputs": ["d_real", "d_fake"]}
    return {
        **{name: curve[["epoch", *columns]] for name, columns in game.items() if "cost" not in curve},
        "validation": curve[["epoch", "validation_log_likelihood"]].dropna(),
        "sigma": result.sigma_curve().groupby("sigma", as_index=False).mean().drop(columns="seed"),
    }


def overfitting(results: list[ExperimentResult]) -> pd.DataFrame:
    """The rows of each experiment's discriminator, trained alone, under one another: experiment, and the fields of Judged."""
    measured = [(result.name, row) for result in results if result.overfitting for row in result.overfitting.rows]
    columns = ["experiment", *(field.name for field in fields(Judged))]
    return pd.DataFrame([{"experiment": name, **asdict(row)} for name, row in measured], columns=columns)
