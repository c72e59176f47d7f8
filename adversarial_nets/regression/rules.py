"""Whether results are as good as their reference, metric by metric, by the rules in ``gate.yaml``."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from scipy.stats import fisher_exact
from scipy.stats import t as student_t

from adversarial_nets.core.errors import InputError
from adversarial_nets.parameters.section import Positive, Section
from adversarial_nets.regression.revisions import Results

WITHIN, BETTER, WORSE, NEW, MISSING, INCOMPARABLE = "within", "better", "worse", "new", "missing", "incomparable"
FAILING = (WORSE, MISSING, INCOMPARABLE)
MEASURES = ("absolute", "standard_errors", "seed_spread", "count")
FEWEST = 3  # seeds that a spread can be known from, and that are paired


class Rule(Section):
    """What is better, and one measure of how far a metric may move; for ``count``, a metric that is a number of runs."""

    better: Literal["higher", "lower", "neither"]
    absolute: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    standard_errors: Positive | None = None
    seed_spread: Annotated[float, Field(gt=0, lt=1)] | None = None
    count: Annotated[float, Field(gt=0, lt=1)] | None = None

    @model_validator(mode="after")
    def _has_one_measure(self) -> "Rule":
        if sum(getattr(self, measure) is not None for measure in MEASURES) != 1:
            raise PydanticCustomError("one_measure", f"exactly one of {', '.join(MEASURES)} is needed here")
        return self

    def tolerance(self, both: "Means") -> float | None:
        """How far the mean may be from the reference's; None if the reference has too few seeds to tell."""
        if self.absolute is not None:
            return self.absolute
        if self.standard_errors is not None:
            return self.standard_errors * both.reference["standard_error"]
        return both.margin(self.seed_spread)

    def count_verdict(self, num: tuple[float, float], of: tuple[float, float]) -> str:
        """Of a number of runs in the reference and now, out of how many: by Fisher's exact test, one-sided."""
        table = [[num[1], of[1] - num[1]], [num[0], of[0] - num[0]]]
        for side, difference in (("greater", 1), ("less", -1)):
            if fisher_exact(table, alternative=side).pvalue < 1 - self.count:
                return self.verdict(difference, 0)
        return WITHIN

    def verdict(self, difference: float, tolerance: float) -> str:
        """Within, better or worse, of the value less the reference."""
        if abs(difference) <= tolerance:
            return WITHIN
        return BETTER if {"higher": difference > 0, "lower": difference < 0, "neither": False}[self.better] else WORSE


class Comparable(Section):
    """Metrics and parameters, or sections of them, that two results must share."""

    metrics: list[str]
    parameters: list[str]


class Rules(Section):
    """The whole of ``gate.yaml``."""

    comparable: Comparable
    judged: dict[str, Rule]
    not_judged: list[str]


@dataclass(frozen=True)
class Judgement:
    """A metric's verdict and the numbers that it rests on, in the metric's own unit."""

    metric: str
    verdict: str
    reference: float | None
    value: float | None
    tolerance: float | None = None
    reason: str = ""


def paired_seeds(one: Results, other: Results, metric: str = "log_likelihood") -> list[int]:
    """The seeds that both sides have a metric of, if they are enough to be paired."""
    shared = sorted(one.by_seed.get(metric, {}).keys() & other.by_seed.get(metric, {}).keys())
    return shared if len(shared) >= FEWEST else []


