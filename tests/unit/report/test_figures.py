"""Figures 2 and 3 and the curves: what they show, and that their bytes depend on that alone."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from adversarial_nets.core.errors import InputError
from adversarial_nets.core.randomness import stream
from adversarial_nets.data.prepared import PreparedData
from adversarial_nets.gan.sampling import interpolated_noise
from adversarial_nets.report.figures import curves, images
from adversarial_nets.report.figures.style import save
from support.results import experiment_result, of_baseline, without_grey


def grid(figure: Figure) -> dict[tuple[int, int], Axes]:
    """A figure's panels by row and column."""
    places = {}
    for axis in figure.axes:
        place = axis.get_subplotspec()
        places[place.rowspan.start, place.colspan.start] = axis
    return places


def shown(axis: Axes) -> np.ndarray:
    return np.asarray(axis.images[0].get_array())


def random_images(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).random((*shape, 5, 4), np.float32)


def samples_figure() -> Figure:
    return images.samples_with_neighbours(random_images(20), random_images(4))


def test_figure_2_has_four_rows_of_five_samples_and_a_neighbour() -> None:
    panels = grid(samples_figure())
    assert set(panels) == {(row, column) for row in range(4) for column in range(6)}
    for row in range(4):
        for column in range(5):
            np.testing.assert_array_equal(shown(panels[row, column]), random_images(20)[5 * row + column])
        np.testing.assert_array_equal(shown(panels[row, 5]), random_images(4)[row])


def test_figure_2_highlights_the_sixth_column_alone() -> None:
    for (_, column), axis in grid(samples_figure()).items():
        framed = [spine.get_visible() and spine.get_edgecolor() == to_rgba(images.HIGHLIGHT) for spine in axis.spines.values()]
        assert framed == [column == 5] * 4


def test_images_are_shown_in_one_scale_of_grey() -> None:
    """From 0 to 1, whatever the image: each in a scale of its own would look better than it is."""
    for axis in samples_figure().axes:
        assert axis.images[0].get_clim() == (0, 1)
        assert axis.images[0].get_cmap().name == "gray"


def test_figure_3_has_a_row_for_each_line() -> None:
    drawn = random_images(4, 9)
    panels = grid(images.interpolations(drawn))
    assert set(panels) == {(row, column) for row in range(4) for column in range(9)}
    for (row, column), axis in panels.items():
        np.testing.assert_array_equal(shown(axis), drawn[row, column])


def test_figure_3_walks_straight_lines_in_equal_steps() -> None:
    points = interpolated_noise("uniform", 6, 4, 9, stream(0, "interpolation")).double().numpy().reshape(4, 9, 6)
    steps = np.diff(points, axis=1)
    np.testing.assert_allclose(steps, np.broadcast_to(steps.mean(axis=1, keepdims=True), steps.shape), atol=1e-6)
    assert np.abs(points).max() <= np.sqrt(3)
    assert len(np.unique(points[:, [0, -1]])) == 4 * 2 * 6


def test_the_slider_stops_at_the_images_of_figure_3() -> None:
    finer, coarse = (
        interpolated_noise("uniform", 6, images.LINES, steps, stream(0, "interpolation")).reshape(images.LINES, steps, 6)
        for steps in (images.FINER * (images.STEPS - 1) + 1, images.STEPS)
    )
    np.testing.assert_array_equal(finer[:, :: images.FINER], coarse)


@pytest.fixture
def noise() -> PreparedData:
    """Thirty images, the last one the first of the training images."""
    pixels, text = np.random.default_rng(0).integers(0, 256, (30, 5, 4), np.uint8), np.array(["none"])
    folds = np.zeros((1, 30), np.uint8)
    return PreparedData(np.array("Noise"), pixels, np.zeros(30, np.uint8), np.arange(30)[::-1], folds, text, text)


def test_neighbours_are_those_of_each_rows_last_sample(noise: PreparedData) -> None:
    """The samples are the training images themselves, in another order, and so their own nearest."""
    samples = noise.training_images[::-1]
    panels = grid(images.figure_2(samples, noise))
    for row in range(4):
        np.testing.assert_array_equal(shown(panels[row, 4]), samples[5 * row + 4].reshape(5, 4))
        np.testing.assert_array_equal(shown(panels[row, 5]), shown(panels[row, 4]))


def test_samples_of_another_size_are_refused(noise: PreparedData) -> None:
    with pytest.raises(InputError, match="the samples have 19 columns, the images 20 pixels; draw the samples again"):
        images.figure_2(noise.training_images[:, 1:], noise)


def test_each_start_of_the_chains_has_a_line() -> None:
    (axis,) = curves.burn_in_curve(of_baseline(experiment_result(), "deep_belief_network").burn_in_curve()).axes
    assert [line.get_label() for line in axis.lines] == ["from draws of the mean image", "from training images"]
    assert axis.lines[1].get_xydata().tolist() == [[0, 90.5], [100, 32.5]]


def test_the_curve_of_sigma_marks_what_was_chosen() -> None:
    result = experiment_result(best=2)
    (axis,) = curves.sigma_curve(result.sigma_curve()).axes
    marks = [(line.get_xdata()[0], line.get_ydata()[0]) for line in axis.lines if len(line.get_xdata()) == 1]
    assert marks == [(0.4, 50)] * 2


def test_score_against_blur_has_a_panel_for_each_measure_there_is() -> None:
    with_grey, without = experiment_result(), without_grey(experiment_result())
    assert len(curves.score_against_blur(with_grey.blur()).axes) == 3
    spread, gradient = curves.score_against_blur(without.blur()).axes
    assert spread.get_xlabel().startswith("spread of pixels")
    assert gradient.get_xlabel().startswith("gradient")


FIGURES: dict[str, Callable[[], Figure]] = {
    "samples": samples_figure,
    "interpolations": lambda: images.interpolations(random_images(2, 3)),
    "learning_curves": lambda: curves.learning_curves(experiment_result().learning_curve()),
    "sigma_curve": lambda: curves.sigma_curve(experiment_result().sigma_curve()),
    "score_against_blur": lambda: curves.score_against_blur(experiment_result().blur()),
}


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_a_picture_has_the_same_bytes_each_time(tmp_path: Path, draw: Callable[[], Figure]) -> None:
    for name in ("a.png", "b.png"):
        save(draw(), tmp_path / name)
    content = (tmp_path / "a.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert content == (tmp_path / "b.png").read_bytes()
    assert b"atplotlib" not in content  # its version would change the bytes
