"""The report as one self-contained page: no file beside it, nothing from the network, everything shown is escaped.

Its policy lets a browser run one script, by its hash: the library that draws the charts.
"""

import base64
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from adversarial_nets.diagnostics.collapse import Signs, rate_interval
from adversarial_nets.report import captions, charts, tables
from adversarial_nets.report.charts import Chart
from adversarial_nets.report.paper import TABLE_1
from adversarial_nets.report.results import ExperimentResult
from adversarial_nets.theory.measurements import Theory


@dataclass(frozen=True)
class Picture:
    """A PNG or GIF file with what it shows, what the paper's own panel shows if there is one, the command that draws it, and
    charts that take its place if a script may run.
    """

    path: Path
    caption: str
    paper: str = ""
    command: str = "python -m stages.report"
    wide: bool = False
    charts: list[Chart] = field(default_factory=list)

    @property
    def source(self) -> str:
        """The picture as a data address, for ``<img src>``."""
        return f"data:image/{self.path.suffix[1:]};base64," + base64.b64encode(self.path.read_bytes()).decode()


@dataclass(frozen=True)
class ExperimentChapter:
    """One experiment's part of the page."""

    result: ExperimentResult
    pictures: list[Picture]
    other_seeds: list[Picture]
    number: list[Picture]
    helvetica: Picture | None

    @property
    def metrics(self) -> dict[str, Any]:
        """The experiment's entry in ``metrics.json``."""
        return self.result.metrics()

    @property
    def rows(self) -> str:
        """The generator and the sanity checks in words, each with its number of samples."""
        scores = {name: (row.log_likelihood, row.num_samples) for name, row in self.result.sanity.rows.items()}
        scores = {"the generator": (self.metrics["log_likelihood"], self.metrics["num_samples"]), **scores}
        return "; ".join(f"{name} {nats:.1f} nats ({n:,} samples)" for name, (nats, n) in scores.items()).replace(" -", " −")

    @property
    def reliability(self) -> pd.DataFrame:
        """How far each seed's number can be trusted."""
        return tables.reliability(self.result)

    @property
    def collapse(self) -> pd.DataFrame:
        """Signs of collapse in each seed's samples."""
        return tables.collapse(self.result)

    @property
    def collapse_rate(self) -> str:
        """How many of the runs collapsed, and within what the probability of that lies."""
        collapsed, started = self.metrics["num_collapsed"], self.metrics["num_started"]
        low, high = rate_interval(collapsed, started)
        return f"{collapsed} of {started} runs collapsed; 95 % interval of the rate: {100 * low:.0f} to {100 * high:.0f} %"

    @property
    def held_out(self) -> Signs:
        """What the measure of collapse says of real test images."""
        return tables.held_out(self.result)

    @property
    def copying(self) -> pd.DataFrame:
        """Whether samples are nearer to training images than they should be."""
        return tables.copying(self.result)

    @property
    def overfitting(self) -> pd.DataFrame:
        """What D makes of images when it is trained alone."""
        return tables.overfitting(self.result)

    @property
    def published(self) -> tuple[float, float] | None:
        """The paper's value and standard error for this model on this data set, if it has one."""
        return TABLE_1[self.result.model].get(self.result.data_set)


@dataclass(frozen=True)
class TheoryChapter:
    """The part of the page about section 4 of the paper: what was measured, the game of Figure 1, and the other pictures."""

    measured: Theory
    game: list[Picture]
    pictures: list[Picture]

    @property
    def pairs(self) -> pd.DataFrame:
        """Proposition 1 and theorem 1 for each pair of densities."""
        return tables.theory(self.measured)


@dataclass(frozen=True)
class ClaimsChapter:
    """The first part of the page: every claim of the paper as ``claims.csv`` has it, every cell a text."""

    claims: pd.DataFrame

    @property
    def number(self) -> pd.Series:
        """The claim about the paper's own number."""
        return self.claims.set_index("name").loc["number"]

    @property
    def counts(self) -> dict[str, int]:
        """How many claims have each verdict, from the best one to the worst."""
        return self.claims["verdict"].value_counts().reindex(captions.VERDICTS, fill_value=0).to_dict()


@dataclass(frozen=True)
class ReferencesChapter:
    """Committed references, which are not of this run: their rows of ``table1.csv``, and samples of each."""

    measured: pd.DataFrame
    pictures: list[Picture]

    @property
    def answer(self) -> pd.DataFrame:
        """The paper's number, what was measured here, and what stand-ins for samples score: every cell a text, in nats."""
        mnist = self.measured.query("data_set == 'MNIST'")
        ours = mnist[(mnist["origin"] == tables.MEASURED) & (mnist["model"] == "Adversarial nets")]
        stand_ins = mnist[mnist["model"].isin(captions.STAND_INS)].drop_duplicates("model")
        mean, error = TABLE_1["Adversarial nets"]["MNIST"]
        rows = [{"MNIST": captions.REPORTED, "nats": f"{mean:g} ± {error:g}"}]
        recipes = captions.RECIPES
        rows += [
            {"MNIST": recipes.get(row.experiment, row.experiment), "nats": tables.nats(row)}
            | tables.of_runs(row)
            | tables.of_samples(row)
            for row in ours.itertuples()
        ]
        names = captions.STAND_INS
        rows += [{"MNIST": names[row.model], "nats": tables.nats(row)} | tables.of_samples(row) for row in stand_ins.itertuples()]
        return pd.DataFrame(rows).fillna("")

    @property
    def rows(self) -> pd.DataFrame:
        """Every reference: every cell a text."""
        ours = self.measured[self.measured["origin"] == tables.MEASURED]
        return pd.DataFrame([_reference(row) for row in ours.itertuples()])


def _reference(row: Any) -> dict[str, str]:
    named = {"reference": row.experiment, "model": row.model, "data set": row.data_set}
    return {**named, "nats": tables.nats(row), **tables.of_runs(row), "samples": f"{row.num_samples:,.0f}"}


def render(
    table: pd.DataFrame,
    committed: tuple[ClaimsChapter | None, ReferencesChapter | None],
    experiments: list[ExperimentChapter],
    theory: TheoryChapter,
    known_density: Picture,
) -> str:
    """The page's HTML, from Table 1 as measured and the chapters: what is committed, and what is of this run."""
    claims, references = committed
    return render_template(
        "report.html",
        script=charts.script(),
        script_hash=base64.b64encode(hashlib.sha256(charts.script().encode()).digest()).decode(),
        claims=claims,
        references=references,
        published=TABLE_1["Adversarial nets"]["MNIST"],
        comparison=tables.comparison(table),
        details=tables.details(table),
        choices=list(zip(tables.MARKS, captions.CHOICES.values(), strict=True)),
        notes=captions.NOTES,
        sections=experiments,
        theory=theory,
        table_2=tables.table_2(),
        costs=tables.costs([chapter.result for chapter in experiments]),
        known_density=known_density,
    )


def render_template(name: str, **values: Any) -> str:
    """A page's HTML from one of the templates; what it is given is escaped, and what it is not given raises UndefinedError."""
    environment = Environment(
        loader=PackageLoader("adversarial_nets.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name).render(values)
