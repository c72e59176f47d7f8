"""What committed reference results share: the table in the README that is made of them, and the checksums of their files."""

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd

from adversarial_nets.core import files
from adversarial_nets.report import tables

CHECKSUMS = "checksums.json"


def readme_table(references: Path) -> str:
    """The paper's Table 1 and every reference's, with how far their seeds are apart, as Markdown."""
    measured = [pd.read_csv(path) for path in sorted(references.glob("*/table1.csv"))]
    rows = pd.concat([tables.results_table([]), *measured], ignore_index=True)
    table, ours = tables.comparison(rows), rows[rows["origin"] == tables.MEASURED]
    spreads = {f"{row.model} ({row.experiment})": _spread(row) for row in ours.itertuples()}
    return table.assign(**{"spread over seeds": table["model"].map(spreads).fillna("")}).to_markdown(index=False)


def _spread(row: Any) -> str:
    return f"{row.seed_std:.1f} ({row.num_seeds:.0f} seeds)" if row.num_seeds > 1 else "one seed"


def checksums(folder: Path) -> dict[str, str]:
    """SHA-256 of every file in a reference's folder but the checksums themselves."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path != folder / CHECKSUMS]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def write_checksums(folder: Path) -> None:
    """Last of a reference's files: what verification holds the others against."""
    files.write_json(folder / CHECKSUMS, checksums(folder))
