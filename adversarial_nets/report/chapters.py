"""The chapters of the report, assembled from what the stages measured; their pictures are put into the report's folder."""

from pathlib import Path

import numpy as np
import pandas as pd

from adversarial_nets.core import files
from adversarial_nets.report import captions, charts
from adversarial_nets.report.charts import Chart
from adversarial_nets.report.figures import curves
from adversarial_nets.report.figures.style import save
from adversarial_nets.report.page import ClaimsChapter, ExperimentChapter, Picture, ReferencesChapter, TheoryChapter
from adversarial_nets.report.paper import panel
from adversarial_nets.report.results import ExperimentResult, load, load_reference
from adversarial_nets.running import paths
from adversarial_nets.running.paths import ExperimentPaths, RunPaths
from adversarial_nets.theory.measurements import Theory


def claims_chapter() -> ClaimsChapter | None:
    """What is committed of the paper's claims; None if nothing is."""
    return ClaimsChapter(pd.read_csv(paths.CLAIMS, dtype=str, keep_default_na=False)) if paths.CLAIMS.exists() else None


def references_chapter(suite: list[str]) -> ReferencesChapter | None:
    """What is committed of other runs, with pictures of those that are not of the suite; None if nothing is."""
    found = {path.parent: load_reference(path.parent) for path in sorted(paths.REFERENCES.glob(f"*/{paths.TABLE.name}"))}
    pictures = [
        Picture(picture, captions.REFERENCE_SAMPLES.format(name=folder.name), command=reference_command(folder))
        for folder in found
        for picture in sorted((folder / "figures").glob("*-samples.png"))[:1]
        if folder.name not in suite
    ]
    return ReferencesChapter(pd.concat(found.values(), ignore_index=True), pictures) if found else None


def reference_command(folder: Path) -> str:
    """What runs a committed reference's experiment anew, with its seeds; its provenance has all to the letter."""
    kept = files.read_json(folder / paths.PROVENANCE)
    is_baseline = folder.name in kept.get("baselines", [])  # an older reference does not say
    names, seeds = ("baselines", "baseline_seeds") if is_baseline else ("suite", "seeds")
    return f"dvc exp run -S '{names}=[{folder.name}]' -S '{seeds}={kept[seeds]}'".replace(", ", ",")


def experiment_chapter(result: ExperimentResult, folder: Path) -> ExperimentChapter:
    """An experiment's. Raises InputError if a picture of it is missing, as the other chapters do."""
    first, *others = [RunPaths(result.name, each.seed) for each in result.seeds]
    counts = folder / f"{result.name}-number_of_samples.png"
    save(curves.count_curve(result.count_curve()), counts)
    blur = folder / f"{result.name}-score_against_blur.png"
    save(curves.score_against_blur(result.blur()), blur)
    number = [Picture(counts, captions.COUNTS), Picture(blur, captions.BLUR, wide=True)]
    if len(burn_in := result.burn_in_curve()):
        path = folder / f"{result.name}-burn_in.png"
        save(curves.burn_in_curve(burn_in), path)
        number.append(Picture(path, captions.BURN_IN))
    return ExperimentChapter(
        result,
        pictures=[*generator_pictures(first, folder, slider(first)), *curve_pictures(result, folder)],
        other_seeds=[picture for run in others for picture in generator_pictures(run, folder, {})],
        number=number,
        helvetica=helvetica_picture(first, folder) if result.helvetica else None,
    )


def slider(run: RunPaths) -> dict[Path, list[Chart]]:
    """What may take the place of the picture of a run's interpolations, which a run with chains has not."""
    if run.chains_figure.exists():
        return {}
    with files.reading(run.interpolations, "figures"):
        return {run.interpolations_figure: charts.interpolation(np.load(run.interpolations, allow_pickle=False))}


