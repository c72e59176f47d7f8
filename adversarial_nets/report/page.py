"""The report as one self-contained page: no file beside it, nothing from the network, everything shown is escaped."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from adversarial_nets.report import tables
from adversarial_nets.report.paper import TABLE_1
from adversarial_nets.report.results import ExperimentResult


@dataclass(frozen=True)
class Picture:
    """A PNG or GIF file with what it shows, and what the paper's own panel shows where there is one."""

    path: Path
    caption: str
    paper: str = ""
    wide: bool = False

    @property
    def source(self) -> str:
        """The picture as a data address, for ``<img src>``."""
        return f"data:image/{self.path.suffix[1:]};base64," + base64.b64encode(self.path.read_bytes()).decode()


@dataclass(frozen=True)
class Chapter:
    """One experiment's part of the page."""

    result: ExperimentResult
    pictures: list[Picture]
    other_seeds: list[Picture]
    number: list[Picture]
    helvetica: Picture

    @property
    def metrics(self) -> dict:
        """The experiment's entry in ``metrics.json``."""
        return self.result.metrics()

    @property
    def rows(self) -> str:
        """The generator and the sanity rows in words, each with its number of samples."""
        ours = {"the generator": self.metrics, **self.result.baselines["rows"]}
        words = [f"{name} {row['log_likelihood']:.1f} nats ({row['num_samples']:,} samples)" for name, row in ours.items()]
        return "; ".join(words).replace(" -", " −")

    @property
    def reliability(self) -> pd.DataFrame:
        """How far each seed's number can be trusted."""
        return tables.reliability(self.result)

    @property
    def collapse(self) -> pd.DataFrame:
        """Signs of collapse in each seed's samples."""
        return tables.collapse(self.result)

    @property
    def held_out(self) -> dict[str, Any]:
        """What the measure of collapse says of real test images."""
        return tables.held_out(self.result)

    @property
    def copying(self) -> pd.DataFrame:
        """Whether samples are nearer to training images than they should be."""
        return tables.copying(self.result)

    @property
    def published(self) -> tuple[float, float] | None:
        """The paper's value and standard error for adversarial nets on this data set, where it has one."""
        return TABLE_1["Adversarial nets"].get(self.result.data_set)


@dataclass(frozen=True)
class Table2:
    """The paper's Table 2, what this run's networks cost, and on what machine how fast samples were drawn."""

    costs: pd.DataFrame
    machine: str
    speed: pd.DataFrame

    @property
    def published(self) -> pd.DataFrame:
        """The paper's own table."""
        return tables.table_2()


@dataclass(frozen=True)
class Theory:
    """The part of the page about section 4 of the paper: what was measured, the game of Figure 1, and the other pictures."""

    measured: dict[str, Any]
    game: list[Picture]
    pictures: list[Picture]

    @property
    def pairs(self) -> pd.DataFrame:
        """Proposition 1 and theorem 1 for each pair of densities."""
        return tables.theory(self.measured)


def render(table: pd.DataFrame, sections: list[Chapter], known_density: Picture, theory: Theory, table_2: Table2) -> str:
    """The page's HTML."""
    environment = Environment(
        loader=PackageLoader("adversarial_nets"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html").render(
        comparison=tables.comparison(table),
        details=tables.details(table),
        notes=tables.NOTES,
        sections=sections,
        known_density=known_density,
        theory=theory,
        table_2=table_2,
    )
