"""What the paper says that can be measured, each statement with a verdict: reports/claims.csv and reports/claims.md.

Verdicts follow from committed files by rules that stand here beside them. Nothing is trained or scored.
"""

import argparse
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from adversarial_nets.core import files
from adversarial_nets.core.errors import InputError, exit_status, one_line
from adversarial_nets.regression import verdicts
from adversarial_nets.report.captions import HOLDS, LIMITED, UNMEASURED, VERDICTS
from adversarial_nets.running import paths

COLUMNS = ["section", "the paper says", "measured here", "verdict", "from", "made by"]


@dataclass(frozen=True)
class Claim:
    """A statement of the paper in other words, the rule for its verdict, the committed file it comes from, what makes that anew.

    ``judge``: the finding, of the file. Without a file a claim is not measured, for the reason ``missing``.
    """

    name: str
    section: str
    statement: str
    missing: str = "no reference of it here"
    rule: str = ""
    source: Path | None = None
    command: str = ""
    judge: Callable[[Path], verdicts.Finding] | None = None

    def row(self) -> dict[str, str]:
        """Every cell a text. Raises InputError if a file that the verdict needs is damaged or lacks something."""
        is_there = self.source is not None and self.source.exists()
        try:
            measured, verdict = self.judge(self.source) if is_there else (self.missing, UNMEASURED)
        except (OSError, LookupError, ValueError, TypeError) as error:
            what = f"claim {self.name}: cannot be judged by {self.source} and the files beside it"
            reason = f"{type(error).__name__}: {one_line(error)}"
            raise InputError(f"{what} ({reason}); restore them with git or `make reference`") from None
        made = (self.source.as_posix(), self.command) if is_there else ("", "")
        cells = [self.section, self.statement, measured, verdict, *made]
        return {"name": self.name, **dict(zip(COLUMNS, cells, strict=True)), "rule": self.rule}


OF_MNIST = paths.REFERENCES / verdicts.PUBLISHED
REPRO, MNIST = "make repro", f"dvc exp run -S 'suite=[{verdicts.PUBLISHED},{verdicts.AVERAGED}]'"
OTHERS = "mnist_deep_belief_network,mnist_contractive_autoencoder,mnist_generative_stochastic_network_abridged"
OF_THEORY, OF_OVERFITTING, OF_ABLATIONS, OF_EXTENSIONS = (
    {"source": source, "command": command, "missing": f"`{command}` has not been run"}
    for source, command in (
        (paths.THEORY_METRICS, REPRO),
        (paths.OVERFITTING_TABLE, REPRO),
        (paths.ABLATIONS_TABLE, "make ablations"),
        (paths.EXTENSIONS_FINDINGS, "make extensions"),
    )
)

