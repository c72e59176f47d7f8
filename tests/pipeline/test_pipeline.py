"""The pipeline through real DVC, in a scratch repository, on real digits with a small training."""

import json
import re
import shutil

import pytest

from adversarial_nets.running import dvc_cache
from support.experiments import ROOT
from support.project import EXPERIMENT, Project, clone, commit, small
from support.source_files import Archives

OUTPUTS = ("data/sources", "data/prepared", "models", "samples", "scores", "figures", "reports")
CONTRACT = {"log_likelihood", "standard_error", "num_seeds", "sigma", "num_samples"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Project:
    """A clone in which the small pipeline ran from scratch and was committed."""
    project = small(tmp_path_factory.mktemp("clone"))
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
    before, metrics = finished.reports(), finished.metrics()["mnist5k"]
    finished.run("dvc", "exp", "run", "-S", f"{EXPERIMENT}:training.epochs=1")
    assert finished.metrics()["mnist5k"]["log_likelihood"] != metrics["log_likelihood"]
    changed = finished.run("dvc", "metrics", "diff")
    assert "mnist5k.log_likelihood" in changed
    assert "theory" not in changed
    assert re.search(r"training\.epochs +2 +1", finished.run("dvc", "params", "diff"))
    assert "Running stage 'train" not in finished.run("dvc", "exp", "run", "-S", f"{EXPERIMENT}:training.epochs=2")
    assert finished.reports() == before


def test_a_new_experiment_is_a_copied_file_named_in_the_suite(finished):
    lock = (finished.folder / "dvc.lock").read_text()
    shutil.copy(finished.folder / EXPERIMENT, finished.folder / "experiments" / "wider.yaml")
    finished.set("experiments/wider.yaml:generator.layers.h0.units", 500)
    finished.set("suite", ["mnist5k", "wider"])
    try:
        output = finished.run("dvc", "repro", "sample@wider-0")
        assert "mnist5k" not in output
        assert (finished.folder / "samples" / "wider" / "0.npy").exists()
        assert finished.hashes("data/prepared")["data/prepared/wider.npz"]
    finally:
        finished.run("git", "checkout", "--quiet", "params.yaml")
        (finished.folder / "experiments" / "wider.yaml").unlink()
        (finished.folder / "dvc.lock").write_text(lock)
        for left_over in list(finished.folder.glob("*/**/wider*")):
            shutil.rmtree(left_over) if left_over.is_dir() else left_over.unlink(missing_ok=True)
        finished.run("dvc", "repro", "check")


def test_source_files_travel_between_clones_through_a_shared_folder(tmp_path):
    archives, project = Archives(), clone(tmp_path / "first")
    (project.folder / "dvc.lock").unlink(missing_ok=True)
    project.set("suite", ["mnist"])
    project.set("experiments/mnist.yaml:data", archives.parameters.model_dump())
    archives.put(project.folder / "data/raw/MNIST/raw")
    project.run("dvc", "remote", "add", "--default", "shared", str(tmp_path / "shared"))
    project.run("dvc", "repro", "prepare@mnist")
    commit(project, "Data")
    project.run("dvc", "push", "--quiet", "data/sources/mnist", "data/parameters_valid.txt")
    project.run("git", "clone", "--quiet", ".", str(tmp_path / "second"))
    other = Project(tmp_path / "second")
    other.run("dvc", "pull", "--quiet", "data/sources/mnist", "data/parameters_valid.txt")
    output = other.run("dvc", "repro", "prepare@mnist")
    assert output.count("Running stage") == 1
    assert other.hashes("data/prepared") == project.hashes("data/prepared")
    other.run("dvc", "repro", "--force", "--single-item", "fetch@mnist")
    assert other.hashes("data/sources") == project.hashes("data/sources")
    assert not (other.folder / "data/raw").exists()
    assert other.run("git", "status", "--porcelain") == ""


@pytest.mark.nightly
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
    finished.run("python", "-m", "adversarial_nets.running.prune")
    assert not left_over.exists()
    assert kept.exists()
    shutil.rmtree(kept)
    assert (finished.folder / "models" / "mnist5k" / "7" / "by_hand").exists()
    shutil.rmtree(finished.folder / "models" / "mnist5k" / "7")
    finished.run("dvc", "repro")
    assert finished.hashes(".")["dvc.lock"] == lock


@pytest.mark.slow
def test_a_lock_file_of_another_machine_trains_nothing_again(finished):
    """Its checksums are in no cache here; DVC's run cache has what this machine made of the same code, data and parameters."""
    lock = finished.folder / "dvc.lock"
    here = lock.read_text()
    for out in ("models/mnist5k/0", "samples/mnist5k/0.npy"):
        md5 = dvc_cache.md5(finished.folder / out)
        lock.write_text(lock.read_text().replace(md5, f"{'f' * 32}{md5[32:]}"))
    assert lock.read_text() != here
    assert "2 stages have outputs" in finished.run("python", "-m", "adversarial_nets.running.foreign_outputs")
    output = finished.run("dvc", "repro")
    assert "Stage 'train@mnist5k-0' is cached - skipping run" in output
    assert "Stage 'sample@mnist5k-0' is cached - skipping run" in output
    assert "Running stage 'train" not in output
    assert lock.read_text() == here
    assert finished.run("python", "-m", "adversarial_nets.regression.committed") == "identical to the committed results\n"


def test_a_wrong_parameter_stops_everything_before_anything_is_deleted(finished):
    before = finished.hashes(*OUTPUTS)
    finished.set(f"{EXPERIMENT}:training.epochs", "3")
    try:
        output = finished.run("dvc", "repro", status=255)
    finally:
        finished.run("git", "checkout", "--quiet", EXPERIMENT)
    assert f"error: {EXPERIMENT}:training.epochs: " in output
    assert "Traceback" not in output
    assert finished.hashes(*OUTPUTS) == before
    finished.run("dvc", "repro", "check")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("suite=[mnst5k]", "error: experiments/mnst5k.yaml: not there, so no experiment is called 'mnst5k'"),
        ("seeds=[-1]", "error: params.yaml:seeds.0: input should be greater than or equal to 0"),
        ("seeds=3", "'Value' object is not iterable"),  # DVC's own words, which the how-to explains
    ],
)
def test_after_a_name_that_is_refused_everything_comes_back_and_nothing_stays(finished, setting, said):
    """`dvc exp run` removes what is not named any more before any stage can refuse the name; it is all in the cache."""
    before = everything(finished)
    try:
        output = finished.run("dvc", "exp", "run", "-S", setting, status=255)
    finally:
        finished.run("git", "checkout", "--quiet", "params.yaml", "experiments")
        finished.run("dvc", "checkout")
    assert said in output
    assert "Traceback" not in output
    assert ("git checkout params.yaml experiments; dvc checkout" in output) == output.count("error: ")
    assert everything(finished) == before
    assert "Running stage" not in finished.run("dvc", "repro", "report")


