"""The regression gate: every verdict, on results that are their own reference and on what may become of them."""

import io
import json
import re
import shutil
import subprocess
import sys
from contextlib import nullcontext, redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.stats import t as student_t

from adversarial_nets.core.errors import InputError
from adversarial_nets.parameters.reading import read
from adversarial_nets.regression import gate, revisions, rules
from support.experiments import project_values, read_yaml, shipped, shipped_values, write_project, write_yaml
from support.finished import IDENTITY, ROOT

METRICS = {
    "log_likelihood": 85.25,
    "standard_error": 7.125,
    "seed_std": 4.75,
    "validation_log_likelihood": 97.875,
    "training_images_log_likelihood": 191.125,
    "kmeans_log_likelihood": 215.5,
    "sigma": 0.2,
    "refined_log_likelihood": 85.125,
    "draw_std": 1.5,
    "sigma_at_grid_end": False,
    "num_seeds": 10,
    "num_samples": 10000,
    "num_test_images": 500,
}


class Workplace:
    """A project's files, as many as the gate needs: results that are their own reference, until a test changes them."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.metrics = {"mnist5k": dict(METRICS)}
        self.parameters = shipped_values()
        self.suite = ["mnist5k"]
        shutil.copy(ROOT / "gate.yaml", folder)
        self.referred = folder / "reports" / "reference" / "mnist5k"
        self.referred.mkdir(parents=True)
        (self.referred / "metrics.json").write_text(json.dumps(self.metrics))
        (self.referred / "parameters.json").write_text(json.dumps(shipped().model_dump()))
        self.write()

    @property
    def mnist5k(self) -> dict[str, Any]:
        return self.metrics["mnist5k"]

    def write(self) -> None:
        (self.folder / "reports" / "metrics.json").write_text(json.dumps(self.metrics))
        write_project(self.folder, project_values(suite=self.suite), mnist5k=self.parameters)

    def reference(self, **metrics: float | None) -> None:
        """Change what the reference says; None removes a metric."""
        path = self.referred / "metrics.json"
        entry = json.loads(path.read_text())["mnist5k"] | metrics
        path.write_text(json.dumps({"mnist5k": {key: value for key, value in entry.items() if value is not None}}))

    def seeds(self, reference: list[float], now: list[float]) -> None:
        """Write both sides' log-likelihoods seed by seed."""
        for folder, values in ((self.referred, reference), (self.folder / "reports", now)):
            rows = [f"mnist5k,{seed},finished,{value},,," for seed, value in enumerate(values)]
            header = "experiment,seed,outcome,log_likelihood,validation_log_likelihood,refined_log_likelihood,sigma"
            (folder / "seeds.csv").write_text("\n".join([header, *rows]) + "\n")

    def rules(self, **judged: dict[str, Any]) -> None:
        """Judge these metrics by other rules."""
        found = read_yaml(ROOT / "gate.yaml")
        found["judged"] |= judged
        write_yaml(self.folder / "gate.yaml", found)

    def judge(self, against: str | None = None) -> dict[str, str]:
        """The verdict of each metric of mnist5k."""
        self.write()
        comparisons = {each.experiment: each for each in gate.gate(against)}
        return {each.metric: each.verdict for each in comparisons["mnist5k"].judgements}

    def run(self, *arguments: str) -> SimpleNamespace:
        """As the command does: its exit status and what it says."""
        self.write()
        out, err, status = io.StringIO(), io.StringIO(), 0
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setattr(sys, "argv", ["gate", *arguments])
            try:
                gate.main()
            except SystemExit as end:
                status = end.code
        return SimpleNamespace(returncode=status, stdout=out.getvalue(), stderr=err.getvalue())

    def commit(self) -> None:
        self.write()
        commit()


def commit() -> None:
    """Everything in the current folder, in a new repository."""
    for command in (("init", "--quiet"), ("add", "--all"), (*IDENTITY, "commit", "--quiet", "--message", "Results")):
        subprocess.run(["git", *command], check=True)


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    return Workplace(tmp_path)


