"""The page of the ablations: their table, their figure, how to read both, and what section 7 expects of them."""

from pathlib import Path

import pandas as pd
from scipy import stats

from adversarial_nets.diagnostics.ablations import GAME, LAST_EPOCHS, LAYERS, NOISE, PUBLISHED, other, saturation
from adversarial_nets.diagnostics.collapse import COLLAPSED, rate_interval
from adversarial_nets.parameters.project import Ablations
from adversarial_nets.report.captions import UNMEASURED, graded
from adversarial_nets.running import paths

VALIDATION = {
    "validation_log_likelihood": "validation, last weights (nats)",
    "average_validation_log_likelihood": "of the average",
}
MATTERS = 20  # nats: a sixth of the subset's score

NOTES = """\
- Seeds {seeds}. Means over the runs that finished, or over all if none did, ± their sample standard deviation. Each variant is \
`{experiment}` with another game, learning rate or generator; optimiser, epochs and the choice of the kept generator are the \
same for all.
- A run has collapsed if its last generator scores the validation images below the mean training image.
- An epoch is one pass of D over the training images: with k steps of D for each of G, G has a k-th of the updates.
- G's gradient is the Euclidean norm over all its weights and biases, before the optimiser makes a step of it: the mean over the \
first epoch's updates, or over the last {last} epochs'. Outputs of D are means over minibatches, with dropout as in training."""

OF_ADAM = """\
- Adam, if the experiment has it, divides a gradient by its own recent size, so that steps are hardly shorter if gradients are \
small: how minimax would do with momentum cannot be read off its likelihood then. For the same reason it hardly matters that \
`alternating` follows Algorithm 1 to the letter, whose objective of D is twice that of `simultaneous`, the published code."""

RACE = """\
D learns to tell samples from images before G can follow. Its lead is the mean of D(x) less that of D(G(z)) over an epoch. From \
lowest to highest over the runs."""

EFFICIENCY = (
    "Better coordination of G and D, or better distributions of z, could speed training up. {measured}. **Verdict: {verdict}.**"
)


def page(asked: Ablations, rows: pd.DataFrame, experiment: Path) -> str:
    """Markdown: the comparison of the variants; if minimax is one of them, the saturation that section 3 describes; of the
    subset, what section 7 expects.
    """
    compared, ahead, *saturated = findings(rows)
    notes = NOTES.format(seeds=", ".join(map(str, asked.seeds)), last=LAST_EPOCHS, experiment=experiment.as_posix())
    parts = [
        f"# What came of `{experiment.parent.as_posix()}/`",
        compared,
        "![Gradients of G, outputs of D and log-likelihoods by variant](ablations.png)",
        notes + (f"\n{OF_ADAM}" if saturated else ""),
        "## D's lead over G",
        ahead,
        RACE,
    ]
    if saturated:
        parts += ["## The saturation that section 3 describes", *saturated]
    if experiment == paths.ABLATED and other(rows, GAME) and other(rows, (NOISE,)):
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
    measured = f"beside the published game at as many epochs, in nats: {'; '.join(parts)} (95 % for all {number})"
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


def findings(rows: pd.DataFrame) -> list[str]:
    """What the page says of the table, in Markdown: the comparison, the race and, if minimax was tried, the saturation."""
    pairs = saturation(rows)
    shown = pairs.rename(columns=lambda name: name.replace("_", " ")).to_markdown(index=False, floatfmt=".2f")
    tables = [each.to_markdown(index=False, disable_numparse=True) for each in (comparison(rows), race(rows))]
    return [*tables, *([verdict(pairs), shown] if len(pairs) else [])]


def verdict(pairs: pd.DataFrame) -> str:
    """In one sentence, whether minimax had the smaller gradient."""
    smaller = int((pairs["minimax"] < pairs["non_saturating"]).sum())
    amount = "all" if smaller == len(pairs) else "none" if not smaller else f"only {smaller}"
    return f"Under minimax G's mean gradient in the first epoch was the smaller one in {amount} of {len(pairs)} pairs."


def comparison(rows: pd.DataFrame) -> pd.DataFrame:
    """A row for each variant, every cell a text: means over seeds, ± their sample standard deviation if there are several."""
    return pd.DataFrame([_compared(variant, seeds) for variant, seeds in rows.groupby("variant", sort=False)])


def _compared(variant: str, seeds: pd.DataFrame) -> dict[str, str]:
    one, finished = seeds.iloc[0], seeds[seeds["outcome"] != COLLAPSED]
    counted = finished if len(finished) else seeds
    return {
        "variant": variant,
        "game": one["game"],
        "learning rate": f"{one['learning_rate']:g}",
        "its decay": f"{one['learning_rate_decay']:.9g}",
        "k": f"{one['discriminator_steps']}",
        "G's objective": one["generator_objective"].replace("_", "-"),
        "z": one[NOISE],
        "layers of G": one[LAYERS],
        "updates of D": f"{one['discriminator_updates']:,}",
        "of G": f"{one['generator_updates']:,}",
        **{label: _mean(counted[f"{name}_end"], 1) for name, label in VALIDATION.items() if f"{name}_end" in seeds},
        "test (nats)": _mean(counted["log_likelihood"], 1),
        "collapsed (95 % interval)": rate(len(seeds) - len(finished), len(seeds)),
        "G's gradient, epoch 1": _mean(counted["gradient_norm_first"], 2),
        "last epochs": _mean(counted["gradient_norm_last"], 2),
        "D(x), epoch 1": _mean(counted["d_real_first"], 2),
        "D(G(z)), epoch 1": _mean(counted["d_fake_first"], 2),
        "D(x), last epochs": _mean(counted["d_real_last"], 2),
        "D(G(z)), last epochs": _mean(counted["d_fake_last"], 2),
    }


def rate(collapsed: int, started: int) -> str:
    """Of how many runs how many collapsed, with the interval of the probability."""
    low, high = rate_interval(collapsed, started)
    return f"{collapsed} of {started} ({100 * low:.0f} to {100 * high:.0f} %)"


def _mean(values: pd.Series, digits: int) -> str:
    spread = f" ± {values.std():.{digits}f}" if len(values) > 1 else ""
    return f"{values.mean():.{digits}f}{spread}".replace("-", "−")


def race(rows: pd.DataFrame) -> pd.DataFrame:
    """How far D gets ahead of G before G catches up, if it does: a row for each variant and outcome, every cell a text."""
    return pd.DataFrame(
        {
            "variant": variant,
            "runs": f"{len(runs)} {outcome}",
            "widest D(x) − D(G(z)) of an epoch": span(runs["widest_lead"], 4),
            "in epoch": span(runs["widest_lead_epoch"], 0),
            "G's gradient, last epoch": span(runs["gradient_norm_end"], 3),
        }
        for (variant, outcome), runs in rows.groupby(["variant", "outcome"], sort=False)
    )


def span(values: pd.Series, digits: int) -> str:
    """The lowest and the highest, or the only one."""
    low, high = (f"{end:.{digits}f}" for end in (values.min(), values.max()))
    return low if low == high else f"{low} to {high}"