def everything(project: Project) -> tuple[dict[str, str], set[str]]:
    """Digests of all files that DVC or the stages wrote, and their folders."""
    names = [path for path in (*OUTPUTS, "data") if not path.startswith("data/")]
    folders = {str(path) for name in names for path in (project.folder / name).rglob("*") if path.is_dir()}
    return project.hashes(*names), folders


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"training.learning_rate": 1e30, "training.learning_rate_floor": 1e30, "training.optimizer": "momentum"},
            "error: training diverged: in epoch 1, step 2 ",
        ),
    ],
)
def test_after_a_failure_every_output_comes_back(finished, changes, said):
    before = finished.hashes(*OUTPUTS)
    for key, value in changes.items():
        finished.set(f"{EXPERIMENT}:{key}", value)
    output = finished.run("dvc", "repro", status=255)
    assert said in output
    assert "Traceback" not in output
    assert finished.hashes(*OUTPUTS) != before
    finished.run("git", "checkout", "--quiet", "experiments", "dvc.lock", "reports")
    finished.run("dvc", "checkout")
    assert finished.hashes(*OUTPUTS) == before
    assert finished.run("git", "status", "--porcelain") == ""


def test_editing_the_report_trains_nothing_and_a_copy_uses_its_own_library(finished):
    """As `dvc exp run --temp` and the queue do."""
    edited = finished.folder / "adversarial_nets" / "report" / "tables.py"
    original = edited.read_text()
    edited.write_text(original.replace("# Table 1: ", "# Table 1 of the clone: "))
    try:
        assert finished.run("dvc", "repro").count("Running stage") == 1
        assert "Table 1 of the clone" in (finished.folder / "reports" / "table1.md").read_text()
    finally:
        finished.run("git", "checkout", "--quiet", "adversarial_nets", "dvc.lock", "reports")