def seed_margin(num_seeds: int) -> float:
    """The tolerance of the mean over this number of seeds, worked out by hand."""
    quantile = student_t.ppf(0.995, df=METRICS["num_seeds"] - 1)
    return quantile * METRICS["seed_std"] * (1 / METRICS["num_seeds"] + 1 / num_seeds) ** 0.5


# Verdicts


@pytest.mark.parametrize("num_seeds", [1, 3])
@pytest.mark.parametrize(
    ("margins", "verdict"), [(-1.01, "worse"), (-0.99, "within"), (0, "within"), (0.99, "within"), (1.01, "better")]
)
def test_a_mean_over_seeds_may_move_by_chance(workplace: Workplace, num_seeds: int, margins: float, verdict: str) -> None:
    workplace.mnist5k["num_seeds"] = num_seeds
    workplace.mnist5k["log_likelihood"] += margins * seed_margin(num_seeds)
    judged = workplace.judge()
    assert judged.pop("log_likelihood") == verdict
    assert set(judged.values()) == {"within"}


def side(seeds: range, values: np.ndarray, of_metric: np.ndarray) -> revisions.Results:
    """Results of some runs: their log-likelihoods (k,), and what the other two metrics of a generator add to them (2, k)."""
    rows = dict(zip(revisions.MEASURED, [values, *(values + of_metric)], strict=True))
    means = {metric: float(row.mean()) for metric, row in rows.items()}
    by_seed = {metric: dict(zip(seeds, row.tolist(), strict=True)) for metric, row in rows.items()}
    spread = {"seed_std": float(values.std(ddof=1)), "draw_std": 0.25, "standard_error": 7.0}
    return revisions.Results(means | spread | {"num_seeds": len(values), "num_started": len(values)}, {}, by_seed)


def false_alarms(num_reference: int, num_now: int, shared: bool, correlation: float, repeats: int = 1000) -> float:
    """How often the shipped rules call results worse if nothing but chance differs.

    ``correlation``: of what a seed gives on both sides. The other two metrics follow the log-likelihood to a third of its spread.
    """
    random, shipped_rules = np.random.default_rng(3), read(ROOT / "gate.yaml", rules.Rules)
    failed = 0
    for _ in range(repeats):
        common, own = random.normal(0, correlation**0.5, 20), random.normal(0, (1 - correlation) ** 0.5, (2, 20))
        others = random.normal(0, 1 / 3, (2, 2, 20))
        first = 0 if shared else 10
        reference = side(range(num_reference), (common + own[0])[:num_reference], others[0, :, :num_reference])
        seeds = slice(first, first + num_now)
        now = side(range(20)[seeds], (common + own[1])[seeds], others[1, :, seeds])
        failed += any(each.verdict == rules.WORSE for each in rules.judge(now, reference, shipped_rules))
    return failed / repeats


@pytest.mark.parametrize(
    ("num_now", "shared", "correlation", "fewest"), [(3, False, 0.0, 0.002), (5, True, 0.0, 0.008), (5, True, 0.5, 0.002)]
)
def test_false_alarms_are_as_rare_as_the_docs_say(num_now: int, shared: bool, correlation: float, fewest: float) -> None:
    said = re.search(r"at most ([\d.]+) % of changes that change nothing", (ROOT / "docs/how-to/gate_in_ci.md").read_text())
    assert fewest <= false_alarms(5, num_now, shared, correlation) <= float(said[1]) / 100


def test_a_spread_below_that_over_draws_is_luck(workplace: Workplace) -> None:
    workplace.reference(seed_std=0.047)
    workplace.mnist5k["log_likelihood"] -= 1.0
    assert workplace.judge()["log_likelihood"] == "within"
    workplace.reference(draw_std=0.0)
    assert workplace.judge()["log_likelihood"] == "worse"


