"""Write the table, the figure and the page of what came of each variant, into reports/ablations/."""

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


def report() -> None:
    asked = read(paths.ABLATIONS, Ablations)
    runs = ablations.load_all(read_experiment(paths.ABLATED), asked)
    rows = pd.DataFrame([run.row for run in runs])
    style.save(draw_ablations(runs), paths.ABLATIONS_FIGURE)
    files.write_csv(paths.ABLATIONS_TABLE, rows)
    files.write_text(paths.ABLATIONS_PAGE, page(asked, rows))


if __name__ == "__main__":
    with exit_status():
        report()
