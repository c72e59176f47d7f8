"""Section 7's extensions: what a chapter has, and those of conditional generation and of completion."""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from adversarial_nets.core import files
from adversarial_nets.extensions import class_scores, completion_scores
from adversarial_nets.extensions.games import reading
from adversarial_nets.parameters.conditional import COMPLETION, TRAINING_IMAGES
from adversarial_nets.parameters.extensions import Extensions
from adversarial_nets.report.captions import HOLDS, UNMEASURED, graded
from adversarial_nets.running.paths import EXTENSIONS_REPORT, ExtensionPaths

Z = 1.96  # standard errors within which a difference is chance


@dataclass(frozen=True)
class Finding:
    """What was measured about something that the paper expects, in sentences of which the first one can stand alone; the
    expectation in words, and the verdict.
    """

    sentences: list[str]
    expectation: str
    verdict: str

    def __str__(self) -> str:
        """Markdown."""
        return f"{'. '.join(self.sentences)}. **The paper expects that {self.expectation}: {self.verdict}.**"


@dataclass(frozen=True)
class Chapter:
    """One extension: the name of its file, its title, the rows of its table, the Markdown below the title, and what of it
    follows for the paper's expectation: a finding for each model, or none.
    """

    name: str
    title: str
    rows: pd.DataFrame
    text: str
    findings: list[Finding]

    @property
    def measured(self) -> str:
        """The first finding's first sentence."""
        return self.findings[0].sentences[0] if self.findings else "there is no control"

    @property
    def verdict(self) -> str:
        """The findings': with limits if they differ, and one of them holds."""
        verdicts = {finding.verdict for finding in self.findings}
        return verdicts.pop() if len(verdicts) == 1 else graded(False, HOLDS in verdicts) if verdicts else UNMEASURED


def read_scores(name: str, seed: int, kind: type, report: Path = EXTENSIONS_REPORT) -> object:
    """What a run measured. Raises InputError if it is not there, or damaged."""
    with reading(ExtensionPaths(name, seed, report).scores) as path:
        return files.read(path, kind)


def _rows(runs: dict[str, list]) -> pd.DataFrame:
    """A row for each name and each of its scores; several of a name are seeds."""
    return pd.DataFrame([{"model": name, **asdict(scores)} for name, found in runs.items() for scores in found])


def _nats(mean: float, standard_error: float) -> str:
    return f"{mean:.1f} ± {standard_error:.1f}".replace("-", "−")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


# Conditional generation

CONDITIONAL_NOTES = """\
- *One window*: all samples, {samples:,} of each class, against all test images, as Mirza and Osindero scored (132 ± 1.8 on \
MNIST). It cannot tell whether the class is heeded.
- *Own class*: the samples of a class against the test images of that class alone, with one σ for all. It can.
- *Class asked for*: the share of samples that a classifier trained on real images puts into the class they were asked for. For \
training images, the share of test images that it puts into their own.
- *Accuracy*: of test images, by a classifier trained on {classified:,} samples of each row, and on all that it has.
- With shuffled labels, the control, the game is the same, but classes say nothing about images. A classifier that guesses has \
{chance:.0f} %."""


def conditional_chapter(asked: Extensions, report: Path = EXTENSIONS_REPORT) -> Chapter:
    """Conditional generation."""
    names = [TRAINING_IMAGES, *asked.conditional.variants]
    runs = {name: [read_scores(name, seed, class_scores.Scores, report) for seed in asked.seeds] for name in names}
    rows = _rows(runs)
    means = rows.groupby("model", sort=False).mean()
    table = pd.DataFrame([_conditional_row(name, row) for name, row in means.iterrows()])
    notes = CONDITIONAL_NOTES.format(
        samples=asked.conditional.samples_per_class,
        classified=int(means["num_samples"].min()),
        chance=100 / means.loc[names[1], "num_classes"],
    )
    figures = [f"`{name}`:\n\n![Samples of each class](runs/{name}/{asked.seeds[0]}/figure.png)" for name in names[1:]]
    controls = [name for name, variant in asked.conditional.variants.items() if variant.labels == "shuffled"]
    findings = conditional_findings(means, controls)
    parts = [table.to_markdown(index=False, disable_numparse=True), *map(str, findings), notes, *figures]
    title = "Conditional generation: p(x | c) by giving c to both players"
    return Chapter("conditional", title, rows, "\n\n".join(parts), findings)


def _conditional_row(name: str, row: pd.Series) -> dict[str, str]:
    is_real = name == TRAINING_IMAGES
    return {
        "samples": name.replace("_", " ") if is_real else f"`{name}`",
        "one window (nats)": _nats(row["log_likelihood"], row["standard_error"]),
        "own class (nats)": _nats(row["class_wise_log_likelihood"], row["class_wise_standard_error"]),
        "class asked for": _percent(row["accuracy_of_all" if is_real else "asked_share"]),
        "accuracy": _percent(row["accuracy"]),
        "of all samples": _percent(row["accuracy_of_all"]),
    }


