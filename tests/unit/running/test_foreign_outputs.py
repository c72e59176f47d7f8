"""Entries of dvc.lock whose outputs are nowhere here are forgotten, and no others."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from adversarial_nets.core import files
from adversarial_nets.running import dvc_cache, foreign_outputs

HERE, ELSEWHERE = "0" * 32, "f" * 32


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lock file with an output in the cache, one in its place, one that differs there, and one that is nowhere."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dvc_cache, "folder", lambda: tmp_path / "cache")
    files.write_text(tmp_path / "cache" / "files" / "md5" / HERE[:2] / HERE[2:], "an output")
    files.write_text(Path("in_place/file"), "as locked")
    files.write_text(Path("other/file"), "not as locked")
    outs = {"cached": ("gone", HERE), "in_place": ("in_place", dvc_cache.md5(Path("in_place"))), "other": ("other", ELSEWHERE)}
    outs["nowhere"] = ("gone", ELSEWHERE)
    stages = {name: {"cmd": "true", "outs": [{"path": path, "md5": md5}]} for name, (path, md5) in outs.items()}
    stages["two"] = {"cmd": "true", "outs": [*stages["cached"]["outs"], *stages["nowhere"]["outs"]]}
    yaml = YAML()
    yaml.dump({"schema": "2.0", "stages": stages}, tmp_path / "dvc.lock")
    (tmp_path / "cache" / "runs").mkdir()
    return tmp_path / "dvc.lock"


def test_what_is_nowhere_or_differs_is_forgotten(lock: Path, capsys: pytest.CaptureFixture[str]) -> None:
    foreign_outputs.forget()
    left = YAML(typ="safe").load(lock)["stages"]
    assert list(left) == ["cached", "in_place", "other", "nowhere", "two"]
    assert [name for name, stage in left.items() if "outs" in stage] == ["cached", "in_place"]
    assert capsys.readouterr().out.startswith("dvc.lock: 3 stages have outputs that are not here")


def test_a_lock_file_without_foreign_entries_keeps_its_bytes(lock: Path, capsys: pytest.CaptureFixture[str]) -> None:
    foreign_outputs.forget()
    capsys.readouterr()
    before = lock.read_bytes()
    foreign_outputs.forget()
    assert (lock.read_bytes(), capsys.readouterr().out) == (before, "")


def test_a_project_without_a_lock_file_is_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    foreign_outputs.forget()
    assert not list(tmp_path.iterdir())


def test_where_nothing_ever_ran_the_lock_file_stays(lock: Path) -> None:
    before = lock.read_bytes()
    (lock.parent / "cache" / "runs").rmdir()
    foreign_outputs.forget()
    assert lock.read_bytes() == before
