"""The page of the ablations: their table, their figure, how to read both, and what section 7 expects of them."""

from pathlib import Path

import pandas as pd
from scipy import stats

from adversarial_nets.diagnostics.ablations import GAME, LAST_EPOCHS, NOISE, PUBLISHED, findings, other
from adversarial_nets.parameters.project import Ablations
from adversarial_nets.report.captions import UNMEASURED, graded

MATTERS = 20  # nats: a sixth of the subset's score

NOTES = """\
- Means over seeds {seeds}, ± their sample standard deviation. Each variant is `{experiment}` with another \
game, learning rate or generator; optimiser, epochs and the choice of the kept generator are the same for all.
- A run has collapsed if its last generator scores the validation images below the mean training image.
- An epoch is one pass of D over the training images: with k steps of D for each of G, G has a k-th of the updates.
- G's gradient is the Euclidean norm over all its weights and biases, before the optimiser makes a step of it: the mean over the \
first epoch's updates, or over the last {last} epochs'. Outputs of D are means over minibatches, with dropout as in training.
- Adam divides a gradient by its own recent size, so that steps are hardly shorter if gradients are small: how minimax would do \
with the paper's momentum cannot be read off its likelihood here. For the same reason it hardly matters that `alternating` \
follows Algorithm 1 to the letter, whose objective of D is twice that of `simultaneous`, the published code."""

RACE = """\
D learns to tell samples from images before G can follow. In runs that finish G catches up: the lead of D, the mean of D(x) less \
that of D(G(z)) over an epoch, is widest in an early epoch. In runs that collapse it stays near 1. A lead of 1 alone gives a \
strong gradient under the non-saturating objective; G's gradient vanishes where its pixels do not depend on z any more."""

EFFICIENCY = (
    "Better coordination of G and D, or better distributions of z, could speed training up. {measured}. **Verdict: {verdict}.**"
)


def page(asked: Ablations, rows: pd.DataFrame, experiment: Path) -> str:
    """Markdown: the comparison of the variants and, if minimax is one of them, the saturation that section 3 describes."""
    comparison, race, *saturation = findings(rows)
    parts = [
        "# Ablations of Algorithm 1's choices, and of the generator",
        comparison,
        "![Gradients of G, outputs of D and log-likelihoods by variant](ablations.png)",
        NOTES.format(seeds=", ".join(map(str, asked.seeds)), last=LAST_EPOCHS, experiment=experiment.as_posix()),
        "## The race that decides collapse",
        race,
        RACE,
    ]
    if saturation:
        parts += ["## The saturation that section 3 describes", *saturation]
    if other(rows, GAME) and other(rows, (NOISE,)):
        measured, verdict = efficiency(rows)
        parts += ["## What section 7 expects", EFFICIENCY.format(measured=measured[0].upper() + measured[1:], verdict=verdict)]
    return "\n\n".join(parts) + "\n"


def efficiency(rows: pd.DataFrame) -> tuple[str, str]:
    """Whether another game, or another z, is better: what was measured, in words, and the verdict (section 7)."""
    tried = {"games": other(rows, GAME), "distributions of z": other(rows, (NOISE,))}
    if missing := [kind for kind, names in tried.items() if not names]:
        return f"no variant has other {' and '.join(missing)} yet", UNMEASURED
    if rows["seed"].nunique() < 2:
        return "one seed tells nothing about chance", UNMEASURED
    number = sum(map(len, tried.values()))
    found = {kind: intervals(gains(rows, names), number) for kind, names in tried.items()}
    best = [(kind, each.loc[each["low"].idxmax()]) for kind, each in found.items()]
    parts = [
        f"of {len(found[kind])} {kind} `{row.name}` gains {row['mean']:+.1f} ({row['low']:+.1f} to {row['high']:+.1f})"
        for kind, row in best
    ]
    measured = f"on the subset, beside the published game at as many epochs, in nats: {'; '.join(parts)} (95 % for all {number})"
    helps, may_help = [row["low"] > 0 for _, row in best], any((each["high"] > MATTERS).any() for each in found.values())
    verdict = UNMEASURED if may_help and not any(helps) else graded(all(helps), any(helps))
    return (measured + ": too few seeds to tell" * (verdict == UNMEASURED)).replace("-", "−"), verdict


def gains(rows: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Log-likelihoods in nats less those of the published game with the same seed: a column for each variant."""
    by_seed = rows.pivot_table("log_likelihood", "seed", "variant")
    return by_seed[names].sub(by_seed[PUBLISHED], axis=0)


def intervals(gained: pd.DataFrame, number: int) -> pd.DataFrame:
    """Mean gain in nats of each variant, and the ends of Student's interval, paired by seed, at 95 % for ``number`` together
    (Bonferroni).
    """
    ends = stats.ttest_1samp(gained, 0).confidence_interval(1 - 0.05 / number)
    return pd.DataFrame({"mean": gained.mean(), "low": ends.low, "high": ends.high})
