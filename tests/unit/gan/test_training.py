"""Training as a whole, on tiny networks and a few real digits."""

import copy
import math
from collections.abc import Callable
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.special import logsumexp

from adversarial_nets.core import files
from adversarial_nets.core.errors import CheckFailed
from adversarial_nets.gan import training
from adversarial_nets.gan.networks import Network
from adversarial_nets.gan.run import Run, Setup, Summary, save, start, summary
from adversarial_nets.gan.sampling import generate
from support.experiments import small, small_values, two_stages

CPU = torch.device("cpu")
NUM_IMAGES = 50
SIZES = [16, 16, 16, 2]
VALIDATION = small_values()["training"]["validation"]
COLUMNS = [
    "epoch",
    "discriminator_objective",
    "generator_objective",
    "d_real",
    "d_fake",
    "learning_rate",
    "momentum",
    "validation_log_likelihood",
]


@pytest.fixture
def images(digits) -> np.ndarray:
    return digits[::100].copy()


@pytest.fixture
def validation_images(digits) -> np.ndarray:
    return digits[50::250].copy()


@pytest.fixture
def play(images, validation_images):
    """Trains an experiment on the digits above."""
    return lambda experiment, seed=0, **options: training.train(
        Setup(experiment, images, validation_images, seed, CPU), **options
    )


def weights(*networks: Network) -> bytes:
    return b"".join(value.numpy().tobytes() for network in networks for value in network.state_dict().values())


def kept(run: Run) -> bytes:
    return weights(run.kept.generator, run.kept.discriminator)


def column(run: Run, name: str) -> list[float]:
    return [row[name] for row in run.curve]


