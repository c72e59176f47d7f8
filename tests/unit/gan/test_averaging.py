"""Averaged weights: the formula, and that the game does not notice them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from adversarial_nets.core import files
from adversarial_nets.core.errors import InputError
from adversarial_nets.gan import training
from adversarial_nets.gan.averaging import WeightAverage
from adversarial_nets.gan.networks import Network, initialise, load_generator
from adversarial_nets.gan.run import Run, Setup, save, start
from adversarial_nets.gan.training import play, play_epoch, replay, train
from adversarial_nets.parameters.experiment import Experiment
from adversarial_nets.parameters.layers import LinearParameters
from adversarial_nets.parameters.reading import parse
from support.experiments import small, small_values

CPU = torch.device("cpu")
GAMMA_2 = {"averaging": {"gamma": 2.0}, "keep": "average"}


class Stopped(Exception):
    """Raised when a test stops a run."""


@pytest.fixture
def setup(digits: np.ndarray):
    """Makes a small run with the training parameters given."""

    def make(noise_dimensions: int = 5, **changes: Any) -> Setup:
        values = small_values(**changes)
        values["generator"]["noise_dimensions"] = noise_dimensions
        return Setup(parse(values, Experiment, "small"), digits[::100].copy(), digits[50::250].copy(), 0, CPU)

    return make


def weights(network: Network) -> bytes:
    return b"".join(value.numpy().tobytes() for value in network.state_dict().values())


def flat(network: Network) -> np.ndarray:
    return torch.cat([value.flatten() for value in network.state_dict().values()]).double().numpy()


def moving(values: list[float]) -> Network:
    """A network, all of whose weights are the first of the values."""
    network = Network(3, {"y": LinearParameters(type="sigmoid", units=7, init_range=0.1)})
    set_to(network, values[0])
    return network


@torch.no_grad()
def set_to(network: Network, value: float) -> None:
    for weight in network.parameters():
        weight.fill_(value)


def averaged(values: list[float], gamma: float) -> np.ndarray:
    """The average of a network whose weights take these values, one after another."""
    network = moving(values)
    average = WeightAverage(network, gamma)
    for value in values[1:]:
        set_to(network, value)
        average.update()
    assert set(flat(network)) == {values[-1]}
    return flat(average.network)


VALUES = st.lists(st.floats(-8, 8, width=32), min_size=1, max_size=60)


@given(VALUES, st.floats(0, 50))
def test_average_is_the_formulas(values: list[float], gamma: float) -> None:
    expected = values[0]
    for update, value in enumerate(values[1:], 1):
        expected += (1 - (1 - 1 / (update + 1)) ** (gamma + 1)) * (value - expected)
    np.testing.assert_allclose(averaged(values, gamma), expected, atol=1e-5)


@given(VALUES)
def test_gamma_0_is_the_plain_mean(values: list[float]) -> None:
    np.testing.assert_allclose(averaged(values, 0.0), np.mean(values), atol=1e-5)


def test_gamma_2_weighs_the_last_third_most() -> None:
    """Weights after u of n updates count in proportion to about u ** gamma: the last third has 1 − (2/3)³ of the whole."""
    steps = [0.0] * 2000 + [1.0] * 1000
    np.testing.assert_allclose(averaged(steps, 2.0), 1 - (2 / 3) ** 3, atol=1e-3)


@given(st.floats(-8, 8, width=32), st.floats(0, 50))
def test_weights_that_stand_still_are_their_own_average(value: float, gamma: float) -> None:
    assert set(averaged([value] * 5, gamma)) == {value}


@pytest.mark.parametrize("threads", [2, 3])
def test_number_of_threads_changes_no_bit(threads: int) -> None:
    def after_an_update(count: int) -> bytes:
        torch.set_num_threads(count)
        network = Network(1201, {"y": LinearParameters(type="sigmoid", units=301, init_range=0.1)})
        initialise(network, torch.Generator().manual_seed(0))
        average = WeightAverage(network, 1.5)
        initialise(network, torch.Generator().manual_seed(1))
        average.update()
        return weights(average.network)

    assert after_an_update(threads) == after_an_update(1)


@pytest.mark.parametrize("game", [{"game": "simultaneous"}, {"game": "alternating", "discriminator_steps": 3}])
def test_the_game_does_not_notice(setup: Any, game: dict[str, Any]) -> None:
    without, beside = train(setup(**game)), train(setup(**game, averaging={"gamma": 2.0}))
    assert weights(beside.game.generator) == weights(without.game.generator) == weights(beside.kept.generator)
    assert weights(beside.game.discriminator) == weights(without.game.discriminator)
    without_average = [{key: value for key, value in row.items() if not key.startswith("average_")} for row in beside.curve]
    assert without_average == without.curve


@pytest.mark.parametrize(("steps", "moves"), [(1, 8), (3, 2)])
def test_only_the_generators_moves_count(setup: Any, steps: int, moves: int) -> None:
    """Two epochs of four minibatches: with k = 3 the generator moves after the third and the sixth."""
    run = start(setup(game="alternating", discriminator_steps=steps, averaging={"gamma": 0.0}))
    seen = [flat(run.game.generator)]

    def after_step(run: Run) -> None:
        if run.updates % steps == 0:
            seen.append(flat(run.game.generator))

    for epoch in (1, 2):
        play_epoch(run, epoch, after_step)
    assert run.averages[0].updates == moves == len(seen) - 1
    np.testing.assert_allclose(flat(run.averages[0].network), np.mean(seen, axis=0), atol=1e-6)


def test_the_average_at_the_end_is_kept_with_its_log_likelihood(setup: Any, tmp_path: Any) -> None:
    run = train(setup(**GAMMA_2, epochs=3))
    save(run, tmp_path / "run")
    assert weights(run.kept.generator) == weights(run.averages[0].network) != weights(run.game.generator)
    assert weights(run.kept.discriminator) == weights(run.game.discriminator)
    assert (run.kept.epoch, run.kept.log_likelihood) == (3, run.curve[-1]["average_validation_log_likelihood"])
    for name, network in (("generator", run.averages[0].network), ("last_generator", run.game.generator)):
        assert weights(load_generator(tmp_path / "run" / f"{name}.safetensors", CPU)[0]) == weights(network)
    curve = pd.read_csv(tmp_path / "run" / "learning_curve.csv")
    assert curve.iloc[-1]["average_validation_log_likelihood"] == pytest.approx(run.kept.log_likelihood)
    assert files.read_json(tmp_path / "run" / "summary.json")["validation_log_likelihood"] == run.kept.log_likelihood


@pytest.mark.parametrize("keep", ["last", "best"])
def test_best_and_last_judge_the_last_generator(setup: Any, tmp_path: Any, keep: str) -> None:
    beside, without = train(setup(keep=keep, averaging={"gamma": 2.0})), train(setup(keep=keep))
    save(beside, tmp_path / "run")
    assert (beside.kept.epoch, beside.kept.log_likelihood) == (without.kept.epoch, without.kept.log_likelihood)
    assert weights(beside.kept.generator) == weights(without.kept.generator)
    assert not (tmp_path / "run" / "last_generator.safetensors").exists()


@pytest.mark.parametrize("updates", [1, 4, 6, 8])
def test_a_run_that_resumes_has_the_same_average(setup: Any, updates: int) -> None:
    """Whether it was stopped within an epoch or between two."""
    whole, stopped, resumed = train(setup(**GAMMA_2)), start(setup(**GAMMA_2)), start(setup(**GAMMA_2))

    def stop(run: Run) -> None:
        if run.updates == updates:
            raise Stopped

    with pytest.raises(Stopped):
        play(stopped, checkpoint=Restoring(None, stop))
    play(resumed, checkpoint=Restoring(stopped.state_dict()))
    assert weights(resumed.kept.generator) == weights(whole.kept.generator)
    assert resumed.averages[0].updates == whole.averages[0].updates == 8
    assert resumed.curve == whole.curve


@pytest.mark.parametrize("keep", ["last", "average"])
def test_one_run_serves_the_last_generator_and_its_average(setup: Any, tmp_path: Any, keep: str) -> None:
    averaging = {"gamma": 2.0, "compared": [0.0, 4.5]}
    played = setup(keep="last" if keep == "average" else "average", averaging=averaging)
    asked = setup(keep=keep, averaging=averaging)
    assert played.key() == asked.key()
    save(train(played), tmp_path / "played")
    save(replay(asked, tmp_path / "played"), tmp_path / "replayed")
    save(train(asked), tmp_path / "trained")
    assert contents(tmp_path / "replayed") == contents(tmp_path / "trained") != contents(tmp_path / "played")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_is_kept_tells_runs_apart_only_if_it_is_the_best(setup: Any) -> None:
    keys = {setup(keep=keep, averaging={"gamma": gamma}).key() for keep in ("last", "average", "best") for gamma in (0.0, 2.0)}
    assert len(keys) == 4


def test_averages_compared_change_neither_the_game_nor_each_other(setup: Any, tmp_path: Any) -> None:
    alone = train(setup(**GAMMA_2))
    beside = train(setup(keep="average", averaging={"gamma": 2.0, "compared": [0.0]}))
    assert weights(beside.kept.generator) == weights(alone.kept.generator)
    assert beside.curve == alone.curve
    plain = train(setup(keep="average", averaging={"gamma": 0.0})).kept.generator
    save(beside, tmp_path / "run")
    assert weights(load_generator(tmp_path / "run" / "generator_averaged_0.safetensors", CPU)[0]) == weights(plain)


class Restoring:
    """Stands for a checkpoint: brings a run to a saved state, and is called after each step."""

    def __init__(self, state: Any, after_step: Any = lambda run: None):
        self._state, self.after_step = state, after_step

    def restore(self, run: Run) -> None:
        if self._state:
            run.load_state_dict(self._state)


def test_of_two_stages_the_second_is_averaged(setup: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the weights that it starts with, of which the first stage has trained some."""
    seen = []

    def seeing(run: Run, *arguments: Any) -> Run:
        seen.append(flat(run.game.generator))
        return play(run, *arguments)

    monkeypatch.setattr(training, "play", seeing)
    two_stages = {"pretraining": {"first_layer": "h1", "epochs": 2}, "averaging": {"gamma": 0.0}, "keep": "average"}
    run = train(setup(**two_stages, epochs=1, minibatch_size=50, noise_dimensions=6))
    _, at_start = seen
    assert [("average_validation_log_likelihood" in row) for row in run.whole_curve] == [False, False, True]
    assert run.averages[0].updates == run.updates == 1
    np.testing.assert_allclose(flat(run.averages[0].network), (at_start + flat(run.game.generator)) / 2, atol=1e-6)


def test_keeping_the_average_needs_one() -> None:
    message = r"small:training\.keep: average needs averaging, such as averaging: \{gamma: 2\.0\}"
    with pytest.raises(InputError, match=message):
        small(keep="average")


@pytest.mark.parametrize("gamma", [-0.5, float("inf"), float("nan")])
def test_gamma_is_a_number_from_0_on(gamma: float) -> None:
    with pytest.raises(InputError, match=r"small:training\.averaging\.gamma: "):
        small(averaging={"gamma": gamma})
