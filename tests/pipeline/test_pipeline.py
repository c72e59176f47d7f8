"""The pipeline through real DVC, in a scratch repository, on real digits with a small training."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
SMALL = {
    ("seeds",): [0],
    ("experiments", "mnist5k", "data", "num_train"): 500,
    ("experiments", "mnist5k", "data", "num_validation"): 100,
    ("experiments", "mnist5k", "data", "num_test"): 100,
    ("experiments", "mnist5k", "training", "epochs"): 2,
    ("experiments", "mnist5k", "training", "validation", "num_samples"): 200,
    ("experiments", "mnist5k", "sampling", "num_samples"): 200,
    ("experiments", "mnist5k", "baselines", "num_centroids"): 50,
    ("experiments", "mnist5k", "reliability", "num_samples", "highest"): 2000,
    ("known_density", "dimensions", "highest"): 30,
    ("known_density", "num_samples", "highest"): 1000,
    ("helvetica", "generator_updates"): 20,
    ("theory", "discriminator", "iterations"): 3,
    ("theory", "path_points"): 2,
    ("theory", "figure_1", "generator_updates"): 100,
}
REPORTED = ["index.html", "metrics.json", "table1.csv", "table1.md"]
CONTRACT = {"log_likelihood", "standard_error", "num_seeds", "sigma", "num_samples"}


class Project:
    """A scratch clone with its own cache, driven from the command line as a user would."""

    def __init__(self, folder: Path):
        self.folder = folder
        # The environment's `python` and `dvc`.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = os.environ | {"PATH": path}

    def run(self, *command: str, status: int | None = 0) -> str:
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True)
        output = done.stdout + done.stderr
        assert status is None or done.returncode == status, output
        return output

    def set(self, path: tuple[str, ...], value: object) -> None:
        yaml = YAML()
        parameters = yaml.load(self.folder / "params.yaml")
        section = parameters
        for key in path[:-1]:
            section = section[key]
        section[path[-1]] = value
        yaml.dump(parameters, self.folder / "params.yaml")

    def hashes(self, *folders: str) -> dict[str, str]:
        files = [path for folder in folders for path in sorted((self.folder / folder).rglob("*")) if path.is_file()]
        return {str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def reports(self) -> dict[str, str]:
        hashes = self.hashes("reports/figures", "reports/plots")
        return hashes | {name: self.hashes("reports")[f"reports/{name}"] for name in REPORTED}

    def metrics(self) -> dict:
        return json.loads((self.folder / "reports/metrics.json").read_text())


def clone(folder: Path) -> Project:
    """The working tree's files, as git would commit them now, in a repository of their own."""
    names = subprocess.check_output(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, text=True)
    for name in filter(None, names.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    project = Project(folder)
    project.run("git", "init", "--quiet", "--initial-branch", "main")
    project.run("git", "config", "user.name", "tester")
    project.run("git", "config", "user.email", "tester@example.org")
    return project


def commit(project: Project, message: str) -> None:
    project.run("git", "add", "--all")
    project.run("git", "commit", "--quiet", "--message", message)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Project:
    """A clone in which the small pipeline ran from scratch and was committed."""
    project = clone(tmp_path_factory.mktemp("clone"))
    (project.folder / "dvc.lock").unlink(missing_ok=True)
    for path, value in SMALL.items():
        project.set(path, value)
    project.run("dvc", "repro")
    commit(project, "Small results")
    return project


def test_metrics_keep_their_contract(finished):
    metrics = finished.metrics()["mnist5k"]
    assert metrics.keys() >= CONTRACT
    assert "seed_std" not in metrics
    assert metrics["num_seeds"] == 1
    assert metrics["num_samples"] == 200


def test_a_second_run_runs_nothing(finished):
    assert "Running stage" not in finished.run("dvc", "repro")


@pytest.mark.slow
def test_running_everything_again_gives_the_same_bytes(finished):
    lock = finished.hashes(".")["dvc.lock"]
    output = finished.run("dvc", "repro", "--force")
    assert "Running stage 'train@mnist5k-0'" in output
    assert finished.hashes(".")["dvc.lock"] == lock
    assert finished.run("git", "status", "--porcelain") == ""


def test_an_experiment_and_back_again_leaves_the_reports_as_they_were(finished):
    before = finished.reports()
    finished.run("dvc", "exp", "run", "-S", "seeds=[0,1]")
    assert finished.metrics()["mnist5k"]["num_seeds"] == 2
    assert "seed_std" in finished.metrics()["mnist5k"]
    assert "mnist5k.num_seeds" in finished.run("dvc", "metrics", "diff")
    assert "seeds" in finished.run("dvc", "params", "diff")
    assert "Running stage 'train" not in finished.run("dvc", "exp", "run", "-S", "seeds=[0]")
    assert finished.reports() == before


def test_what_other_parameters_left_behind_changes_no_report_and_is_pruned(finished):
    before, lock = finished.reports(), finished.hashes(".")["dvc.lock"]
    left_over = finished.folder / "models" / "mnist" / "0"
    kept = finished.folder / "models" / "copy_of_mnist5k"
    shutil.copytree(finished.folder / "models" / "mnist5k", kept)
    shutil.copytree(finished.folder / "models" / "mnist5k" / "0", left_over)
    (finished.folder / "models" / "mnist5k" / "7").mkdir()
    (finished.folder / "models" / "mnist5k" / "7" / "by_hand").write_text("not in DVC's cache")
    finished.run("dvc", "repro")
    assert finished.reports() == before
    finished.run("env", "PYTHONPATH=.", "python", "scripts/prune.py")
    assert not left_over.exists()
    assert kept.exists()
    shutil.rmtree(kept)
    assert (finished.folder / "models" / "mnist5k" / "7" / "by_hand").exists()
    shutil.rmtree(finished.folder / "models" / "mnist5k" / "7")
    finished.run("dvc", "repro")
    assert finished.hashes(".")["dvc.lock"] == lock


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("experiments", "mnist5k", "training", "epoch"), 3, "experiments.mnist5k.training.epoch: unknown key"),
        (("experiments", "mnist5k", "training", "epochs"), "3", "experiments.mnist5k.training.epochs"),
        (("experiments", "mnist5k", "sampling", "num_samples"), 0, "experiments.mnist5k.sampling.num_samples"),
        (("suite",), ["mnist5k", "mnits"], "suite: no experiment is called 'mnits'; did you mean 'mnist'?"),
    ],
)
def test_a_wrong_parameter_stops_everything_before_anything_is_deleted(finished, path, value, named):
    parameters = (finished.folder / "params.yaml").read_text()
    outputs = ("data/prepared", "models", "samples", "scores", "figures", "reports")
    before = finished.hashes(*outputs)
    finished.set(path, value)
    try:
        output = finished.run("dvc", "repro", status=255)
    finally:
        (finished.folder / "params.yaml").write_text(parameters)
    assert f"error: {named}" in output
    assert "Traceback" not in output
    assert finished.hashes(*outputs) == before
    finished.run("dvc", "repro")
    assert finished.hashes(*outputs) == before


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"learning_rate": 1e30, "learning_rate_floor": 1e30, "optimizer": "momentum"},
            "error: training diverged: in epoch 1, step 2 ",
        ),
        ({"sigma": {"lowest": 1e-300, "highest": 1e-299, "count": 2}}, "error: sigma: so narrow"),
    ],
)
def test_after_a_failure_every_output_comes_back(finished, changes, said):
    outputs = ("data/prepared", "models", "samples", "scores", "figures", "reports")
    before = finished.hashes(*outputs)
    for key, value in changes.items():
        finished.set(("experiments", "mnist5k", "evaluation" if key == "sigma" else "training", key), value)
    output = finished.run("dvc", "repro", status=255)
    assert said in output
    assert "Traceback" not in output
    assert finished.hashes(*outputs) != before
    finished.run("git", "checkout", "--quiet", "params.yaml", "dvc.lock", "reports")
    finished.run("dvc", "checkout")
    assert finished.hashes(*outputs) == before
    assert finished.run("git", "status", "--porcelain") == ""


