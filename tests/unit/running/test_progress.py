"""What a run shows while it trains."""

import math
from types import SimpleNamespace

import pytest

from adversarial_nets.running import progress
from adversarial_nets.running.progress import WARNING, EpochProgress


def row(epoch: int, d_real: float, d_fake: float, log_likelihood: float = 12.34) -> dict[str, float]:
    objectives = {"discriminator_objective": 0.5, "generator_objective": 1.5}
    return {"epoch": epoch, **objectives, "d_real": d_real, "d_fake": d_fake, "validation_log_likelihood": log_likelihood}


def shown(capsys: pytest.CaptureFixture, *rows: dict[str, float]) -> list[str]:
    with EpochProgress("mnist, seed 0", 10, 50) as show:
        for each in rows:
            show(each)
    return capsys.readouterr().out.splitlines()


def shown_within_epochs(capsys, monkeypatch, seconds_a_step: float, last: int, ended: int = 0) -> list[str]:
    """What two epochs of 4 updates show, up to an update, from a first one after ``ended`` epochs."""
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    with EpochProgress("mnist, seed 0", 10, 50) as show:
        for update in range(4 * ended + 1, last + 1):
            clock[0] += seconds_a_step
            run = SimpleNamespace(updates=update, curve=[{}] * ((update - 1) // 4), order=range(199))
            show.step(run)
            if update % 4 == 0:
                show(row(update // 4, 0.7, 0.3, math.nan))
                show.step(run)
    return capsys.readouterr().out.splitlines()


def test_the_first_epoch_shows_a_line_after_two_seconds(capsys, monkeypatch) -> None:
    """And none again for a minute: one step takes a second, ten epochs of four steps 40."""
    assert shown_within_epochs(capsys, monkeypatch, 1.0, 1) == []
    assert shown_within_epochs(capsys, monkeypatch, 1.0, 8) == ["mnist, seed 0: epoch 1/10, step 2/4, 00:38 left"]


def test_a_run_without_validation_shows_a_line_a_minute(capsys, monkeypatch) -> None:
    lines = shown_within_epochs(capsys, monkeypatch, 30.0, 8)
    assert [line.split(", ", 1)[1] for line in lines] == [
        "seed 0: epoch 1/10, step 2/4, 19:00 left",
        "seed 0: epoch 2/10, step 1/4, 17:30 left",
        "seed 0: epoch 2/10, step 3/4, 16:30 left",
    ]


def test_a_run_that_resumes_counts_only_its_own_time(capsys, monkeypatch) -> None:
    lines = shown_within_epochs(capsys, monkeypatch, 3.0, 22, ended=5)
    assert lines == ["mnist, seed 0: epoch 6/10, step 2/4, 00:54 left"]


def test_after_a_single_update_nobody_knows_what_is_left(capsys) -> None:
    with EpochProgress("mnist, seed 0", 10, 50) as show:
        show.step(SimpleNamespace(updates=1, curve=[], order=range(50)))
        show(row(1, 0.7, 0.3))
    assert capsys.readouterr().out == "mnist, seed 0: epoch 1/10, D loss 0.500, G loss 1.500, validation 12.3 nats\n"


def test_a_terminal_shows_a_part_of_an_epoch(capsys, monkeypatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    with EpochProgress("mnist, seed 0", 10, 50) as show:
        for update in (1, 2):
            clock[0] += 1.0
            show.step(SimpleNamespace(updates=update, curve=[], order=range(200)))
        assert "0.5/10" in capsys.readouterr().err


def test_a_line_comes_with_each_validation(capsys: pytest.CaptureFixture) -> None:
    [line] = shown(capsys, row(1, 0.7, 0.3, math.nan), row(2, 0.7, 0.3))
    assert line.startswith("mnist, seed 0: epoch 2/10, D loss 0.500, G loss 1.500, validation 12.3 nats, ")
    assert line.endswith(" left")


def test_the_averages_log_likelihood_stands_beside_the_generators(capsys: pytest.CaptureFixture) -> None:
    name = "average_validation_log_likelihood"
    validated = row(2, 0.7, 0.3) | {name: 56.78}
    [line] = shown(capsys, row(1, 0.7, 0.3, math.nan) | {name: math.nan}, validated)
    assert ", validation 12.3 nats, 56.8 of the average, " in line


def test_a_baseline_has_a_cost(capsys: pytest.CaptureFixture) -> None:
    [line] = shown(capsys, {"epoch": 3, "cost": 0.25, "learning_rate": 0.1, "validation_log_likelihood": 1.25})
    assert line.startswith("mnist, seed 0: epoch 3/10, cost 0.250, validation 1.2 nats, ")


@pytest.mark.parametrize(
    ("d_real", "d_fake", "warned"), [(0.9998, 0.0002, True), (0.9998, 0.01, False), (0.99, 0.0002, False), (0.5, 0.5, False)]
)
def test_a_discriminator_that_has_won_is_reported(capsys, d_real: float, d_fake: float, warned: bool) -> None:
    """As of an MNIST run that collapsed onto one image, and of some that did not; once, until it happens again."""
    lines = shown(capsys, row(1, d_real, d_fake, math.nan), row(2, d_real, d_fake, math.nan))
    assert lines == [f"mnist, seed 0: epoch 1: {WARNING}"] * warned


def test_a_discriminator_that_wins_again_is_reported_again(capsys) -> None:
    lines = shown(capsys, *(row(epoch, d_real, 0.0, math.nan) for epoch, d_real in enumerate((1.0, 0.9, 1.0, 1.0), 1)))
    assert [line.split(": ")[1] for line in lines] == ["epoch 1", "epoch 3"]


def test_on_a_terminal_it_has_a_line_of_its_own(capsys, monkeypatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert shown(capsys, row(1, 1.0, 0.0)) == [f"mnist, seed 0: epoch 1: {WARNING}"]