def generator_pictures(run: RunPaths, folder: Path, live: dict[Path, list[Chart]]) -> list[Picture]:
    """Samples of one run, its interpolations or its chains, and what averaging did if it was averaged; drawn by `figures`.

    ``live`` has the charts of a picture by where `figures` drew it.
    """
    shown = {
        run.samples_figure: (captions.SAMPLES, captions.SAMPLES_IN_THE_PAPER.format(panel=panel(run.name))),
        run.interpolations_figure: (captions.INTERPOLATIONS, captions.INTERPOLATIONS_IN_THE_PAPER),
    }
    if run.chains_figure.exists():
        shown = {run.samples_figure: (captions.SAMPLES, ""), run.chains_figure: (captions.CHAINS, captions.CHAINS_IN_THE_PAPER)}
    if run.averaging_figure.exists():
        shown[run.averaging_figure] = captions.AVERAGING, ""
    copies = {path: copied(path, "figures", folder / f"{run.name}-{run.seed}-{path.name}") for path in shown}
    return [
        Picture(
            copies[path],
            caption.format(seed=run.seed),
            paper,
            f"python -m stages.figures {run.name} {run.seed}",
            charts=live.get(path, []),
        )
        for path, (caption, paper) in shown.items()
    ]


def curve_pictures(result: ExperimentResult, folder: Path) -> list[Picture]:
    """Learning curves and the choice of σ, of all seeds together."""
    learning, sigma = folder / f"{result.name}-learning_curves.png", folder / f"{result.name}-sigma_curve.png"
    save(curves.learning_curves(result.learning_curve()), learning)
    save(curves.sigma_curve(result.sigma_curve()), sigma)
    caption = captions.CURVES + (captions.OF_D if "d_real" in result.learning_curve() else "")
    return [
        Picture(learning, caption, wide=True, charts=charts.learning_curves(result.learning_curve())),
        Picture(sigma, captions.SIGMA, charts=charts.sigma_curve(result.sigma_curve())),
    ]


def helvetica_picture(run: RunPaths, folder: Path) -> Picture:
    """A run's generator, made to collapse; drawn by the stage `helvetica`."""
    path = copied(ExperimentPaths(run.name).helvetica_figure, "helvetica", folder / f"{run.name}-helvetica.png")
    command = f"python -m stages.helvetica {run.name} {run.seed}"
    return Picture(path, captions.HELVETICA, captions.HELVETICA_IN_THE_PAPER, command, wide=True)


def theory_chapter(folder: Path) -> TheoryChapter:
    """Section 4 and Figure 1, measured and drawn by the stage `theory`."""
    drawn = paths.FIGURE_1, paths.ANIMATION, paths.PROPOSITION_1, paths.THEOREM_1, paths.PROPOSITION_2
    command = "python -m stages.theory"
    game, animation, first, theorem, second = (copied(path, "theory", folder / f"theory-{path.name}") for path in drawn)
    return TheoryChapter(
        load(paths.THEORY, "theory", Theory),
        game=[
            Picture(game, captions.FIGURE_1, captions.FIGURE_1_IN_THE_PAPER, command, wide=True),
            Picture(animation, captions.ANIMATION, command=command),
        ],
        pictures=[
            Picture(first, captions.PROPOSITION_1, command=command, wide=True),
            Picture(theorem, captions.THEOREM_1, command=command),
            Picture(second, captions.PROPOSITION_2, command=command, wide=True),
        ],
    )


def known_density_picture(errors: pd.DataFrame, folder: Path) -> Picture:
    """The estimate's error on densities that are known, measured by the stage `known_density`."""
    path = folder / "known_density.png"
    save(curves.known_density_errors(errors), path)
    return Picture(path, captions.KNOWN_DENSITY, wide=True)


def copied(picture: Path, stage: str, path: Path) -> Path:
    """A copy of what a stage drew. Raises InputError if it is missing."""
    with files.reading(picture, stage):
        content = picture.read_bytes()
    path.write_bytes(content)
    return path
