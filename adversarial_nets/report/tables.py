"""Table 1: the paper's rows, as reported, beside what was measured here."""

import math
from typing import Any

import pandas as pd

from adversarial_nets.diagnostics.collapse import Signs
from adversarial_nets.diagnostics.costs import Costs
from adversarial_nets.diagnostics.neighbours import QUANTILES, Distances
from adversarial_nets.diagnostics.sharpness import Sharpness
from adversarial_nets.likelihood.protocol import Score, mean_and_standard_error
from adversarial_nets.report.captions import CHOICES, NOTES
from adversarial_nets.report.paper import FAMILIES, TABLE_1, TABLE_2
from adversarial_nets.report.results import ExperimentResult, SeedResult
from adversarial_nets.theory.measurements import Proposition1, Theory

MARKS = "¹²³⁴"
REPORTED, MEASURED, SANITY = "reported in the paper", "measured here", "sanity row, measured here"

COLUMNS = [
    "model", "origin", "data_set", "experiment", "log_likelihood", "standard_error", "seed_std", "num_seeds", "seeds",
    "median_log_likelihood", "num_started", "num_collapsed", "collapsed", "sigma",
    "sigma_at_grid_end", "num_samples", "autocorrelation_time", "num_test_images", "epochs", "kept_epochs",
    "generator_parameters", "discriminator_parameters", "device",
]  # fmt: skip


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
    ours = {"model": experiment.model, "origin": MEASURED, **shared, **experiment.metrics(), **_runs(experiment)}
    sanity = [
        {"model": model[0].upper() + model[1:], "origin": SANITY, **shared, **_sanity(score)}
        for model, score in experiment.sanity.rows.items()
    ]
    return [ours, *sanity]


def _runs(experiment: ExperimentResult) -> dict:
    summaries = [seed.summary for seed in experiment.counted]
    return {
        "seeds": " ".join(str(seed.seed) for seed in experiment.counted),
        "collapsed": " ".join(str(seed.seed) for seed in experiment.collapsed) or None,
        "kept_epochs": " ".join(str(summary.kept_epoch) for summary in summaries),
        "epochs": summaries[0].epochs,
        "generator_parameters": summaries[0].generator_parameters,
        "discriminator_parameters": summaries[0].discriminator_parameters,
        "device": " ".join(sorted({summary.device for summary in summaries})),
    }


def _sanity(score: Score) -> dict:
    return {
        "log_likelihood": score.log_likelihood,
        "standard_error": score.standard_error,
        "num_samples": score.num_samples,
        "sigma_at_grid_end": score.sigma_at_grid_end,
        "sigma": sum(score.sigmas) / len(score.sigmas),
    }


def comparison(table: pd.DataFrame) -> pd.DataFrame:
    """Table 1 as the paper lays it out, sanity rows below its own: a row per model; for each data set what the paper reports and
    what was measured here, cells such as ``225 ± 2`` in nats, of how many runs, and how far these are apart. A model's mark leads
    to ``CHOICES``. If experiments share a cell, it has the different values with the experiments' names.
    """
    marked = {model: f"{model} {mark}" for model, mark in zip(CHOICES, MARKS, strict=True)}
    cells = table.assign(
        model=table["model"].replace(marked),
        column=table["data_set"] + ", " + table["origin"].map({REPORTED: "reported"}).fillna(MEASURED),
        value=[nats(row) + _runs_in_words(row) for row in table.itertuples()],
    )
    texts = cells.groupby(["model", "column"])[["value", "experiment"]].apply(_cell).reset_index(name="text")
    wide = texts.pivot_table(index="model", columns="column", values="text", aggfunc="first")
    columns = [f"{name}, {kind}" for name in cells["data_set"].unique() for kind in ("reported", MEASURED)]
    ordered = wide.reindex(index=cells["model"].unique(), columns=[column for column in columns if column in wide])
    return ordered.fillna("").reset_index().rename_axis(columns=None)


def _cell(rows: pd.DataFrame) -> str:
    """One value as it is; different ones with the experiments that they are of."""
    values = rows.groupby("value", sort=False)["experiment"].agg(list)
    return values.index[0] if len(values) == 1 else "; ".join(f"{', '.join(names)}: {value}" for value, names in values.items())


