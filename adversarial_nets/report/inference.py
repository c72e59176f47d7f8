"""The chapters of learned inference and of few labels on the page of section 7's extensions."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from adversarial_nets.extensions.few_labels import column
from adversarial_nets.extensions.games import reading
from adversarial_nets.extensions.reconstruction import FRESH, REAL, Inferred
from adversarial_nets.parameters.extensions import Extensions
from adversarial_nets.parameters.inference import FEW_LABELS, INFERENCE
from adversarial_nets.report.captions import graded
from adversarial_nets.report.extensions import Chapter, Finding, Z, read_scores
from adversarial_nets.running.paths import EXTENSIONS_REPORT, ExtensionPaths

WAYS = {
    "encoder": "G(E(x))",
    "inverted": "G at the z of {steps} gradient steps from E(x)",
    "inverted_from_zero": "G at the z of {steps} gradient steps from 0",
    "nearest_training_image": "nearest training image",
    "mean_image": "mean training image",
}
INFERENCE_NOTES = """\
- *Error*: mean square a pixel, over {images} images of each kind. E never saw a real image, and reconstructions of real images \
are bounded by what G can draw: the rows of gradient steps show that bound.
- R² of z on {fresh:,} fresh samples: {r2:.3f}, from {lowest:.3f} to {highest:.3f} over coordinates; a constant has 0. \
The z of the gradient steps has {inverted:.3f}, although its G(z) is nearly the sample: G maps many z to nearly the same image.
- *Neighbour*: share of test images whose nearest training image, by Euclidean distance of these features, is of their class. \
`untrained D` is a control: D's layers as runs start with."""


def inference_chapter(asked: Extensions, report: Path = EXTENSIONS_REPORT) -> Chapter:
    """Learned inference."""
    found = [read_scores(INFERENCE, seed, Inferred, report) for seed in asked.seeds]
    rows = pd.DataFrame([{"seed": seed, **asdict(e)} for seed, each in zip(asked.seeds, found, strict=True) for e in each.errors])
    means = rows.groupby("images", sort=False).mean()
    accuracy = pd.DataFrame([each.neighbour_accuracy for each in found]).mean()
    table = pd.DataFrame([_way(label.format(steps=asked.inference.inversion.steps), means[key]) for key, label in WAYS.items()])
    neighbours = pd.DataFrame({"features": accuracy.index, "neighbour": [f"{100 * each:.1f} %" for each in accuracy]})
    tables = [each.to_markdown(index=False, disable_numparse=True) for each in (table, neighbours)]
    figure = f"![Images, and what is made of them](runs/{INFERENCE}/{asked.seeds[0]}/figure.png)"
    finding = inference_finding(means)
    text = "\n\n".join([tables[0], str(finding), tables[1], _notes(found), figure])
    return Chapter(INFERENCE, "Learned inference: an encoder that predicts z from G(z)", rows, text, [finding])


def _way(label: str, errors: pd.Series) -> dict[str, str]:
    return {"reconstruction": label, **{f"error on {kind}": f"{errors[kind]:.4f}" for kind in (FRESH, REAL)}}


def _notes(found: list[Inferred]) -> str:
    quantiles = np.mean([each.r2_quantiles for each in found], axis=0)
    return INFERENCE_NOTES.format(
        images=found[0].errors[0].num_images,
        fresh=found[0].num_fresh,
        r2=np.mean([each.r2 for each in found]),
        lowest=quantiles[0],
        highest=quantiles[-1],
        inverted=np.mean([each.inverted_r2 for each in found]),
    )


def inference_finding(means: pd.DataFrame) -> Finding:
    """What follows for the paper's expectation, from the mean errors of each kind of images: E against no inference at all."""
    without = means[["nearest_training_image", "mean_image"]]
    works, best = means["encoder"] < without.min(axis=1), without.idxmin(axis=1).map(WAYS)
    sentences = [
        f"On {kind}, G(E(x)) has {means.loc[kind, 'encoder'] / without.loc[kind].min():.2f} times the error of the {best[kind]} "
        f"and {means.loc[kind, 'encoder'] / means.loc[kind, 'inverted']:.1f} times that of gradient steps from there"
        for kind in (FRESH, REAL)
    ]
    return Finding(sentences, "E can be learned once G is trained", graded(works.all(), works[FRESH]))


# Few labels