CLAIMS = [
    Claim(
        "gradients",
        "3",
        "Early in learning log(1 − D(G(z))) saturates; ascending log D(G(z)) gives much stronger gradients.",
        rule="the gradient is larger in each pair of runs; with limits: in most",
        judge=verdicts.gradients,
        **OF_ABLATIONS,
    ),
    Claim(
        "overfitting",
        "3",
        "Optimising D to completion on a finite data set would overfit.",
        rule="D's lead on training over held-out images grows by more than 2 standard errors, and its cost on samples and "
        "held-out images rises in the end; with limits: the first; not measured: neither, and D is right on less than 99 %",
        judge=verdicts.overfitting,
        **OF_OVERFITTING,
    ),
    Claim(
        "figure_1",
        "3, Figure 1",
        "The game ends with p_g = p_data and D(x) = ½.",
        rule="the divergence falls to a thousandth; with limits: to a tenth",
        judge=verdicts.figure_1,
        **OF_THEORY,
    ),
    Claim(
        "proposition_1",
        "4.1",
        "For a fixed G the optimal D is p_data / (p_data + p_g).",
        rule="no deviation exceeds 0.02",
        judge=verdicts.proposition_1,
        **OF_THEORY,
    ),
    Claim(
        "theorem_1",
        "4.1",
        "C(G) = −log 4 + 2·JSD(p_data, p_g); its minimum, −log 4, is reached only at p_g = p_data.",
        rule="the sides agree to 10⁻³ nats; C(G) is within 10⁻⁶ nats of −log 4 there, and above that elsewhere",
        judge=verdicts.theorem_1,
        **OF_THEORY,
    ),
    Claim(
        "proposition_2",
        "4.2",
        "If D is optimal at each step and p_g improves the criterion, p_g converges to p_data.",
        rule="no step raises C(G), which ends within 10⁻³ nats of −log 4",
        judge=verdicts.proposition_2,
        **OF_THEORY,
    ),
    Claim(
        "number",
        "5, Table 1",
        "On MNIST adversarial nets score 225 ± 2 nats.",
        rule="the last weights of the published recipe reach the number, but for chance; with limits: averaged weights do, with "
        "at least 0.95 of the test images' spread of pixels",
        source=paths.REFERENCES / verdicts.AVERAGED / paths.BLUR,
        command=MNIST,
        judge=verdicts.number,
    ),
    Claim(
        "order",
        "5, Table 1",
        "On MNIST adversarial nets score above deep GSN, DBN and stacked CAE, in this order.",
        rule="the order is the same, by the best recipe of each model; with limits: adversarial nets are first",
        source=paths.REFERENCES,
        command=f"{MNIST} -S 'baselines=[{OTHERS}]'",
        judge=verdicts.order,
    ),
    Claim(
        "high_dimensions",
        "5",
        "The Parzen-window estimate has somewhat high variance and does not do well in high dimensions.",
        rule="error and spread over draws grow with the dimensions, both beyond a nat; with limits: the error alone is beyond",
        source=paths.KNOWN_DENSITY_TABLE,
        command=REPRO,
        judge=verdicts.high_dimensions,
    ),
    Claim(
        "markov_chains",
        "5, 6",
        "No Markov chain is needed: samples are independent.",
        rule="the states of each other model's chains are worth fewer independent samples than as many of adversarial nets; with "
        "limits: of two of the three",
        source=paths.TABLE,
        command=REPRO,
        judge=verdicts.markov_chains,
    ),
    Claim(
        "sharpness",
        "6",
        "Adversarial nets can represent very sharp distributions.",
        rule="spread of pixels and gradient are at least 0.95 of the test images', with the last weights and with averaged ones; "
        "with limits: with either",
        source=OF_MNIST / paths.BLUR,
        command=MNIST,
        judge=verdicts.sharpness,
    ),
    Claim(
        "copying",
        "6",
        "Inputs are not copied into G's parameters.",
        rule="samples are no nearer to training images than test images are, at four quantiles; with limits: by at most 5 %",
        source=OF_MNIST / paths.COPYING,
        command=MNIST,
        judge=verdicts.copying,
    ),
    Claim(
        "helvetica",
        "6",
        "G must not be trained too much without updating D, or it maps too many z to the same x.",
        rule="most samples are near-duplicates, and the class entropy halves; with limits: near-duplicates double, and it falls",
        source=OF_MNIST / paths.HELVETICA,
        command=MNIST,
        judge=verdicts.helvetica,
    ),
    Claim(
        "any_generator",
        "6",
        "Any differentiable function can be G.",
        rule="two other generator networks or more take off in every run (they do not collapse), and score within "
        f"{verdicts.MATTERS} nats of the experiment's own or above; with limits: they take off, or it is one network",
        judge=verdicts.any_generator,
        **OF_ABLATIONS,
    ),
    Claim(
        "conditional",
        "7",
        "Adding c to both players gives a conditional model of x given c.",
        rule="given the class, test images are likelier than with shuffled labels, beyond chance, and samples show the class "
        "asked for more than half as often as real images; with limits: the first alone, or one of the models",
        judge=partial(verdicts.extension, "conditional"),
        **OF_EXTENSIONS,
    ),
    Claim(
        "inference",
        "7",
        "An auxiliary network can learn to predict z from x.",
        rule="G(E(x)) is nearer to x than the nearest training image, for samples and for test images; with limits: for samples",
        judge=partial(verdicts.extension, "inference"),
        **OF_EXTENSIONS,
    ),
    Claim(
        "completion",
        "7",
        "One can model all conditionals of parts of x given the rest.",
        rule="missing pixels are likelier than given another image's seen ones and than by every other way, of all kinds; with "
        "limits: than given another image's, and for most kinds than by the mean image",
        judge=partial(verdicts.extension, "completion"),
        **OF_EXTENSIONS,
    ),
    Claim(
        "few_labels",
        "7",
        "Features from D, or from an inference net, could improve classifiers with few labels.",
        rule="they lower the error more than chance beside every control, D's and E's, with 100 and with 1,000 labels; with "
        "limits: in one of these cases",
        judge=partial(verdicts.extension, "few_labels"),
        **OF_EXTENSIONS,
    ),
    Claim(
        "efficiency",
        "7",
        "Better coordination of G and D, or better z, could speed training up.",
        rule="at as many epochs a game and a distribution of z score higher beyond chance (paired, 95 %); with limits: either; "
        f"not measured: neither, and an interval reaches {verdicts.MATTERS} nats",
        judge=verdicts.efficiency,
        **OF_ABLATIONS,
    ),
]