@dataclass(frozen=True)
class Means:
    """A metric's means over seeds on both sides: of the seeds that both have, if those are enough, otherwise of all.

    ``reference``, ``now``: the sides' metrics; ``shared``: the differences, now less reference, of the paired seeds (k,).
    """

    reference: dict[str, float]
    now: dict[str, float]
    values: tuple[float, float]
    shared: np.ndarray

    @classmethod
    def of(cls, metric: str, reference: Results, now: Results) -> "Means":
        """From two results that both have the metric."""
        if not (seeds := paired_seeds(reference, now, metric)):
            return cls(reference.metrics, now.metrics, (reference.metrics[metric], now.metrics[metric]), np.empty(0))
        pairs = np.array([[side.by_seed[metric][seed] for side in (reference, now)] for seed in seeds])
        return cls(reference.metrics, now.metrics, tuple(pairs.mean(axis=0).tolist()), pairs[:, 1] - pairs[:, 0])

    def margin(self, level: float) -> float | None:
        """How far apart the two may be, with this probability, if only chance differs; None if the reference has too few seeds.

        Student's: by the reference's spread over its seeds and, if seeds are paired and it is less, by the spread of their
        differences. Neither spread is taken for less than that over draws of samples.
        """
        count, draws = self.reference["num_seeds"], self.reference.get("draw_std", 0.0)
        if count < FEWEST:
            return None
        paired, spread = len(self.shared), max(self.reference["seed_std"], draws)
        sizes = (paired, paired) if paired else (count, self.now["num_seeds"])
        margins = [student_margin(spread * np.sqrt(1 / sizes[0] + 1 / sizes[1]), count - 1, level)]
        if paired:
            spread = max(self.shared.std(ddof=1), draws * np.sqrt(2))
            margins.append(student_margin(spread / np.sqrt(paired), paired - 1, level))
        return min(margins)


def student_margin(standard_error: float, freedom: float, level: float) -> float:
    """Half of Student's interval for a mean whose standard error was estimated with so many degrees of freedom."""
    return float(student_t.ppf((1 + level) / 2, df=freedom) * standard_error)


def judge(now: Results, reference: Results, rules: Rules) -> list[Judgement]:
    """A verdict for each judged metric of an experiment that either side has.

    If neither side has any, the log-likelihood is missing. Raises InputError for a metric that the rules do not name.
    """
    metrics = dict.fromkeys([*now.metrics, *reference.metrics]) or ["log_likelihood"]
    for metric in now.metrics.keys() - rules.judged.keys() - set(rules.not_judged):
        raise InputError(f"gate.yaml: does not say how to judge {metric}; add it under judged or not_judged")
    unlike = obstacles(now, reference, rules.comparable).items()
    reason = "; ".join(f"{name} is {after}, in the reference {before}" for name, (before, after) in unlike)
    return [_judge(metric, now, reference, rules, reason) for metric in metrics if metric not in rules.not_judged]


def _judge(metric: str, now: Results, reference: Results, rules: Rules, reason: str) -> Judgement:
    value, expected = now.metrics.get(metric), reference.metrics.get(metric)
    if value is None or expected is None:
        return Judgement(metric, MISSING if value is None else NEW, expected, value)
    if reason:
        return Judgement(metric, INCOMPARABLE, expected, value, reason=reason)
    rule = rules.judged[metric]
    if rule.count is not None:
        started = reference.metrics["num_started"], now.metrics["num_started"]
        return Judgement(metric, rule.count_verdict((expected, value), started), expected, value)
    return _judge_mean(metric, Means.of(metric, reference, now), rule)


def _judge_mean(metric: str, both: Means, rule: Rule) -> Judgement:
    expected, value = both.values
    tolerance = rule.tolerance(both)
    if tolerance is None and value != expected:
        unknown = f"the reference has fewer than {FEWEST} seeds, so how far chance reaches is not known"
        return Judgement(metric, INCOMPARABLE, expected, value, reason=unknown)
    return Judgement(metric, rule.verdict(value - expected, tolerance or 0), expected, value, tolerance)


def obstacles(now: Results, reference: Results, comparable: Comparable) -> dict[str, tuple[Any, Any]]:
    """What keeps two results from being compared, by name: its value in the reference, and now."""
    metrics = differing(*({name: side.metrics.get(name) for name in comparable.metrics} for side in (reference, now)))
    parameters = differing(reference.parameters, now.parameters)
    sections = tuple(f"{path}." for path in comparable.parameters)
    return metrics | {path: values for path, values in parameters.items() if f"{path}.".startswith(sections)}


def differing(one: dict[str, Any], other: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Parameters that two sides do not share, by path; None if a side has no such parameter."""
    return {path: (one.get(path), other.get(path)) for path in dict.fromkeys([*one, *other]) if one.get(path) != other.get(path)}
