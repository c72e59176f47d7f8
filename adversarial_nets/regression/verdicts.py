"""How each verdict on a claim of the paper follows from committed files: the rules, as code; claims.py has them in words."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from adversarial_nets.core import files
from adversarial_nets.diagnostics import ablations
from adversarial_nets.diagnostics.collapse import FINISHED
from adversarial_nets.diagnostics.helvetica import Helvetica
from adversarial_nets.diagnostics.neighbours import Distances
from adversarial_nets.diagnostics.overfitting import HELD_OUT, SAMPLES, TRAINING
from adversarial_nets.regression import revisions
from adversarial_nets.report import ablations as report
from adversarial_nets.report.ablations import MATTERS, gains
from adversarial_nets.report.captions import FAILS, UNMEASURED, graded
from adversarial_nets.report.paper import TABLE_1
from adversarial_nets.report.tables import MEASURED
from adversarial_nets.running import paths

PUBLISHED, AVERAGED = "mnist", "mnist_averaged"  # references of the same runs: their last weights, and averages
SUBSET = "mnist5k"  # the default

Finding = tuple[str, str]  # what was measured, in words, and the verdict


def gradients(table: Path) -> Finding:
    """Section 3: log(1 − D(G(z))) saturates early in learning."""
    pairs = ablations.saturation(pd.read_csv(table))
    ratios = pairs["non_saturating"] / pairs["minimax"]
    span = f"{ratios.min():.1f} to {ratios.max():.1f}"
    measured = f"G's gradient in the first epoch is {span} times as large, in {len(ratios)} pairs of runs"
    return measured, graded((ratios > 1).all(), ratios.median() > 1)


def overfitting(table: Path) -> Finding:
    """Section 3: D is trained to completion on a finite data set; of the default alone, if it was in the last run."""
    rows = pd.read_csv(table)
    if SUBSET not in rows["experiment"].unique():
        return f"`{SUBSET}` was not in the last run", UNMEASURED
    wide = rows[rows["experiment"] == SUBSET].pivot_table(["accuracy", "cost", "count"], "updates", "images")
    before, right, updates = wide["accuracy"].iloc[0], wide["accuracy"].iloc[-1], wide.index[-1]
    accuracy = wide["accuracy"][[TRAINING, HELD_OUT]].iloc[[0, -1]]
    variance = (accuracy * (1 - accuracy) / wide["count"]).sum(axis=1)
    leads = accuracy[TRAINING] - accuracy[HELD_OUT]
    is_further_ahead = leads.iloc[-1] - leads.iloc[0] > 2 * np.sqrt(variance.sum())
    costs = (wide["cost"][HELD_OUT] + wide["cost"][SAMPLES]) / 2
    rise = costs.iloc[-1] - costs.min()
    shares = [f"{100 * right[kind]:.1f} % of {kind} images ({100 * before[kind]:.1f} % before)" for kind in (TRAINING, HELD_OUT)]
    ends = f"ends {rise:.3f} nats above its lowest" if rise > 0 else "ends at its lowest"
    measured = (
        f"on the subset, after {updates} updates of D alone it tells {' and '.join(shares)} from samples; its cost on held-out"
    )
    verdict = graded(is_further_ahead and rise > 0, is_further_ahead)
    is_complete = right[TRAINING] >= 0.99
    return f"{measured} images and samples {ends}", verdict if is_complete or verdict != FAILS else UNMEASURED


def any_generator(table: Path) -> Finding:
    """Section 6: any differentiable function can be G; of variants of the default with other layers."""
    rows = pd.read_csv(table)
    if not (names := ablations.other(rows, (ablations.LAYERS,))):
        return "no variant has another generator network yet", UNMEASURED
    tried, gaps = rows[rows["variant"].isin(names)], gains(rows, names)
    finished = tried["outcome"] == FINISHED
    nats = ", ".join(f"`{name}` {gaps[name].mean():+.1f} nats" for name in names).replace("-", "−")
    measured = f"on the subset, {finished.sum()} of {len(tried)} runs take off; beside the experiment's own G: {nats}"
    return measured, graded(finished.all() and (gaps.mean() >= -MATTERS).all() and len(names) > 1, finished.all())


def efficiency(table: Path) -> Finding:
    """Section 7: better coordination of G and D, or better distributions of z; what was tried with the default."""
    measured, verdict = report.efficiency(pd.read_csv(table))
    return f"on the subset: {measured}", verdict


def proposition_1(theory: Path) -> Finding:
    """Section 4.1: the optimal discriminator."""
    deviations = [pair["largest_deviation"] for pair in files.read_json(theory)["proposition_1"].values()]
    measured = f"a trained D is off by at most {max(deviations):.4f}, on {len(deviations)} pairs of densities"
    return measured, graded(max(deviations) <= 0.02)


def theorem_1(theory: Path) -> Finding:
    """Section 4.1: the minimum of C(G)."""
    found = files.read_json(theory)["theorem_1"]
    pairs = [pair["disagreement"] for pair in files.read_json(theory)["proposition_1"].values()]
    agree = max(found["largest_disagreement"], *pairs)
    gap, before = abs(found["gap_where_densities_agree"]), found["smallest_gap_before"]
    measured = f"the sides differ by at most {agree:.0e} nats; C(G) is {gap:.0e} nats from −log 4 at p_g = p_data"
    return measured, graded(agree <= 1e-3 and gap <= 1e-6 < before)


def proposition_2(theory: Path) -> Finding:
    """Section 4.2: convergence."""
    found = files.read_json(theory)["proposition_2"]["optimal_discriminator"]
    rise = found["largest_rise"]
    steps = f"a step raises C(G) by up to {rise:.0e} nats" if rise > 0 else "no step raises C(G)"
    measured = f"{steps}; it ends {found['final_gap']:.0e} nats above −log 4"
    return measured, graded(found["largest_rise"] <= 1e-9 and found["final_gap"] <= 1e-3)


def figure_1(theory: Path) -> Finding:
    """Figure 1: the game ends where p_g = p_data and D = ½."""
    found = files.read_json(theory)["figure_1"]
    start, end, off = (
        found[key] for key in ("divergence_of_untrained_pair", "divergence_at_the_end", "deviation_of_d_from_one_half")
    )
    measured = f"the Jensen-Shannon divergence goes from {start:.2f} to {end:.4f} nats; D ends within {off:.2f} of ½"
    return measured, graded(end <= start / 1000, end <= start / 10)


def number(_: Path) -> Finding:
    """Table 1: 225 ± 2 nats on MNIST. Of several files of the references, as ``sharpness`` is."""
    published, averaged = _metrics(PUBLISHED), _metrics(AVERAGED)
    sharp = _blur(AVERAGED)["spread"] >= 0.95
    measured = f"the published recipe {_nats(published)}; with averaged weights, which the paper does not have, the same runs"
    measured += f" {_nats(averaged)}"
    return measured, graded(_reaches(published), _reaches(averaged) and sharp)


def order(references: Path) -> Finding:
    """Table 1: adversarial nets above GSN, DBN and CAE; by the last run's table until all have a reference on MNIST."""
    last = pd.read_csv(paths.TABLE)
    kept = pd.concat([last[:0], *(pd.read_csv(path) for path in references.glob(f"*/{paths.TABLE.name}"))])
    on_mnist = _by_model(kept[kept["data_set"] == "MNIST"])
    scores, where = (
        (on_mnist, "")
        if len(on_mnist) == len(TABLE_1)
        else (_by_model(last[last["experiment"].str.startswith(SUBSET, na=False)]), "on the subset: ")
    )
    if missing := [model for model in TABLE_1 if model not in scores]:
        return f"no run of {', '.join(missing)} yet", UNMEASURED
    ranked = sorted(scores, key=lambda model: -scores[model][0][0])
    wanted = sorted(TABLE_1, key=lambda model: -TABLE_1[model]["MNIST"][0])
    others = [f"{model} {nats:.0f} (`{name}`)" for model in ranked for nats, _, name in scores[model][1:]]
    best = [(model, *scores[model][0]) for model in ranked]
    measured = where + " > ".join(f"{model} {nats:.0f}" for model, nats, *_ in best)
    spreads = ", ".join(f"{spread:.0f}" for *_, spread, _ in best if np.isfinite(spread))
    measured += f" (spreads over runs {spreads})" if spreads else ""
    measured += f"; by other recipes {', '.join(others)}" if others else ""
    return measured, graded(ranked == wanted, ranked[0] == wanted[0])


