"""`make repro`: the suite and what is beside it, at once."""

from pathlib import Path

import pytest
from dvc.cli import parse_args

from adversarial_nets.core.devices import THREADS
from adversarial_nets.core.errors import CheckFailed
from adversarial_nets.parameters.reading import parse_yaml
from adversarial_nets.running import repro
from support.experiments import ROOT

RECORD = 'echo "$@ with $ADVERSARIAL_NETS_THREADS" >> calls.txt\n'


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """What a stand-in for DVC was called with, in a folder with the project's pipeline; a function of that stand-in's script."""
    for name in ("dvc.yaml", "params.yaml"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(THREADS, "4")

    def run(script: str = "") -> list[str]:
        Path("dvc.sh").write_text(RECORD + script)
        monkeypatch.setattr(repro, "REPRO", ["sh", "dvc.sh"])
        monkeypatch.setattr(repro, "SIDE", ["sh", "dvc.sh", "side"])
        repro.repro()
        return Path("calls.txt").read_text().splitlines()

    return run


def test_dvc_knows_how_to_wait_for_its_lock():
    assert parse_args([*repro.SIDE[1:], "train"]).wait_for_lock


def test_each_stage_between_check_and_report_is_on_one_side():
    suite, others = repro.sides()
    stages = parse_yaml((ROOT / "dvc.yaml").read_text(), "dvc.yaml")["stages"]
    assert sorted(["check", *suite, *others, "report"]) == sorted(stages)
    assert {"train", "helvetica"} <= set(suite)
    assert {"train_baselines", "theory"} <= set(others)


def test_both_sides_run_with_half_of_the_threads_after_the_check_and_the_rest_after_both(calls):
    first, *sides, last = calls()
    assert first == "check with 4"
    assert sorted(side.split()[1] for side in sides) == ["fetch", "fetch_baselines"]
    assert all(side.endswith("with 2") for side in sides)
    assert last == " with 4"


@pytest.mark.parametrize("lacking", ["suite", "baselines", "threads"])
def test_one_side_alone_is_plain_repro(calls, monkeypatch, lacking):
    if lacking == "threads":
        monkeypatch.setenv(THREADS, "1")
    else:
        text = Path("params.yaml").read_text()
        names = parse_yaml(text, "params.yaml")[lacking]
        listed = f"{lacking}:\n" + "".join(f"- {name}\n" for name in names)
        assert listed in text
        Path("params.yaml").write_text(text.replace(listed, f"{lacking}: []\n"))
    assert [call.split(" with")[0] for call in calls()] == [""]


def test_a_failure_of_the_suite_stops_what_is_beside_it(calls):
    with pytest.raises(CheckFailed, match="see above"):
        calls('case "$@" in "side fetch "*) exit 1 ;; "side fetch_baselines"*) exec sleep 60 ;; esac')


def test_a_failure_beside_the_suite_says_where_to_look(calls):
    with pytest.raises(CheckFailed, match=str(repro.LOG)):
        calls('case "$@" in "side fetch_baselines"*) echo diverged; exit 1 ;; esac')
    assert "diverged" in repro.LOG.read_text()
