"""Write the tables, metrics, plots and the page for the experiments in `suite`, from what the other stages measured."""

import itertools
import shutil
from pathlib import Path

import pandas as pd

from adversarial_nets import figures, files, page, tables
from adversarial_nets.errors import InputError
from adversarial_nets.results import ExperimentResult, load_experiment
from common import FIGURES, MODELS, REPORTS, SCORES, Task, main, present

GENERATOR_PICTURES = "samples.png", "interpolations.png"
SAMPLES = (
    "Samples of seed {seed}: the first ones drawn, not chosen. The framed column has the training image nearest to the sample "
    "on its left, by squared Euclidean distance."
)
SAMPLES_IN_THE_PAPER = (
    "Figure 2, random draws with the nearest training example of the neighbouring sample in the rightmost column, to show that "
    "the model has not memorised the training set."
)
INTERPOLATIONS = "Seed {seed}: images along straight lines between two random points of z space, one line a row."
INTERPOLATIONS_IN_THE_PAPER = "Figure 3, digits obtained by linear interpolation between coordinates in z space."
CURVES = "Learning curves, one line a seed. D(x) and D(G(z)) are means over minibatches, with dropout as in training."
SIGMA = (
    "Mean validation log-likelihood against σ, one line a seed; the circle marks the σ that is used on the test "
    "images. Values far below the best are cut off."
)
COUNTS = "Test log-likelihood by number of samples, by the whole protocol each time: of the generators, and of training images."
KNOWN_DENSITY = (
    "The estimate's error on points from a Gaussian N(0, I), whose log-density is known, at the best σ on other points. Left: "
    "its mean; right: its standard deviation when samples are drawn anew. The paper's warning, measured."
)


def report(task: Task) -> None:
    suite, seeds = task.parameters.suite, task.parameters.seeds
    results = [load(name, seeds) for name in suite]
    present(SCORES / "known_density.csv", "known_density")
    table = tables.results_table(results)
    write_plots(results, REPORTS / "plots")
    with files.replacing(REPORTS / "figures") as folder:
        folder.mkdir()
        html = page.render(table, [section(result, folder) for result in results], known_density_picture(folder))
    files.write_csv(REPORTS / "table1.csv", table)
    files.write_text(REPORTS / "table1.md", tables.to_markdown(table))
    files.write_json(REPORTS / "metrics.json", {result.name: result.metrics() for result in results})
    files.write_text(REPORTS / "index.html", html)


def load(name: str, seeds: list[int]) -> ExperimentResult:
    """What the other stages measured. Raises InputError where anything is missing, before any report is touched."""
    for seed, picture in itertools.product(seeds, GENERATOR_PICTURES):
        present(FIGURES / name / str(seed) / picture, "figures")
    try:
        return load_experiment(name, seeds, MODELS, SCORES)
    except FileNotFoundError as error:
        raise InputError(f"{error.filename}: not there; run the stages before `report`, or all by `dvc repro`") from None


def section(result: ExperimentResult, folder: Path) -> page.Chapter:
    """An experiment's part of the page; its pictures are put into the folder."""
    first, *others = [generator_pictures(result.name, each.seed, folder) for each in result.seeds]
    counts = folder / f"{result.name}-number_of_samples.png"
    figures.save(figures.count_curve(result.count_curve()), counts)
    return page.Chapter(
        result,
        pictures=[*first, *curve_pictures(result, folder)],
        other_seeds=[picture for pair in others for picture in pair],
        number=[page.Picture(counts, COUNTS)],
    )


def known_density_picture(folder: Path) -> page.Picture:
    """The estimate's error where the truth is known."""
    path = folder / "known_density.png"
    figures.save(figures.known_density_errors(pd.read_csv(SCORES / "known_density.csv")), path)
    return page.Picture(path, KNOWN_DENSITY, wide=True)


def generator_pictures(name: str, seed: int, folder: Path) -> list[page.Picture]:
    """Samples and interpolations of one seed, drawn by the stage `figures`."""
    samples, interpolations = [
        shutil.copy(FIGURES / name / str(seed) / picture, folder / f"{name}-{seed}-{picture}") for picture in GENERATOR_PICTURES
    ]
    return [
        page.Picture(samples, SAMPLES.format(seed=seed), SAMPLES_IN_THE_PAPER),
        page.Picture(interpolations, INTERPOLATIONS.format(seed=seed), INTERPOLATIONS_IN_THE_PAPER),
    ]


def curve_pictures(result: ExperimentResult, folder: Path) -> list[page.Picture]:
    """Learning curves and the choice of σ, of all seeds together."""
    curves, sigma = folder / f"{result.name}-learning_curves.png", folder / f"{result.name}-sigma_curve.png"
    figures.save(figures.learning_curves(result.learning_curve()), curves)
    figures.save(figures.sigma_curve(result.sigma_curve()), sigma)
    return [page.Picture(curves, CURVES, wide=True), page.Picture(sigma, SIGMA)]


def write_plots(results: list[ExperimentResult], folder: Path) -> None:
    """Data for `dvc plots`: means over seeds, one file an experiment, so that revisions overlay line on line."""
    with files.replacing(folder) as plots:
        for result in results:
            curve = result.learning_curve().groupby("epoch", as_index=False).mean().drop(columns="seed")
            sigma = result.sigma_curve().groupby("sigma", as_index=False).mean().drop(columns="seed")
            data = {
                "objectives": curve[["epoch", "discriminator_objective", "generator_objective"]],
                "outputs": curve[["epoch", "d_real", "d_fake"]],
                "validation": curve[["epoch", "validation_log_likelihood"]].dropna(),
                "sigma": sigma,
            }
            for plot, table in data.items():
                files.write_csv(plots / plot / f"{result.name}.csv", table)


if __name__ == "__main__":
    main(report, __doc__, arguments=())