def details(table: pd.DataFrame) -> pd.DataFrame:
    """How each number that was measured here came about: one row for each, every cell a text."""
    rows = table[table["origin"] != REPORTED]
    return pd.DataFrame(
        {
            "model": rows["model"] + " (" + rows["experiment"] + ")",
            "log-likelihood (nats)": [nats(row) for row in rows.itertuples()],
            "seeds": rows["seeds"].fillna(""),
            "collapsed": rows["collapsed"].astype(object).fillna(""),
            "spread over seeds that finished (nats)": [_number(value, ".1f") for value in rows["seed_std"]],
            "median over all (nats)": [_number(value, ".1f") for value in rows["median_log_likelihood"]],
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
    low, high = seed.reliability.bootstrap_interval
    refined, draws = seed.reliability.refined, [draw.log_likelihood for draw in seed.reliability.draws]
    cells = {
        "seed": f"{seed.seed}",
        "log-likelihood": f"{mean:.1f} ± {standard_error:.1f}",
        "95 % interval (bootstrap over test images)": f"{low:.1f} to {high:.1f}",
        f"{len(draws)} other draws of samples: lowest to highest": f"{min(draws):.1f} to {max(draws):.1f}",
        "spread over draws": f"{seed.reliability.draw_std:.2f}",
        "σ of the protocol": " ".join(f"{fold.sigma:.3f}" for fold in seed.sigma_choice.folds),
        "σ refined": " ".join(f"{sigma:.3f}" for sigma in refined.sigmas) + "*" * refined.sigma_at_search_end,
        "log-likelihood there": f"{refined.log_likelihood:.1f} ± {refined.standard_error:.1f}",
        **_mixing(seed),
    }
    return {name: cell.replace("-", "−") for name, cell in cells.items()}


def _mixing(seed: SeedResult) -> dict[str, str]:
    """How many independent samples the states of chains are worth; nothing if no chain runs."""
    mixing, count = seed.reliability.mixing, seed.sigma_choice.num_samples
    if mixing is None:
        return {}
    worth = f"{count / mixing.autocorrelation_time:,.0f} of {count:,}"
    return {"autocorrelation time (kept states)": f"{mixing.autocorrelation_time:.1f}", "independent samples": worth}


def copying(experiment: ExperimentResult) -> pd.DataFrame:
    """Distances to the nearest image, of each seed: every cell a text, in the data's own scale."""
    return pd.DataFrame([_copying(seed.seed, row) for seed in experiment.seeds for row in seed.copying])


def _copying(seed: int, row: Distances) -> dict[str, str]:
    named = zip(QUANTILES, row.quantiles, strict=True)
    quantiles = {"median" if share == 0.5 else f"{share:.0%} below": f"{value:.2f}" for share, value in named}
    return {"seed": f"{seed}", "distances of": row.distances, "number of these": f"{row.num_others:,}", **quantiles}


def overfitting(experiment: ExperimentResult) -> pd.DataFrame:
    """Of the first seed's discriminator, trained alone, a row for each moment: every cell a text, costs in nats."""
    rows = pd.DataFrame(experiment.overfitting.rows)
    wide = rows.pivot_table(["accuracy", "cost"], "updates", "images")
    shown = {"updates of D alone": wide.index.map(str)}
    for images in rows["images"].unique():
        shown[f"right on {images}"] = wide["accuracy"][images].map("{:.1%}".format)
        shown[f"cost on {images}"] = wide["cost"][images].map("{:.3f}".format)
    return pd.DataFrame(shown)


def theory(measured: Theory) -> pd.DataFrame:
    """Proposition 1 and theorem 1 on pairs of known densities: every cell a text, values in nats."""
    return pd.DataFrame([_theory(name, pair) for name, pair in measured.proposition_1.items()])


def _theory(name: str, pair: Proposition1) -> dict[str, str]:
    cells = {
        "p_data and p_g": name.replace("_", " "),
        "deviation of D, largest": f"{pair.largest_deviation:.4f}",
        "mean": f"{pair.mean_deviation:.5f}",
        "C(G): trained D": f"{pair.trained:.5f}",
        "quadrature": f"{pair.quadrature:.5f}",
        "−log 4 + 2·JSD": f"{pair.divergence:.5f}",
    }
    return {column: cell.replace("-", "−") for column, cell in cells.items()}


def collapse(experiment: ExperimentResult) -> pd.DataFrame:
    """Signs of collapse and of blur in each seed's samples, and in the real test images: every cell a text, entropies in nats."""
    measured = [seed.collapse for seed in experiment.seeds]
    rows = [
        _collapse(f"samples, seed {seed.seed}", each.samples, each.samples_sharpness)
        for seed, each in zip(experiment.seeds, measured, strict=True)
    ]
    return pd.DataFrame([*rows, _collapse("test images", measured[0].test_images, measured[0].test_images_sharpness)])


def held_out(experiment: ExperimentResult) -> Signs:
    """What the measure of collapse says of the real test images."""
    return experiment.seeds[0].collapse.test_images


def _collapse(name: str, signs: Signs, sharpness: Sharpness) -> dict[str, str]:
    classes = {} if signs.class_histogram is None else _classes(signs)
    return {"images": name, **classes, "near-duplicates": f"{100 * signs.near_duplicates:.1f} %", **_sharpness(sharpness)}


def _sharpness(measured: Sharpness) -> dict[str, str]:
    grey = {} if measured.grey is None else {"grey pixels": f"{100 * measured.grey:.1f} %"}
    return {"spread of pixels": f"{measured.spread:.3f}", **grey, "gradient": f"{measured.gradient:.3f}"}


def _classes(signs: Signs) -> dict[str, str]:
    shares = [count / sum(signs.class_histogram) for count in signs.class_histogram]
    return {
        "class entropy (nats)": f"{signs.class_entropy:.3f}",
        "at most": f"{math.log(len(shares)):.3f}",
        "classes, in per cent": " ".join(f"{100 * share:.0f}" for share in shares),
    }


def table_2() -> pd.DataFrame:
    """The paper's comparison of families of generative models, a column each."""
    return pd.DataFrame([dict(zip(("", *FAMILIES), (name, *cells), strict=True)) for name, cells in TABLE_2.items()])


def costs(experiments: list[ExperimentResult]) -> pd.DataFrame:
    """What adversarial nets cost, a row for each experiment with them: every cell a text."""
    return pd.DataFrame([_costs(experiment.name, experiment.costs) for experiment in experiments if experiment.costs])


def _costs(name: str, counted: Costs) -> dict[str, str]:
    return {
        "experiment": name,
        "parameters of G": f"{counted.generator_parameters:,}",
        "parameters of D": f"{counted.discriminator_parameters:,}",
        "multiply-adds of a sample": f"{counted.multiply_adds_per_sample:,}",
        "of a training step": f"{counted.multiply_adds_per_step:,}",
        "minibatch": f"{counted.minibatch_size:,}",
        "steps of D in it": f"{counted.discriminator_steps}",
    }


def to_markdown(table: pd.DataFrame) -> str:
    """``table1.md``: the comparison, how its numbers came about, and what they mean."""
    parts = [
        "# Table 1: Parzen-window log-likelihood of the test set, in nats",
        comparison(table).to_markdown(index=False, disable_numparse=True),
        "\n".join(f"{mark} {text}  " for mark, text in zip(MARKS, CHOICES.values(), strict=True)),
        "## How these numbers came about",
        details(table).to_markdown(index=False, disable_numparse=True),
        "\n".join(f"- {note}" for note in NOTES),
    ]
    return "\n\n".join(parts) + "\n"


def nats(row: Any) -> str:
    """A row's log-likelihood and its standard error, such as ``225 ± 2``."""
    digits = "g" if row.origin == REPORTED else ".1f"
    return f"{row.log_likelihood:{digits}} ± {row.standard_error:{digits}}".replace("-", "−")


def _runs_in_words(row: Any) -> str:
    """Such as `` (2 of 3 runs, spread 4.0; 1 collapsed)``; empty if it is of no run."""
    if pd.isna(row.num_started):
        return ""
    started, collapsed = int(row.num_started), int(row.num_collapsed)
    finished = f"{started - collapsed} of {started} runs" if collapsed else f"{started} run" + "s" * (started > 1)
    spread = "" if pd.isna(row.seed_std) else f", spread {row.seed_std:.1f}"
    lost = f"; {collapsed} collapsed" if collapsed else ""
    return f" ({finished if started > collapsed else 'no run finished'}{spread}{lost})"


def of_runs(row: Any) -> dict[str, str]:
    """Of how many runs a row is, and how far those that finished are apart, in nats."""
    lost = f"; {row.num_collapsed:.0f} collapsed" if row.num_collapsed else ""
    runs = f"{row.num_started - row.num_collapsed:.0f} of {row.num_started:.0f}{lost}"
    return {"runs that finished": runs, "their spread": _number(row.seed_std, ".1f")}


def of_samples(row: Any) -> dict[str, str]:
    """How sharp samples are beside real images, if that was measured."""
    return {"spread of pixels (real: 1)": _number(row.sharpness, ".2f")}


def _number(value: float, digits: str) -> str:
    return "" if pd.isna(value) else f"{value:{digits}}".replace("-", "−")
