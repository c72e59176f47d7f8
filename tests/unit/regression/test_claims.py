"""The paper's claims: verdicts follow from files by the rules, and a verdict that gets worse is noticed."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_1samp

from adversarial_nets.core import files
from adversarial_nets.core.errors import InputError
from adversarial_nets.regression import claims, gate, verdicts, verify
from adversarial_nets.report.captions import FAILS, HOLDS, LIMITED, UNMEASURED
from adversarial_nets.report.tables import MEASURED
from adversarial_nets.running import paths
from support.experiments import ROOT
from support.finished import git


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with nothing in it, and the current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_reference(name: str, log_likelihood: float, spread: float, gradient: float = 1.0) -> None:
    folder = paths.REFERENCES / name
    metrics = {"log_likelihood": log_likelihood, "standard_error": 2.0, "num_seeds": 3, "num_started": 3, "seed_std": 1.0}
    files.write_json(folder / paths.METRICS.name, {name: metrics})
    rows = [{"images": "kept", "kind": "", "log_likelihood": 0.0, "spread": spread, "gradient": gradient, "grey": 1.0}]
    files.write_csv(folder / paths.BLUR, pd.DataFrame(rows))


def write_theory(**changed: Any) -> None:
    theory = files.read_json(ROOT / paths.THEORY_METRICS)
    for key, value in changed.items():
        section, _, name = key.rpartition("__")
        theory[section][name] = value
    files.write_json(paths.THEORY_METRICS, theory)


def test_without_anything_nothing_is_measured(empty: Path) -> None:
    table = claims.table()
    assert set(table["verdict"]) == {UNMEASURED}
    assert (table["measured here"] != "").all()
    assert table["name"].is_unique


@pytest.mark.parametrize(
    ("last", "averaged", "spread", "verdict"),
    [
        (224.0, 230.0, 0.99, HOLDS),
        (180.0, 230.0, 0.99, LIMITED),
        (180.0, 230.0, 0.90, FAILS),
        (180.0, 200.0, 0.99, FAILS),
    ],
)
def test_the_number_needs_the_score_and_for_averages_sharpness(
    empty: Path, last: float, averaged: float, spread: float, verdict: str
) -> None:
    write_reference("mnist", last, 1.0)
    write_reference("mnist_averaged", averaged, spread)
    measured, found = verdicts.number(paths.REFERENCES / "mnist" / paths.METRICS.name)
    assert found == verdict
    assert f"{last:.1f} ± 2.0 nats ({abs(last - 225):.0f} below; 3 of 3 runs)" in measured


@pytest.mark.parametrize(
    ("last", "averaged", "verdict"), [(0.99, 0.97, HOLDS), (0.99, 0.9, LIMITED), (0.9, 0.97, LIMITED), (0.9, 0.9, FAILS)]
)
def test_sharpness_is_that_of_the_less_sharp_measure(empty: Path, last: float, averaged: float, verdict: str) -> None:
    write_reference("mnist", 0, 1.0, gradient=last)
    write_reference("mnist_averaged", 0, 1.0, gradient=averaged)
    assert verdicts.sharpness(paths.REFERENCES)[1] == verdict


def write_scores(path: Path, data_set: str, **nats: float) -> None:
    models = {name.replace("_", " "): score for name, score in nats.items()}
    rows = pd.DataFrame(
        {"model": list(models), "data_set": data_set, "origin": MEASURED, "log_likelihood": list(models.values())}
    ).assign(seed_std=3.0, experiment=path.parent.name if paths.REFERENCES in path.parents else "mnist5k")
    files.write_csv(path, rows)


@pytest.mark.parametrize(("dbn", "verdict"), [(140, HOLDS), (215, LIMITED), (230, FAILS)])
def test_the_order_of_table_1_is_the_last_run_s_until_all_four_models_have_a_reference(
    empty: Path, dbn: float, verdict: str
) -> None:
    scores = {"Adversarial_nets": 220, "Deep_GSN": 210, "DBN": dbn, "Stacked_CAE": 120}
    write_scores(paths.TABLE, "MNIST, 5,000-digit subset", **scores)
    assert verdicts.order(paths.REFERENCES)[1] == verdict
    for model, nats in {**scores, "DBN": 400 - dbn}.items():
        measured, found = verdicts.order(paths.REFERENCES)
        assert (measured.startswith("on the subset: "), found) == (True, verdict)
        write_scores(paths.REFERENCES / model / paths.TABLE.name, "MNIST", **{model: nats})
    assert "DBN " + f"{400 - dbn}" in verdicts.order(paths.REFERENCES)[0]
    assert verdicts.order(paths.REFERENCES)[0].endswith(" (spreads over runs 3, 3, 3, 3)")
    write_scores(paths.REFERENCES / "other" / paths.TABLE.name, "MNIST", Adversarial_nets=180)
    assert verdicts.order(paths.REFERENCES)[0].endswith("; by other recipes Adversarial nets 180 (`other`)")


def test_the_order_of_table_1_needs_all_four_models(empty: Path) -> None:
    write_scores(paths.TABLE, "MNIST", Adversarial_nets=220, DBN=140, Stacked_CAE=120)
    assert verdicts.order(paths.REFERENCES) == ("no run of Deep GSN yet", UNMEASURED)


@pytest.mark.parametrize(
    ("times", "verdict"), [((40, 2, 9), HOLDS), ((40, 1, 9), LIMITED), ((40, 1, 1), FAILS), ((40, 2), UNMEASURED)]
)
def test_chains_are_judged_by_their_autocorrelation_times(empty: Path, times: tuple[float, ...], verdict: str) -> None:
    models = ["Adversarial nets", "DBN", "Stacked CAE", "Deep GSN"][: len(times) + 1]
    files.write_csv(paths.TABLE, pd.DataFrame({"model": models, "autocorrelation_time": [None, *times]}))
    measured, found = verdicts.markov_chains(paths.TABLE)
    assert found == verdict
    assert ("250 (DBN)" in measured) == (verdict != UNMEASURED)


@pytest.mark.parametrize(
    ("changed", "judge", "verdict"),
    [
        ({}, verdicts.theorem_1, HOLDS),
        ({"theorem_1__largest_disagreement": 0.01}, verdicts.theorem_1, FAILS),
        ({"theorem_1__smallest_gap_before": 0.0}, verdicts.theorem_1, FAILS),
        ({"figure_1__divergence_at_the_end": 1e-4}, verdicts.figure_1, HOLDS),
        ({"figure_1__divergence_at_the_end": 1e-2}, verdicts.figure_1, LIMITED),
        ({"figure_1__divergence_at_the_end": 0.3}, verdicts.figure_1, FAILS),
        ({}, verdicts.proposition_1, HOLDS),
        ({}, verdicts.proposition_2, HOLDS),
    ],
)
def test_theory_is_judged_by_its_numbers(empty: Path, changed: dict[str, float], judge: Any, verdict: str) -> None:
    write_theory(**changed)
    assert judge(paths.THEORY_METRICS)[1] == verdict


@pytest.mark.parametrize(
    ("duplicates", "entropy", "verdict"), [(0.9, 0.5, HOLDS), (0.3, 1.5, LIMITED), (0.02, 2.2, FAILS), (0.9, 2.3, FAILS)]
)
def test_a_generator_that_is_trained_too_much_repeats_itself(
    empty: Path, duplicates: float, entropy: float, verdict: str
) -> None:
    moments = [{"updates": 0, "class_entropy": 2.2, "near_duplicates": 0.02}]
    moments += [{"updates": 9, "class_entropy": entropy, "near_duplicates": duplicates}]
    files.write_json(Path("helvetica.json"), {"seed": 0, "num_compared": 9, "objectives": {"minimax": moments}})
    assert verdicts.helvetica(Path("helvetica.json"))[1] == verdict


@pytest.mark.parametrize(
    ("training", "held_out", "costs", "verdict"),
    [
        (0.95, 0.85, (0.5, 0.3, 0.4), HOLDS),
        (0.95, 0.85, (0.5, 0.4, 0.3), LIMITED),
        (0.99, 0.97, (0.5, 0.3, 0.4), FAILS),  # two standard errors are 0.03
        (0.95, 0.93, (0.5, 0.3, 0.4), UNMEASURED),  # not to completion
        (0.95, 0.96, (0.5, 0.4, 0.3), UNMEASURED),
    ],
)
def test_overfitting_is_a_lead_on_training_images_and_a_cost_that_rises(
    empty: Path, training: float, held_out: float, costs: tuple[float, ...], verdict: str
) -> None:
    rows = [
        {
            "experiment": "mnist5k",
            "updates": updates,
            "images": images,
            "count": 1500,
            "accuracy": accuracy if updates else 0.8,
            "cost": cost,
        }
        for updates, cost in zip((0, 10, 90), costs, strict=True)
        for images, accuracy in (("training", training), ("held-out", held_out), ("samples", 0.99))
    ]
    others = [{**row, "experiment": "mnist", "updates": 7, "accuracy": 0.5} for row in rows[-3:]]
    files.write_csv(paths.OVERFITTING_TABLE, pd.DataFrame(others + rows))
    measured, found = verdicts.overfitting(paths.OVERFITTING_TABLE)
    assert found == verdict
    shares = f"{100 * training:.1f} % of training images (80.0 % before) and {100 * held_out:.1f} %"
    assert f"after 90 updates of D alone it tells {shares}" in measured
    assert measured.endswith("0.100 nats above its lowest" if costs[-1] == 0.4 else "ends at its lowest")
    files.write_csv(paths.OVERFITTING_TABLE, pd.DataFrame(others))
    assert verdicts.overfitting(paths.OVERFITTING_TABLE)[1] == UNMEASURED


@pytest.mark.parametrize(("ratios", "verdict"), [((5.0, 2.0, 1.1), HOLDS), ((5.0, 2.0, 0.9), LIMITED), ((5.0, 0.5, 0.9), FAILS)])
def test_gradients_are_compared_pair_by_pair(empty: Path, ratios: tuple[float, ...], verdict: str) -> None:
    rows = [
        {
            "game": "simultaneous",
            "discriminator_steps": 1,
            "seed": seed,
            "generator_objective": objective,
            "gradient_norm_first": norm,
        }
        for seed, ratio in enumerate(ratios)
        for objective, norm in (("minimax", 2.0), ("non_saturating", 2.0 * ratio))
    ]
    files.write_csv(Path("ablations.csv"), pd.DataFrame(rows))
    assert verdicts.gradients(Path("ablations.csv"))[1] == verdict


PUBLISHED = {"game": "simultaneous", "discriminator_steps": 1, "generator_objective": "non_saturating"}
VARIANTS = {
    "simultaneous": {},
    "alternating": {"game": "alternating"},
    "gaussian_noise": {"noise": "100 gaussian"},
    "convolutional": {"layers": "7×7 transposed convolution"},
    "deeper": {"layers": "400 relu, 400 relu"},
}


def write_variants(lost: int = 0, **gains: tuple[float, ...]) -> None:
    """A row for each variant of these gains and the published game, and each seed; that many runs have collapsed."""
    own = {**PUBLISHED, "noise": "100 uniform", "layers": "400 relu"}
    rows = [
        {**own, **VARIANTS[name], "variant": name, "seed": seed, "log_likelihood": 120.0 + 5 * seed + gain, "outcome": "finished"}
        for name, by_seed in {"simultaneous": (0, 0, 0), **gains}.items()
        for seed, gain in enumerate(by_seed)
    ]
    for row in rows[len(rows) - lost :]:
        row["outcome"] = "collapsed"
    files.write_csv(paths.ABLATIONS_TABLE, pd.DataFrame(rows))


@pytest.mark.parametrize(
    ("gains", "lost", "verdict"),
    [((9, -5, -1), 0, HOLDS), ((-30, -25, -22), 0, LIMITED), ((-25, -18, -16), 0, HOLDS), ((9, 9, 9), 1, FAILS)],
)
def test_another_generator_has_to_take_off_and_to_score(empty: Path, gains: tuple[float, ...], lost: int, verdict: str) -> None:
    write_variants(lost, alternating=(0, 0, 0), deeper=(1, 1, 1), convolutional=gains)
    measured, found = verdicts.any_generator(paths.ABLATIONS_TABLE)
    assert found == verdict
    assert measured.startswith(f"on the subset, {6 - lost} of 6 runs take off; ")


def test_one_other_generator_is_not_any(empty: Path) -> None:
    write_variants(convolutional=(9, 9, 9))
    assert verdicts.any_generator(paths.ABLATIONS_TABLE)[1] == LIMITED


@pytest.mark.parametrize(
    ("games", "noise", "verdict"),
    [
        ((5, 6, 7), (3, 3.5, 4), HOLDS),
        ((5, 6, 7), (-3, 4, 8), LIMITED),
        ((-5, -6, -7), (5, 6, 7), LIMITED),
        ((-5, -6, -7), (3, 4, 6), FAILS),  # its mean is 4.3, the margin 5.5
        ((-5, -6, -7), (-3, 6, 12), UNMEASURED),  # more than 20 nats are within the margin
        ((-10, 20, 50), (-1, 0, 1), UNMEASURED),
    ],
)
def test_speed_is_a_score_beyond_chance_at_as_many_epochs(
    empty: Path, games: tuple[float, ...], noise: tuple[float, ...], verdict: str
) -> None:
    write_variants(alternating=games, gaussian_noise=noise)
    measured, found = verdicts.efficiency(paths.ABLATIONS_TABLE)
    assert found == verdict
    low, high = (f"{end:+.1f}".replace("-", "−") for end in ttest_1samp(noise, 0).confidence_interval(0.975))
    gain = f"{np.mean(noise):+.1f}".replace("-", "−")
    assert f"of 1 distributions of z `gaussian_noise` gains {gain} ({low} to {high})" in measured
    assert measured.endswith("too few seeds to tell") == (found == UNMEASURED)


def test_one_seed_says_nothing_about_speed(empty: Path) -> None:
    write_variants(simultaneous=(0,), alternating=(5,), gaussian_noise=(5,))
    assert verdicts.efficiency(paths.ABLATIONS_TABLE) == ("on the subset: one seed tells nothing about chance", UNMEASURED)


def test_a_table_without_the_variants_leaves_a_claim_unmeasured(empty: Path) -> None:
    write_variants(alternating=(1, 2, 3))
    for judge in (verdicts.any_generator, verdicts.efficiency):
        assert judge(paths.ABLATIONS_TABLE)[1] == UNMEASURED
    files.write_csv(paths.ABLATIONS_TABLE, pd.read_csv(paths.ABLATIONS_TABLE).drop(columns=["noise", "layers", "outcome"]))
    for judge in (verdicts.any_generator, verdicts.efficiency):
        assert judge(paths.ABLATIONS_TABLE)[1] == UNMEASURED


@pytest.mark.parametrize(
    ("error", "spread", "verdict"), [(-50.0, 2.0, HOLDS), (-50.0, 1.0, LIMITED), (-0.5, 2.0, FAILS), (-50.0, 0.0, FAILS)]
)
def test_the_estimate_is_judged_at_the_most_samples(empty: Path, error: float, spread: float, verdict: str) -> None:
    """Few samples are far off in any number of dimensions."""
    few = [{"dimensions": dimensions, "num_samples": 10, "error": -99.0 - repeat} for dimensions in (1, 9) for repeat in (0, 1)]
    many = [{"dimensions": 1, "num_samples": 100, "error": -0.01 * repeat} for repeat in (0, 1)]
    many += [{"dimensions": 9, "num_samples": 100, "error": error + spread * repeat} for repeat in (-0.5, 0.5)]
    files.write_csv(Path("errors.csv"), pd.DataFrame(few + many))
    assert verdicts.high_dimensions(Path("errors.csv"))[1] == verdict


def test_what_was_measured_follows_the_numbers_and_not_the_verdict(empty: Path) -> None:
    for rise, words in ((-1e-10, "no step raises C(G); "), (0.25, "a step raises C(G) by up to 2e-01 nats; ")):
        theory = files.read_json(ROOT / paths.THEORY_METRICS)
        theory["proposition_2"]["optimal_discriminator"]["largest_rise"] = rise
        files.write_json(paths.THEORY_METRICS, theory)
        assert verdicts.proposition_2(paths.THEORY_METRICS)[0].startswith(words)


def test_samples_nearer_to_training_images_than_test_images_are_copies(empty: Path) -> None:
    for nearer, verdict in ((1.0, HOLDS), (0.96, LIMITED), (0.5, FAILS)):
        rows = [{"distances": "", "num_others": 9, "quantiles": [share * each for each in (1, 2, 3, 4)]} for share in (1, nearer)]
        files.write_json(Path("copying.json"), {0: rows, 2: rows, 3: rows[::-1]})
        outcomes = {"seed": [0, 2, 3], "outcome": ["finished", "finished", "collapsed"], "log_likelihood": 1.0}
        files.write_csv(Path("seeds.csv"), pd.DataFrame(outcomes))
        assert verdicts.copying(Path("copying.json"))[1] == verdict


@pytest.mark.parametrize("content", ["", "{", "[]", '{"theorem_1": {}}'])
def test_a_damaged_source_is_one_line(empty: Path, content: str) -> None:
    files.write_text(paths.THEORY_METRICS, content)
    with pytest.raises(InputError, match=r"^claim figure_1: cannot be judged by reports/theory.json .*restore them with git"):
        claims.table()


def test_only_a_claim_that_held_can_be_lost() -> None:
    def table(*given: str) -> pd.DataFrame:
        return pd.DataFrame({"name": list("abcd"), "verdict": given, "from": "file"})

    before, now = table(HOLDS, LIMITED, FAILS, UNMEASURED), table(LIMITED, HOLDS, UNMEASURED, FAILS)
    assert claims.lost(before, now) == ["claim a is worse: holds with limits; before: holds"]
    assert claims.lost(before, before) == []
    assert claims.lost(before, now.iloc[1:]) == ["claim a is worse: not measured; before: holds"]
    unmeasured = table(UNMEASURED, LIMITED, FAILS, UNMEASURED)
    assert claims.lost(before, unmeasured) == []  # the last run was of other models
    assert claims.lost(before, unmeasured.assign(**{"from": ""})) == ["claim a is worse: not measured; before: holds"]


def test_a_verdict_that_is_typed_does_not_follow(project: Path) -> None:
    assert [each for check in verify.of_claims() for each in check.contradictions()] == []
    text = paths.CLAIMS.read_text(encoding="utf-8")
    paths.CLAIMS.write_text(text.replace(f",{HOLDS},", f",{FAILS},", 1), encoding="utf-8")
    found = [each for check in verify.of_claims() for each in check.contradictions()]
    assert found[0].startswith(f"{paths.CLAIMS}: verdict of ")


def test_the_gate_fails_if_a_claim_no_longer_holds(project: Path) -> None:
    write_theory()
    claims.write()
    git("commit", "--quiet", "--all", "--message", "The theory as it is")
    assert gate.lost_claims("HEAD") == []
    write_theory(theorem_1__largest_disagreement=0.5)
    lost = ["claim theorem_1 is worse: does not hold here; before: holds"]
    assert gate.lost_claims("HEAD") == lost
    done = subprocess.run([sys.executable, "-m", "adversarial_nets.regression.gate"], capture_output=True, text=True)
    assert done.returncode == 1
    assert f"- {lost[0]}\n" in done.stdout


def test_the_committed_claims_follow_and_are_counted() -> None:
    table = claims.read(ROOT / paths.CLAIMS)
    text = (ROOT / paths.CLAIMS_TEXT).read_text(encoding="utf-8")
    assert claims.summary(table) in text
    assert all(f"**{name}**: " in text for name in table.loc[table["rule"] != "", "name"])