OWN = {"D": ["D"], "E": ["E, last hidden layer", "E(x)"]}  # what the paper has hopes for
REPORTED = [
    ("M1 + TSVM: features of a VAE", "11.82", "4.24", "Kingma et al. (2014)"),
    ("TSVM", "", "5.38", "Kingma et al. (2014)"),
    ("Manifold tangent classifier", "", "3.64", "Kingma et al. (2014)"),
    ("Pseudo-label", "", "3.46", "Lee (2013)"),
    ("M1 + M2", "", "2.40", "Kingma et al. (2014)"),
    ("Virtual adversarial training", "1.36", "1.27", "Miyato et al. (2017)"),
    ("Ladder network", "1.06", "0.84", "Rasmus et al. (2015)"),
    ("GAN with feature matching", "0.93", "", "Salimans et al. (2016)"),
]  # error in percent with 100 and with 1,000 labels, as published
FEW_LABELS_NOTES = """\
- Error in percent on {images:,} test images: mean over {draws} draws of the labelled images ± their standard deviation. Which \
images are tested is chance too: ± {chance:.1f} at 10 %, but alike for all rows. ± of a difference has both.
- Multinomial logistic regression, C chosen by {folds}-fold cross-validation within the labels. Features are standardised by the \
training images, without labels; principal components keep their scale, because whitened they do worse on validation images.
- Controls are pixels, their principal components, and `untrained D`: D's layers as runs start with. Hidden units of other \
models, by the names of their experiments, are not: they were learned from images without labels too.
- Below, errors that others reported for **all of MNIST**, with up to 60,000 images without labels; most train a whole network \
on the labels, and none is of this protocol."""


def few_labels_chapter(asked: Extensions, report: Path = EXTENSIONS_REPORT) -> Chapter:
    """Classifiers with few labels."""
    runs = [ExtensionPaths(FEW_LABELS, seed, report) for seed in asked.seeds]
    rows = pd.concat([_read_table(run.errors).assign(seed=run.seed) for run in runs])
    wrong = sum(_read_table(run.images) for run in runs)
    tables = [each.to_markdown(index=False, disable_numparse=True) for each in (errors_table(rows), _reported())]
    images = rows["num_images"].iloc[0]
    chance = 100 * (0.1 * 0.9 / images) ** 0.5
    notes = FEW_LABELS_NOTES.format(images=images, draws=asked.few_labels.draws, folds=asked.few_labels.folds, chance=chance)
    finding = few_labels_finding(rows, wrong, asked.few_labels.compared)
    text = "\n\n".join([tables[0], str(finding), notes, tables[1]])
    return Chapter(FEW_LABELS, "Few labels: features of D and of E for a classifier", rows, text, [finding])


def _read_table(path: Path) -> pd.DataFrame:
    with reading(path):
        return pd.read_csv(path)


def errors_table(rows: pd.DataFrame) -> pd.DataFrame:
    """A row for each kind of features, a column for each number of labels: mean error over draws ± standard deviation."""
    cells = rows.pivot_table(index="features", columns="labels", values="error", aggfunc=_mean_and_deviation, sort=False)
    cells.columns = [f"{count:,} labels" for count in cells.columns]
    dimensions = rows.groupby("features", sort=False)["dimensions"].first().map("{:,}".format)
    return pd.concat([dimensions, cells], axis=1).reset_index()


def _mean_and_deviation(errors: pd.Series) -> str:
    return f"{errors.mean():.1f} ± {errors.std():.1f}"


def _reported() -> pd.DataFrame:
    return pd.DataFrame(REPORTED, columns=["reported for MNIST", "100 labels", "1,000 labels", "source"])


def few_labels_finding(rows: pd.DataFrame, wrong: pd.DataFrame, peers: Sequence[str] = ()) -> Finding:
    """Whether features improve on every control, by more than chance over draws and over test images, which all features share.

    peers: features that are no controls, because other models learned them. wrong: in how many draws each test image is
    misclassified, by features and number of labels.
    """
    sentences, improved = [], []
    for count, group in rows.groupby("labels", sort=False):
        errors = group.pivot_table(index=["seed", "draw"], columns="features", values="error", sort=False)
        for player, features in OWN.items():
            name = errors[features].mean().idxmin()
            gain = errors.drop(columns=[*OWN["D"], *OWN["E"], *peers]).sub(errors[name], axis=0)
            control = gain.mean().idxmin()
            apart = wrong[column(control, count)] - wrong[column(name, count)]
            least, chance = gain[control].mean(), Z * np.hypot(gain[control].sem(), 100 * apart.sem() / len(gain))
            improved.append(least > chance)
            points = f"{least:+.1f} ± {chance:.1f}".replace("-", "−")
            does = "improve" if least > chance else "do not measurably improve"
            sentences.append(
                f"With {count:,} labels, {player}'s features ({name}) {does} the classifier: {errors[name].mean():.1f} % against "
                f"{errors[control].mean():.1f} % of the best control, {control} ({points} points)"
            )
    ordered = [sentence for _, sentence in sorted(zip(improved, sentences, strict=True), key=lambda pair: not pair[0])]
    return Finding(ordered, "such features could improve classifiers", graded(all(improved), any(improved)))