def test_editing_the_report_trains_nothing(finished):
    template = finished.folder / "adversarial_nets" / "templates" / "report.html"
    original = template.read_text()
    template.write_text(original.replace("</main>", "</main><!-- edited -->"))
    try:
        assert finished.run("dvc", "repro").count("Running stage") == 1
    finally:
        template.write_text(original)
        finished.run("dvc", "repro")


def test_a_copy_of_the_project_uses_its_own_library(finished):
    """As `dvc exp run --temp` and the queue do."""
    edited = finished.folder / "adversarial_nets" / "tables.py"
    original = edited.read_text()
    edited.write_text(original.replace("sanity row, measured here", "sanity row of the clone"))
    try:
        finished.run("dvc", "repro")
        assert "sanity row of the clone" in (finished.folder / "reports" / "table1.md").read_text()
    finally:
        edited.write_text(original)
        finished.run("dvc", "repro")


def test_the_commands_that_show_results_work(finished):
    shown = finished.run("dvc", "metrics", "show")
    assert "mnist5k.log_likelihood" in shown
    assert "theory.theorem_1.largest_disagreement" in shown
    assert "log_likelihood" in finished.run("dvc", "exp", "show", "--no-pager", "--csv")
    assert "train@mnist5k-0" in finished.run("dvc", "dag")
    finished.run("dvc", "plots", "show")
    page = (finished.folder / "dvc_plots" / "index.html").read_text()
    for shown in ("validation_log_likelihood", "sigma", "d_fake", "mnist5k-0-samples.png"):
        assert shown in page


