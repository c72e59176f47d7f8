"""Make the finished results of the suite the committed reference: a folder an experiment in reports/reference/, and the README's
table.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from adversarial_nets.core import files
from adversarial_nets.core.errors import CheckFailed, exit_status
from adversarial_nets.parameters.experiment import Experiment
from adversarial_nets.parameters.project import Project
from adversarial_nets.parameters.reading import experiment_path, read
from adversarial_nets.regression import provenance
from adversarial_nets.report import tables
from adversarial_nets.report.results import ExperimentResult, load_experiment
from adversarial_nets.running import paths
from adversarial_nets.running.paths import ExperimentPaths

README = Path("README.md")
BEGIN, END = "<!-- results -->\n", "\n<!-- end of results -->"
CHECKSUMS = "checksums.json"


def write_references() -> None:
    """Raises CheckFailed if the results do not belong to the code and parameters as they stand."""
    refuse_stale_results()
    project = read(paths.PARAMETERS, Project)
    for name in project.suite:
        with files.replacing(ExperimentPaths(name).reference) as folder:
            write_reference(load_experiment(name, project.seeds), folder)
        print(f"wrote {ExperimentPaths(name).reference}")
    files.write_text(README, with_results(README.read_text(encoding="utf-8"), paths.REFERENCES))


def refuse_stale_results() -> None:
    """Raises CheckFailed if `dvc status` names a stage of the default pipeline that would run again."""
    status = json.loads(subprocess.check_output([sys.executable, "-m", "dvc", "status", "--json", "dvc.yaml"], text=True))
    if status:
        raise CheckFailed(f"run `make repro` first: not up to date are {', '.join(sorted(status))}")


def write_reference(result: ExperimentResult, folder: Path) -> None:
    """All that a reader compares with: tables, curves, figures, scores per test image, and where they came from."""
    table = tables.results_table([result])
    files.write_json(folder / "metrics.json", {result.name: result.metrics()})
    files.write_csv(folder / "table1.csv", table[table["experiment"] == result.name])
    files.write_csv(folder / "seeds.csv", seeds_table(result))
    files.write_csv(folder / "learning_curve.csv", result.learning_curve())
    files.write_npz(folder / "log_likelihoods.npz", **scores(result))
    files.write_json(folder / "reliability.json", {seed.seed: asdict(seed.reliability) for seed in result.seeds})
    experiment = read(experiment_path(result.name, paths.EXPERIMENTS), Experiment)
    files.write_json(folder / "parameters.json", experiment.model_dump())
    files.write_json(folder / "provenance.json", provenance.of(result))
    copy_figures(result.name, folder / "figures")
    write_checksums(folder)


def copy_figures(name: str, folder: Path) -> None:
    """The report's pictures of an experiment."""
    for picture in sorted(paths.REPORT_FIGURES.glob(f"{name}-*.png")):
        with files.replacing(folder / picture.name) as copy:
            copy.write_bytes(picture.read_bytes())


def seeds_table(result: ExperimentResult) -> pd.DataFrame:
    """Test log-likelihood in nats and σ, seed by seed."""
    return pd.DataFrame(
        [
            {"seed": seed.seed, "log_likelihood": seed.log_likelihood, "sigma": np.mean(seed.sigma_choice.sigmas)}
            for seed in result.seeds
        ]
    )


def scores(result: ExperimentResult) -> dict[str, np.ndarray]:
    """Log-likelihood of every test image, (m,) float32 for each seed and fold: enough to pair two runs image by image."""
    return {
        f"seed_{seed.seed}_fold_{number}": fold.astype(np.float32)
        for seed in result.seeds
        for number, fold in enumerate(seed.log_likelihoods)
    }


def checksums(folder: Path) -> dict[str, str]:
    """SHA-256 of every file in a reference's folder but the checksums themselves."""
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and path != folder / CHECKSUMS]
    return {path.relative_to(folder).as_posix(): files.digest(path, "sha256") for path in found}


def write_checksums(folder: Path) -> None:
    """Last of a reference's files: what verification holds the others against."""
    files.write_json(folder / CHECKSUMS, checksums(folder))


def with_results(readme: str, references: Path) -> str:
    """The README with the paper's Table 1 and every committed reference between its two markers."""
    before, _, after = split(readme)
    return f"{before}{BEGIN}{readme_table(references)}{END}{after}"


def split(readme: str) -> tuple[str, str, str]:
    """What is before, between and after the README's two markers."""
    before, rest = readme.split(BEGIN, 1)
    between, after = rest.split(END, 1)
    return before, between, after


def readme_table(references: Path) -> str:
    """The paper's Table 1 and every reference's, with how far their seeds are apart, as Markdown."""
    measured = [pd.read_csv(path) for path in sorted(references.glob("*/table1.csv"))]
    rows = pd.concat([tables.results_table([]), *measured], ignore_index=True)
    table, ours = tables.comparison(rows), rows[rows["origin"] == tables.MEASURED]
    spreads = {f"{row.model} ({row.experiment})": _spread(row) for row in ours.itertuples()}
    return table.assign(**{"spread over seeds": table["model"].map(spreads).fillna("")}).to_markdown(index=False)


def _spread(row: Any) -> str:
    return f"{row.seed_std:.1f} ({row.num_seeds:.0f} seeds)" if row.num_seeds > 1 else "one seed"


def main() -> None:
    """Write the references; there are no arguments."""
    argparse.ArgumentParser(prog="python -m adversarial_nets.regression.reference", description=__doc__).parse_args()
    with exit_status():
        write_references()


if __name__ == "__main__":
    main()
