"""Runs that are stopped, killed and resumed, against the bytes of runs that never were."""

import fcntl
import hashlib
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from adversarial_nets.core import files
from adversarial_nets.core.errors import CheckFailed, InputError
from adversarial_nets.gan import training
from adversarial_nets.gan.run import Setup, save, start
from adversarial_nets.parameters.experiment import Experiment
from adversarial_nets.running import checkpoints, locks
from adversarial_nets.running.checkpoints import Checkpoint, Work
from support.experiments import ROOT, project_values, save_prepared, small, small_values, two_stages, write_project
from support.stops import StopsAt, await_saved

CPU = torch.device("cpu")
STEPS = 4  # minibatches of an epoch: 50 images, 16 at a time
EPOCHS = 3
FOLLOWED = [(game, optimizer) for game in ("simultaneous", "alternating") for optimizer in ("momentum", "adam")]


def make(**changes: Any) -> Experiment:
    """The small experiment, for three epochs, keeping the best, with the training parameters given."""
    return small(**{"epochs": EPOCHS, "keep": "best", **changes})


@pytest.fixture
def images(digits: np.ndarray) -> np.ndarray:
    return digits[::100].copy()


@pytest.fixture
def play(images: np.ndarray, tmp_path: Path) -> Callable[..., bytes]:
    """Trains an experiment, with a checkpoint if one is given, and returns the bytes of its models folder."""

    def train(experiment: Experiment, checkpoint: Checkpoint | None = None) -> bytes:
        run = training.train(Setup(experiment, images, images[:10], 0, CPU), checkpoint=checkpoint)
        save(run, tmp_path / "models")
        return content(tmp_path / "models")

    return train


def content(folder: Path) -> bytes:
    """Names and bytes of all files."""
    return b"".join(path.name.encode() + path.read_bytes() for path in sorted(folder.iterdir()))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "checkpoints" / "mnist5k-0.state"


def stop(play: Callable[..., bytes], experiment: Experiment, path: Path, times: int, **options: Any) -> str:
    with pytest.raises(CheckFailed) as stopped, StopsAt(path, times, **options) as checkpoint:
        play(experiment, checkpoint)
    return str(stopped.value)


# Stopped and continued


@pytest.mark.parametrize("times", [1, STEPS, STEPS + 1, STEPS + 3, 2 * STEPS + 2, EPOCHS * (STEPS + 1)])
@pytest.mark.parametrize(("game", "optimizer"), FOLLOWED)
def test_a_stopped_run_ends_like_one_never_stopped(play, path, game, optimizer, times):
    """After the first step, within epochs, at their ends before and after validation, and when all is done."""
    experiment = make(game=game, optimizer=optimizer, discriminator_steps=2 if game == "alternating" else 1)
    usual = play(experiment)
    message = stop(play, experiment, path, times)
    assert message.startswith("stopped by SIGTERM after ")
    assert str(path) in message
    assert play(experiment, Checkpoint(path, "key")) == usual


@pytest.mark.parametrize("keep", ["best", "last"])
def test_a_run_stopped_again_and_again_ends_like_one_never_stopped(play, path, keep):
    experiment = make(keep=keep, learning_rate_decay=1.1)
    usual = play(experiment)
    for _ in range(EPOCHS * STEPS):
        stop(play, experiment, path, 1)
    assert play(experiment, Checkpoint(path, "key")) == usual


def test_the_kept_players_are_restored(play, path, monkeypatch):
    """The best ones, found before the stop, while the run's own have moved on."""
    experiment = make()

    def train(checkpoint=None):
        monkeypatch.setattr(training, "_validate", lambda run, generator, epoch: -float(epoch))
        return play(experiment, checkpoint)

    usual = train()
    stop(lambda _, checkpoint: train(checkpoint), experiment, path, 2 * STEPS + 3)
    assert train(Checkpoint(path, "key")) == usual


@pytest.mark.parametrize("times", [1, 2 * (STEPS + 1), 2 * (STEPS + 1) + 1, 2 * (STEPS + 1) + 7, (2 + EPOCHS) * (STEPS + 1)])
def test_a_run_of_two_stages_stopped_in_either_ends_like_one_never_stopped(play, path, monkeypatch, times):
    """In the first, at its end, in the first step of the second, and later."""
    experiment, asked = two_stages(epochs=EPOCHS, keep="best"), [0]
    usual = play(experiment)
    after_step = Checkpoint.after_step

    def count(self, run):
        asked[0] += 1
        if asked[0] == times:
            os.kill(os.getpid(), signal.SIGTERM)
        after_step(self, run)

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "after_step", count)
        with pytest.raises(CheckFailed, match="stopped by SIGTERM"), Checkpoint(path, "key") as checkpoint:
            play(experiment, checkpoint)
    checkpoint = Checkpoint(path, "key", lambda message: None)
    assert play(experiment, checkpoint) == usual
    checkpoint.clear()
    assert list(path.parent.iterdir()) == []


