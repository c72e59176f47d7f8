"""The page of the extensions: verdicts follow from the numbers."""

import pandas as pd
import pytest

from adversarial_nets.extensions.completion_scores import CHAIN, GENERATOR, OTHER
from adversarial_nets.extensions.masks import KINDS
from adversarial_nets.report.extensions import Chapter, Finding, completion_finding, conditional_findings
from adversarial_nets.report.section_7 import efficiency, findings


def models(own: float, control: float) -> pd.DataFrame:
    """Means of training images, a model and a control with these class-wise log-likelihoods, ± 3."""
    rows = {"training_images": (150.0, 1.0, 0.9), "appended": (own, 0.8, 0.7), "shuffled_labels": (control, 0.1, 0.1)}
    columns = ["class_wise_log_likelihood", "asked_share", "accuracy"]
    means = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return means.assign(class_wise_standard_error=3.0, accuracy_of_all=means["accuracy"])


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (120.0, "40 nats more likely than under the control. .*p\\(x | c\\): holds"),
        (85.0, "5 nats more likely .*does not hold here"),
        (70.0, "10 nats less likely .*does not hold here"),
    ],
)
def test_a_model_heeds_the_class_if_it_is_better_than_the_control_by_more_than_chance(own: float, words: str) -> None:
    [text] = map(str, conditional_findings(models(own, 80.0), ["shuffled_labels"]))
    for part in words.split(".*"):
        assert part.replace("\\", "") in text
    assert "80.0 % of samples show the class asked for, against 10.0 %" in text


def test_a_model_that_heeds_the_class_seldom_holds_with_limits() -> None:
    seldom = models(120.0, 80.0)
    seldom.loc["appended", "asked_share"] = 0.3
    [finding] = conditional_findings(seldom, ["shuffled_labels"])
    assert finding.verdict == "holds with limits"


def test_without_a_control_nothing_is_concluded() -> None:
    assert conditional_findings(models(120.0, 80.0).drop("shuffled_labels"), []) == []
    assert Chapter("conditional", "", pd.DataFrame(), "", []).verdict == "not measured"


@pytest.mark.parametrize(
    ("own", "verdict"),
    [
        (50.0, "every other row for 4 of 4 kinds, and better than when it was given another image for 4."),
        (30.0, "every other row for 0 of 4 kinds, and better than when it was given another image for 4."),
        (5.0, "every other row for 0 of 4 kinds, and better than when it was given another image for 4."),
        (-30.0, "every other row for 0 of 4 kinds, and better than when it was given another image for 0."),
    ],
)
def test_completions_are_judged_by_likelihood(own: float, verdict: str) -> None:
    numbers = {GENERATOR: own, OTHER: 0.0, CHAIN: 20.0, "nearest training images": 40.0, "mean training image": 10.0}
    rows = [
        {"kind": kind, "method": method, "log_likelihood": value, "diversity": 2.0, "distance": 4.0}
        for kind in KINDS
        for method, value in numbers.items()
    ]
    text = str(completion_finding(pd.DataFrame(rows).assign(accuracy=0.9, accuracy_of_occluded=0.6)))
    assert verdict in text
    assert "by 0.50 of their distance" in text
    expected = {50.0: "holds.", 30.0: "holds with limits."}.get(own, "does not hold here.")
    assert expected in text


@pytest.mark.parametrize(
    ("verdicts", "all_in_all"),
    [
        (["holds"], "holds"),
        (["holds with limits"], "holds with limits"),
        (["holds", "does not hold here"], "holds with limits"),
        (["holds with limits", "does not hold here"], "does not hold here"),
    ],
)
def test_a_chapter_with_several_verdicts_holds_with_limits_if_one_of_them_holds(verdicts: list[str], all_in_all: str) -> None:
    several = [Finding(["It has 0.5 nats", "More"], "this holds", verdict) for verdict in verdicts]
    [row] = findings([Chapter("few", "Few", pd.DataFrame(), "", several)]).to_dict("records")
    assert row == {"name": "few", "measured": "It has 0.5 nats", "verdict": all_in_all}


def test_the_last_chapter_is_a_claim_of_the_table() -> None:
    row = {"name": "efficiency", "measured here": "of two games `a` gains 9 nats", "verdict": "holds"}
    text = efficiency(pd.DataFrame([{**row, "name": "other"}, row]))
    assert "Of two games `a` gains 9 nats. **The paper expects that better ones speed training up: holds.**" in text