def table() -> pd.DataFrame:
    """A row for each claim, from what is committed here: every cell a text."""
    return pd.DataFrame([claim.row() for claim in CLAIMS])


def read(source: Path | io.BytesIO) -> pd.DataFrame:
    """The rows of a ``claims.csv``."""
    return pd.read_csv(source, dtype=str, keep_default_na=False)


def lost(before: pd.DataFrame, now: pd.DataFrame) -> list[str]:
    """Of claims that held, with limits or without, those whose verdict is worse now, in words.

    One not measured now, as the last run was of other models or has too few seeds, is not lost; one without its file is.
    """
    rank = {verdict: len(VERDICTS) - place for place, verdict in enumerate(VERDICTS)}
    judged = now[(now["verdict"] != UNMEASURED) | (now["from"] == "")]
    skipped = set(now["name"]) - set(judged["name"])
    verdicts_now = dict(zip(judged["name"], judged["verdict"], strict=True))
    held = before[before["verdict"].isin([HOLDS, LIMITED]) & ~before["name"].isin(skipped)]
    pairs = [(row.name, row.verdict, verdicts_now.get(row.name, UNMEASURED)) for row in held.itertuples(index=False)]
    return [f"claim {name} is worse: {after}; before: {verdict}" for name, verdict, after in pairs if rank[after] < rank[verdict]]


def summary(claims: pd.DataFrame) -> str:
    """How many claims have each verdict, in one line."""
    counts = claims["verdict"].value_counts()
    return f"{len(claims)} claims: " + ", ".join(f"{verdict} {counts.get(verdict, 0)}" for verdict in VERDICTS)


def to_markdown(claims: pd.DataFrame) -> str:
    """``claims.md``: the verdicts, and the rules that they follow from."""
    rules = [f"- **{row.name}**: {row.rule}." for row in claims.itertuples(index=False) if row.rule]
    shown = claims[COLUMNS].assign(verdict="**" + claims["verdict"] + "**")
    parts = [
        "# The paper, claim by claim",
        f"{summary(claims)}. `make claims` writes this page from committed files, and `make verify` holds it to them.",
        shown.to_markdown(index=False, disable_numparse=True),
        "## Rules\n\nA claim holds, or holds with limits, if:",
        "\n".join(rules),
    ]
    return "\n\n".join(parts) + "\n"


def write() -> None:
    """The table as CSV and as Markdown, and print how many claims hold."""
    claims = table()
    files.write_csv(paths.CLAIMS, claims)
    files.write_text(paths.CLAIMS_TEXT, to_markdown(claims))
    print(summary(claims))


def main() -> None:
    """Write the claims; there are no arguments."""
    parser = argparse.ArgumentParser(prog="python -m adversarial_nets.regression.claims", description=__doc__.split("\n\n")[0])
    with exit_status():
        parser.parse_args()
        write()


if __name__ == "__main__":
    main()
