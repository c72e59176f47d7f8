"""Every row of docs/reference/bad_input.md: one line, the exit status that it says, and everything that was there as it was."""

import shutil
from pathlib import Path

import pytest
from test_stages import run_all, run_here, write_experiment, write_parameters  # noqa: F401 (a fixture among them)

from support import bad_input
from support.bad_input import ACCEPTED, ROWS, Row
from support.experiments import ROOT, small_values

OUTPUTS = ("data", "models", "samples", "scores", "reports")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a small run is put once it has been made."""
    return tmp_path_factory.mktemp("finished")


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """A folder with a copy of that run; empty but for the parameters if there is none yet."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def run_of(finished, folder, run_here):  # noqa: F811
    """Makes the run if it has not been made, and gives its folder."""
    if not (finished / "scores").exists():
        for name in ("experiments", "ablations", "extensions"):
            shutil.copytree(ROOT / name, folder / name)
        (folder / "data").mkdir()
        shutil.copy(ROOT / "data" / "mnist5k.npz", folder / "data")
        write_parameters(folder)
        write_experiment(folder, small_values())
        run_all(["check", "fetch", "prepare", "train", "sample", "cross_validate", "likelihood"], run_here)
        shutil.copytree(folder, finished, dirs_exist_ok=True)
    return folder


def contents(folder: Path) -> dict[str, bytes | None]:
    paths = [path for name in OUTPUTS for path in (folder / name).rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): content(path) for path in paths}


def content(path: Path) -> bytes | None:
    """None if a row took the right to read it away."""
    try:
        return path.read_bytes()
    except PermissionError:
        return None


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.stage[0]}: {row.given}")
def test_a_bad_input_gets_its_line_and_changes_nothing(run_of, run_here, monkeypatch, row: Row) -> None:  # noqa: F811
    with bad_input.scene_in(run_of, monkeypatch) as scene:
        row.spoil(scene)
        before = contents(run_of)
        ended = run_here(*row.stage)
        assert ended.status == row.status, ended.stderr
        if row.said != ACCEPTED:
            *progress, message = ended.stderr.splitlines()
            assert not any(each.startswith("Traceback") for each in progress)
            assert row.kind in ("Archives", "Downloads") or not progress  # torchvision shows how far a download is
            said = message.removeprefix("error: ").replace(f"{run_of}/", "")
            assert row.is_answered_by(said), said
            assert contents(run_of) == before
        assert not (run_of / "owned").exists()


def test_the_page_is_up_to_date() -> None:
    assert bad_input.PAGE.read_text(encoding="utf-8") == bad_input.page(), "run `PYTHONPATH=tests python -m support.bad_input`"
