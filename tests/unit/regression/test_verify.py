"""Numbers follow from their files; one digit changed in any of them is found, with the file and the number."""

import io
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from adversarial_nets.core import files
from adversarial_nets.core.errors import InputError
from adversarial_nets.regression import ablation_reference, recomputed, verify
from adversarial_nets.running import paths
from adversarial_nets.running.paths import AblationPaths, RunPaths

MNIST5K = Path("reports/reference/mnist5k")
ABLATIONS = Path("reports/ablations")


def contradictions() -> list[str]:
    return [each for check in verify.verify() for each in check.contradictions()]


def change_a_digit(path: Path, of: str) -> None:
    """The last digit of the first number that begins so."""
    text = path.read_text(encoding="utf-8")
    changed = re.sub(rf"({of}[-−0-9.]*)([0-9])", lambda found: found[1] + str((int(found[2]) + 1) % 10), text, count=1)
    assert changed != text
    path.write_text(changed, encoding="utf-8")


def run_verify(monkeypatch: pytest.MonkeyPatch) -> int:
    """The command's exit status."""
    monkeypatch.setattr("sys.argv", ["verify"])
    try:
        verify.main()
    except SystemExit as end:
        return end.code
    return 0


def test_results_as_the_pipeline_leaves_them_pass(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    assert run_verify(monkeypatch) == 0
    lines = capsys.readouterr().out.splitlines()
    skipped = [line for line in lines if not line.startswith("follows")]
    assert [line.split(": ")[-1] for line in skipped] == [
        "reports/ablations/checksums.json is not here",
        "no extensions here; `make extensions` runs them",
        "a reference is kept without its samples",
    ]


def test_what_is_not_here_is_skipped_by_name(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    for name in ("scores", "samples", "models", "data"):
        shutil.rmtree(name)
    assert run_verify(monkeypatch) == 0
    lines = capsys.readouterr().out
    for path in (
        "scores/mnist5k/sanity.json",
        "samples/mnist5k/0.npy",
        "models/mnist5k/1/generator.safetensors",
        "scores/theory.json",
    ):
        assert f": {path} is not here\n" in lines


@pytest.mark.parametrize(
    ("file", "number"),
    [
        ("reports/table1.csv", "digit subset\",mnist5k,"),
        ("reports/table1.md", r"2057 ± 26 +\| "),
        ("reports/index.html", "subset, measured here\">"),
        ("reports/metrics.json", '"seed_std": '),
        ("reports/metrics.json", '"near_duplicates": '),
        ("reports/plots/sigma/mnist5k.csv", "0."),
        ("reports/theory.json", '"final_gap": '),
        ("README.md", r"\| 2"),
    ],
)  # fmt: skip
def test_one_digit_that_is_changed_in_the_reports_is_found(project: Path, file: str, number: str) -> None:
    change_a_digit(Path(file), number)
    of_folder = f"reports: {'/'.join(Path(file).parts[:2])} is "
    assert any(each.startswith((f"{file}: ", of_folder)) for each in contradictions())


@pytest.mark.parametrize(
    ("file", "number", "found"),
    [
        ("table1.csv", "mnist5k,", "table1.csv: log_likelihood is "),
        ("seeds.csv", "mnist5k,1,[a-z]+,", "seeds.csv: log_likelihood of seed 1 is "),
        ("seeds.csv", "mnist5k,1,[a-z]+,[^,]+,", "metrics.json: validation_log_likelihood is "),
        ("metrics.json", '"num_started": ', "metrics.json: num_started is "),
        ("metrics.json", '"standard_error": -?[0-9]', "metrics.json: standard_error is "),
        ("metrics.json", '"draw_std": ', "metrics.json: draw_std is "),
        ("provenance.json", '"sha256:[a-f]*', "provenance.json: sha256:"),
    ],
)
def test_without_checksums_the_numbers_of_a_reference_still_have_to_follow(
    project: Path, file: str, number: str, found: str
) -> None:
    (MNIST5K / paths.CHECKSUMS).unlink()
    assert contradictions() == []
    change_first_digit(MNIST5K / file, number)
    assert any(each.startswith(f"{MNIST5K}/{found}") for each in contradictions()), contradictions()


def change_first_digit(path: Path, of: str) -> None:
    """Of the first number that begins so: a change that no rounding explains."""
    text = path.read_text(encoding="utf-8")
    changed = re.sub(rf"({of}-?)([0-9])", lambda found: found[1] + str((int(found[2]) + 1) % 10), text, count=1)
    assert changed != text
    path.write_text(changed, encoding="utf-8")


@pytest.mark.parametrize("file", ["reliability.json", "learning_curve.csv", "parameters.json"])
def test_every_file_of_a_reference_has_its_checksum(project: Path, file: str) -> None:
    change_a_digit(MNIST5K / file, "")
    assert any(each.startswith(f"{MNIST5K}: {file} is ") for each in contradictions())


@pytest.mark.parametrize(
    ("file", "number", "found"),
    [
        ("ablations.csv", "\nminimax,simultaneous,1,minimax,0,3200,3200,", "ablations.csv: log_likelihood of minimax, seed 0 is"),
        ("ablations.csv", "\nminimax,simultaneous,", "ablations.csv: discriminator_steps of minimax, seed 0 is"),
        ("runs/minimax/0/scores.json", '"generator_updates": ', "ablations.csv: generator_updates of minimax, seed 0 is"),
        ("README.md", r"\| 3,", "README.md: | simultaneous "),
        ("README.md", "in all of ", "README.md: Under minimax"),
    ],
)
def test_ablations_have_to_follow_from_their_runs(project: Path, file: str, number: str, found: str) -> None:
    change_a_digit(ABLATIONS / file, number)
    assert any(each.startswith(f"{ABLATIONS}/{found}") for each in contradictions()), contradictions()


def test_ablations_that_are_not_here_are_skipped(project: Path) -> None:
    shutil.rmtree(ABLATIONS / "runs" / "minimax")
    assert next(verify.of_ablations()).skipped == "reports/ablations/runs/minimax/0/scores.json is not here"
    shutil.rmtree(ABLATIONS)
    assert [check.skipped for check in verify.of_ablations()] == ["no ablations here; `make ablations` runs them"]


@pytest.mark.parametrize(
    ("damage", "status"),
    [
        (lambda: change_first_digit(Path("reports/table1.csv"), "mnist5k,"), 1),
        (lambda: Path("reports/metrics.json").unlink(), 2),
        (lambda: Path("reports/table1.csv").write_text("nothing of use\n"), 2),
        (lambda: Path("reports/metrics.json").write_text("[]"), 2),
        (lambda: (MNIST5K / "log_likelihoods.npz").write_bytes(b"PK"), 2),
        (lambda: (MNIST5K / "provenance.json").write_text("{}"), 2),
        (lambda: Path("README.md").write_text("no table\n"), 2),
        (lambda: shutil.rmtree("reports/plots"), 1),
        (lambda: Path("README.md").write_text(Path("README.md").read_text().replace("| DBN", "| Ours | 999 |\n| DBN")), 1),
    ],
)
def test_the_exit_status_and_one_line_tell(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, damage: Callable[[], None], status: int
) -> None:
    damage()
    assert run_verify(monkeypatch) == status
    errors = capsys.readouterr().err
    assert errors.startswith("error: ")
    assert len(errors.splitlines()) == 1


def test_a_failed_check_names_five_numbers_and_counts_the_rest(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    rows = (MNIST5K / "seeds.csv").read_text()
    (MNIST5K / "seeds.csv").write_text(re.sub(r"([a-z],|,(?=-)|\d,)(-?)(\d+\.)", r"\g<1>\g<2>1\3", rows))
    change_first_digit(MNIST5K / "metrics.json", '"log_likelihood": ')
    assert run_verify(monkeypatch) == 1
    assert re.search(r"(?:; [^;]+){4}; and \d+ more\n$", capsys.readouterr().err)


def checks_of(seed: int) -> Iterator[list[str]]:
    return (check.contradictions() for check in recomputed.of_run(RunPaths("mnist5k", seed)))


def test_scores_samples_and_generators_are_recomputed(project: Path) -> None:
    """One score, then one generator that do not belong."""
    run, other = RunPaths("mnist5k", 0), RunPaths("mnist5k", 1)
    values = np.load(run.log_likelihoods)["fold_0"]
    values[7] += 0.1
    files.write_npz(run.log_likelihoods, fold_0=values)
    of_image, of_mean, of_sample = checks_of(0)
    assert [each.split(" is ")[0] for each in of_image] == [f"{run.log_likelihoods}: log-likelihood of test image 7, fold 0"]
    assert of_mean
    assert not of_sample
    shutil.copy(run.generator, other.generator)
    of_image, of_mean, of_sample = checks_of(1)
    assert not of_image + of_mean
    assert of_sample


def test_the_outcome_and_the_median_of_runs_are_held_by_what_they_follow_from(project: Path) -> None:
    seeds, metrics = MNIST5K / "seeds.csv", MNIST5K / "metrics.json"
    seeds.write_text(re.sub("finished|collapsed", "diverged", seeds.read_text(), count=1))
    change_first_digit(metrics, '"median_log_likelihood": ')
    found = "; ".join(contradictions())
    assert f"{seeds}: outcome of seed 0 is diverged" in found
    assert f"{metrics}: median_log_likelihood is " in found


def test_the_terminals_encoding_changes_no_verdict(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(shown, "ascii", write_through=True))
    assert run_verify(monkeypatch) == 0
    assert b"reports/table1.md ? reports/table1.csv" in shown.getvalue()


def test_ablations_that_dvc_does_not_run_are_held_by_their_checksums(project: Path) -> None:
    for folder in (Path("ablations"), ABLATIONS):
        shutil.copytree(folder, "copied")
        shutil.move("copied", folder / "mnist")
    ablation_reference.write(AblationPaths(Path("ablations/mnist")))
    assert contradictions() == []
    assert files.read_json(ABLATIONS / "mnist" / "provenance.json")["suite"] == ["mnist5k"]
    change_a_digit(ABLATIONS / "mnist/runs/minimax/0/gradients.csv", "1,1,")
    [found] = contradictions()
    assert found.startswith(f"{ABLATIONS}/mnist: runs/minimax/0/gradients.csv is ")
    shutil.rmtree(ABLATIONS / "mnist" / "runs" / "minimax")
    with pytest.raises(InputError, match="minimax/0: not there"):
        ablation_reference.write(AblationPaths(Path("ablations/mnist")))
