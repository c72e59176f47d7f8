"""Tables and sentences in README and docs that are made from what is committed, each between two markers that name it."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from adversarial_nets.core import files
from adversarial_nets.diagnostics import ablations
from adversarial_nets.diagnostics.collapse import COLLAPSED
from adversarial_nets.diagnostics.reliability import Reliability
from adversarial_nets.regression import claims, revisions
from adversarial_nets.regression.verdicts import AVERAGED
from adversarial_nets.report import captions, tables
from adversarial_nets.report.ablations import VALIDATION, comparison, rate, span
from adversarial_nets.report.paper import TABLE_1
from adversarial_nets.report.results import load_reference
from adversarial_nets.running import paths

PAGES = [Path("README.md"), Path("docs/results.md")]
MARKED = re.compile(r"<!-- (?P<name>[a-z0-9 ]+) -->\n(?P<table>.*?)\n<!-- end of (?P=name) -->", re.DOTALL)

PUBLISHED, FIRST_EPOCHS = "mnist", 10
NARROWER = "narrower than the published recipe's, same seed"
EPOCHS = [25, 50, 100, 150, 200, 250]
BETWEEN = 15_000  # samples, whose score is interpolated in the logarithm of their number


def renewed(page: str, folder: Path) -> str:
    """A page with every marked table made anew from the folder of references.

    Raises KeyError if a marker names no table, ValueError if there is no marker.
    """
    if not MARKED.search(page):
        raise ValueError("a page of which tables are made has no marked one")
    return MARKED.sub(lambda found: marked(found["name"], folder), page)


def marked(name: str, folder: Path) -> str:
    """A table as Markdown, or a sentence, between its markers."""
    made = TABLES[name](folder)
    text = made if isinstance(made, str) else made.to_markdown(index=False, disable_numparse=True)
    return f"<!-- {name} -->\n{text}\n<!-- end of {name} -->"


def answer(folder: Path) -> str:
    """Was the paper's number reproduced, and how many of its claims hold? Two sentences."""
    rows = claims.table().set_index("name")
    (mean, error), number = TABLE_1["Adversarial nets"]["MNIST"], rows.loc["number"]
    measured = f"Measured here: {number['measured here']}: {number['verdict']}."
    numbers = f"**The paper reports {mean:g} ± {error:g} nats on MNIST. {measured}**"
    return f"{numbers} [{claims.summary(rows)}](reports/claims.md)."


def table_1(folder: Path) -> pd.DataFrame:
    """The paper's MNIST column, reported and measured here, and stand-ins for samples: every cell a text, in nats."""
    rows = _rows(folder).query("data_set == 'MNIST'")
    ours, sanity = rows[rows["origin"] == tables.MEASURED], rows[rows["origin"] == tables.SANITY]
    stand_ins = sanity[sanity["model"].isin(captions.STAND_INS)].drop_duplicates("model")
    measured = [cells for model in TABLE_1 for cells in _of_model(model, ours[ours["model"] == model])]
    beside = [{"model": row.model, "measured here": tables.nats(row)} | tables.of_samples(row) for row in stand_ins.itertuples()]
    return pd.DataFrame([*measured, *beside]).fillna("")


def _rows(folder: Path) -> pd.DataFrame:
    """Those of every reference's ``table1.csv``."""
    found = sorted(folder.glob(f"*/{paths.TABLE.name}"))
    return pd.concat([load_reference(path.parent) for path in found], ignore_index=True)


def _of_model(model: str, measured: pd.DataFrame) -> list[dict[str, str]]:
    mean, error = TABLE_1[model]["MNIST"]
    reported = {"model": model, "reported": f"{mean:g} ± {error:g}"}
    ours = [reported | _measured(row) for row in measured.itertuples()]
    return ours or [reported | {"measured here": "not yet"}]


def _measured(row: tuple) -> dict[str, str]:
    model = f"{row.model} (`{row.experiment}`)"
    return {"model": model, "measured here": tables.nats(row)} | tables.of_runs(row) | tables.of_samples(row)


def references(folder: Path) -> pd.DataFrame:
    """Every reference beside the paper's Table 1, on every data set."""
    return tables.comparison(pd.concat([tables.results_table([]), _rows(folder)], ignore_index=True))


def learning_curve(folder: Path) -> pd.DataFrame:
    """Validation log-likelihood in nats along the run, means over seeds that finished: a column for each of ``EPOCHS``."""
    rows = pd.read_csv(folder / AVERAGED / paths.LEARNING_CURVE)
    curve = rows[rows["seed"].isin(_counted(folder))].groupby("epoch").mean().loc[EPOCHS]
    named = {"validation_log_likelihood": "last weights", "average_validation_log_likelihood": _kept_average(folder)}
    return curve[list(named)].rename(columns=named).T.map("{:.0f}".format).rename_axis("epoch").reset_index()


def _counted(folder: Path) -> list[int]:
    """The seeds that means are of."""
    return revisions.counted(pd.read_csv(folder / AVERAGED / paths.SEEDS.name))["seed"].tolist()


def _kept_average(folder: Path) -> str:
    gamma = files.read_json(folder / AVERAGED / paths.PARAMETERS_USED)["training"]["averaging"]["gamma"]
    return f"γ = {gamma:g}, kept"