@pytest.mark.parametrize("game", ["simultaneous", "alternating"])
@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
def test_same_seed_gives_the_same_bytes(play, tmp_path, game, optimizer):
    experiment = small(game=game, optimizer=optimizer)
    for global_seed, name in enumerate(("one", "two")):
        torch.manual_seed(global_seed)  # torch's global stream has no say
        save(play(experiment), tmp_path / name)
    for name in ("generator.safetensors", "discriminator.safetensors", "learning_curve.csv", "summary.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_other_seeds_give_other_players_from_the_start(images, validation_images):
    starts = [start(Setup(small(), images, validation_images, seed, CPU)) for seed in (0, 1)]
    for player in ("generator", "discriminator"):
        assert weights(getattr(starts[0].game, player)) != weights(getattr(starts[1].game, player))
    for stream in ("noise", "shuffling"):
        assert not torch.equal(getattr(starts[0], stream).get_state(), getattr(starts[1], stream).get_state())
    assert not torch.equal(starts[0].game.dropout.get_state(), starts[1].game.dropout.get_state())
    assert not torch.equal(starts[0].validation_noise, starts[1].validation_noise)


def test_streams_of_one_run_differ(images, validation_images):
    run = start(Setup(small(), images, validation_images, 0, CPU))
    states = [stream.get_state().numpy().tobytes() for stream in (run.noise, run.shuffling, run.game.dropout)]
    assert len(set(states)) == 3


def test_other_seeds_give_other_results(play):
    one, other = play(small(), seed=0), play(small(), seed=1)
    assert kept(one) != kept(other)
    assert column(one, "validation_log_likelihood") != column(other, "validation_log_likelihood")


@pytest.mark.parametrize(
    "validation", [{"every": 3}, {"num_samples": 7}, {"num_images": 2}, {"every": 2, "num_samples": 100, "num_images": 1}]
)
def test_validation_does_not_touch_training(play, validation):
    usual = play(small(epochs=4))
    other = play(small(epochs=4, validation=VALIDATION | validation))
    assert kept(usual) == kept(other)
    for name in COLUMNS[:-1]:
        np.testing.assert_array_equal(column(usual, name), column(other, name))


def test_a_longer_run_begins_like_a_shorter_one(play):
    short, long = play(small(epochs=2)), play(small(epochs=3))
    for name in COLUMNS:
        np.testing.assert_array_equal(column(short, name), column(long, name)[:2])


def test_dropout_does_not_move_the_other_streams(play, monkeypatch):
    """A discriminator of another width draws other masks; noise and order stay."""

    def seen(experiment):
        given = record_steps(monkeypatch, "simultaneous_step")
        play(experiment)
        monkeypatch.undo()
        return given

    usual, wide = small(), small()
    layers = {**wide.discriminator.layers}
    layers["h0"] = layers["h0"].model_copy(update={"units": 9})
    wide = wide.model_copy(update={"discriminator": wide.discriminator.model_copy(update={"layers": layers})})
    for one, other in zip(seen(usual), seen(wide), strict=True):
        assert torch.equal(one[1], other[1])
        assert torch.equal(one[2], other[2])


def record_steps(monkeypatch, *names: str) -> list[tuple]:
    """Every call of the named steps: its name and minibatches."""
    calls = []

    def recorder(name, step):
        def record(game, *minibatches):
            calls.append((name, *minibatches))
            return step(game, *minibatches)

        return record

    for name in names:
        monkeypatch.setattr(training, name, recorder(name, getattr(training, name)))
    return calls


@pytest.mark.parametrize(("game", "step"), [("simultaneous", "simultaneous_step"), ("alternating", "discriminator_step")])
def test_every_epoch_visits_every_image_once(play, images, monkeypatch, game, step):
    calls = record_steps(monkeypatch, step)
    play(small(game=game, epochs=3))
    assert [len(real) for _, real, _ in calls] == 3 * SIZES  # the last, smaller minibatch is used as it is
    assert [noise.shape for _, _, noise in calls] == [(size, 5) for size in 3 * SIZES]
    epochs = [torch.cat([real for _, real, _ in calls[first : first + 4]]).numpy() for first in (0, 4, 8)]
    for visited in epochs:
        np.testing.assert_array_equal(np.unique(visited, axis=0), np.unique(images, axis=0))
        assert len(np.unique(visited, axis=0)) == len(visited) == NUM_IMAGES
    assert not (epochs[0] == images).all()
    assert not (epochs[0] == epochs[1]).all()
    assert not (epochs[1] == epochs[2]).all()


def test_noise_is_fresh_and_of_the_named_distribution(play, monkeypatch):
    calls = record_steps(monkeypatch, "simultaneous_step")
    play(small(epochs=25))
    noise = torch.cat([noise for _, _, noise in calls])
    assert len(noise.unique(dim=0)) == len(noise) == 25 * NUM_IMAGES
    assert noise.abs().max() <= 3**0.5
    assert float(noise.mean()) == pytest.approx(0, abs=0.05)
    assert float(noise.std()) == pytest.approx(1, abs=0.03)


def test_alternating_game_moves_the_generator_after_every_k_updates(play, monkeypatch):
    """Five minibatches an epoch: the count continues across epochs. Each generator step has a whole minibatch of new noise."""
    calls = record_steps(monkeypatch, "discriminator_step", "generator_step")
    run = play(small(game="alternating", discriminator_steps=2, minibatch_size=12, epochs=3))
    assert "".join(name[0] for name, *_ in calls) == "ddg" * 7 + "d"
    assert run.updates == 15
    assert [len(call[1]) for call in calls if call[0] == "generator_step"] == [12] * 7
    noise = torch.cat([call[-1] for call in calls])
    assert len(noise.unique(dim=0)) == len(noise)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_generator_stays_between_its_updates(images, validation_images, monkeypatch, steps):
    seen = []
    play_step = training.discriminator_step

    def record(game, *minibatches):
        seen.append((weights(game.generator), weights(game.discriminator)))
        return play_step(game, *minibatches)

    monkeypatch.setattr(training, "discriminator_step", record)
    experiment = small(game="alternating", discriminator_steps=steps, epochs=3)
    training.train(Setup(experiment, images, validation_images, 0, CPU))
    generators, discriminators = zip(*seen, strict=True)
    assert len(set(discriminators)) == len(discriminators) == 12
    changed = [one != other for one, other in pairwise(generators)]
    assert changed == [update % steps == 0 for update in range(1, 12)]


def test_on_epoch_is_given_the_rows_of_the_curve(play):
    rows = []
    run = play(small(epochs=3), on_epoch=rows.append)
    assert rows == run.curve
    assert column(run, "epoch") == [1, 2, 3]
    assert [list(row) for row in run.curve] == [COLUMNS] * 3


def test_momentum_and_learning_rate_columns(play):
    """The momentum of the epoch, and the learning rate that the updates so far have left."""
    ramp = {"initial": 0.5, "final": 0.7, "saturation_epoch": 3}
    schedule = {"learning_rate": 0.1, "learning_rate_decay": 1.1, "learning_rate_floor": 0.03}
    run = play(small(optimizer="momentum", epochs=5, momentum=ramp, **schedule))
    assert column(run, "momentum") == pytest.approx([0.5, 0.6, 0.7, 0.7, 0.7])
    assert column(run, "learning_rate") == pytest.approx([0.1 / 1.1**4, 0.1 / 1.1**8, 0.1 / 1.1**12, 0.03, 0.03])


def test_adam_has_no_momentum_column_to_show(play):
    assert np.isnan(column(play(small(optimizer="adam")), "momentum")).all()


@pytest.mark.parametrize("game", ["simultaneous", "alternating"])
def test_every_update_has_its_own_schedule(play, monkeypatch, game):
    """Both players move with the learning rate after the updates before, and with the epoch's momentum, rescaled."""
    given = []

    def record(optimizer, learning_rate, momentum, do=training.set_schedule):
        given.append((learning_rate, momentum))
        do(optimizer, learning_rate, momentum)

    monkeypatch.setattr(training, "set_schedule", record)
    ramp = {"initial": 0.5, "final": 0.7, "saturation_epoch": 3}
    play(small(game=game, optimizer="momentum", epochs=3, momentum=ramp, learning_rate=0.1, learning_rate_decay=1.1))
    expected = [(0.1 / 1.1**update, [0.5, 0.6, 0.7][update // 4]) for update in range(12) for _ in range(2)]
    np.testing.assert_allclose(given, expected)


def test_curve_has_the_mean_outcome_of_the_minibatches(play, monkeypatch):
    outcomes = []

    def record(*arguments, step=training.simultaneous_step):
        outcomes.append(step(*arguments))
        return outcomes[-1]

    monkeypatch.setattr(training, "simultaneous_step", record)
    run = play(small())
    for row, four in zip(run.curve, (outcomes[:4], outcomes[4:]), strict=True):
        for name in COLUMNS[1:5]:
            assert row[name] == pytest.approx(np.mean([float(getattr(outcome, name)) for outcome in four]), rel=1e-6)


def test_validation_happens_when_due_and_at_the_end(play):
    run = play(small(epochs=5, validation=VALIDATION | {"every": 2}))
    assert [not math.isnan(value) for value in column(run, "validation_log_likelihood")] == [False, True, False, True, True]


def test_validation_log_likelihood_is_the_parzen_windows(play, validation_images):
    """By the formula, at the best of the published bandwidths, on the first images, from the same noise each time."""
    run = play(small(validation=VALIDATION | {"num_images": 7}))
    samples = generate(run.game.generator, run.validation_noise).astype(np.float64)
    assert samples.shape == (30, 784)
    distances = ((validation_images[:7, None].astype(np.float64) - samples) ** 2).sum(axis=2)
    expected = max(
        logsumexp(-distances / (2 * sigma**2), axis=1).mean() - np.log(30) - 784 * np.log(sigma * np.sqrt(2 * np.pi))
        for sigma in np.logspace(-1, 0, 10)
    )
    assert run.kept.log_likelihood == run.curve[-1]["validation_log_likelihood"] == pytest.approx(expected, abs=1e-2)


@pytest.mark.parametrize(
    ("log_likelihoods", "best"),
    [([1.0, 4.0, 3.0, 2.0], 2), ([5.0, 4.0, 3.0, 2.0], 1), ([1.0, 2.0, 3.0, 4.0], 4), ([-9.0, -1.0, -1.0, -2.0], 2)],
)
def test_best_players_are_kept(play, monkeypatch, log_likelihoods, best):
    """Those of the first epoch with the best validation, as they were at its end."""
    at_its_end = kept(play(small(epochs=best)))
    remaining = iter(log_likelihoods)
    monkeypatch.setattr(training, "_validate", lambda *arguments: next(remaining))
    run = play(small(epochs=4, keep="best"))
    assert (run.kept.epoch, run.kept.log_likelihood) == (best, max(log_likelihoods))
    assert kept(run) == at_its_end


def test_only_validated_epochs_can_be_best(play, monkeypatch):
    remaining = iter([1.0, 3.0, 2.0])
    monkeypatch.setattr(training, "_validate", lambda *arguments: next(remaining))
    run = play(small(epochs=5, keep="best", validation=VALIDATION | {"every": 2}))
    assert (run.kept.epoch, run.kept.log_likelihood) == (4, 3.0)


def test_last_players_are_kept(play, monkeypatch):
    remaining = iter([3.0, 2.0, 1.0])
    monkeypatch.setattr(training, "_validate", lambda *arguments: next(remaining))
    run = play(small(epochs=3, keep="last"))
    assert (run.kept.epoch, run.kept.log_likelihood) == (3, 1.0)
    assert kept(run) == weights(run.game.generator, run.game.discriminator)


def test_kept_players_evaluate_without_the_run_going_on(play):
    """They are copies: moving the run's players leaves them."""
    run = play(small())
    before = kept(run)
    training.play_epoch(run, 3)
    assert kept(run) == before


@pytest.fixture
def diverge_at(monkeypatch) -> Callable[[int, str, float], None]:
    """Makes an outcome of one update a value, whatever it was."""

    def patch(update: int, name: str, value: float) -> None:
        def step(run, real, momentum, usual=training._simultaneous):
            outcome = usual(run, real, momentum)
            return outcome._replace(**{name: torch.tensor(value)}) if run.updates == update else outcome

        monkeypatch.setattr(training, "_simultaneous", step)

    return patch


@pytest.mark.parametrize("every", [1, 3, 100])
@pytest.mark.parametrize(("name", "value"), [("generator_objective", math.inf), ("d_real", math.nan)])
def test_divergence_is_reported_with_its_epoch_and_step(play, diverge_at, monkeypatch, name, value, every):
    """However seldom the outcomes are looked at, as on a GPU, the first one that was not finite is named."""
    monkeypatch.setitem(training.LOOK_EVERY, "cpu", every)
    diverge_at(2 * len(SIZES) + 2, name, value)
    with pytest.raises(CheckFailed, match=f"in epoch 3, step 2 of {len(SIZES)}, {name} is {value}; lower the learning rate"):
        play(small(epochs=5))


def test_a_divergence_stops_a_run_at_once(play, diverge_at):
    diverge_at(len(SIZES) + 1, "d_fake", math.nan)
    asked = []
    with pytest.raises(CheckFailed, match="d_fake is nan"):
        play(
            small(epochs=5),
            checkpoint=SimpleNamespace(restore=lambda run: None, after_step=lambda run: asked.append(run.updates)),
        )
    assert asked[-1] == len(SIZES)


def test_a_real_divergence_is_reported_with_the_weights(play):
    with pytest.raises(CheckFailed, match=r"training diverged: in epoch 1, step 2 of .* is nan, and generator\.layers\."):
        play(small(optimizer="momentum", learning_rate=1e30, learning_rate_floor=1e30))


@pytest.mark.parametrize(
    ("learning_rate", "what"), [(1e38, "after epoch 1 the images are"), (1e42, r"in epoch 1, after update 1, .*weight is")]
)
def test_divergence_in_an_epochs_last_update_is_reported(play, learning_rate, what):
    """One minibatch an epoch: the outcome was taken before the players moved, so only what they became tells."""
    changes = {"learning_rate": learning_rate, "learning_rate_floor": learning_rate, "minibatch_size": NUM_IMAGES, "epochs": 1}
    with pytest.raises(CheckFailed, match=f"training diverged: {what} not finite"):
        play(small(optimizer="momentum", **changes))


def test_saved_files(play, tmp_path):
    run = play(small(epochs=3, validation=VALIDATION | {"every": 2}))
    save(run, tmp_path / "run")
    curve = pd.read_csv(tmp_path / "run" / "learning_curve.csv")
    assert list(curve.columns) == COLUMNS
    assert curve["validation_log_likelihood"].isna().tolist() == [True, False, False]
    for name in COLUMNS:
        np.testing.assert_allclose(curve[name], column(run, name), rtol=1e-8)
    found = files.read(tmp_path / "run" / "summary.json", Summary)
    assert found == summary(run)
    assert found.updates == 12
    assert found.epochs == found.kept_epoch == 3
    assert found.generator_parameters == 5 * 6 + 6 + 6 * 6 + 6 + 6 * 784 + 784
    assert found.discriminator_parameters == 784 * 18 + 18 + 6 * 18 + 18 + 6 + 1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_a_gpu_gives_the_same_bytes_twice(images, validation_images):
    runs = [training.train(Setup(small(epochs=3), images, validation_images, 0, torch.device("cuda"))) for _ in range(2)]
    assert weights(runs[0].kept.generator.cpu()) == weights(runs[1].kept.generator.cpu())
    assert runs[0].curve == runs[1].curve


# Two stages


def test_the_second_stage_starts_from_the_first_and_is_otherwise_fresh(play, images, validation_images, monkeypatch):
    started, original = [], training.play

    def note(run: Run, *options: Any) -> Run:
        game = copy.deepcopy((run.game.generator, run.game.discriminator))
        started.append((*game, run.updates, run.noise.get_state(), run.game.generator_optimizer.state_dict()["state"]))
        return original(run, *options)

    monkeypatch.setattr(training, "play", note)
    run = play(two_stages(epochs=3))
    (below, first, *_, noise, _), (generator, second, updates, other_noise, velocities) = started
    assert list(below.layers) == ["h1", "y"]
    alone = start(Setup(two_stages(epochs=3), images, validation_images, 0, CPU).pretraining, "pretraining, ")
    for name, value in original(alone, lambda row: None).kept.generator.state_dict().items():
        assert torch.equal(generator.state_dict()[name], value)
        assert not torch.equal(run.kept.generator.state_dict()[name], value)  # taken-over layers train too
    assert weights(first) != weights(second)
    assert not torch.equal(noise, other_noise)
    assert (updates, velocities) == (0, {})


def test_the_curve_of_two_stages_is_numbered_through(play, tmp_path):
    rows = []
    run = play(two_stages(epochs=3), on_epoch=rows.append)
    save(run, tmp_path / "run")
    curve = pd.read_csv(tmp_path / "run" / "learning_curve.csv")
    assert curve["epoch"].tolist() == [row["epoch"] for row in rows] == [1, 2, 3, 4, 5]
    assert curve["momentum"].isna().all()
    found = files.read(tmp_path / "run" / "summary.json", Summary)
    assert (found.epochs, found.kept_epoch) == (5, 5)


def test_without_its_own_grid_validation_uses_the_published_one(play, monkeypatch):
    used = []
    monkeypatch.setattr(
        training, "cross_validate", lambda window, images, sigmas: used.append(sigmas) or SimpleNamespace(log_likelihood=1.0)
    )
    play(small(epochs=1))
    play(small(epochs=1, validation={**VALIDATION, "sigma": {"lowest": 1.0, "highest": 100.0, "count": 3}}))
    np.testing.assert_allclose(used[0], np.logspace(-1, 0, 10))
    np.testing.assert_allclose(used[1], [1, 10, 100])
