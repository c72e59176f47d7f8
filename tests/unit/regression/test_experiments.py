"""The table of DVC's experiments: what changed and what came of it, in real experiments of a stage that copies a number."""

import subprocess
import sys
from pathlib import Path

import pytest

from adversarial_nets.regression import experiments
from support.experiments import project_values, shipped_values, write_project, write_yaml
from support.finished import git

STAGE = """
import json
from pathlib import Path
from ruamel.yaml import YAML
entries = {}
for name in ("mnist5k", "mnist"):
    epochs = YAML(typ="safe").load(Path(f"experiments/{name}.yaml"))["training"]["epochs"]
    entries[name] = {"log_likelihood": -1.0 * epochs, "standard_error": 7.125, "num_seeds": 3}
Path("reports").mkdir(exist_ok=True)
Path("reports/metrics.json").write_text(json.dumps(entries))
"""


def dvc(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "dvc", *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two experiments that start from a commit, after which another came."""
    folder = tmp_path_factory.mktemp("experiments")
    write_project(folder, project_values(), mnist5k=shipped_values(), mnist=shipped_values("mnist"))
    (folder / "stage.py").write_text(STAGE)
    params = ["seeds", *({f"experiments/{name}.yaml": ["training", "sampling"]} for name in ("mnist5k", "mnist"))]
    stage = {"cmd": f"{sys.executable} stage.py", "params": params, "outs": [{"reports/metrics.json": {"cache": False}}]}
    write_yaml(folder / "dvc.yaml", {"stages": {"report": stage}, "metrics": ["reports/metrics.json"]})
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        git("init", "--quiet", "--initial-branch", "main")
        git("config", "user.name", "tester")
        git("config", "user.email", "tester@example.org")
        dvc("init", "--quiet")
        dvc("repro", "--quiet")
        git("add", "--all")
        git("commit", "--quiet", "--message", "Results")
        file = "experiments/mnist5k.yaml:training"
        dvc("exp", "run", "--quiet", "--name", "short", "-S", f"{file}.epochs=5", "-S", f"{file}.validation.num_samples=50")
        git("checkout", "--quiet", ".")
        name = "an_experiment_with_a_long_name"
        dvc("exp", "run", "--quiet", "--name", name, "-S", f"{file}.epochs=7", "-S", f"seeds={list(range(20))}")
        git("checkout", "--quiet", ".")
        git("commit", "--quiet", "--allow-empty", "--message", "Later")
    return folder


def test_rows_are_sorted_within_an_experiment_and_name_what_changed(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)
    found = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in experiments.table().splitlines()[2:]]
    epochs, later = shipped_values()["training"]["epochs"], git("rev-parse", "HEAD~1")[:7]
    of_default = [row for row in found if len(row) > 1 and row[1] == "mnist5k"]
    assert of_default[0] == ["short", "mnist5k", "−5.0 ± 7.1", "3", "epochs=5, validation.num_samples=50"]
    assert of_default[1][:4] == ["an_experiment_with_a_l", "mnist5k", "−7.0 ± 7.1", "3"]
    unchanged = ["mnist5k", f"−{epochs}.0 ± 7.1", "3"]
    assert of_default[2:] == [[name, *unchanged] for name in ("workspace", "main", later)]
    of_other = [row for row in found if len(row) > 1 and row[1] == "mnist"]
    assert ["short", "mnist"] in [row[:2] for row in of_other]
    assert not any("epochs" in cell for row in of_other for cell in row)


def test_the_table_fits_120_columns(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)
    table = experiments.table()
    assert "an_experiment_with_a_long_name" not in table  # it is wrapped
    assert max(map(len, table.splitlines())) <= 120


def test_without_experiments_there_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    git("init", "--quiet")
    monkeypatch.setattr("sys.argv", ["experiments"])
    experiments.main()
    assert capsys.readouterr().out.startswith("no experiments yet; make one with `dvc exp run -S ")


def test_outside_a_repository_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setattr("sys.argv", ["experiments"])
    with pytest.raises(SystemExit) as end:
        experiments.main()
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith("error: git cannot read this project's repository: ")


@pytest.mark.parametrize(
    ("path", "end"),
    [
        ("training.epochs", "epochs"),
        ("training.learning_rate", "learning_rate"),
        ("training.annealing.learning_rate_decay", "annealing.learning_rate_decay"),
        ("seeds", "seeds"),
    ],
)
def test_names_are_as_short_as_they_can_be(path: str, end: str) -> None:
    known = {"seeds", "training.epochs", "training.learning_rate", "training.learning_rate_decay"}
    assert experiments.short(path, known | {"training.annealing.learning_rate_decay", path}) == end