def test_seeds_that_both_sides_have_are_compared_pair_by_pair(workplace: Workplace) -> None:
    """Three of five seeds as they were: their mean is not that of all five, and yet nothing changed."""
    workplace.reference(num_seeds=5)
    workplace.mnist5k.update(num_seeds=3, log_likelihood=60.0)
    workplace.seeds([50.0, 60.0, 70.0, 100.0, 146.25], [50.0, 60.0, 70.0])
    assert workplace.judge()["log_likelihood"] == "within"
    assert "Compared are the means over the seeds that both have: 0, 1, 2." in workplace.run().stdout
    assert "| log_likelihood" in (line := next(row for row in workplace.run().stdout.splitlines() if "| log_likelihood" in row))
    assert "| +0.00 " in line


def test_a_loss_of_each_seed_is_seen_though_seeds_are_far_apart(workplace: Workplace) -> None:
    workplace.reference(num_seeds=5, seed_std=38.0, draw_std=0.5)
    workplace.mnist5k["num_seeds"] = 5
    before = [50.0, 60.0, 70.0, 100.0, 146.25]
    workplace.seeds(before, [value - 5 for value in before])
    assert workplace.judge()["log_likelihood"] == "worse"
    workplace.seeds(before, [value - 1 for value in before])
    assert workplace.judge()["log_likelihood"] == "within"  # nearer than two draws of samples may be


def test_two_seeds_are_too_few_to_be_paired(workplace: Workplace) -> None:
    workplace.seeds([85.0, 85.5], [45.0, 45.5])
    assert workplace.judge()["log_likelihood"] == "within"


@pytest.mark.parametrize(
    ("before", "now", "verdict"),
    [((0, 5), (3, 3), "worse"), ((0, 5), (2, 3), "within"), ((1, 8), (1, 3), "within"), ((5, 5), (0, 3), "better")],
)
def test_collapsed_runs_are_judged_as_a_count(
    workplace: Workplace, before: tuple[int, int], now: tuple[int, int], verdict: str
) -> None:
    workplace.reference(num_collapsed=before[0], num_started=before[1])
    workplace.mnist5k.update(num_collapsed=now[0], num_started=now[1])
    assert workplace.judge()["num_collapsed"] == verdict


@pytest.mark.parametrize("by", [-0.02, 0.02])
def test_what_no_training_touches_may_not_move_either_way(workplace: Workplace, by: float) -> None:
    workplace.mnist5k["training_images_log_likelihood"] += by
    assert workplace.judge()["training_images_log_likelihood"] == "worse"
    workplace.mnist5k["training_images_log_likelihood"] -= 0.9 * by
    assert workplace.judge()["training_images_log_likelihood"] == "within"


def test_a_sigma_at_the_grids_end_is_worse_and_leaving_it_better(workplace: Workplace) -> None:
    workplace.mnist5k["sigma_at_grid_end"] = True
    assert workplace.judge()["sigma_at_grid_end"] == "worse"
    workplace.mnist5k["sigma_at_grid_end"] = False
    workplace.reference(sigma_at_grid_end=True)
    assert workplace.judge()["sigma_at_grid_end"] == "better"


@pytest.mark.parametrize(("errors", "verdict"), [(-2.1, "worse"), (-1.9, "within"), (2.1, "better")])
def test_a_tolerance_may_be_in_standard_errors(workplace: Workplace, errors: float, verdict: str) -> None:
    workplace.rules(log_likelihood={"better": "higher", "standard_errors": 2})
    workplace.mnist5k["log_likelihood"] += errors * workplace.mnist5k["standard_error"]
    assert workplace.judge()["log_likelihood"] == verdict


def test_a_new_metric_passes_and_is_said(workplace: Workplace) -> None:
    workplace.reference(validation_log_likelihood=None)
    assert workplace.judge()["validation_log_likelihood"] == "new"
    done = workplace.run()
    assert done.returncode == 0
    assert "New, with nothing to be judged against: mnist5k.validation_log_likelihood." in done.stdout