def test_saving_does_not_disturb_a_run(play, path, monkeypatch):
    usual = play(make())
    monkeypatch.setattr(checkpoints, "INTERVAL", 0.0)
    assert play(make(), Checkpoint(path, "key")) == usual
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_run_saves_when_the_interval_has_passed(play, path, monkeypatch):
    now = 0.0
    saved = []

    def passing():
        nonlocal now
        now += 1
        return now

    monkeypatch.setattr(time, "monotonic", passing)
    monkeypatch.setattr(checkpoints, "INTERVAL", 4.0)
    monkeypatch.setattr(Checkpoint, "save", lambda self, run: saved.append(run.updates) or setattr(self, "_saved_at", now))
    play(make(), Checkpoint(path, "key"))
    assert saved == [4, 7, 10]  # asked, and a second older, after each of four steps and at the end of an epoch


def test_a_continued_training_says_so(play, path):
    stop(play, make(), path, 7)
    said = []
    play(make(), Checkpoint(path, "key", said.append))
    assert said == [f"{path}: the run resumes after 6 updates"]


# Signals


def test_both_signals_stop_a_run_and_are_then_as_they_were(play, path):
    before = [signal.getsignal(number) for number in checkpoints.SIGNALS]
    assert "SIGINT" in stop(play, make(), path, 3, number=signal.SIGINT)
    assert [signal.getsignal(number) for number in checkpoints.SIGNALS] == before


def test_a_second_signal_does_what_it_always_does(path):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what started the tests may have had it ignored
    with Checkpoint(path, "key"):
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


# Refused


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip_a_bit(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)


@pytest.mark.parametrize("damage", [truncate, flip_a_bit, lambda path: path.write_bytes(b"")], ids=["short", "bit", "empty"])
def test_a_damaged_state_is_set_aside_and_training_starts_afresh(play, path, damage):
    usual = play(make())
    stop(play, make(), path, 7)
    damage(path)
    damaged, said = path.read_bytes(), []
    assert play(make(), Checkpoint(path, "key", said.append)) == usual
    assert said == [f"{path}: damaged; set aside as {path.name}.refused, the run starts afresh"]
    assert path.with_name(f"{path.name}.refused").read_bytes() == damaged


def test_a_state_of_another_training_is_set_aside(play, path):
    usual = play(make())
    stop(play, make(), path, 7)
    said = []
    assert play(make(), Checkpoint(path, "another key", said.append)) == usual
    assert "of another run; set aside" in said[0]
    assert not path.exists()


def test_a_state_of_another_version_is_set_aside(play, path, monkeypatch):
    usual = play(make())
    stop(play, make(), path, 7)
    monkeypatch.setattr(checkpoints, "VERSION", 4)
    said = []
    assert play(make(), Checkpoint(path, "key", said.append)) == usual
    assert "of version 3, and this is version 4; set aside" in said[0]


