"""Where chains start, which of their states are kept, and in what order."""

from typing import Any

import numpy as np
import pytest
import torch

from adversarial_nets.baselines.chains import ChainStream, start_images
from adversarial_nets.parameters.baselines import ChainParameters


class Counter(torch.nn.Linear):
    """A model whose pixels are the number of its steps, the number of its chain, and half the first pixel of its start."""

    def begin(self, images, random):
        return images, torch.zeros(images.shape[1])

    def advance(self, state, random, noise):
        return state[0], state[1] + 1

    def pixels(self, state, random):
        return torch.stack([state[1], torch.arange(len(state[1])).float(), state[0][0] / 2])


def asked(**changes: Any) -> ChainParameters:
    values = {"num_samples": 20, "chains": 5, "start": "marginals", "burn_in": 7, "thinning": 3}
    return ChainParameters.model_validate(values | changes)


def states(images: np.ndarray, sampling: ChainParameters, **options: Any) -> np.ndarray:
    return np.concatenate(list(ChainStream(Counter(1, 1), images, sampling, 0, **options)))


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).random((50, 3), dtype=np.float32)


def test_all_chains_give_a_state_after_the_burn_in_and_then_again_and_again(images):
    found = states(images, asked())
    assert found.dtype == np.float32
    assert found[:, 0].tolist() == np.repeat([8, 11, 14, 17], 5).tolist()
    assert found[:, 1].tolist() == [0, 1, 2, 3, 4] * 4


def test_fewer_samples_are_the_first_ones(images):
    np.testing.assert_array_equal(states(images, asked(), count=7), states(images, asked())[:7])


def test_a_stream_gives_the_same_samples_each_time_and_others_by_another_name(images):
    stream = ChainStream(Counter(1, 1), images, asked(start="training"), 0)
    first, second = (np.concatenate(list(stream)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert (states(images, asked(start="training"), name="draw 0")[:5, 2] != first[:5, 2]).any()


def test_chains_that_start_elsewhere_are_the_same_for_every_burn_in(images):
    stream = ChainStream(Counter(1, 1), images, asked(), 0)
    early, late = (np.concatenate(list(stream.started("training", burn_in, 10))) for burn_in in (0, 100))
    assert early[:, 0].tolist() == [1] * 5 + [2] * 5
    assert late[:, 0].tolist() == [101] * 5 + [102] * 5
    np.testing.assert_array_equal(early[:, 1:], late[:, 1:])
    assert {2 * value for value in early[:, 2]} <= set(images[:, 0])


def test_chains_start_at_training_images_or_at_binary_draws_of_their_mean(images):
    random = torch.Generator().manual_seed(0)
    chosen = start_images(images, asked(start="training", chains=40, num_samples=40), random)
    assert {row.tobytes() for row in chosen} <= {row.tobytes() for row in images}
    assert len({row.tobytes() for row in chosen}) > 20
    drawn = start_images(images, asked(chains=4000, num_samples=4000), random)
    assert set(np.unique(drawn)) == {0, 1}
    np.testing.assert_allclose(drawn.mean(0), images.mean(0), atol=0.04)


def test_binary_pixels_are_draws_of_the_means_of_the_same_chain(images):
    """The third pixel of the counter is a half where the start was 1, else 0; the others are 0 or above 1 and so certain."""
    ones = np.ones_like(images)
    means, binary = states(ones, asked(chains=10)), states(ones, asked(chains=10, pixels="binary"))
    np.testing.assert_array_equal(binary[:, 0], 1)
    np.testing.assert_array_equal(binary[:, 1], means[:, 1] > 0)
    assert set(binary[:, 2]) == {0, 1}
