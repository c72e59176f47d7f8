"""Both ways of playing the game against an independent float64 implementation with hand-derived gradients."""

import copy
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from adversarial_nets.gan import game as library
from adversarial_nets.gan import layers
from adversarial_nets.gan.networks import Network
from adversarial_nets.gan.optimizers import make_optimizer, set_schedule
from adversarial_nets.parameters.layers import LinearParameters, MaxoutParameters
from adversarial_nets.parameters.training import TrainingParameters
from support import reference_game as reference
from support.experiments import small

NOISE, PIXELS, MINIBATCH = 3, 6, 8
OBJECTIVES = ["non_saturating", "minimax"]


def linear(kind: str, units: int, **options) -> LinearParameters:
    return LinearParameters(type=kind, units=units, init_range=1.0, **options)


def maxout(units: int, pieces: int, **options) -> MaxoutParameters:
    return MaxoutParameters(type="maxout", units=units, pieces=pieces, init_range=1.0, **options)


GENERATORS = {
    "published": {"h0": linear("relu", 7), "h1": linear("relu", 5), "y": linear("sigmoid", PIXELS)},
    "other": {"h0": maxout(4, 2), "h1": linear("sigmoid", 5, max_column_norm=0.8), "y": linear("linear", PIXELS)},
}
DISCRIMINATORS = {
    "published": {
        "h0": maxout(4, 5, keep_probability=0.8),
        "h1": maxout(3, 5, keep_probability=0.5),
        "y": linear("sigmoid", 1, keep_probability=0.5),
    },
    "other": {
        "h0": linear("relu", 6, keep_probability=0.7),
        "h1": linear("linear", 4),
        "h2": linear("sigmoid", 5, keep_probability=0.5, max_column_norm=0.7),
        "h3": maxout(3, 3, keep_probability=0.6, max_column_norm=0.9),
        "y": linear("sigmoid", 1, max_column_norm=0.6),
    },
}
# The momentum grows and the learning rate changes in both directions.
SCHEDULES = [reference.Schedule(*pair) for pair in [(0.5, 0.5), (0.2, 0.55), (0.21, 0.7), (0.7, 0.9), (0.1, 0.9)]]
# Torch's softplus turns linear at 20, which leaves 2e-9 of its derivative.
FLOAT64 = {"rtol": 1e-8, "atol": 1e-11}
FLOAT32 = {"rtol": 2e-3, "atol": 2e-5}


@pytest.fixture
def training() -> TrainingParameters:
    return small().training


def make_game(training, architecture="published", objective="non_saturating", optimizer="momentum", dtype=torch.float64):
    """Players with random weights and biases (a zero bias would leave ties where a layer's whole input is dropped)."""
    training = training.model_copy(update={"optimizer": optimizer})
    players = (Network(NOISE, GENERATORS[architecture]), Network(PIXELS, DISCRIMINATORS[architecture]))
    random = torch.Generator().manual_seed(7)
    for player in players:
        player.to(dtype)
        for parameter in player.parameters():
            parameter.data = torch.randn(parameter.shape, generator=random, dtype=torch.float64).to(dtype) / 2
    optimizers = [make_optimizer(player, training) for player in players]
    return library.Game(*players, *optimizers, objective, torch.Generator().manual_seed(11))


def batches(steps: int = 1, size: int = MINIBATCH) -> list[tuple[np.ndarray, np.ndarray]]:
    """Random (real, noise) minibatches, exact in float32 too."""
    random = np.random.default_rng(3)
    return [
        (
            random.random((size, PIXELS), dtype=np.float32).astype(float),
            random.uniform(-1.7, 1.7, (size, NOISE)).astype(np.float32).astype(float),
        )
        for _ in range(steps)
    ]


def kept_share(keep_probability: float) -> float:
    """The probability that 16 random bits stand for."""
    return 1.0 if keep_probability == 1 else round(keep_probability * 65536) / 65536


def twin(player: Network, optimizer) -> reference.Player:
    """The reference's player with the same description and weights."""
    layers = [
        reference.Layer(
            kind=layer.description.type,
            weights=layer.linear.weight.detach().double().numpy().T.copy(),
            biases=layer.linear.bias.detach().double().numpy().copy(),
            pieces=getattr(layer.description, "pieces", 1),
            keep=kept_share(layer.description.keep_probability),
            max_column_norm=layer.description.max_column_norm,
        )
        for layer in player.layers.values()
    ]
    return reference.Player(layers, optimizer)


