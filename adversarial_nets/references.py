"""What committed reference results share: the table in the README that is made of them, and the checksums of their files."""

import hashlib
from pathlib import Path

import pandas as pd

from adversarial_nets import files, tables

CHECKSUMS = "checksums.json"


def readme_table(references: Path) -> str:
    """The paper's Table 1 and every reference's, as Markdown."""
    measured = [pd.read_csv(path) for path in sorted(references.glob("*/table1.csv"))]
    table = tables.comparison(pd.concat([tables.results_table([]), *measured], ignore_index=True))
    return table.to_markdown(index=False)


def checksums(folder: Path) -> dict[str, str]:
    """SHA-256 of every file in a reference's folder but the checksums themselves."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path != folder / CHECKSUMS]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def write_checksums(folder: Path) -> None:
    """Last of a reference's files: what verification holds the others against."""
    files.write_json(folder / CHECKSUMS, checksums(folder))
