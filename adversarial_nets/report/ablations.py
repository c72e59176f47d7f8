"""The page of the ablations: their table, their figure, how to read both, and what section 7 expects of them."""

import pandas as pd
from scipy import stats

from adversarial_nets.diagnostics.ablations import GAME, LAST_EPOCHS, NOISE, PUBLISHED, findings, other
from adversarial_nets.parameters.project import Ablations
from adversarial_nets.report.captions import UNMEASURED, graded

GAIN = 20  # nats that a better game or z should gain; fewer runs than show so much decide nothing

NOTES = """\
- Means over seeds {seeds}, ± their sample standard deviation. Each variant is `ablations/experiment.yaml` with another \
game or another generator; optimiser, learning rate, epochs and the choice of the kept generator are the same for all.
- A run has collapsed if its last generator scores the validation images below the mean training image.
- An epoch is one pass of D over the training images: with k steps of D for each of G, G has a k-th of the updates.
- G's gradient is the Euclidean norm over all its weights and biases, before the optimiser makes a step of it: the mean over the \
first epoch's updates, or over the last {last} epochs'. Outputs of D are means over minibatches, with dropout as in training.
- Adam divides a gradient by its own recent size, so that steps are hardly shorter if gradients are small: how minimax would do \
with the paper's momentum cannot be read off its likelihood here. For the same reason it hardly matters that `alternating` \
follows Algorithm 1 to the letter, whose objective of D is twice that of `simultaneous`, the published code."""


def page(asked: Ablations, rows: pd.DataFrame) -> str:
    """Markdown: the comparison of the variants and, if minimax is one of them, the saturation that section 3 describes."""
    comparison, *saturation = findings(rows)
    parts = [
        "# Ablations of Algorithm 1's choices, and of the generator",
        comparison,
        "![Gradients of G, outputs of D and log-likelihoods by variant](ablations.png)",
        NOTES.format(seeds=", ".join(map(str, asked.seeds)), last=LAST_EPOCHS),
    ]
    if saturation:
        parts += ["## The saturation that section 3 describes", *saturation]
    return "\n\n".join(parts) + "\n"


def efficiency(rows: pd.DataFrame) -> tuple[str, str]:
    """Whether another game, or another z, is better: what was measured, in words, and the verdict (section 7)."""
    tried = {"coordination": other(rows, GAME), "noise": other(rows, (NOISE,))}
    if not all(tried.values()):
        return "no variant has another distribution of z yet", UNMEASURED
    found = {kind: best(gains(rows, names)) for kind, names in tried.items()}
    parts = [
        f"of {len(tried[kind])} of {kind} the best is `{name}`, {(low + high) / 2:+.1f} nats ({low:+.1f} to {high:+.1f})"
        for kind, (name, low, high) in found.items()
    ]
    measured = f"tried on the subset, beside the published game at as many epochs: {'; '.join(parts)}; 95 % for the best of all"
    helps, may_help = [low > 0 for _, low, _ in found.values()], any(high > GAIN for *_, high in found.values())
    if may_help and not any(helps):
        return f"{measured}: too few seeds to tell".replace("-", "−"), UNMEASURED
    return measured.replace("-", "−"), graded(all(helps), any(helps))


def gains(rows: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Log-likelihoods in nats less those of the published game with the same seed: a column for each variant."""
    by_seed = rows.pivot_table("log_likelihood", "seed", "variant")
    return by_seed[names].sub(by_seed[PUBLISHED], axis=0)


def best(gained: pd.DataFrame) -> tuple[str, float, float]:
    """The variant that gains most beyond chance, or loses least: its name, and the ends of Student's interval of its mean gain in
    nats, paired by seed, at 95 % for the best of all (Bonferroni).
    """
    level = 1 - 0.05 / gained.shape[1]
    intervals = {name: stats.ttest_1samp(each, 0).confidence_interval(level) for name, each in gained.items()}
    name = max(intervals, key=lambda each: intervals[each].low)
    return name, float(intervals[name].low), float(intervals[name].high)