def score_and_blur(folder: Path) -> pd.DataFrame:
    """Every generator of the run and the stand-ins: log-likelihood in nats, sharpness as a ratio to the test images'."""
    points = pd.read_csv(folder / AVERAGED / paths.BLUR).drop(columns="kind").groupby("images", sort=False).mean()
    points = points.rename({"kept": _kept_average(folder), "last": "last weights"}).sort_values("log_likelihood")
    ratios = points[["spread", "gradient", "grey"]].map("{:.2f}".format)
    scores = points["log_likelihood"].map("{:.1f}".format).rename("nats")
    renamed = {"spread": "spread of pixels", "grey": "grey pixels"}
    return pd.concat([scores, ratios.rename(columns=renamed)], axis=1).rename_axis("samples").reset_index()


def estimates(folder: Path) -> pd.DataFrame:
    """What moves the number of the same generators, means over seeds that finished: log-likelihoods in nats."""
    found = files.read(folder / AVERAGED / paths.RELIABILITY, dict[int, Reliability])
    of_seed = [found[seed] for seed in _counted(folder)]
    metrics = files.read_json(folder / AVERAGED / paths.METRICS.name)[AVERAGED]
    draws = [draw.log_likelihood for seed in of_seed for draw in seed.draws]
    rows = {
        f"the published script's defaults: {metrics['num_samples']:,} samples, σ of its grid": f"{metrics['log_likelihood']:.1f}",
        f"{len(draws)} other draws of as many": f"{min(draws):.1f} to {max(draws):.1f}",
        "σ refined on all validation images": f"{metrics['refined_log_likelihood']:.1f}",
    }
    counts = [[(each.num_samples, each.log_likelihood) for each in seed.by_num_samples] for seed in of_seed]
    means = pd.DataFrame([dict(each) for each in counts]).mean()
    means[BETWEEN] = np.interp(np.log(BETWEEN), np.log(means.index.to_numpy(float)), means)
    for count, mean in means.drop(metrics["num_samples"]).sort_index().items():
        rows[f"{count:,} samples" + ", interpolated" * (count == BETWEEN)] = f"{mean:.1f}"
    return pd.DataFrame(rows.items(), columns=["estimate", "nats"])


def collapse(folder: Path) -> pd.DataFrame:
    """How often runs with the published recipe collapse, how far D is ahead in their first epochs, and what keeps it from that:
    every cell a text.

    Those of the reference, those that ``ablations/mnist_collapse`` plays for as long as one looks at these, and the other
    recipes of ``ablations/mnist_against_collapse``.
    """
    curves = pd.read_csv(folder / PUBLISHED / paths.LEARNING_CURVE).query("epoch <= @FIRST_EPOCHS").set_index("seed")
    leads = (curves["d_real"] - curves["d_fake"]).groupby("seed").max().rename("widest_lead").reset_index()
    long = pd.read_csv(folder / PUBLISHED / paths.SEEDS.name)[["seed", "outcome"]].merge(leads)
    tried = _ablations(folder, "mnist_collapse")
    short = tried.loc[tried["variant"] == ablations.PUBLISHED, long.columns]
    kinds = {f"whole runs: `{PUBLISHED}`": long, f"{FIRST_EPOCHS} epochs alone": short, "together": pd.concat([long, short])}
    rows = [{"runs": name, **_collapsed(runs)} for name, runs in kinds.items()]
    return pd.DataFrame(rows + _other_recipes(_ablations(folder, "mnist_against_collapse"))).fillna("")


def _other_recipes(tried: pd.DataFrame) -> list[dict[str, str]]:
    by_seed = tried.pivot_table(index="seed", columns="variant", values="widest_lead")
    narrower = by_seed.lt(by_seed[ablations.PUBLISHED], axis=0).sum()
    return [
        {"runs": variant.replace("_", " "), **_collapsed(runs), NARROWER: f"{narrower[variant]} of {len(by_seed)}"}
        for variant, runs in tried.groupby("variant", sort=False)
        if variant != ablations.PUBLISHED
    ]


def search(folder: Path) -> pd.DataFrame:
    """What ``ablations/mnist_search`` tried for a higher score, by the validation images: every cell a text."""
    compared = comparison(_ablations(folder, "mnist_search"))
    return compared[["variant", *VALIDATION.values(), "collapsed (95 % interval)"]]


def _ablations(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder.parent / "ablations" / name / paths.ABLATIONS_TABLE.name)


def _collapsed(runs: pd.DataFrame) -> dict[str, str]:
    lost = runs["outcome"] == COLLAPSED
    leads = {"those that finished": runs[~lost], "those that collapsed": runs[lost]}
    return {
        "seeds": span(runs["seed"], 0),
        "collapsed (95 % interval)": rate(lost.sum(), len(runs)),
        **{f"D's lead, {name}": span(each["widest_lead"], 4) if len(each) else "" for name, each in leads.items()},
    }


TABLES = {
    "answer": answer,
    "table 1": table_1,
    "references": references,
    "learning curve": learning_curve,
    "score and blur": score_and_blur,
    "estimates": estimates,
    "collapse": collapse,
    "search": search,
}
