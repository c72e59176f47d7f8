"""Committed numbers follow from their files; one digit changed in any of them is found, with the file and the number."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import reference
from common import load_parameters
from test_stages import ARGUMENTS, folder, run_all, run_here, tiny, write_parameters  # noqa: F401 (fixtures)

from adversarial_nets.core import files
from adversarial_nets.core.errors import CheckFailed
from adversarial_nets.regression import reference as references
from adversarial_nets.regression import verify

ROOT = Path(__file__).parents[1]


@pytest.fixture
def committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The committed reports and references, alone."""
    shutil.copytree(ROOT / "reports", tmp_path / "reports")
    (tmp_path / "choices").mkdir()
    for name in ("README.md", "dvc.lock", "choices/dvc.lock", "choices/params.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contradictions() -> list[str]:
    return [each for claim in verify.verify() for each in claim.contradictions()]


def change_a_digit(path: Path, of: str) -> None:
    """The last digit of the first number that begins so."""
    text = path.read_text(encoding="utf-8")
    changed = re.sub(rf"({of}[0-9.]*)([0-9])", lambda found: found[1] + str((int(found[2]) + 1) % 10), text, count=1)
    assert changed != text
    path.write_text(changed, encoding="utf-8")


def test_the_committed_results_pass(committed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr("sys.argv", ["verify"])
    verify.main()
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} == {"follows", "skipped"}
    assert any(line.startswith("skipped") and "is not here" in line for line in lines)


@pytest.mark.parametrize(
    ("file", "number"),
    [
        ("reports/table1.csv", "mnist5k,8"),
        ("reports/table1.csv", "mnist5k,19"),
        ("reports/table1.md", "| 8"),
        ("reports/index.html", ">8"),
        ("reports/metrics.json", '"seed_std": '),
        ("reports/reference/mnist5k/table1.csv", "mnist5k,8"),
        ("reports/reference/mnist5k/table1.csv", "-6"),
        ("reports/reference/mnist5k/seeds.csv", "\n3,8"),
        ("reports/reference/mnist5k/metrics.json", '"standard_error": '),
        ("reports/reference/mnist_annealed/reliability.json", '"log_likelihood": '),
        ("README.md", r"\| 2"),
        ("reports/plots/sigma/mnist5k.csv", "0."),
        ("reports/choices/choices.csv", "non_saturating,1,3200,3200,"),
        ("reports/choices/README.md", r"\| 3,200 +\| "),
        ("reports/choices/runs/alternating/1/scores.json", '"log_likelihood": '),
    ],
)
def test_one_digit_that_is_changed_is_found(committed: Path, file: str, number: str) -> None:
    change_a_digit(committed / file, re.escape(number) if number.startswith("|") else number)
    found = contradictions()
    assert any(
        each.startswith((f"{file}: ", f"{Path(file).parent}: {Path(file).name} is", f"reports: {'/'.join(Path(file).parts[:2])}"))
        or each.startswith(f"reports/choices: {'/'.join(Path(file).parts[:3])} is")
        for each in found
    ), found


@pytest.mark.parametrize(
    ("file", "number", "said"),
    [
        ("choices.csv", "alternating,1,non_saturating,1,3200,3200,", "choices.csv: log_likelihood of alternating, seed 1 is"),
        ("choices.csv", "\nalternating,alternating,", "choices.csv: discriminator_steps of alternating, seed 0 is"),
        ("runs/alternating/1/scores.json", '"generator_updates": ', "choices.csv: generator_updates of alternating, seed 1 is"),
        ("README.md", r"\| 3,200 +\| ", "README.md: | simultaneous "),
        ("README.md", "in all of ", "README.md: Under minimax"),
        ("README.md", r"\| alternating  \| +1 \| +0 \| +", "README.md: | alternating  |"),
    ],
)
def test_without_a_lock_file_the_choices_still_have_to_follow(committed: Path, file: str, number: str, said: str) -> None:
    (committed / "choices" / "dvc.lock").unlink()
    assert contradictions() == []
    change_a_digit(committed / "reports" / "choices" / file, number)
    assert any(each.startswith(f"reports/choices/{said}") for each in contradictions()), contradictions()


def test_choices_half_tried_out_are_skipped(committed: Path) -> None:
    shutil.rmtree(committed / "reports" / "choices" / "runs" / "alternating" / "1")
    (committed / "choices" / "dvc.lock").unlink()
    [claim] = [claim for claim in verify.of_choices() if claim.file.endswith("choices.csv")]
    assert claim.skipped == "reports/choices/runs/alternating/1/scores.json is not here"
    shutil.rmtree(committed / "reports" / "choices")
    assert [claim.skipped for claim in verify.of_choices()] == ["no choices were tried out here"]


def test_without_checksums_the_numbers_of_a_reference_still_have_to_follow(committed: Path) -> None:
    for path in (committed / "reports" / "reference").glob("*/checksums.json"):
        path.unlink()
    assert contradictions() == []
    change_a_digit(committed / "reports" / "reference" / "mnist5k" / "table1.csv", "mnist5k,8")
    assert any("mnist5k/table1.csv: log_likelihood is 8" in each for each in contradictions())
    change_a_digit(committed / "reports" / "reference" / "mnist_annealed" / "provenance.json", '"md5:[a-f]*')
    assert any("mnist_annealed/provenance.json: md5:" in each for each in contradictions())


@pytest.mark.parametrize(
    ("damage", "status"),
    [
        (lambda: change_a_digit(Path("reports/table1.csv"), "mnist5k,8"), 1),
        (lambda: Path("reports/metrics.json").unlink(), 2),
        (lambda: Path("reports/table1.csv").write_text("nothing of use\n"), 2),
        (lambda: Path("reports/metrics.json").write_text("[]"), 2),
        (lambda: Path("reports/reference/mnist5k/log_likelihoods.npz").write_bytes(b"PK"), 2),
        (lambda: shutil.rmtree("reports/plots"), 1),
        (lambda: Path("README.md").write_text(Path("README.md").read_text().replace("| DBN", "| Ours | 999 |\n| DBN")), 1),
    ],
)
def test_the_exit_status_and_one_line_tell(
    committed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, damage: Callable[[], None], status: int
) -> None:
    damage()
    monkeypatch.setattr("sys.argv", ["verify"])
    with pytest.raises(SystemExit) as exit:
        verify.main()
    errors = capsys.readouterr().err
    assert exit.value.code == status
    assert errors.startswith("error: ")
    assert len(errors.splitlines()) == 1


def test_scores_samples_and_generators_are_recomputed_where_they_are(folder, run_here, parameter_values) -> None:  # noqa: F811
    """A whole small run, made a reference; then one score, one sample and one weight that do not belong."""
    write_parameters(folder, tiny(parameter_values))
    run_all([stage for stage in ARGUMENTS if stage not in ("known_density", "theory", "report")], run_here)
    ours = {seed: lambda seed=seed: list(verify._of_seed("mnist5k", seed)) for seed in ("0", "1")}
    assert [(claim.skipped, claim.contradictions()) for claims in ours.values() for claim in claims()] == [("", [])] * 6
    scores = folder / "scores" / "mnist5k" / "0" / "log_likelihoods.npz"
    values = np.load(scores)["fold_0"]
    values[7] += 0.1
    files.write_npz(scores, fold_0=values)
    of_image, of_mean, of_sample = ours["0"]()
    assert [each.split(" is ")[0] for each in of_image.contradictions()] == [
        f"{scores.relative_to(folder)}: log-likelihood of test image 7, fold 0"
    ]
    assert of_mean.contradictions()
    shutil.copy(folder / "models" / "mnist5k" / "0" / "generator.safetensors", folder / "models" / "mnist5k" / "1")
    assert of_sample.contradictions() == []
    assert ours["1"]()[2].contradictions()


def test_provenance_has_where_results_came_from(folder, run_here, parameter_values, monkeypatch) -> None:  # noqa: F811
    write_parameters(folder, tiny(parameter_values))
    run_all([stage for stage in ARGUMENTS if stage not in ("known_density", "theory", "report")], run_here)
    shutil.copy(ROOT / "requirements.lock", folder)
    monkeypatch.setattr(
        reference.subprocess, "check_output", lambda command, **_: " M params.yaml\n" if "status" in command else "abc\n"
    )
    result = reference.load_experiment("mnist5k", [0, 1], Path("models"), Path("scores"), Path("figures"))
    found = reference.provenance(result, load_parameters())
    assert (found["commit"], found["dirty"], found["uncommitted_changes"]) == ("abc", True, ["params.yaml"])
    assert found["data"].keys() == {"mnist_5k.csv.gz", "mnist5k.npz"}
    assert all(re.fullmatch("sha256:[0-9a-f]{64}", checksum) for checksum in found["data"].values())
    assert found["devices"] == {"0": "cpu", "1": "cpu"}
    assert all(seconds > 0 for seconds in found["training_seconds"].values())
    (folder / "logs" / "mnist5k" / "1.json").write_text('{"seconds": 3, "generator_sha256": "of another run"}')
    assert reference.training_seconds("mnist5k", 1) is None
    monkeypatch.setattr(reference, "refuse_stale_results", lambda: None)
    (folder / "reports" / "figures").mkdir()
    reference.write_experiment(result, load_parameters(), folder / "reports" / "reference" / "mnist5k")
    claims = list(verify.of_reference(Path("reports/reference/mnist5k")))
    assert [each for claim in claims for each in claim.contradictions()] == []
    assert files.read_json(folder / "reports" / "reference" / "mnist5k" / references.CHECKSUMS)


def test_a_failed_check_names_five_numbers_and_counts_the_rest(committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = committed / "reports" / "reference" / "mnist5k" / "seeds.csv"
    seeds.write_text(re.sub(r",(\d)", r",1\1", seeds.read_text()))
    monkeypatch.setattr(verify, "exit_status", lambda: __import__("contextlib").nullcontext())
    monkeypatch.setattr("sys.argv", ["verify"])
    with pytest.raises(CheckFailed, match=r"seeds\.csv: log_likelihood of seed 0 is 1.*; and \d+ more$"):
        verify.main()