def test_a_missing_metric_fails(workplace: Workplace) -> None:
    del workplace.mnist5k["validation_log_likelihood"]
    judged = workplace.judge()
    assert judged.pop("validation_log_likelihood") == "missing"
    assert set(judged.values()) == {"within"}


@pytest.mark.parametrize("left", [{}, {"theory": {"all_passed": True}}])
def test_a_missing_experiment_fails(workplace: Workplace, left: dict) -> None:
    workplace.metrics = left
    assert set(workplace.judge().values()) == {"missing"}
    workplace.suite = ["mnist5k", "mnist"]
    workplace.write()
    assert "mnist.log_likelihood is missing" in gate.failures(gate.gate(None))


def test_an_experiment_without_a_reference_is_new(workplace: Workplace) -> None:
    reference = workplace.folder / "reports" / "reference"
    (reference / "mnist5k").rename(reference / "mnist")
    text = (reference / "mnist" / "metrics.json").read_text()
    (reference / "mnist" / "metrics.json").write_text(text.replace('"mnist5k"', '"mnist"'))
    assert set(workplace.judge().values()) == {"new"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("sampling.num_samples", 5000),
        ("data.split_seed", 1),
        ("data.sha256", "0" * 64),
        ("evaluation.sigma.count", 20),
        ("evaluation.num_validation_images", 100),
    ],
)
def test_another_protocol_cannot_be_compared(workplace: Workplace, path: str, value: Any) -> None:
    *sections, key = path.split(".")
    section = workplace.parameters
    for name in sections:
        section = section[name]
    section[key] = value
    assert set(workplace.judge().values()) == {"incomparable"}
    done = workplace.run()
    assert done.returncode == 1
    assert f"mnist5k.log_likelihood is incomparable: {path} is {value}, in the reference" in done.stdout


@pytest.mark.parametrize("metric", ["num_samples", "num_test_images"])
def test_other_numbers_of_images_cannot_be_compared(workplace: Workplace, metric: str) -> None:
    workplace.mnist5k[metric] += 1
    assert set(workplace.judge().values()) == {"incomparable"}


def test_training_parameters_may_differ_and_are_listed(workplace: Workplace) -> None:
    before = workplace.parameters["training"]["learning_rate"]
    workplace.parameters["training"]["learning_rate"] = before * 100
    assert "keep_probability" not in workplace.parameters["generator"]["layers"]["h0"]  # has a default: not another value
    assert set(workplace.judge().values()) == {"within"}
    (comparison,) = gate.gate(None)
    assert comparison.parameters["training.learning_rate"] == (before, before * 100)
    assert "generator.layers.h0.keep_probability" not in comparison.parameters


@pytest.mark.parametrize("spread", [{"seed_std": None, "num_seeds": 1}, {"seed_std": 0.047, "num_seeds": 2}])
def test_a_reference_of_fewer_than_three_seeds_cannot_tell_chance(workplace: Workplace, spread: dict[str, Any]) -> None:
    workplace.reference(**spread)
    assert set(workplace.judge().values()) == {"within"}  # nothing moved
    workplace.mnist5k["log_likelihood"] -= 0.01
    assert workplace.judge()["log_likelihood"] == "incomparable"


# The command


def test_a_worse_result_ends_with_status_1_and_is_named(workplace: Workplace) -> None:
    workplace.mnist5k["log_likelihood"] -= 100
    done = workplace.run("--json", "gate.json")
    assert done.returncode == 1
    assert done.stdout.startswith("## Results against `reports/reference`: **failed**\n\n- mnist5k.log_likelihood is worse\n")
    assert done.stderr == "error: mnist5k.log_likelihood is worse\n"
    written = json.loads(Path("gate.json").read_text())
    assert (written["passed"], written["against"]) == (False, "reports/reference")
    judged = {each["metric"]: each for each in written["experiments"][0]["judgements"]}
    assert judged["log_likelihood"]["verdict"] == "worse"
    assert judged["log_likelihood"]["value"] == workplace.mnist5k["log_likelihood"]
    seeds = workplace.mnist5k["num_seeds"]
    assert judged["log_likelihood"]["tolerance"] == pytest.approx(seed_margin(seeds))