def _by_model(rows: pd.DataFrame) -> dict[str, list[tuple[float, float, str]]]:
    """For each model of Table 1 that was measured, from the best to the worst: score and spread in nats, and the experiment."""
    measured = rows[(rows["origin"] == MEASURED) & rows["model"].isin(TABLE_1)].sort_values("log_likelihood", ascending=False)
    groups = measured.groupby("model")
    return {
        model: list(rows[["log_likelihood", "seed_std", "experiment"]].itertuples(index=False, name=None))
        for model, rows in groups
    }


def high_dimensions(errors: Path) -> Finding:
    """Section 5: the estimate has high variance and does not do well in high-dimensional spaces."""
    table = pd.read_csv(errors)
    most = table[table["num_samples"] == table["num_samples"].max()].groupby("dimensions")["error"].agg(["mean", "std"])
    low, high = most.iloc[0], most.iloc[-1]
    error = f"{high['mean']:.0f} ± {high['std']:.1f} nats in {most.index[-1]:,} dimensions, {low['mean']:.2f} in {most.index[0]}"
    is_worse = abs(high["mean"]) > 1 > abs(low["mean"]) and high["std"] > low["std"]
    return f"its error on a Gaussian: {error}".replace("-", "−"), graded(is_worse and high["std"] > 1, is_worse)


