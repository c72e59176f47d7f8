"""The nearest images against distances by hand, and whether copies are noticed."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from adversarial_nets.diagnostics.neighbours import copying, distances, nearest

PIXELS = st.integers(0, 6)  # few values, so that ties are frequent, and exact in float32


@given(st.data(), st.integers(1, 5), st.integers(1, 9), st.integers(1, 6))
def test_the_nearest_image_is_the_nearest(data: st.DataObject, m: int, n: int, dimensions: int) -> None:
    images = data.draw(arrays(np.float32, (m, dimensions), elements=PIXELS))
    training_images = data.draw(arrays(np.float32, (n, dimensions), elements=PIXELS))
    distances = np.square(images[:, None].astype(np.float64) - training_images[None]).sum(axis=2)
    found = nearest(images, training_images)
    assert found.shape == (m,)
    np.testing.assert_array_equal(distances[np.arange(m), found], distances.min(axis=1))
    unique = (distances == distances.min(axis=1, keepdims=True)).sum(axis=1) == 1
    np.testing.assert_array_equal(found[unique], distances.argmin(axis=1)[unique])


@given(st.data(), st.integers(1, 5), st.integers(1, 9))
def test_the_distance_is_the_nearest_ones(data: st.DataObject, m: int, n: int) -> None:
    images, others = (data.draw(arrays(np.float32, (count, 4), elements=PIXELS)) for count in (m, n))
    by_hand = np.sqrt(np.square(images[:, None].astype(np.float64) - others[None]).sum(axis=2).min(axis=1))
    np.testing.assert_allclose(distances(images, others), by_hand, atol=1e-3)


def test_copies_are_nearer_to_training_images_than_others_are() -> None:
    random = np.random.default_rng(0)
    training, test, drawn = (random.random((count, 20), np.float32) for count in (300, 100, 100))
    for samples, is_copied in ((training[:100] + 1e-3, True), (drawn, False)):
        rows = {row.distances: row for row in copying(samples, training, test)}
        medians = {name: row.quantiles[2] for name, row in rows.items()}
        assert [row.num_others for row in rows.values()] == [300, 300, 100, 100]
        ratio = medians["samples to training images"] / medians["test images to training images"]
        assert (ratio < 0.1) == is_copied
        assert is_copied or 0.9 < medians["samples to as many training images"] / medians["samples to test images"] < 1.1
    for row in rows.values():
        assert row.quantiles == sorted(row.quantiles)