def conditional_findings(means: pd.DataFrame, controls: list[str]) -> list[Finding]:
    """What follows for each model, from the rows of all by name, beside the first control; nothing if there is none."""
    models = means.drop([TRAINING_IMAGES, *controls]) if controls else means.iloc[:0]
    return [_heeds(name, row, means.loc[controls[0]], means.loc[TRAINING_IMAGES]) for name, row in models.iterrows()]


def _heeds(name: str, row: pd.Series, control: pd.Series, real: pd.Series) -> Finding:
    """Whether a model heeds the class more than a control does."""
    gain = row["class_wise_log_likelihood"] - control["class_wise_log_likelihood"]
    is_better = gain > Z * np.hypot(row["class_wise_standard_error"], control["class_wise_standard_error"])
    amount = f"{abs(gain):.0f} nats {'more' if gain > 0 else 'less'} likely"
    sentences = [
        f"`{name}`: {_percent(row['asked_share'])} of samples show the class asked for, against "
        f"{_percent(control['asked_share'])}; given its class, a test image is {amount} than under the control",
        f"A classifier that saw samples alone recognises {_percent(row['accuracy'])} of test images, one that saw as many real "
        f"images {_percent(real['accuracy'])}",
    ]
    verdict = graded(is_better and row["asked_share"] > real["accuracy_of_all"] / 2, is_better)
    return Finding(sentences, "this gives p(x | c)", verdict)


# Completion

COMPLETION_NOTES = """\
- *Missing pixels*: their log-likelihood given the seen ones, under a window of completions of that image; σ by validation for \
each row.
- *Error*: mean square per missing pixel, of one completion and of the mean of all.
- *Distance* of a completion to the image and to another completion, Euclidean over the missing pixels. Draws from p(missing | \
seen) would have both equal; 0 from one another means that noise changes nothing.
- *Accuracy* of a classifier of real images on completed images. It has {original} on the images themselves; on those with the \
missing pixels black: {occluded}.
- *Given another image*: the control, completions that were made for the seen pixels of another image."""


def completion_chapter(asked: Extensions, report: Path = EXTENSIONS_REPORT) -> Chapter:
    """Completion of images."""
    found = [scores for seed in asked.seeds for scores in read_scores(COMPLETION, seed, list[completion_scores.Scores], report)]
    rows = pd.DataFrame([asdict(scores) for scores in found])
    means = rows.groupby(["kind", "method"], sort=False).mean().reset_index()
    table = pd.DataFrame([_completion_row(row) for _, row in means.iterrows()])
    first = means.drop_duplicates("kind")
    occluded = ", ".join(
        f"{kind} {_percent(share)}" for kind, share in zip(first["kind"], first["accuracy_of_occluded"], strict=True)
    )
    notes = COMPLETION_NOTES.format(original=_percent(first["accuracy_of_original"].iloc[0]), occluded=occluded)
    figure = f"![Completions of some images, for each kind of missing pixels](runs/{COMPLETION}/{asked.seeds[0]}/figure.png)"
    finding = completion_finding(means)
    parts = [table.to_markdown(index=False, disable_numparse=True), str(finding), notes, figure]
    title = "Completion: all conditionals p(x_S | x_rest) by one generator"
    return Chapter("completion", title, rows, "\n\n".join(parts), [finding])


def _completion_row(row: pd.Series) -> dict[str, str]:
    return {
        "missing": row["kind"],
        "completed by": row["method"],
        "missing pixels (nats)": _nats(row["log_likelihood"], row["standard_error"]),
        "error of one": f"{row['error']:.4f}",
        "of the mean": f"{row['error_of_mean']:.4f}",
        "distance to the image": f"{row['distance']:.2f}",
        "to another completion": f"{row['diversity']:.2f}" if row["num_completions"] > 1 else "",
        "accuracy": _percent(row["accuracy"]),
    }


def completion_finding(means: pd.DataFrame) -> Finding:
    """What follows for the paper's expectation, from the mean scores of each kind and method."""
    wide = means.pivot_table(index="kind", columns="method", values="log_likelihood", sort=False)
    own, rest = wide[completion_scores.GENERATOR], wide.drop(columns=[completion_scores.GENERATOR, completion_scores.OTHER])
    better, heeded = own.gt(rest.max(axis=1)), own.gt(wide[completion_scores.OTHER])
    above_mean = own.gt(wide["mean training image"]).mean() > 0.5
    mine, control = (means[means["method"] == each] for each in (completion_scores.GENERATOR, completion_scores.OTHER))
    ratio = (mine["diversity"] / mine["distance"]).mean()
    accuracy = [_percent(each.mean()) for each in (mine["accuracy"], control["accuracy"], mine["accuracy_of_occluded"])]
    sentences = [
        f"By log-likelihood of the missing pixels the generator is better than every other row for {better.sum()} of {len(own)} "
        f"kinds, and better than when it was given another image for {heeded.sum()}",
        f"Its completions differ from one another by {ratio:.2f} of their distance to the image",
        "A classifier recognises {} of completed images, {} of those completed for another image, {} of occluded ones".format(
            *accuracy
        ),
    ]
    verdict = graded(heeded.all() and better.all(), heeded.all() and above_mean)
    return Finding(sentences, "one family of models does this", verdict)
