"""Whether results are as good as their reference, metric by metric, by the rules in ``gate.yaml``."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from scipy.stats import t as student_t

from adversarial_nets.core.errors import InputError
from adversarial_nets.parameters.section import Positive, Section
from adversarial_nets.regression.revisions import Results

WITHIN, BETTER, WORSE, NEW, MISSING, INCOMPARABLE = "within", "better", "worse", "new", "missing", "incomparable"
FAILING = (WORSE, MISSING, INCOMPARABLE)
MEASURES = ("absolute", "standard_errors", "seed_spread")


class Rule(Section):
    """What is better, and one measure of how far a metric may move."""

    better: Literal["higher", "lower", "neither"]
    absolute: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    standard_errors: Positive | None = None
    seed_spread: Annotated[float, Field(gt=0, lt=1)] | None = None

    @model_validator(mode="after")
    def _has_one_measure(self) -> "Rule":
        if sum(getattr(self, measure) is not None for measure in MEASURES) != 1:
            raise PydanticCustomError("one_measure", f"exactly one of {', '.join(MEASURES)} is needed here")
        return self

    def tolerance(self, reference: dict[str, float], num_seeds: float) -> float | None:
        """How far the mean over ``num_seeds`` may be from the reference's; None if the reference has one seed and cannot tell."""
        if self.absolute is not None:
            return self.absolute
        if self.standard_errors is not None:
            return self.standard_errors * reference["standard_error"]
        if "seed_std" not in reference:
            return None
        return prediction_margin(reference["seed_std"], reference["num_seeds"], num_seeds, self.seed_spread)

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


def prediction_margin(seed_std: float, num_reference_seeds: float, num_seeds: float, level: float) -> float:
    """How near the mean over new seeds lies, with this probability, to that over the reference's, if only seeds differ.

    Half of Student's prediction interval, from the sample standard deviation over the reference's seeds, in its unit.
    """
    quantile = student_t.ppf((1 + level) / 2, df=num_reference_seeds - 1)
    return float(quantile * seed_std * np.sqrt(1 / num_reference_seeds + 1 / num_seeds))


def judge(now: Results, reference: Results, rules: Rules) -> list[Judgement]:
    """A verdict for each judged metric of an experiment that either side has.

    If neither side has any, the log-likelihood is missing. Raises InputError for a metric that the rules do not name.
    """
    metrics = dict.fromkeys([*now.metrics, *reference.metrics]) or ["log_likelihood"]
    for metric in now.metrics.keys() - rules.judged.keys() - set(rules.not_judged):
        raise InputError(f"gate.yaml: does not say how to judge {metric}; add it under judged or not_judged")
    unlike = obstacles(now, reference, rules.comparable).items()
    reason = "; ".join(f"{name} is {after}, in the reference {before}" for name, (before, after) in unlike)
    return [_judge(metric, now.metrics, reference.metrics, rules, reason) for metric in metrics if metric not in rules.not_judged]


def _judge(metric: str, now: dict[str, float], reference: dict[str, float], rules: Rules, reason: str) -> Judgement:
    value, expected = now.get(metric), reference.get(metric)
    if value is None or expected is None:
        return Judgement(metric, MISSING if value is None else NEW, expected, value)
    if reason:
        return Judgement(metric, INCOMPARABLE, expected, value, reason=reason)
    rule = rules.judged[metric]
    tolerance = rule.tolerance(reference, now["num_seeds"])
    if tolerance is None and value != expected:
        unknown = "the reference has one seed, so how far chance reaches is not known; give it several"
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
