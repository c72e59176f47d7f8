"""Table 1: the paper's rows, as reported, beside what was measured here."""

import math
from typing import Any

import pandas as pd

from adversarial_nets.diagnostics.neighbours import QUANTILES
from adversarial_nets.likelihood.protocol import mean_and_standard_error
from adversarial_nets.report.paper import FAMILIES, TABLE_1, TABLE_2
from adversarial_nets.report.results import ExperimentResult, SeedResult

REPORTED, MEASURED, SANITY = "reported in the paper", "measured here", "sanity row, measured here"

COLUMNS = [
    "model", "origin", "data_set", "experiment", "log_likelihood", "standard_error", "seed_std", "num_seeds", "seeds", "sigma",
    "sigma_at_grid_end", "num_samples", "num_test_images", "epochs", "kept_epochs",
    "generator_parameters", "discriminator_parameters", "device",
]  # fmt: skip

NOTES = [
    "Rows reported in the paper are its own numbers. Rows measured here come from this run, and so do the sanity rows: what real "
    "training images, cluster centres of them (k-means), or their mean alone score by the same protocol.",
    "± is the standard error across test images of each image's mean over seeds (TFD and FER-2013: across their five folds). "
    "It says how well this test set pins the mean down, and leaves out how one training differs from the next: that is the "
    "spread over seeds, a sample standard deviation of the seeds' means.",
    "Higher is better, but only within a column: log-likelihoods on different data sets cannot be compared, so a column of a "
    "subset stands apart from the paper's.",
    "The estimate is no model's true log-likelihood, whatever the number of samples that one can afford, and images unlike the "
    "data, such as cluster centres, can score above real ones (Theis, van den Oord and Bethge, 2016). It is here because the "
    "paper reports it.",
    "“Kept” is the epoch, for each seed, whose generator is scored: the last, or the best by validation log-likelihood, as the "
    "parameter “keep” says.",
    "σ is chosen on validation images from a grid. A star marks a σ at an end of the grid: a better one may lie beyond it.",
]


def results_table(experiments: list[ExperimentResult]) -> pd.DataFrame:
    """One row per model and data set, log-likelihoods in nats; empty where a column does not apply."""
    rows = [*_reported(), *(row for experiment in experiments for row in _measured(experiment))]
    return pd.DataFrame(rows).reindex(columns=COLUMNS)


def _reported() -> list[dict]:
    return [
        {"model": model, "origin": REPORTED, "data_set": data_set, "log_likelihood": mean, "standard_error": error}
        for model, columns in TABLE_1.items()
        for data_set, (mean, error) in columns.items()
    ]


def _measured(experiment: ExperimentResult) -> list[dict]:
    shared = {"data_set": experiment.data_set, "experiment": experiment.name}
    summaries, metrics = [seed.summary for seed in experiment.seeds], experiment.metrics()
    ours = {"model": "Adversarial nets", "origin": MEASURED, **shared, **metrics}
    ours["seeds"] = " ".join(str(seed.seed) for seed in experiment.seeds)
    ours["kept_epochs"] = " ".join(str(summary["kept_epoch"]) for summary in summaries)
    ours |= {key: summaries[0][key] for key in ("epochs", "generator_parameters", "discriminator_parameters")}
    ours["device"] = " ".join(sorted({summary["device"] for summary in summaries}))
    sanity = [
        {"model": model[0].upper() + model[1:], "origin": SANITY, **shared, **_sanity(row)}
        for model, row in experiment.baselines["rows"].items()
    ]
    return [ours, *sanity]


def _sanity(row: dict) -> dict:
    sigma = sum(row["sigmas"]) / len(row["sigmas"])
    keys = ("log_likelihood", "standard_error", "num_samples", "sigma_at_grid_end")
    return {**{key: row[key] for key in keys}, "sigma": sigma}