def test_a_better_result_passes_and_suggests_a_new_reference(workplace: Workplace) -> None:
    workplace.mnist5k["log_likelihood"] += 100
    done = workplace.run()
    assert done.returncode == 0
    assert "Better by more than chance: mnist5k.log_likelihood. `make reference`" in done.stdout


def test_a_revision_serves_as_reference(workplace: Workplace) -> None:
    workplace.commit()
    shutil.rmtree(workplace.folder / "reports" / "reference")
    assert set(workplace.judge("HEAD").values()) == {"within"}
    workplace.mnist5k["log_likelihood"] -= 100
    assert workplace.judge("HEAD")["log_likelihood"] == "worse"
    workplace.metrics = {"mnist": workplace.mnist5k}
    (workplace.folder / "reports" / "metrics.json").write_text("{}")
    assert "mnist5k.log_likelihood is missing" in gate.failures(gate.gate("HEAD"))


def test_a_revision_may_be_an_experiment_of_dvc(workplace: Workplace) -> None:
    workplace.commit()
    sha = subprocess.check_output(["git", "rev-parse", "HEAD"], text=True).strip()
    for baseline in ("ab/cdef", "ab/0123"):
        with pytest.raises(InputError, match=r"'slower': git knows no such revision") if baseline == "ab/cdef" else nullcontext():
            assert revisions.commit("slower") == sha
        subprocess.run(["git", "update-ref", f"refs/exps/{baseline}/slower", sha], check=True)
    with pytest.raises(InputError, match="'slower': several experiments"):
        revisions.commit("slower")


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("reports/metrics.json", "{", "reports/metrics.json: not valid JSON"),
        ("reports/metrics.json", "[]", "reports/metrics.json: must hold a JSON object"),
        ("reports/metrics.json", '{"mnist5k": {"log_likelihood": NaN}}', "NaN is not a number"),
        ("reports/metrics.json", '{"mnist5k": {"log_likelihood": "86"}}', "mnist5k.log_likelihood must be a number"),
        ("reports/metrics.json", '{"mnist5k": {"log_likelihood": 86}}', "mnist5k.standard_error must be a number"),
        ("reports/metrics.json", None, "reports/metrics.json: not there"),
        ("reports/reference/mnist5k/metrics.json", "", "reports/reference/mnist5k/metrics.json: not valid JSON"),
        ("reports/reference/mnist5k/metrics.json", "{}", "has no results of mnist5k"),
        ("reports/reference/mnist5k/parameters.json", None, "reports/reference/mnist5k/parameters.json: not there"),
        ("params.yaml", "suite: [", "params.yaml: not valid YAML"),
        ("params.yaml", "suite: 3", "params.yaml:suite: a list is needed here (it is 3)"),
        ("experiments/mnist5k.yaml", "data: [", "experiments/mnist5k.yaml: not valid YAML"),
        ("experiments/mnist5k.yaml", "- mnist", "experiments/mnist5k.yaml: a mapping of keys to values is needed here"),
        ("experiments/mnist5k.yaml", None, "experiments/mnist5k.yaml: not there, so no experiment is called 'mnist5k'"),
        ("reports/seeds.csv", "seed,outcome\n0,finished\n", "reports/seeds.csv: not a table of seeds and their results"),
        ("gate.yaml", "judged: {}", "gate.yaml:comparable: is required, and missing"),
        ("gate.yaml", None, "gate.yaml: not there"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error(workplace: Workplace, path: str, text: str | None, said: str) -> None:
    (workplace.folder / path).unlink(missing_ok=path == "reports/seeds.csv")
    if text is not None:
        (workplace.folder / path).write_text(text)
    with pytest.raises(InputError) as error:
        gate.gate(None)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_no_reference_at_all_is_an_error(workplace: Workplace) -> None:
    shutil.rmtree(workplace.folder / "reports" / "reference")
    done = workplace.run()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: reports/reference: no reference there")


@pytest.mark.parametrize("revision", ["no-such-branch", "HEAD:params.yaml", "--all", ""])
def test_an_unknown_revision_is_an_error(workplace: Workplace, revision: str) -> None:
    workplace.commit()
    done = workplace.run(f"--against={revision}")
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr
        == f"error: '{revision}': git knows no such revision or experiment here; has it been fetched, with its history?\n"
    )