def test_what_a_killed_save_left_is_removed(play, path):
    (path.parent / f".{path.name}.abc").mkdir(parents=True)
    play(make(), Checkpoint(path, "key"))
    assert list(path.parent.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system, to be filled."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_one_line_and_the_state_before_stands(play, small_disk):
    path, usual = small_disk / "mnist5k-0.state", play(make())
    stop(play, make(), path, 7)
    before = path.read_bytes()
    (small_disk / "other").write_bytes(b"x" * (shutil.disk_usage(small_disk).free - len(before) // 2))
    with pytest.raises(InputError, match=f"{path}: cannot be written: No space left on device") as refused:
        stop(play, make(), path, 1)
    assert len(str(refused.value).splitlines()) == 1
    assert path.read_bytes() == before
    assert sorted(each.name for each in small_disk.iterdir()) == [path.name, "other"]
    (small_disk / "other").unlink()
    assert play(make(), Checkpoint(path, "key")) == usual


def test_a_state_that_cannot_be_written_is_one_line(path, images):
    path.parent.write_text("a file where the folder should be")
    with pytest.raises(InputError, match="cannot be written: "):
        Checkpoint(path, "key").save(start(Setup(make(), images, images[:10], 0, CPU)))


def test_a_state_is_on_the_disk_before_it_takes_its_place(path, images, monkeypatch):
    order = []
    monkeypatch.setattr(os, "fsync", lambda file: order.append("synced"))
    monkeypatch.setattr(os, "replace", lambda old, new, usual=os.replace: (order.append("replaced"), usual(old, new)))
    Checkpoint(path, "key").save(start(Setup(make(), images, images[:10], 0, CPU)))
    assert order == ["synced", "replaced", "synced"]


def test_players_that_diverged_are_not_saved(play, path, images):
    stop(play, make(), path, 7)
    before = path.read_bytes()
    run = start(Setup(make(), images, images[:10], 0, CPU))
    with torch.no_grad():
        run.game.discriminator.layers["h1"].linear.weight[1, 2] = math.nan
    with pytest.raises(CheckFailed, match=r"diverged: .* discriminator\.layers\.h1\.linear\.weight is not finite"):
        Checkpoint(path, "key").save(run)
    assert path.read_bytes() == before


# The parent process, and others


def ended_process() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_a_run_whose_parent_has_ended_saves_its_state_and_ends(play, path):
    usual = play(make())
    with pytest.raises(CheckFailed, match="stopped by the end of its parent process after 1 updates"):
        play(make(), Checkpoint(path, "key", parent=ended_process()))
    assert play(make(), Checkpoint(path, "key", parent=os.getpid())) == usual


def test_the_seconds_before_a_stop_count_too(play, path, images, monkeypatch):
    stop(play, make(), path, 7)
    monkeypatch.setattr(time, "monotonic", lambda usual=time.monotonic: usual() + 100)
    stop(play, make(), path, 1)
    checkpoint = Checkpoint(path, "key")
    checkpoint.restore(start(Setup(make(), images, images[:10], 0, CPU)))
    assert 0 < checkpoint.seconds < 60


def test_a_lock_is_for_one_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "PATIENCE", 0.1)
    path = tmp_path / "locks" / "a.lock"
    with locks.alone(path, "training"):
        with pytest.raises(CheckFailed, match=f"training: process {os.getpid()} is at it"), locks.alone(path, "training"):
            pass
        with locks.alone(path.with_name("b.lock"), "training"):
            pass
    assert list(path.parent.iterdir()) == []
    path.write_text("12345")  # what a killed process left holds nobody up
    with locks.alone(path, "training"):
        pass


def test_a_lock_is_held_only_while_its_process_holds_it(tmp_path):
    path = tmp_path / "a.lock"
    assert not locks.is_held(path)
    with locks.alone(path, "training"):
        assert locks.is_held(path)
    path.write_text("12345")
    assert not locks.is_held(path)
    path.unlink()
    path.mkdir()  # cannot be opened, as another user's cannot
    assert locks.is_held(path)


@pytest.mark.parametrize("number", locks.UNSUPPORTED)
def test_a_file_system_without_locks_is_reported(tmp_path, monkeypatch, number):
    def refuse(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    path, said = tmp_path / "a.lock", []
    with locks.alone(path, "mnist5k, seed 0 is being trained here", said.append):
        assert locks.is_held(path)  # nobody can tell
    [message] = said
    assert message.startswith(f"{path}: this file system has no locks")
    assert message.endswith("start none while mnist5k, seed 0 is being trained here")


def test_states_of_other_runs_are_named_and_stay(tmp_path):
    """Those of the same experiment and seed, the first of two stages among them, but for one that is under way."""
    states, said = tmp_path / "states", []
    names = {key: f"mnist5k-0-{key * 16}.state" for key in "abcd"}
    names |= {"stage": f"mnist5k-0-{'e' * 16}-pretraining.state", "seed": f"mnist5k-10-{'a' * 16}.state"}
    for name in names.values():
        files.write_text(states / name, "a state")
    with (
        locks.alone(states / names["c"].replace("state", "lock"), "another"),
        checkpoints.under_way(Work("mnist5k-0", "mnist5k, seed 0", "a" * 64), tmp_path, states, say=said.append),
    ):
        pass
    named = [message.split(": ")[0] for message in said]
    assert named == [str(states / names[key]) for key in ("b", "d", "stage")]
    assert all("is of another run" in message and "delete it if" in message for message in said)
    assert {path.name for path in states.glob("*.state")} == set(names.values())


def test_who_waits_for_a_lock_gets_it(tmp_path):
    path, order = tmp_path / "a.lock", []

    def work(name: str) -> None:
        with locks.alone(path, "training"):
            order.append(name)
            time.sleep(0.1)
            order.append(name)

    threads = [threading.Thread(target=work, args=[name]) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [first == second for first, second in zip(order[::2], order[1::2], strict=True)] == [True] * 3
    assert not path.exists()


# The stage, in a process of its own

# Saves after every step, so that any moment may be within a save.
STAGE = """
import runpy, sys
from adversarial_nets.running import checkpoints
from adversarial_nets.running import locks
checkpoints.INTERVAL = 0.0
locks.PATIENCE = 0.5
sys.argv = ["train", "mnist5k", "0"]
runpy.run_module("stages.train", run_name="__main__")
"""


@pytest.fixture
def folder(tmp_path: Path, digits: np.ndarray) -> Path:
    """A folder to train in: parameters and prepared data."""
    write_project(tmp_path, project_values(), mnist5k=small_values(epochs=40))
    save_prepared(digits, tmp_path)
    return tmp_path


def begin(folder: Path, **environment: str) -> subprocess.Popen:
    shared = {"PYTHONPATH": str(ROOT), "ADVERSARIAL_NETS_CHECKPOINTS": str(folder / "elsewhere")}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", STAGE], cwd=folder, env=os.environ | shared | environment, text=True, **pipes)


def finish(folder: Path, continued: bool = True) -> bytes:
    ended = begin(folder)
    said, errors = ended.communicate(timeout=120)
    assert (errors, ended.returncode) == ("", 0)
    assert ("the run resumes after" in said) == continued
    assert [*(folder / "elsewhere").iterdir(), *(folder / "checkpoints").iterdir()] == []
    return content(folder / "models" / "mnist5k" / "0")


def kill_again_and_again(folder: Path, signals: list[signal.Signals], seed: int) -> None:
    """At random moments once a state has been saved, most of them within the next save."""
    random = np.random.default_rng(seed)
    for number in signals:
        started = time.time()
        process = begin(folder)
        await_saved(process, folder / "elsewhere", started)
        time.sleep(random.uniform(0, 0.1))
        process.send_signal(number)
        _, errors = process.communicate(timeout=120)
        assert process.returncode == (1 if number == signal.SIGTERM else -number)
        assert errors.startswith("error: stopped by SIGTERM after ") == (number == signal.SIGTERM)
        assert len(errors.splitlines()) == (number == signal.SIGTERM)


def test_a_killed_stage_ends_like_one_never_killed(folder):
    usual = finish(folder, continued=False)
    assert_logged(folder)
    kill_again_and_again(folder, [signal.SIGKILL] * 3 + [signal.SIGTERM], seed=0)
    assert finish(folder) == usual


def assert_logged(folder: Path) -> None:
    """How long it took, and which generator came of it."""
    log = files.read_json(folder / "logs" / "mnist5k" / "0.json")
    generator = folder / "models" / "mnist5k" / "0" / "generator.safetensors"
    assert log["generator_sha256"] == hashlib.sha256(generator.read_bytes()).hexdigest()
    assert 0 < log["seconds"] < 120


@pytest.mark.nightly
def test_a_stage_killed_twenty_times_ends_like_one_never_killed(folder):
    usual = finish(folder, continued=False)
    for seed in range(4):  # its forty epochs would not last for twenty saves in a row on a quick machine
        kill_again_and_again(folder, [signal.SIGKILL] * 5, seed)
        assert finish(folder) == usual


def test_of_two_runs_at_once_one_is_refused(folder):
    """In one place even if they keep their states in two."""
    started = time.time()
    first = begin(folder)
    await_saved(first, folder / "elsewhere", started)
    first.send_signal(signal.SIGSTOP)  # or it might be done before the second one has begun
    second = begin(folder, ADVERSARIAL_NETS_CHECKPOINTS=str(folder / "another"))
    errors = second.communicate(timeout=120)[1]
    assert second.returncode == 1
    assert errors.startswith(f"error: mnist5k, seed 0 is being trained here: process {first.pid} is at it")
    assert len(errors.splitlines()) == 1
    first.send_signal(signal.SIGTERM)
    first.send_signal(signal.SIGCONT)
    first.communicate(timeout=120)


def test_a_state_holds_no_code(play, path):
    """A digest, then safetensors with JSON: what reads it cannot run anything."""
    stop(play, make(), path, 7)
    header = path.read_bytes()[checkpoints.DIGEST_SIZE :]
    names = json.loads(header[8 : 8 + int.from_bytes(header[:8], "little")])
    assert names["state"]["dtype"] == "U8"