def comparison(table: pd.DataFrame) -> pd.DataFrame:
    """Table 1 as the paper lays it out: a row per model, a column per data set, cells such as ``225 ± 2`` in nats."""
    named = table.assign(
        value=[_value(row) for row in table.itertuples()],
        model=[f"{row.model} ({row.experiment})" if isinstance(row.experiment, str) else row.model for row in table.itertuples()],
    )
    data_sets = list(dict.fromkeys(named["data_set"]))
    wide = named.pivot_table(index=["model", "origin"], columns="data_set", values="value", aggfunc="first", sort=False)
    return wide[data_sets].fillna("").reset_index().rename_axis(columns=None)


def details(table: pd.DataFrame) -> pd.DataFrame:
    """How each number that was measured here came about: one row for each, every cell a text."""
    rows = table[table["origin"] != REPORTED]
    return pd.DataFrame(
        {
            "model": rows["model"] + " (" + rows["experiment"] + ")",
            "log-likelihood (nats)": [_value(row) for row in rows.itertuples()],
            "seeds": rows["seeds"].fillna(""),
            "spread over seeds (nats)": [_number(value, ".1f") for value in rows["seed_std"]],
            "σ": [f"{row.sigma:.4f}{'*' if row.sigma_at_grid_end else ''}" for row in rows.itertuples()],
            "samples": [_number(value, ",.0f") for value in rows["num_samples"]],
            "epochs": [_number(value, ",.0f") for value in rows["epochs"]],
            "kept": rows["kept_epochs"].fillna(""),
            "parameters of G": [_number(value, ",.0f") for value in rows["generator_parameters"]],
            "parameters of D": [_number(value, ",.0f") for value in rows["discriminator_parameters"]],
            "device": rows["device"].fillna(""),
        }
    )


def reliability(experiment: ExperimentResult) -> pd.DataFrame:
    """How far each seed's number can be trusted: every cell a text, log-likelihoods in nats."""
    return pd.DataFrame([_reliability(seed) for seed in experiment.seeds])


def _reliability(seed: SeedResult) -> dict[str, str]:
    mean, standard_error = mean_and_standard_error(seed.log_likelihoods)
    low, high = seed.reliability["bootstrap_interval"]
    refined, draws = seed.reliability["refined"], [draw["log_likelihood"] for draw in seed.reliability["draws"]]
    cells = {
        "seed": f"{seed.seed}",
        "log-likelihood": f"{mean:.1f} ± {standard_error:.1f}",
        "95 % interval (bootstrap over test images)": f"{low:.1f} to {high:.1f}",
        f"{len(draws)} other draws of samples: lowest to highest": f"{min(draws):.1f} to {max(draws):.1f}",
        "spread over draws": f"{seed.draw_std:.2f}",
        "σ of the protocol": " ".join(f"{fold.sigma:.3f}" for fold in seed.cross_validation),
        "σ refined": " ".join(f"{sigma:.3f}" for sigma in refined["sigmas"]) + "*" * refined["sigma_at_search_end"],
        "log-likelihood there": f"{refined['log_likelihood']:.1f} ± {refined['standard_error']:.1f}",
    }
    return {name: cell.replace("-", "−") for name, cell in cells.items()}


def copying(experiment: ExperimentResult) -> pd.DataFrame:
    """Distances to the nearest image, of each seed: every cell a text, in the data's own scale."""
    return pd.DataFrame([_copying(seed.seed, row) for seed in experiment.seeds for row in seed.copying])


def _copying(seed: int, row: dict[str, Any]) -> dict[str, str]:
    named = zip(QUANTILES, row["quantiles"], strict=True)
    quantiles = {"median" if share == 0.5 else f"{share:.0%} below": f"{value:.2f}" for share, value in named}
    return {"seed": f"{seed}", "distances of": row["distances"], "number of these": f"{row['num_others']:,}", **quantiles}


def theory(measured: dict[str, Any]) -> pd.DataFrame:
    """Proposition 1 and theorem 1 on pairs of known densities: every cell a text, values in nats."""
    return pd.DataFrame([_theory(name, pair) for name, pair in measured["proposition_1"].items()])