@pytest.mark.slow
def test_two_experiments_are_compared_on_one_page(finished):
    before = finished.reports()
    finished.run("dvc", "exp", "run", "-n", "slower", "-S", "experiments.mnist5k.training.learning_rate=0.0005")
    difference = finished.metrics()["mnist5k"]["log_likelihood"] - committed_metrics(finished)["log_likelihood"]
    finished.run("git", "checkout", "params.yaml", "dvc.lock", "reports")
    finished.run("dvc", "checkout")
    compare = ("env", "PYTHONPATH=.", "python", "scripts/compare.py")
    assert finished.run(*compare, "main", "slower") == "wrote comparison.html\n"
    page = (finished.folder / "comparison.html").read_text()
    assert "<td><code>training.learning_rate</code></td><td><code>0.002</code></td><td><code>0.0005</code></td>" in page
    assert f"{difference:+.1f} ± ".replace("-", "−") in page
    assert "paired over test images: both runs scored the same images" in page
    assert page.count('src="data:image/png;base64,') == 2
    cache = finished.folder / ".dvc" / "cache"
    cache.rename(cache.with_name("elsewhere"))
    try:
        finished.run(*compare, "main", "slower")
    finally:
        shutil.rmtree(cache, ignore_errors=True)
        cache.with_name("elsewhere").rename(cache)
    assert "<strong>not paired</strong>" in (finished.folder / "comparison.html").read_text()
    assert "error: 'quicker': git knows no such revision" in finished.run(*compare, "main", "quicker", status=2)
    assert finished.reports() == before
    assert finished.run("git", "status", "--porcelain") == ""


@pytest.mark.slow
def test_the_loop_in_the_docs_sweeps_a_parameter(finished):
    program = re.search(r"## A sweep\n\n```sh\n(.*?)```", (ROOT / "docs" / "experiments.md").read_text(), re.DOTALL).group(1)
    try:
        shown = finished.run("bash", "-euc", program.replace("dvc exp show", "dvc exp show --csv"))
        rows = [line.split(",") for line in shown.splitlines() if line.startswith("rate-")]
        assert sorted(row[0] for row in rows) == ["rate-0.001", "rate-0.004"]
        assert len({tuple(row[4:]) for row in rows}) == 2
        assert not re.search(r"^Experiment,.*models", shown, re.MULTILINE)
    finally:
        finished.run("git", "checkout", "params.yaml", "dvc.lock", "reports")
        finished.run("dvc", "checkout")


def committed_metrics(project: Project) -> dict:
    """Those of the last commit."""
    return json.loads(project.run("git", "show", "HEAD:reports/metrics.json"))["mnist5k"]


def test_a_lock_file_out_of_step_is_noticed_without_data_or_cache(finished, tmp_path):
    finished.run("git", "clone", "--quiet", ".", str(tmp_path / "fresh"))
    fresh = Project(tmp_path / "fresh")
    check = ("env", "PYTHONPATH=.", "python", "scripts/check_lock.py")
    # Ablations that were tried out with other parameters are out of step; none need have been.
    *_, message = fresh.run(*check, status=1).splitlines()
    stage = r"train@[a-z0-9_]+-[0-2]"  # whichever DVC comes to first
    assert re.match(rf"error: choices/dvc\.lock: not in step with code and parameters: {stage} would run again", message)
    assert "run `make choices`" in message
    (fresh.folder / "choices" / "dvc.lock").unlink()
    assert fresh.run(*check) == "dvc.lock is in step with code and parameters\n"
    fresh.set(("experiments", "mnist5k", "training", "epochs"), 3)
    output = fresh.run(*check, status=1)
    assert output.startswith("error: dvc.lock: not in step with code and parameters: check, train@mnist5k-0")
    fresh.run("git", "checkout", "params.yaml")
    with (fresh.folder / "adversarial_nets" / "parzen.py").open("a") as file:
        file.write("# edited\n")
    # Without data DVC gets no further than the first of the stages that would, whichever it comes to.
    assert re.search(r"(baselines@mnist5k|train@mnist5k-0|costs@mnist5k) would run again", fresh.run(*check, status=1))
    fresh.run("git", "checkout", "adversarial_nets")
    (fresh.folder / "dvc.yaml").write_text("stages: [")
    assert "error: dvc.lock: could not be checked" in fresh.run(*check, status=1)