def twins(game: library.Game, training, optimizer: str = "momentum") -> tuple[reference.Player, reference.Player]:
    def make():
        return reference.Adam(training.adam.beta1, training.adam.beta2) if optimizer == "adam" else reference.Momentum()

    return twin(game.generator, make()), twin(game.discriminator, make())


def next_masks(game: library.Game, rows: int) -> list[np.ndarray]:
    """The discriminator's masks for a number of rows, read ahead from a copy of the game's random stream."""
    ahead = torch.Generator().set_state(game.dropout.get_state())
    masks = []
    for layer in game.discriminator.layers.values():
        keep, shape = layer.description.keep_probability, (rows, layer.linear.in_features)
        masks.append(next_bits(shape, ahead) < kept_share(keep) * 65536 - 32768 if keep < 1 else np.ones(shape))
    return masks


def next_bits(shape: tuple[int, int], stream: torch.Generator) -> np.ndarray:
    """16 random bits for each input, as signed numbers: four from each 64-bit word, in the order in which they lie in memory."""
    words = torch.empty((shape[0] * shape[1] + 3) // 4, dtype=torch.int64).random_(-(2**63), None, generator=stream)
    return words.numpy().view(np.int16)[: shape[0] * shape[1]].reshape(shape)


def halves(masks: list[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    return [mask[: len(mask) // 2] for mask in masks], [mask[len(mask) // 2 :] for mask in masks]


def tensors(game: library.Game, *arrays: np.ndarray) -> list[torch.Tensor]:
    dtype = next(game.generator.parameters()).dtype
    return [torch.from_numpy(array).to(dtype) for array in arrays]


def in_torch_layout(arrays: list[np.ndarray]) -> list[np.ndarray]:
    return [array.T for array in arrays]


def values(network: Network) -> list[np.ndarray]:
    return [parameter.detach().double().numpy().copy() for parameter in network.parameters()]


def gradients(network: Network) -> list[np.ndarray]:
    return [parameter.grad.double().numpy().copy() for parameter in network.parameters()]


def assert_same(found: list[np.ndarray], expected: list[np.ndarray], **tolerance) -> None:
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, **tolerance)


def assert_twins(game: library.Game, generator: reference.Player, discriminator: reference.Player, **tolerance) -> None:
    assert_same(values(game.discriminator), in_torch_layout(discriminator.arrays), **tolerance)
    assert_same(values(game.generator), in_torch_layout(generator.arrays), **tolerance)


def schedule_both(game: library.Game, schedule: reference.Schedule) -> None:
    set_schedule(game.discriminator_optimizer, *schedule)
    set_schedule(game.generator_optimizer, *schedule)


def play_simultaneously(game: library.Game, generator: reference.Player, discriminator: reference.Player) -> None:
    """The same steps in the library and in the reference."""
    for schedule, (real, noise) in zip(SCHEDULES, batches(len(SCHEDULES)), strict=True):
        masks = halves(next_masks(game, 2 * MINIBATCH))
        schedule_both(game, schedule)
        library.simultaneous_step(game, *tensors(game, real, noise))
        reference.simultaneous_step(generator, discriminator, real, noise, *masks, game.generator_objective, schedule)


@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("architecture", GENERATORS)
def test_simultaneous_steps_equal_the_reference(training, architecture, objective, optimizer):
    game = make_game(training, architecture, objective, optimizer)
    players = twins(game, training, optimizer)
    before = values(game.generator) + values(game.discriminator)
    play_simultaneously(game, *players)
    assert_twins(game, *players, **FLOAT64)
    after = values(game.generator) + values(game.discriminator)
    assert all((one != other).any() for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("architecture", GENERATORS)
def test_float32_steps_stay_near_the_reference(training, architecture, objective):
    game = make_game(training, architecture, objective, dtype=torch.float32)
    players = twins(game, training)
    play_simultaneously(game, *players)
    assert_twins(game, *players, **FLOAT32)


@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("architecture", GENERATORS)
def test_algorithm_1_equals_the_reference(training, architecture, objective, optimizer):
    game = make_game(training, architecture, objective, optimizer)
    generator, discriminator = twins(game, training, optimizer)
    for schedule, (real, noise) in zip(SCHEDULES, batches(len(SCHEDULES)), strict=True):
        schedule_both(game, schedule)
        masks = halves(next_masks(game, 2 * MINIBATCH))
        library.discriminator_step(game, *tensors(game, real, noise))
        reference.discriminator_step(generator, discriminator, real, noise, *masks, schedule)
        masks = next_masks(game, MINIBATCH)
        library.generator_step(game, *tensors(game, noise[::-1].copy()))
        reference.generator_step(generator, discriminator, noise[::-1], masks, objective, schedule)
    assert_twins(game, generator, discriminator, **FLOAT64)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_without_a_dropout_stream_nothing_is_dropped(training, objective):
    game = make_game(training, objective=objective)
    game.dropout = None
    generator, discriminator = twins(game, training)
    [(real, noise)] = batches()
    keep_all = [np.full((MINIBATCH, len(layer.weights)), layer.keep) for layer in discriminator.network]
    schedule_both(game, SCHEDULES[0])
    library.simultaneous_step(game, *tensors(game, real, noise))
    reference.simultaneous_step(generator, discriminator, real, noise, keep_all, keep_all, objective, SCHEDULES[0])
    assert_twins(game, generator, discriminator, **FLOAT64)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("step", ["simultaneous_step", "discriminator_step"])
def test_outcome_is_of_before_the_move(training, step, objective):
    game = make_game(training, objective=objective)
    generator, discriminator = twins(game, training)
    [(real, noise)] = batches()
    real_masks, fake_masks = halves(next_masks(game, 2 * MINIBATCH))
    schedule_both(game, reference.Schedule(10.0, 0.5))
    outcome = getattr(library, step)(game, *tensors(game, real, noise))
    fake = reference.forward(generator.network, noise)[-1].outputs
    real_logits = reference.forward(discriminator.network, real, real_masks)[-1].values
    fake_logits = reference.forward(discriminator.network, fake, fake_masks)[-1].values
    expected = (
        reference.discriminator_objective(real_logits, fake_logits),
        reference.generator_objective(fake_logits, objective),
        reference.sigmoid(real_logits).mean(),
        reference.sigmoid(fake_logits).mean(),
    )
    np.testing.assert_allclose([float(value) for value in outcome], expected, rtol=1e-9)


def test_reference_gradients_equal_finite_differences(training):
    """The reference itself: slopes along random directions, under dropout."""
    for architecture in GENERATORS:
        game = make_game(training, architecture)
        generator, discriminator = twins(game, training)
        [(real, noise)] = batches()
        masks = halves(next_masks(game, 2 * MINIBATCH))

        def logits(images, half, network=discriminator.network):
            return reference.forward(network, images, half)[-1].values

        def fake(network=generator.network, noise=noise):
            return reference.forward(network, noise)[-1].outputs

        def for_discriminator(real=real, masks=masks):
            return reference.discriminator_objective(logits(real, masks[0]), logits(fake(), masks[1]))

        found = reference.discriminator_gradients(discriminator.network, real, fake(), *masks)
        assert_slopes(discriminator.arrays, found, for_discriminator)
        for objective in OBJECTIVES:
            found = reference.generator_gradients(generator.network, discriminator.network, noise, masks[1], objective)
            assert_slopes(
                generator.arrays,
                found,
                lambda objective=objective, masks=masks: reference.generator_objective(logits(fake(), masks[1]), objective),
            )


def assert_slopes(arrays: list[np.ndarray], gradients: list[np.ndarray], objective, width: float = 1e-6) -> None:
    random = np.random.default_rng(5)
    for array, gradient in zip(arrays, gradients, strict=True):
        original, direction = array.copy(), random.standard_normal(array.shape)
        array[...] = original + width * direction
        above = objective()
        array[...] = original - width * direction
        slope = (above - objective()) / (2 * width)
        array[...] = original
        np.testing.assert_allclose((gradient * direction).sum(), slope, rtol=1e-6, atol=1e-9)


def recorded_masks(monkeypatch) -> list[np.ndarray]:
    masks = []

    def record(x, keep_probability, generator, draw=layers.dropout_mask):
        masks.append(draw(x, keep_probability, generator))
        return masks[-1]

    monkeypatch.setattr(layers, "dropout_mask", record)
    return masks


def test_every_row_has_a_mask_of_its_own(training, monkeypatch):
    masks = recorded_masks(monkeypatch)
    game = make_game(training)
    [(real, noise)] = batches(size=400)
    library.simultaneous_step(game, *tensors(game, real, noise))
    assert [mask.shape for mask in masks] == [(800, 6), (800, 4), (800, 3)]  # one pass, both halves
    for mask, keep in zip(masks, [0.8, 0.5, 0.5], strict=True):
        kept = (mask > 0).double().numpy()
        neighbours, across = (kept[:-1] == kept[1:]).mean(), (kept[:400] == kept[400:]).mean()
        by_chance = keep**2 + (1 - keep) ** 2
        assert abs(neighbours - by_chance) < 0.06
        assert abs(across - by_chance) < 0.06


def test_steps_draw_fresh_masks(training, monkeypatch):
    masks = recorded_masks(monkeypatch)
    game = make_game(training)
    [(real, noise)] = batches(size=100)
    real, noise = tensors(game, real, noise)
    library.simultaneous_step(game, real, noise)
    library.discriminator_step(game, real, noise)
    library.generator_step(game, noise)
    first, second, third = masks[0], masks[3], masks[6]
    assert not torch.equal(first, second)
    assert not torch.equal(second[100:], third)


def test_both_objectives_see_the_generated_half_under_the_same_masks(training):
    """The generator's gradient fits the discriminator's masks of the generated half, and not those of the real half."""
    game = make_game(training)
    generator, discriminator = twins(game, training)
    [(real, noise)] = batches()
    real_masks, fake_masks = halves(next_masks(game, 2 * MINIBATCH))
    library.simultaneous_step(game, *tensors(game, real, noise))

    def expected(masks):
        found = reference.generator_gradients(generator.network, discriminator.network, noise, masks, "non_saturating")
        return in_torch_layout(found)

    assert_same(gradients(game.generator), expected(fake_masks), **FLOAT64)
    assert not np.allclose(gradients(game.generator)[0], expected(real_masks)[0], rtol=1e-2)
    found = reference.discriminator_gradients(
        discriminator.network, real, reference.forward(generator.network, noise)[-1].outputs, real_masks, fake_masks
    )
    assert_same(gradients(game.discriminator), in_torch_layout(found), **FLOAT64)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_neither_player_sees_the_other_move(training, objective):
    """A giant's stride of one player leaves the bytes of the other's move as they are."""

    def moved(generator_rate, discriminator_rate):
        game = make_game(training, objective=objective)
        set_schedule(game.generator_optimizer, generator_rate, 0.5)
        set_schedule(game.discriminator_optimizer, discriminator_rate, 0.5)
        [(real, noise)] = batches()
        library.simultaneous_step(game, *tensors(game, real, noise))
        return values(game.generator), values(game.discriminator)

    calm = moved(0.1, 0.1)
    assert_same(moved(0.1, 1000.0)[0], calm[0], rtol=0)
    assert_same(moved(1000.0, 0.1)[1], calm[1], rtol=0)


def test_algorithm_1_moves_one_player_at_a_time(training):
    game = make_game(training)
    [(real, noise)] = batches()
    real, noise = tensors(game, real, noise)
    before = values(game.generator), values(game.discriminator)
    library.discriminator_step(game, real, noise)
    assert_same(values(game.generator), before[0], rtol=0)
    between = values(game.discriminator)
    assert all((one != other).any() for one, other in zip(between, before[1], strict=True))
    library.generator_step(game, noise)
    assert_same(values(game.discriminator), between, rtol=0)
    assert all((one != other).any() for one, other in zip(values(game.generator), before[0], strict=True))


def test_halves_of_different_sizes_weigh_the_same(training):
    """Each half is averaged over its own rows."""
    real_logits, fake_logits = torch.tensor([[0.3], [-2.0], [1.0]]), torch.tensor([[0.7]])
    expected = reference.discriminator_objective(real_logits.numpy(), fake_logits.numpy())
    assert float(library.discriminator_objective(real_logits, fake_logits)) == pytest.approx(expected, rel=1e-6)


def set_logits(game: library.Game, level: float) -> None:
    """Make every logit of the discriminator nearly the same."""
    last = game.discriminator.layers["y"].linear
    last.weight.data /= 10
    last.bias.data[:] = level


def expected_gradients(game: library.Game, training, real: np.ndarray, noise: np.ndarray):
    generator, discriminator = twins(game, training)
    real_masks, fake_masks = halves(next_masks(game, 2 * len(real)))
    fake = reference.forward(generator.network, noise)[-1].outputs
    of_discriminator = reference.discriminator_gradients(discriminator.network, real, fake, real_masks, fake_masks)
    of_generator = reference.generator_gradients(
        generator.network, discriminator.network, noise, fake_masks, game.generator_objective
    )
    return SimpleNamespace(of_generator=in_torch_layout(of_generator), of_discriminator=in_torch_layout(of_discriminator))


def tolerance_at(level: float, dtype: torch.dtype) -> dict[str, float]:
    """Gradients shrink like exp(-|level|), down to float32's subnormals: no absolute tolerance but for those."""
    return {"rtol": 1e-7, "atol": 0} if dtype == torch.float64 else {"rtol": 1e-3, "atol": 1e-6 * np.exp(-abs(level)) + 1e-42}


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("level", [-80.0, -55.0, -40.0, 40.0, 80.0])
def test_gradients_of_a_very_sure_discriminator(training, level, objective, dtype):
    """At -80 the generator's non-saturating gradient is the one that has to be as strong as ever.

    For its sake the discriminator's slope at a generated image is never below 1e-28, which no optimiser notices.
    """
    game = make_game(training, objective=objective, dtype=dtype)
    set_logits(game, level)
    [(real, noise)] = batches()
    expected = expected_gradients(game, training, real, noise)
    library.simultaneous_step(game, *tensors(game, real, noise))
    tolerance = tolerance_at(level, dtype)
    assert_same(gradients(game.discriminator), expected.of_discriminator, **tolerance | {"atol": tolerance["atol"] + 1e-27})
    assert_same(gradients(game.generator), expected.of_generator, **tolerance)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("level", [-1000.0, -80.0, -40.0, 40.0, 80.0, 1000.0])
def test_algorithm_1_gradients_of_a_very_sure_discriminator(training, level, objective, dtype):
    game = make_game(training, objective=objective, dtype=dtype)
    set_logits(game, level)
    [(_, noise)] = batches()
    generator, discriminator = twins(game, training)
    expected = reference.generator_gradients(
        generator.network, discriminator.network, noise, next_masks(game, MINIBATCH), objective
    )
    library.generator_step(game, *tensors(game, noise))
    assert_same(gradients(game.generator), in_torch_layout(expected), **tolerance_at(level, dtype))


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("level", [-1e4, -200.0, -100.0, 100.0, 200.0, 1e4])
def test_no_logit_gives_a_gradient_that_is_not_finite(training, level, objective):
    game = make_game(training, objective=objective, dtype=torch.float32)
    set_logits(game, level)
    [(real, noise)] = batches()
    outcome = library.simultaneous_step(game, *tensors(game, real, noise))
    found = [*gradients(game.generator), *gradients(game.discriminator), *values(game.generator), *values(game.discriminator)]
    assert all(np.isfinite(array).all() for array in found)
    assert all(np.isfinite(float(value)) for value in outcome)


LOGITS = st.lists(st.floats(-500, 500), min_size=1, max_size=20)


@given(LOGITS)
def test_objectives_and_their_slopes_for_any_logits(logits):
    column = np.array(logits)[:, None]
    for objective in OBJECTIVES:
        fake = torch.tensor(column, requires_grad=True)
        value = library.generator_objective(fake, objective)
        [slopes] = torch.autograd.grad(value, fake)
        expected = -reference.sigmoid(column if objective == "minimax" else -column) / len(column)
        np.testing.assert_allclose(float(value.detach()), reference.generator_objective(column, objective), rtol=1e-9)
        np.testing.assert_allclose(slopes.numpy(), expected, rtol=1e-8)
    real, fake = (torch.tensor(values, requires_grad=True) for values in (column, column[::-1].copy()))
    value = library.discriminator_objective(real, fake)
    from_real, from_fake = torch.autograd.grad(value, (real, fake))
    np.testing.assert_allclose(float(value.detach()), reference.discriminator_objective(column, column[::-1]), rtol=1e-9)
    np.testing.assert_allclose(from_real.numpy(), -reference.sigmoid(-column) / 2 / len(column), rtol=1e-8)
    np.testing.assert_allclose(from_fake.numpy(), reference.sigmoid(column[::-1]) / 2 / len(column), rtol=1e-8)


def test_steps_repeat_bit_for_bit(training):
    game = make_game(training, dtype=torch.float32)
    again = copy.deepcopy(values(game.generator))
    other = make_game(training, dtype=torch.float32)
    assert_same(values(other.generator), again, rtol=0)
    for each in (game, other):
        for real, noise in batches(3):
            library.simultaneous_step(each, *tensors(each, real, noise))
    assert_same(values(game.generator), values(other.generator), rtol=0)
    assert_same(values(game.discriminator), values(other.discriminator), rtol=0)