def test_the_commands_that_show_results_work(finished):
    shown = finished.run("dvc", "metrics", "show")
    assert "mnist5k.log_likelihood" in shown
    assert "theorem_1.largest_disagreement" in shown
    assert "log_likelihood" in finished.run("dvc", "exp", "show", "--no-pager", "--csv")
    assert "train@mnist5k-0" in finished.run("dvc", "dag")
    finished.run("dvc", "plots", "show")
    page = (finished.folder / "dvc_plots" / "index.html").read_text()
    for shown in ("validation_log_likelihood", "sigma", "d_fake", "mnist5k-0-samples.png"):
        assert shown in page


@pytest.mark.nightly
def test_two_experiments_are_compared_on_one_page(finished):
    before = finished.reports()
    finished.run("dvc", "exp", "run", "-n", "slower", "-S", f"{EXPERIMENT}:training.learning_rate=0.0005")
    difference = finished.metrics()["mnist5k"]["log_likelihood"] - committed_metrics(finished)["log_likelihood"]
    finished.run("git", "checkout", "--quiet", "params.yaml", "experiments", "dvc.lock", "reports")
    finished.run("dvc", "checkout")
    compare = ("python", "-m", "adversarial_nets.regression.compare")
    assert finished.run(*compare, "main", "slower") == "wrote comparison.html\n"
    page = (finished.folder / "comparison.html").read_text()
    assert "<td><code>training.learning_rate</code></td><td><code>0.002</code></td><td><code>0.0005</code></td>" in page
    assert f"{difference:+.1f} nats".replace("-", "−") in page  # one seed on each side: no margin
    assert "paired: both runs scored the same images" in page
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


@pytest.mark.nightly
def test_the_loop_in_the_docs_sweeps_a_parameter(finished):
    program = re.search(
        r"## A sweep\n\n```sh\n(.*?)```", (ROOT / "docs/how-to/change_and_compare.md").read_text(), re.DOTALL
    ).group(1)
    try:
        shown = finished.run("bash", "-euc", program.replace("dvc exp show", "dvc exp show --csv"))
        rows = [line.split(",") for line in shown.splitlines() if line.startswith("rate-")]
        assert sorted(row[0] for row in rows) == ["rate-0.001", "rate-0.004"]
        assert len({tuple(row[4:]) for row in rows}) == 2
        assert not re.search(r"^Experiment,.*models", shown, re.MULTILINE)
    finally:
        finished.run("git", "checkout", "--quiet", "params.yaml", "experiments", "dvc.lock", "reports")
        finished.run("dvc", "checkout")


def committed_metrics(project: Project) -> dict:
    """Those of the last commit."""
    return json.loads(project.run("git", "show", "HEAD:reports/metrics.json"))["mnist5k"]


def test_a_lock_file_out_of_step_is_noticed_without_data_or_cache(finished, tmp_path):
    finished.run("git", "clone", "--quiet", ".", str(tmp_path / "fresh"))
    fresh = Project(tmp_path / "fresh")
    for name in ("ablations", "extensions"):
        (fresh.folder / name / "dvc.lock").unlink(missing_ok=True)
    check = ("python", "-m", "adversarial_nets.regression.lock_files")
    assert fresh.run(*check) == "dvc.lock is in step with code and parameters\n"
    fresh.set(f"{EXPERIMENT}:training.epochs", 3)
    with (fresh.folder / "adversarial_nets/likelihood/parzen.py").open("a") as file:
        file.write("# edited\n")
    output = fresh.run(*check, status=1)
    assert output.startswith("error: dvc.lock: not in step with code and parameters: check, ")
    # Without data DVC gets no further than the first of the stages that would, whichever it comes to.
    assert re.search(r"(sanity@mnist5k|train@mnist5k-0|costs@mnist5k|known_density) would run again", output)
    (fresh.folder / "dvc.yaml").write_text("stages: [")
    assert "error: dvc.lock: could not be checked" in fresh.run(*check, status=1)