def markov_chains(table: Path) -> Finding:
    """Sections 5 and 6: samples are uncorrelated, because no Markov chain has to mix; of the default's other models."""
    rows = pd.read_csv(table)
    times = rows.dropna(subset="autocorrelation_time").set_index("model")["autocorrelation_time"]
    if missing := [model for model in TABLE_1 if model not in times and model != "Adversarial nets"]:
        return f"no chains of {', '.join(missing)} in the last run", UNMEASURED
    worth = ", ".join(f"{10_000 / time:,.0f} ({model})" for model, time in times.items())
    is_more = times > 1.05  # 1 is independence; below that is chance
    return f"on the subset, 10,000 states of chains are worth {worth} independent samples", graded(
        is_more.all(), is_more.sum() >= 2
    )


def sharpness(_: Path) -> Finding:
    """Section 6: adversarial nets can represent very sharp distributions."""
    last, average = ([each["spread"], each["gradient"]] for each in (_blur(PUBLISHED), _blur(AVERAGED)))
    words = f"{last[0]:.2f} and {last[1]:.2f} with the last weights, {average[0]:.2f} and {average[1]:.2f} with averaged ones"
    measured = f"spread of pixels and gradient over the test images': {words}"
    return measured, graded(min(last + average) >= 0.95, max(min(last), min(average)) >= 0.95)


def copying(distances: Path) -> Finding:
    """Section 6: inputs are not copied into G's parameters."""
    found = files.read(distances, dict[int, list[Distances]])
    seeds = revisions.counted(pd.read_csv(distances.with_name(paths.SEEDS.name)))["seed"]
    of_test, of_samples = (np.mean([found[seed][row].quantiles for seed in seeds], axis=0) for row in (0, 1))
    ratios = of_samples / of_test
    words = f"{ratios[0]:.2f} at the 1 % quantile, {ratios[2]:.2f} at the median"
    measured = f"distances to the nearest training image over those of test images: {words}"
    return measured, graded(min(ratios) >= 1, min(ratios) >= 0.95)


def helvetica(found: Path) -> Finding:
    """Section 6: G must not be trained too much without updating D."""
    moments = files.read(found, Helvetica).objectives["minimax"]
    first, last = moments[0], moments[-1]
    duplicates = f"near-duplicates go from {100 * first.near_duplicates:.0f} to {100 * last.near_duplicates:.0f} %"
    classes = f"the class entropy goes from {first.class_entropy:.2f} to {last.class_entropy:.2f} nats"
    measured = f"after {last.updates} updates of G alone {duplicates}, and {classes}"
    collapsed = last.near_duplicates > 0.5 and last.class_entropy < first.class_entropy / 2
    is_worse = last.near_duplicates > 2 * first.near_duplicates and last.class_entropy < first.class_entropy
    return measured, graded(collapsed, is_worse)


def extension(name: str, findings: Path) -> Finding:
    """Section 7: what `make extensions` found of one of its expectations."""
    found = pd.read_csv(findings, index_col="name").loc[name]
    return f"on the subset: {found['measured']}", found["verdict"]


def _metrics(name: str) -> dict[str, Any]:
    return files.read_json(paths.REFERENCES / name / paths.METRICS.name)[name]


def _blur(name: str) -> pd.Series:
    """Sharpness of what a reference keeps, as ratios to the test images', means over seeds."""
    table = pd.read_csv(paths.REFERENCES / name / paths.BLUR)
    return table[table["images"] == "kept"][["spread", "gradient", "grey"]].mean()


def _nats(metrics: dict[str, Any]) -> str:
    runs = f"{metrics['num_seeds']} of {metrics['num_started']} runs"
    above = metrics["log_likelihood"] - TABLE_1["Adversarial nets"]["MNIST"][0]
    distance = f"{abs(above):.0f} {'above' if above > 0 else 'below'}"
    return f"{metrics['log_likelihood']:.1f} ± {metrics['standard_error']:.1f} nats ({distance}; {runs})"


def _reaches(metrics: dict[str, Any]) -> bool:
    """Whether the paper's number is reached, but for chance: other test images on both sides and, if it is known, other seeds."""
    reported, error = TABLE_1["Adversarial nets"]["MNIST"]
    over_seeds = metrics.get("seed_std", 0.0) / np.sqrt(metrics["num_seeds"])
    return metrics["log_likelihood"] >= reported - 1.96 * np.hypot(np.hypot(error, metrics["standard_error"]), over_seeds)
