"""`make repro` and `make extensions`: two sides of a pipeline at once."""

import shutil
from pathlib import Path

import pytest
from dvc.cli import parse_args
from dvc.repo import Repo

from adversarial_nets.core.devices import THREADS
from adversarial_nets.core.errors import CheckFailed
from adversarial_nets.running import paths, repro
from support.experiments import ROOT, project_values, read_yaml, write_project, write_yaml

RECORD = 'echo "$@ with $ADVERSARIAL_NETS_THREADS" >> calls.txt\n'


GSN, *FEATURES = BASELINES = [
    f"mnist5k_{name}" for name in ("generative_stochastic_network", "deep_belief_network", "contractive_autoencoder")
]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The current folder, with the project's pipelines and no results: the subset, and extensions of it."""
    shutil.copy(ROOT / "dvc.yaml", tmp_path)
    for name in ("experiments", "extensions"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("models", "dvc.lock"))
    write_project(tmp_path, project_values(baselines=BASELINES))
    asked = read_yaml(ROOT / "extensions" / "mnist.yaml") | {"experiment": "mnist5k"}
    asked["completion"]["chain"]["experiment"], asked["few_labels"]["compared"] = GSN, FEATURES
    write_yaml(tmp_path / paths.EXTENSIONS, asked)
    Repo.init(str(tmp_path), no_scm=True).close()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(THREADS, "4")
    return tmp_path


@pytest.fixture
def calls(project, monkeypatch):
    """What a stand-in for DVC was called with: a function of that stand-in's script, and of the pipeline."""

    def run(script: str = "", pipeline: Path = paths.PIPELINE) -> list[str]:
        Path("dvc.sh").write_text(RECORD + script)
        monkeypatch.setattr(repro, "REPRO", ["sh", "dvc.sh"])
        monkeypatch.setattr(repro, "SIDE", ["sh", "dvc.sh", "side"])
        repro.repro(pipeline)
        return Path("calls.txt").read_text().splitlines()

    return run


def test_dvc_knows_how_to_wait_for_its_lock():
    assert parse_args([*repro.SIDE[1:], "train"]).wait_for_lock


def test_each_stage_between_check_and_report_is_on_one_side(project):
    sides = repro.default_sides()
    assert sorted([*sides.first, *sides.shown, *sides.beside, "report"]) == sorted(read_yaml(ROOT / "dvc.yaml")["stages"])
    assert {"train", "helvetica"} <= set(sides.shown)
    assert {"train_baselines", "theory", "sanity"} <= set(sides.beside)


def test_sides_of_the_extensions_differ_in_whether_they_need_models_of_the_default(project):
    sides = repro.extension_sides()
    assert {"check", "prepare@mnist5k", f"prepare_baselines@{GSN}"} <= set(sides.first)
    assert not any("train" in name for name in sides.first)
    assert all(name.startswith("extensions/dvc.yaml:") for name in sides.shown)
    shown, beside = ([name.removeprefix("extensions/dvc.yaml:") for name in side] for side in (sides.shown, sides.beside))
    assert {"train_completion@0", "training_images@0"} <= set(shown)
    assert shown.index("train@appended-0") < shown.index("conditional@appended-0")
    assert beside.index("train@mnist5k-0") < beside.index("inference@0") < beside.index("few_labels@0")
    assert f"train_baselines@{GSN}-0" in beside
    assert not {"completion@0", "report"} & {*shown, *beside}  # they need both sides


def test_extensions_of_models_that_no_stage_trains_have_one_side(project):
    write_project(project, project_values(suite=["mnist"]))
    sides = repro.extension_sides()
    assert (sides.first, sides.beside) == ([], [])


def test_models_of_another_suite_are_not_trained_for_the_extensions(project):
    write_project(project, project_values(suite=["mnist"], baselines=BASELINES))
    sides = repro.extension_sides()
    assert "check" in sides.first
    assert not [name for name in [*sides.first, *sides.shown, *sides.beside] if name.endswith("@mnist") or "@mnist-" in name]


@pytest.mark.parametrize(
    ("pipeline", "sides"), [(paths.PIPELINE, repro.default_sides), (repro.EXTENSIONS, repro.extension_sides)]
)
def test_both_sides_run_with_half_of_the_threads_after_what_both_need_and_the_rest_after_both(calls, pipeline, sides):
    first, *both, last = ({*call.split()} for call in calls(pipeline=pipeline))
    named = sides()
    shown, beside = ({"side", *names, "with", "2"} for names in (named.shown, named.beside))
    assert first == {*named.first, "with", "4"}
    assert both in ([shown, beside], [beside, shown])
    assert last == {str(pipeline), "with", "4"}


@pytest.mark.parametrize("lacking", ["suite", "baselines", "threads"])
def test_one_side_alone_is_plain_repro(project, calls, monkeypatch, lacking):
    if lacking == "threads":
        monkeypatch.setenv(THREADS, "1")
    else:
        write_project(project, project_values(baselines=BASELINES) | {lacking: []})
    assert [call.split(" with")[0] for call in calls()] == ["dvc.yaml"]


def test_a_failure_of_the_suite_stops_what_is_beside_it(calls):
    with pytest.raises(CheckFailed, match="see above"):
        calls('case "$@" in "side train "*) exit 1 ;; "side sanity"*) exec sleep 60 ;; esac')


def test_a_failure_beside_the_suite_says_where_to_look(calls):
    with pytest.raises(CheckFailed, match=str(repro.LOG)):
        calls('case "$@" in "side sanity"*) echo diverged; exit 1 ;; esac')
    assert "diverged" in repro.LOG.read_text()