def _theory(name: str, pair: dict[str, float]) -> dict[str, str]:
    cells = {
        "p_data and p_g": name.replace("_", " "),
        "deviation of D, largest": f"{pair['largest_deviation']:.4f}",
        "mean": f"{pair['mean_deviation']:.5f}",
        "C(G): trained D": f"{pair['trained']:.5f}",
        "quadrature": f"{pair['quadrature']:.5f}",
        "−log 4 + 2·JSD": f"{pair['divergence']:.5f}",
    }
    return {column: cell.replace("-", "−") for column, cell in cells.items()}


def collapse(experiment: ExperimentResult) -> pd.DataFrame:
    """Signs of collapse in each seed's samples, and in the real test images: every cell a text, entropies in nats."""
    rows = {f"samples, seed {seed.seed}": seed.collapse["samples"] for seed in experiment.seeds}
    return pd.DataFrame([_collapse(name, row) for name, row in {**rows, "test images": held_out(experiment)}.items()])


def held_out(experiment: ExperimentResult) -> dict[str, Any]:
    """What the measure of collapse says of the real test images."""
    return experiment.seeds[0].collapse["test_images"]


def _collapse(name: str, measured: dict[str, Any]) -> dict[str, str]:
    cells = {"images": name}
    if "class_entropy" in measured:
        histogram = measured["class_histogram"]
        shares = [count / sum(histogram) for count in histogram]
        cells |= {
            "class entropy (nats)": f"{measured['class_entropy']:.3f}",
            "at most": f"{math.log(len(histogram)):.3f}",
            "classes, in per cent": " ".join(f"{100 * share:.0f}" for share in shares),
        }
    return {**cells, "near-duplicates": f"{100 * measured['near_duplicates']:.1f} %"}


def table_2() -> pd.DataFrame:
    """The paper's comparison of families of generative models, a column each."""
    return pd.DataFrame([dict(zip(("", *FAMILIES), (name, *cells), strict=True)) for name, cells in TABLE_2.items()])


def costs(experiments: list[ExperimentResult]) -> pd.DataFrame:
    """What each experiment's networks cost: every cell a text."""
    return pd.DataFrame([_costs(experiment.name, experiment.costs) for experiment in experiments])


def _costs(name: str, counted: dict[str, int]) -> dict[str, str]:
    return {
        "experiment": name,
        "parameters of G": f"{counted['generator_parameters']:,}",
        "parameters of D": f"{counted['discriminator_parameters']:,}",
        "multiply-adds of a sample": f"{counted['multiply_adds_per_sample']:,}",
        "of a training step": f"{counted['multiply_adds_per_step']:,}",
        "minibatch": f"{counted['minibatch_size']:,}",
        "steps of D in it": f"{counted['discriminator_steps']}",
    }


def from_markdown(text: str) -> tuple[str, pd.DataFrame]:
    """The first line of a benchmark's results, which says on what machine, and their table: every cell a text."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return text.splitlines()[0], pd.DataFrame(rows[2:], columns=rows[0])


def to_markdown(table: pd.DataFrame) -> str:
    """``table1.md``: the comparison, how its numbers came about, and what they mean."""
    parts = [
        "# Table 1: Parzen-window log-likelihood of the test set, in nats",
        comparison(table).to_markdown(index=False),
        "## How these numbers came about",
        details(table).to_markdown(index=False, disable_numparse=True),
        "\n".join(f"- {note}" for note in NOTES),
    ]
    return "\n\n".join(parts) + "\n"


def _value(row: Any) -> str:
    digits = "g" if row.origin == REPORTED else ".1f"
    return f"{row.log_likelihood:{digits}} ± {row.standard_error:{digits}}".replace("-", "−")


def _number(value: float, digits: str) -> str:
    return "" if pd.isna(value) else f"{value:{digits}}"
