"""The regression gate: every verdict, on the committed reference and on what may become of its results."""

import io
import json
import shutil
import subprocess
import sys
from contextlib import nullcontext, redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML
from scipy.stats import t as student_t
from test_pipeline import SMALL, clone

from adversarial_nets.core.errors import InputError
from adversarial_nets.regression import gate
from adversarial_nets.regression import revisions as history
from adversarial_nets.regression import rules as verdicts

ROOT = Path(__file__).parents[1]
MNIST5K = ROOT / "reports" / "reference" / "mnist5k"


class Workplace:
    """A project's files, as many as the gate needs: results that are their own reference, until a test changes them."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.metrics = json.loads((MNIST5K / "metrics.json").read_text())
        self.parameters = json.loads((MNIST5K / "parameters.json").read_text())
        self.suite = ["mnist5k"]
        shutil.copytree(MNIST5K, folder / "reports" / "reference" / "mnist5k", ignore=shutil.ignore_patterns("*.npz", "figures"))
        shutil.copy(ROOT / "gate.yaml", folder)
        self.write()

    @property
    def mnist5k(self) -> dict[str, Any]:
        return self.metrics["mnist5k"]

    def write(self) -> None:
        (self.folder / "reports" / "metrics.json").write_text(json.dumps(self.metrics))
        with (self.folder / "params.yaml").open("w") as file:
            YAML().dump({"suite": self.suite, "experiments": {"mnist5k": self.parameters}}, file)

    def reference(self, **metrics: float | None) -> None:
        """Change what the reference says; None removes a metric."""
        path = self.folder / "reports" / "reference" / "mnist5k" / "metrics.json"
        entry = json.loads(path.read_text())["mnist5k"] | metrics
        path.write_text(json.dumps({"mnist5k": {key: value for key, value in entry.items() if value is not None}}))

    def rules(self, **judged: dict[str, Any]) -> None:
        """Judge these metrics by other rules."""
        rules = YAML(typ="safe").load(ROOT / "gate.yaml")
        rules["judged"] |= judged
        with (self.folder / "gate.yaml").open("w") as file:
            YAML().dump(rules, file)

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
        identity = ("-c", "user.name=tester", "-c", "user.email=tester@example.org")
        for command in (("init", "--quiet"), ("add", "--all"), (*identity, "commit", "--quiet", "--message", "Results")):
            subprocess.run(["git", *command], check=True)


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    return Workplace(tmp_path)


def seed_margin(num_seeds: int) -> float:
    """The tolerance of the mean over so many seeds, worked out by hand."""
    metrics = json.loads((MNIST5K / "metrics.json").read_text())["mnist5k"]
    quantile = student_t.ppf(0.995, df=metrics["num_seeds"] - 1)
    return quantile * metrics["seed_std"] * (1 / metrics["num_seeds"] + 1 / num_seeds) ** 0.5


# Verdicts


@pytest.mark.parametrize("folder", sorted(MNIST5K.parent.iterdir()), ids=lambda folder: folder.name)
def test_a_committed_reference_passes_against_itself(folder: Path) -> None:
    reference = history.Results(json.loads((folder / "metrics.json").read_text())[folder.name], {})
    rules = verdicts.parse(YAML(typ="safe").load(ROOT / "gate.yaml"), "gate.yaml")
    assert {each.verdict for each in verdicts.judge(reference, reference, rules)} == {"within"}


def test_the_committed_results_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert gate.failures(gate.gate(None)) == []


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


def test_the_prediction_margin_holds_as_often_as_it_says() -> None:
    """Of means over 3 new seeds, 99 % lie within the margin around the mean over 10: simulated."""
    draws = np.random.default_rng(3).normal(86, 3.4, (20_000, 13))
    reference, new = draws[:, :10], draws[:, 10:]
    margins = [verdicts.prediction_margin(std, 10, 3, 0.99) for std in reference.std(axis=1, ddof=1)]
    inside = np.abs(new.mean(axis=1) - reference.mean(axis=1)) <= margins
    assert inside.mean() == pytest.approx(0.99, abs=0.003)


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
    del workplace.parameters["generator"]["layers"]["h0"]["keep_probability"]  # has a default: not another value
    assert set(workplace.judge().values()) == {"within"}
    (comparison,) = gate.gate(None)
    assert comparison.parameters["training.learning_rate"] == (before, before * 100)
    assert "generator.layers.h0.keep_probability" not in comparison.parameters


def test_a_reference_of_one_seed_cannot_tell_chance(workplace: Workplace) -> None:
    workplace.reference(seed_std=None, num_seeds=1)
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
            assert history.commit("slower") == sha
        subprocess.run(["git", "update-ref", f"refs/exps/{baseline}/slower", sha], check=True)
    with pytest.raises(InputError, match="'slower': several experiments"):
        history.commit("slower")


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("reports/metrics.json", "{", "reports/metrics.json: not valid JSON"),
        ("reports/metrics.json", "[]", "reports/metrics.json: must hold a JSON object"),
        ("reports/metrics.json", '{"mnist5k": {"log_likelihood": NaN}}', "NaN is no number"),
        ("reports/metrics.json", '{"mnist5k": {"log_likelihood": "86"}}', "mnist5k.log_likelihood must be a number"),
        ("reports/metrics.json", '{"mnist5k": {"log_likelihood": 86}}', "mnist5k.standard_error must be a number"),
        ("reports/metrics.json", None, "reports/metrics.json: not there"),
        ("reports/reference/mnist5k/metrics.json", "", "reports/reference/mnist5k/metrics.json: not valid JSON"),
        ("reports/reference/mnist5k/metrics.json", "{}", "has no results of mnist5k"),
        ("reports/reference/mnist5k/parameters.json", None, "reports/reference/mnist5k/parameters.json: not there"),
        ("params.yaml", "suite: [", "params.yaml: not valid YAML"),
        ("params.yaml", "suite: [mnist5k]", "params.yaml: has no mapping `experiments`"),
        ("params.yaml", "suite: [mnist5k]\nexperiments: {}", "params.yaml: does not describe mnist5k"),
        ("gate.yaml", "judged: {}", "gate.yaml: comparable: "),
        ("gate.yaml", None, "gate.yaml: not there"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error(workplace: Workplace, path: str, text: str | None, said: str) -> None:
    (workplace.folder / path).unlink()
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


@pytest.mark.parametrize("removed", ["reports/metrics.json", "params.yaml"])
def test_a_revision_without_results_is_an_error(workplace: Workplace, removed: str) -> None:
    (workplace.folder / removed).rename("elsewhere")
    subprocess.run(["git", "init", "--quiet"], check=True)
    subprocess.run(["git", "add", "--all"], check=True)
    identity = ("-c", "user.name=tester", "-c", "user.email=tester@example.org")
    subprocess.run(["git", *identity, "commit", "--quiet", "--message", "No results"], check=True)
    done = workplace.run("--against", "HEAD")
    assert done.returncode == 2
    assert f"'HEAD' has no {removed}" in done.stderr


def test_outside_a_repository_no_revision_can_be_read(workplace: Workplace) -> None:
    done = workplace.run("--against", "main")
    assert done.returncode == 2
    assert "error: git cannot read this project's repository: fatal: not a git repository" in done.stderr


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"better": "higher"}, "gate.yaml: judged.log_likelihood: Value error, exactly one of"),
        ({"better": "higher", "absolute": 1, "seed_spread": 0.9}, "exactly one of absolute, standard_errors, seed_spread"),
        ({"better": "more", "absolute": 1}, "gate.yaml: judged.log_likelihood.better"),
        ({"better": "higher", "absolut": 1}, "gate.yaml: judged.log_likelihood.absolut: unknown key; did you mean 'absolute'?"),
        ({"better": "higher", "seed_spread": 99}, "gate.yaml: judged.log_likelihood.seed_spread"),
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


# A training, damaged


@pytest.mark.slow
def test_a_whole_training_at_a_hundred_times_the_learning_rate_is_worse_than_the_committed_reference(tmp_path: Path) -> None:
    """The default recipe but for that, one seed; what no training touches is as it was."""
    project = clone(tmp_path)
    untouched = ("known_density", "theory", "reliability")
    for path, value in SMALL.items():
        if set(path) & set(untouched):
            project.set(path, value)
    project.set(("seeds",), [0])
    rate = json.loads((MNIST5K / "parameters.json").read_text())["training"]["learning_rate"]
    project.set(("experiments", "mnist5k", "training", "learning_rate"), 100 * rate)
    project.run("dvc", "repro")
    output = project.run(
        "env", "PYTHONPATH=.", "python", "-m", "adversarial_nets.regression.gate", "--json", "verdicts.json", status=1
    )
    assert f"- `training.learning_rate`: `{rate}` → `{100 * rate}`" in output
    (judged,) = json.loads((tmp_path / "verdicts.json").read_text())["experiments"]
    verdicts_of = {each["metric"]: each["verdict"] for each in judged["judgements"]}
    trained = ("log_likelihood", "validation_log_likelihood", "refined_log_likelihood")
    assert {metric: verdict for metric, verdict in verdicts_of.items() if verdict != "within"} == dict.fromkeys(trained, "worse")
