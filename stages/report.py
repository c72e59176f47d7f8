"""Write the tables, metrics, plots and the page for the experiments in params.yaml, from what the other stages measured."""

import pandas as pd

from adversarial_nets.core import files
from adversarial_nets.report import chapters, page, tables
from adversarial_nets.report.plots import write_plots
from adversarial_nets.report.results import load_experiment, load_table
from adversarial_nets.running import paths
from adversarial_nets.running.stage import Task, main


def report(task: Task) -> None:
    results = [load_experiment(name, seeds) for name, seeds in task.project.runs.items()]
    table, errors = tables.results_table(results), load_table(paths.KNOWN_DENSITY, "known_density")
    with files.replacing(paths.REPORT_FIGURES) as folder:  # first of all: a missing result leaves the old report whole
        folder.mkdir()
        experiments = [chapters.experiment_chapter(result, folder) for result in results]
        theory, known_density = chapters.theory_chapter(folder), chapters.known_density_picture(errors, folder)
        committed = chapters.claims_chapter(), chapters.references_chapter(list(task.project.runs))
        html = page.render(table, committed, experiments, theory, known_density)
    write_plots(results, errors, paths.PLOTS)
    files.write_csv(paths.TABLE, table)
    files.write_csv(paths.SEEDS, pd.concat([result.seeds_table() for result in results]))
    files.write_text(paths.TABLE_TEXT, tables.to_markdown(table))
    files.write_json(paths.METRICS, {result.name: result.metrics() for result in results})
    files.write_json(paths.THEORY_METRICS, theory.measured)
    files.write_text(paths.PAGE, html)


if __name__ == "__main__":
    main(report, __doc__, arguments=())