@pytest.mark.parametrize("removed", ["reports/metrics.json", "experiments/mnist5k.yaml"])
def test_a_revision_without_results_is_an_error(workplace: Workplace, removed: str) -> None:
    (workplace.folder / removed).unlink()
    commit()
    done = workplace.run("--against", "HEAD")
    assert done.returncode == 2
    assert f"'HEAD' has no {removed}" in done.stderr


def test_a_revision_from_before_a_file_per_experiment_is_refused_in_one_line(workplace: Workplace) -> None:
    shutil.rmtree("experiments")
    write_yaml(Path("params.yaml"), {"suite": ["mnist5k"], "experiments": {"mnist5k": workplace.parameters}})
    commit()
    done = workplace.run("--against", "HEAD")
    assert done.returncode == 2
    assert done.stderr.startswith("error: 'HEAD' has no experiments/mnist5k.yaml (")
    assert done.stderr.endswith("; a commit whose experiments are in params.yaml cannot be compared with\n")


def test_outside_a_repository_no_revision_can_be_read(workplace: Workplace) -> None:
    done = workplace.run("--against", "main")
    assert done.returncode == 2
    assert "error: git cannot read this project's repository: fatal: not a git repository" in done.stderr


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"better": "higher"}, "gate.yaml:judged.log_likelihood: exactly one of"),
        ({"better": "higher", "absolute": 1, "seed_spread": 0.9}, "exactly one of absolute, standard_errors, seed_spread, count"),
        ({"better": "more", "absolute": 1}, "gate.yaml:judged.log_likelihood.better"),
        ({"better": "higher", "absolut": 1}, "gate.yaml:judged.log_likelihood.absolut: unknown key; did you mean 'absolute'?"),
        ({"better": "higher", "seed_spread": 99}, "gate.yaml:judged.log_likelihood.seed_spread"),
    ],
)
def test_a_wrong_rule_is_refused_by_name(workplace: Workplace, rule: dict[str, Any], said: str) -> None:
    workplace.rules(log_likelihood=rule)
    with pytest.raises(InputError) as error:
        gate.gate(None)
    assert said in str(error.value)


def test_a_metric_without_a_rule_is_an_error(workplace: Workplace) -> None:
    workplace.mnist5k["inception_score"] = 9.0
    with pytest.raises(InputError, match="does not say how to judge inception_score"):
        workplace.judge()


def test_it_runs_from_the_command_line(workplace: Workplace) -> None:
    workplace.mnist5k["log_likelihood"] -= 100
    workplace.write()
    done = subprocess.run([sys.executable, "-m", "adversarial_nets.regression.gate"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "error: mnist5k.log_likelihood is worse\n")
    assert done.stdout.count("\n| ") == 1 + len(workplace.judge())


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_the_terminals_encoding_does_not_decide(workplace: Workplace, monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    command = [sys.executable, "-m", "adversarial_nets.regression.gate"]
    done = subprocess.run(command, capture_output=True, encoding=encoding)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n| ") == 1 + len(workplace.judge())


def test_every_committed_metric_is_judged_or_not_by_name() -> None:
    """Of the default and of every reference: the models beside adversarial nets have metrics of their own."""
    shipped_rules = read(ROOT / "gate.yaml", rules.Rules)
    kept = [*(ROOT / "reports").glob("metrics.json"), *(ROOT / "reports" / "reference").glob("*/metrics.json")]
    named = {metric for path in kept for metrics in json.loads(path.read_text()).values() for metric in metrics}
    assert named - shipped_rules.judged.keys() - {*shipped_rules.not_judged} == set()
