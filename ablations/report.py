"""Write the table, the figure and the page of what came of each variant, into the folder's place in reports/."""

import argparse
from pathlib import Path

import pandas as pd

from adversarial_nets.core import files
from adversarial_nets.core.errors import exit_status
from adversarial_nets.diagnostics import ablations
from adversarial_nets.parameters.project import Ablations
from adversarial_nets.parameters.reading import read, read_experiment
from adversarial_nets.report.ablations import page
from adversarial_nets.report.figures import style
from adversarial_nets.report.figures.ablations import draw_ablations
from adversarial_nets.running import paths
from adversarial_nets.running.paths import AblationPaths


def report(folder: Path) -> None:
    place = AblationPaths(folder)
    asked = read(place.parameters, Ablations)
    runs = ablations.load_all(read_experiment(place.experiment), asked, place)
    rows = pd.DataFrame([run.row for run in runs])
    style.save(draw_ablations(runs), place.report / "ablations.png")
    files.write_csv(place.report / paths.ABLATIONS_TABLE.name, rows)
    files.write_text(place.report / "README.md", page(asked, rows, place.experiment))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=paths.ABLATIONS.parent, help="ablations, or a folder in it")
    with exit_status():
        report(**vars(parser.parse_args()))
