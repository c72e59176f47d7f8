"""Write the tables, metrics, plots and the page for the experiments in `suite`, from what the other stages measured."""

import itertools
import shutil
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import pandas as pd
from common import FIGURES, MODELS, REPORTS, SCORES, Task, main, present

from adversarial_nets.core import files
from adversarial_nets.core.errors import InputError
from adversarial_nets.report import page, tables
from adversarial_nets.report.figures import images as figures
from adversarial_nets.report.paper import panel
from adversarial_nets.report.results import ExperimentResult, load_experiment

THEORY_PICTURES = "figure_1.png", "figure_1.gif", "proposition_1.png", "theorem_1.png", "proposition_2.png"
SPEED = Path("benchmarks/sampling.md")
GENERATOR_PICTURES = "samples.png", "interpolations.png"
SAMPLES = (
    "Samples of seed {seed}: the first ones drawn, not chosen. The framed column has the training image nearest to the sample "
    "on its left, by squared Euclidean distance."
)
SAMPLES_IN_THE_PAPER = (
    "{panel}: random draws with the nearest training example of the neighbouring sample in the rightmost column, to show that "
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
FIGURE_1 = (
    "Data density (dotted, black), model density (solid, green) and D(x) (dashed, blue); arrows from evenly spaced z to G(z). "
    "(a) Nobody has learned. (b) D alone has. (c) G has followed D's gradient to where data is likelier. (d) At the end D is "
    "near ½ where G puts samples. A smooth G of uniform z cannot make a Gaussian's endless tails: there D still tells them apart."
)
FIGURE_1_IN_THE_PAPER = (
    "Figure 1, which begins near convergence: (b) D converges to p_data / (p_data + p_g), (c) its gradient guides G(z) to "
    "regions that are more likely to be classified as data, (d) p_g = p_data and D(x) = ½."
)
ANIMATION = "The same game, update by update: few between the first pictures, many between the last."
PROPOSITION_1 = "Proposition 1: D as trained (dashed) on its closed form (pale); in two dimensions levels of both."
THEOREM_1 = "Theorem 1: C(G) by three ways for (1 − t)·p_g + t·p_data, of the pair “two modes each”."
PROPOSITION_2 = (
    "Proposition 2: gradient steps on p_g itself, over 40 states, with the optimal discriminator at every step, and with one "
    "that makes a single gradient step of its own each time."
)
HELVETICA = (
    "Left: images of the same z before, and after G was trained too much against a D that stays as it is, under either "
    "objective. log(1 − D(G(z))) falls without end where D takes an image for real, so every z moves to what D likes best; "
    "log D(G(z)) has a top, 0, near which there is little left to gain. Right: what the measure of collapse says."
)
HELVETICA_IN_THE_PAPER = (
    "section 6: “G must not be trained too much without updating D, in order to avoid ‘the Helvetica scenario’ in which G "
    "collapses too many values of z to the same value of x to have enough diversity to model p_data”."
)
KNOWN_DENSITY = (
    "The estimate's error on points from a Gaussian N(0, I), whose log-density is known, at the best σ on other points. Left: "
    "its mean; right: its standard deviation when samples are drawn anew. The paper's warning, measured."
)


def report(task: Task) -> None:
    suite, seeds = task.parameters.suite, task.parameters.seeds
    results = [load(name, seeds) for name in suite]
    present(SCORES / "known_density.csv", "known_density")
    if not SPEED.exists():
        raise InputError(f"{SPEED}: not there; restore it from git, or run `make bench`")
    proofs = load_theory()
    table = tables.results_table(results)
    write_plots(results, REPORTS / "plots")
    with files.replacing(REPORTS / "figures") as folder:
        folder.mkdir()
        sections = [section(result, folder) for result in results]
        html = page.render(table, sections, known_density_picture(folder), theory_section(proofs, folder), table_2(results))
    files.write_csv(REPORTS / "table1.csv", table)
    files.write_text(REPORTS / "table1.md", tables.to_markdown(table))
    metrics = {result.name: result.metrics() for result in results}
    files.write_json(REPORTS / "metrics.json", {**metrics, "theory": proofs})
    files.write_text(REPORTS / "index.html", html)


def load(name: str, seeds: list[int]) -> ExperimentResult:
    """What the other stages measured. Raises InputError where anything is missing, before any report is touched."""
    for seed, picture in itertools.product(seeds, (*GENERATOR_PICTURES, "copying.json")):
        present(FIGURES / name / str(seed) / picture, "figures")
    present(FIGURES / name / "helvetica.png", "helvetica")
    try:
        return load_experiment(name, seeds, MODELS, SCORES, FIGURES)
    except FileNotFoundError as error:
        raise InputError(f"{error.filename}: not there; run the stages before `report`, or all by `dvc repro`") from None
    except (ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
        said = " ".join(str(error).split())
        raise InputError(
            f"what was measured of {name} cannot be read ({said}); run `dvc checkout`, or its stages again"
        ) from None


def section(result: ExperimentResult, folder: Path) -> page.Chapter:
    """An experiment's part of the page; its pictures are put into the folder."""
    first, *others = [generator_pictures(result.name, each.seed, folder) for each in result.seeds]
    counts = folder / f"{result.name}-number_of_samples.png"
    figures.save(figures.count_curve(result.count_curve()), counts)
    helvetica = shutil.copy(FIGURES / result.name / "helvetica.png", folder / f"{result.name}-helvetica.png")
    return page.Chapter(
        result,
        pictures=[*first, *curve_pictures(result, folder)],
        other_seeds=[picture for pair in others for picture in pair],
        number=[page.Picture(counts, COUNTS)],
        helvetica=page.Picture(helvetica, HELVETICA, HELVETICA_IN_THE_PAPER, wide=True),
    )


def table_2(results: list[ExperimentResult]) -> page.Table2:
    """The paper's Table 2 and what can be measured of it; the speed is a committed benchmark's, not this run's."""
    return page.Table2(tables.costs(results), *tables.from_markdown(SPEED.read_text(encoding="utf-8")))


def known_density_picture(folder: Path) -> page.Picture:
    """The estimate's error where the truth is known."""
    path = folder / "known_density.png"
    figures.save(figures.known_density_errors(pd.read_csv(SCORES / "known_density.csv")), path)
    return page.Picture(path, KNOWN_DENSITY, wide=True)


def load_theory() -> dict[str, Any]:
    """What the stage `theory` measured. Raises InputError where it, or a picture of it, is missing."""
    for picture in THEORY_PICTURES:
        present(FIGURES / "theory" / picture, "theory")
    return files.read_json(present(SCORES / "theory.json", "theory"))


def theory_section(measured: dict[str, Any], folder: Path) -> page.Theory:
    """The theory's part of the page; its pictures are put into the folder."""
    game, animation, *others = [shutil.copy(FIGURES / "theory" / name, folder / f"theory-{name}") for name in THEORY_PICTURES]
    captions = (PROPOSITION_1, True), (THEOREM_1, False), (PROPOSITION_2, True)
    return page.Theory(
        measured,
        game=[page.Picture(game, FIGURE_1, FIGURE_1_IN_THE_PAPER, wide=True), page.Picture(animation, ANIMATION)],
        pictures=[page.Picture(path, text, wide=wide) for path, (text, wide) in zip(others, captions, strict=True)],
    )


def generator_pictures(name: str, seed: int, folder: Path) -> list[page.Picture]:
    """Samples and interpolations of one seed, drawn by the stage `figures`."""
    samples, interpolations = [
        shutil.copy(FIGURES / name / str(seed) / picture, folder / f"{name}-{seed}-{picture}") for picture in GENERATOR_PICTURES
    ]
    return [
        page.Picture(samples, SAMPLES.format(seed=seed), SAMPLES_IN_THE_PAPER.format(panel=panel(name))),
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
