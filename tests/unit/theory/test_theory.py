"""Section 4 of the paper against closed forms and SciPy, and properties of the divergence on densities that nobody chose."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy import integrate, optimize, stats
from scipy.spatial.distance import jensenshannon

from adversarial_nets.core import files
from adversarial_nets.core.randomness import stream
from adversarial_nets.parameters.project import Project
from adversarial_nets.parameters.reading import parse
from adversarial_nets.parameters.theory import Figure1Parameters, TheoryParameters
from adversarial_nets.report.figures import theory as theory_figures
from adversarial_nets.theory import line_game as figure1
from adversarial_nets.theory import measurements
from adversarial_nets.theory import propositions as theory
from adversarial_nets.theory.propositions import Mixture, Pair
from support.experiments import project_values

LOG_4 = np.log(4)
LINES = {name: pair for name, pair in theory.PAIRS.items() if pair.dimensions == 1}


def probabilities(size: int) -> st.SearchStrategy[np.ndarray]:
    weights = st.lists(st.floats(0, 1), min_size=size, max_size=size).filter(lambda values: sum(values) > 0.1)
    return weights.map(lambda values: np.array(values) / sum(values))


def scipy_density(mixture: Mixture, x: float) -> float:
    parts = zip(mixture.weights, mixture.means, mixture.deviations, strict=True)
    return sum(weight * stats.norm.pdf(x, mean[0], deviation) for weight, mean, deviation in parts)


@pytest.fixture(scope="module")
def trained() -> dict[str, torch.nn.Module]:
    """The default's discriminators, one for each pair."""
    found = {}
    for name, pair in theory.PAIRS.items():
        found[name] = theory.perceptron(pair.dimensions, 32, stream(0, f"theory, {name}"))
        theory.train_discriminator(found[name], pair, 300)
    return found


# Densities


@pytest.mark.parametrize("name", LINES)
def test_a_mixture_has_scipys_density(name: str) -> None:
    for mixture in (LINES[name].data, LINES[name].model):
        x = np.linspace(-5, 5, 11)
        np.testing.assert_allclose(mixture.density(x[:, None]), [scipy_density(mixture, each) for each in x], rtol=1e-12)


def test_a_mixture_has_scipys_density_in_two_dimensions() -> None:
    mixture, points = theory.PAIRS["two dimensions"].data, np.random.default_rng(0).normal(size=(9, 2))
    parts = [stats.multivariate_normal(mean, s**2 * np.eye(2)) for mean, s in zip(mixture.means, mixture.deviations, strict=True)]
    expected = sum(weight * part.pdf(points) for weight, part in zip(mixture.weights, parts, strict=True))
    np.testing.assert_allclose(mixture.density(points), expected, rtol=1e-12)


@pytest.mark.parametrize("name", theory.PAIRS)
def test_cells_have_all_the_probability_and_agree_with_the_density(name: str) -> None:
    pair = theory.PAIRS[name]
    points, volume = pair.midpoints(100)
    for mixture in (pair.data, pair.model):
        masses = mixture.masses(pair.edges(100))
        assert masses.sum() == pytest.approx(1, abs=1e-7)
        np.testing.assert_allclose(masses, mixture.density(points) * volume, atol=0.05 * masses.max())


# Proposition 1


@given(st.floats(1e-6, 1e3), st.floats(1e-6, 1e3))
def test_the_closed_form_is_where_the_values_integrand_is_highest(p: float, q: float) -> None:
    """y → a·log(y) + b·log(1 - y) has its maximum at a / (a + b)."""
    found = optimize.minimize_scalar(lambda y: -p * np.log(y) - q * np.log1p(-y), bounds=(1e-12, 1 - 1e-12), method="bounded")
    best = float(theory.optimal_discriminator(np.array(p), np.array(q)))
    assert -p * np.log(best) - q * np.log1p(-best) <= found.fun + 1e-9 * abs(found.fun)


@pytest.mark.parametrize("name", theory.PAIRS)
def test_a_trained_discriminator_is_the_closed_form(name: str, trained: dict[str, torch.nn.Module]) -> None:
    """Here by SciPy's densities, at points that it was not trained on."""
    pair = theory.PAIRS[name]
    assert theory.deviations(trained[name], pair).max() <= 0.02
    if pair.dimensions == 1:
        x = np.random.default_rng(1).uniform(-4, 4, 300)
        p, q = (np.array([scipy_density(mixture, each) for each in x]) for mixture in (pair.data, pair.model))
        inside = (p >= 0.01 * p.max()) | (q >= 0.01 * q.max())
        np.testing.assert_allclose(theory.outputs(trained[name], x[:, None])[inside], (p / (p + q))[inside], atol=0.02)


def test_an_untrained_discriminator_is_not() -> None:
    pair = theory.PAIRS["two Gaussians"]
    assert theory.deviations(theory.perceptron(1, 32, stream(0, "untrained")), pair).max() > 0.2


# Theorem 1


@pytest.mark.parametrize("name", theory.PAIRS)
def test_the_three_values_of_the_criterion_agree(name: str, trained: dict[str, torch.nn.Module]) -> None:
    values = theory.three_values(trained[name], theory.PAIRS[name])
    assert max(values.values()) - min(values.values()) <= 1e-3
    assert values["trained"] <= values["quadrature"]  # the maximum over all D; what quadrature is off by is far less


@pytest.mark.parametrize("name", LINES)
def test_the_criterion_is_scipys_integral(name: str) -> None:
    pair = LINES[name]

    def integrand(x: float) -> float:
        p, q = scipy_density(pair.data, x), scipy_density(pair.model, x)
        return p * np.log(p / (p + q)) + q * np.log(q / (p + q))

    expected, _ = integrate.quad(integrand, -10, 10, limit=200, points=[-3, 0, 3])
    assert theory.criterion_by_quadrature(pair) == pytest.approx(expected, abs=1e-6)
    assert theory.criterion_by_divergence(pair) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", theory.PAIRS)
def test_the_criterion_is_minus_log_4_where_the_densities_agree_and_nowhere_else(name: str) -> None:
    pair = theory.PAIRS[name]
    assert theory.criterion_by_quadrature(pair.between(1.0)) == pytest.approx(-LOG_4, abs=1e-7)
    way = [theory.criterion_by_divergence(pair.between(share)) for share in (0, 0.3, 0.6, 0.9, 1)]
    assert (np.diff(way) < 0).all()
    assert way[-2] > -LOG_4 + 1e-5


def test_densities_that_share_nothing_are_worth_nothing() -> None:
    """JSD is then log 2, and C(G) 0."""
    apart = Pair(Mixture([1.0], [[-20.0]], [1.0]), Mixture([1.0], [[20.0]], [1.0]))
    assert theory.criterion_by_quadrature(apart) == pytest.approx(0, abs=1e-6)
    assert theory.criterion_by_divergence(apart) == pytest.approx(0, abs=1e-6)


@given(probabilities(6), probabilities(6))
def test_the_divergence_is_scipys_and_the_criterions(p: np.ndarray, q: np.ndarray) -> None:
    divergence = theory.jensen_shannon_divergence(p, q)
    assert divergence == pytest.approx(jensenshannon(p, q) ** 2, abs=1e-12)
    assert divergence == pytest.approx(theory.jensen_shannon_divergence(q, p), abs=1e-15)
    assert -1e-15 <= divergence <= np.log(2) + 1e-15
    assert theory.criterion(p, q) == pytest.approx(-LOG_4 + 2 * divergence, abs=1e-12)


# Proposition 2


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=8))
def test_a_projection_is_the_nearest_point_of_the_simplex(values: list[float]) -> None:
    """Of which the conditions of Karush, Kuhn and Tucker are proof: one shift for all that stay positive, more for the others."""
    values = np.array(values)
    projected = theory.project_to_simplex(values)
    assert projected.min() >= 0
    assert projected.sum() == pytest.approx(1, abs=1e-12)
    shift = values - projected
    positive = projected > 0
    assert np.ptp(shift[positive]) == pytest.approx(0, abs=1e-12)
    assert (shift[~positive] <= shift[positive].min() + 1e-12).all()


def test_the_step_follows_the_gradient_of_the_criterion() -> None:
    """log(1 - D) at the optimal D, here by central differences."""
    p_data, p_g = theory.discrete_pair()
    bumps = 1e-7 * np.eye(len(p_g))
    slopes = np.array([(theory.criterion(p_data, p_g + bump) - theory.criterion(p_data, p_g - bump)) / 2e-7 for bump in bumps])
    moved = theory.descend(p_data, p_g, 1, 1e-3)[1]
    np.testing.assert_allclose(moved, theory.project_to_simplex(p_g - 1e-3 * slopes), atol=1e-9)


def test_the_criterion_falls_to_minus_log_4_and_never_rises() -> None:
    p_data, start = theory.discrete_pair()
    history = theory.descend(p_data, start, 300, 0.002)
    values = np.array([theory.criterion(p_data, p_g) for p_g in history])
    assert values[0] > -LOG_4 + 0.1
    assert np.diff(values).max() <= 0
    assert values[-1] == pytest.approx(-LOG_4, abs=1e-3)
    np.testing.assert_allclose(history[-1], p_data, atol=1e-3)


def test_a_lagging_discriminator_lets_it_rise() -> None:
    p_data, start = theory.discrete_pair()
    values = [theory.criterion(p_data, p_g) for p_g in theory.descend(p_data, start, 300, 0.002, 1.0)]
    assert np.diff(values).max() > 1e-3


def test_the_faster_one_step_is_the_less_c_rises() -> None:
    p_data, start = theory.discrete_pair()
    rises = [
        np.diff([theory.criterion(p_data, p_g) for p_g in theory.descend(p_data, start, 300, 0.002, rate)]).max()
        for rate in (1.0, 4.0, 10.0, 20.0, 40.0)
    ]
    assert rises == sorted(rises, reverse=True)
    assert rises[0] > 1e-3 > 1e-9 > rises[-1]


def test_one_step_is_enough_for_a_discriminator_that_keeps_up() -> None:
    """So Algorithm 1's inner loop is a way to keep up, not the only one."""
    p_data, start = theory.discrete_pair()
    values = np.array([theory.criterion(p_data, p_g) for p_g in theory.descend(p_data, start, 300, 0.002, 40.0)])
    optimal = np.array([theory.criterion(p_data, p_g) for p_g in theory.descend(p_data, start, 300, 0.002)])
    assert np.diff(values).max() <= 1e-9
    assert abs(values - optimal).max() < 0.02
    assert values[-1] == pytest.approx(optimal[-1], abs=1e-6)


# Figure 1


def test_a_linear_generators_distribution_is_uniform() -> None:
    found = figure1.distribution_function(2 * figure1.Z + 1, np.array([-np.inf, -3.0, 0.0, 1.0, 4.0, np.inf]))
    np.testing.assert_allclose(found, stats.uniform(1 - 2 * 3**0.5, 4 * 3**0.5).cdf([-99, -3, 0, 1, 4, 99]), atol=1e-9)


def test_a_folded_generators_distribution_counts_both_sides() -> None:
    found = figure1.distribution_function(figure1.Z**2, np.array([1.0, 2.0]))
    np.testing.assert_allclose(found, np.sqrt([1, 2]) / 3**0.5, atol=1e-3)


@pytest.fixture(scope="module")
def moments() -> list[figure1.Moment]:
    parameters = Figure1Parameters(
        warm_up=500,
        generator_updates=200,
        discriminator_steps=8,
        generator_learning_rate=0.005,
        discriminator_learning_rate=0.01,
    )
    return figure1.play(parameters, 0, [0, 2, 50])


def test_the_game_goes_from_the_untrained_pair_towards_equilibrium(moments: list[figure1.Moment]) -> None:
    untrained, optimal, *_, last = moments
    assert [moment.updates for moment in moments] == [0, 0, 2, 50, 200]
    np.testing.assert_array_equal(untrained.p_g, optimal.p_g)
    assert untrained.divergence > 0.3
    assert last.divergence < 0.05
    assert last.deviation(0.5) < 0.15


def test_the_inner_loop_brings_d_to_its_closed_form(moments: list[figure1.Moment]) -> None:
    """Where there is enough of both densities for the gradient to say so."""
    optimal = moments[1]
    both = (optimal.p_g > 0.05) & (figure1.P_DATA > 0.05)
    closed_form = figure1.P_DATA / (figure1.P_DATA + optimal.p_g)
    assert both.sum() > 20
    assert np.abs(optimal.d - closed_form)[both].mean() < 0.05


def test_the_model_density_is_that_of_the_generators_samples(moments: list[figure1.Moment]) -> None:
    last = moments[-1]
    assert last.p_g.sum() * (figure1.EDGES[1] - figure1.EDGES[0]) == pytest.approx(1, abs=0.01)
    z = np.random.default_rng(0).uniform(figure1.Z[0], figure1.Z[-1], 200_000)
    counts, edges = np.histogram(np.interp(z, figure1.Z, last.g), bins=figure1.EDGES[::10])
    np.testing.assert_allclose(counts / len(z), last.p_g.reshape(-1, 10).sum(axis=1) * np.diff(edges) / 10, atol=0.005)


def test_the_animation_has_every_moment_and_the_same_bytes_each_time(moments: list[figure1.Moment], tmp_path) -> None:
    first, second = tmp_path / "first.gif", tmp_path / "second.gif"
    for path in (first, second):
        theory_figures.save_animation(moments, path)
    assert first.read_bytes() == second.read_bytes()
    with Image.open(first) as animation:
        assert animation.n_frames == len(moments)


def test_figure_1_is_drawn_as_the_paper_describes_it(moments: list[figure1.Moment]) -> None:
    """Data dotted black, model solid green, D dashed blue; arrows end at G(z)."""
    figure = theory_figures.figure_1(moments[1:])
    for axis, moment in zip(figure.axes, moments[1:], strict=True):
        data, model, d = axis.lines[:3]
        assert (data.get_color(), data.get_linestyle()) == ("black", ":")
        assert (model.get_color(), model.get_linestyle()) == ("green", "-")
        assert (d.get_color(), d.get_linestyle()) == ("blue", "--")
        np.testing.assert_array_equal(model.get_ydata(), moment.p_g)
        np.testing.assert_array_equal(d.get_ydata(), moment.d)
        ends = [text.xy[0] for text in axis.texts if hasattr(text, "arrow_patch") and text.arrow_patch]
        assert ends[0] == pytest.approx(moment.g[0])
        assert ends[-1] == pytest.approx(moment.g[-1])


# What the stage measures


@pytest.fixture(scope="module")
def parameters() -> TheoryParameters:
    return parse(project_values(), Project, "params.yaml").theory


def test_both_descents_are_measured_and_only_the_lagging_one_rises(parameters: TheoryParameters) -> None:
    descents = measurements.descend(parameters.proposition_2)
    for name, history in descents.histories.items():
        assert history.shape == (301, len(descents.p_data))
        assert descents.gaps[name][-1] == pytest.approx(theory.criterion(descents.p_data, history[-1]) + LOG_4, abs=1e-12)
    rises = {name: np.diff(gap).max() for name, gap in descents.gaps.items()}
    assert rises["optimal"] <= 0 < rises["lagging"]


def test_figure_1_has_the_papers_four_moments(parameters: TheoryParameters) -> None:
    game = measurements.play(parameters.figure_1, parameters.seed)
    assert [moment.updates for moment in game.panels] == [0, 0, 1, 100]
    np.testing.assert_array_equal(game.panels[0].p_g, game.panels[1].p_g)
    assert not np.array_equal(game.panels[0].d, game.panels[1].d)
    updates = [moment.updates for moment in game.moments[1:]]
    assert updates == sorted(set(updates))


def test_every_number_of_the_theory_is_measured_and_rounded(parameters: TheoryParameters, tmp_path: Path) -> None:
    discriminators, path = measurements.train_discriminators(parameters), measurements.follow_path(parameters)
    descents, game = measurements.descend(parameters.proposition_2), measurements.play(parameters.figure_1, parameters.seed)
    found = measurements.measure(discriminators, path, descents, game)
    assert [name.replace("_", " ") for name in found.proposition_1] == list(theory.PAIRS)
    pair = found.proposition_1["two_dimensions"]
    deviations = theory.deviations(discriminators["two dimensions"], theory.PAIRS["two dimensions"])
    assert pair.largest_deviation == round(deviations.max(), 12)
    assert pair.quadrature == pytest.approx(theory.criterion_by_quadrature(theory.PAIRS["two dimensions"]), abs=1e-12)
    values = pair.trained, pair.quadrature, pair.divergence
    assert pair.disagreement == pytest.approx(max(values) - min(values), abs=1e-11)
    assert found.theorem_1.gap_where_densities_agree == pytest.approx(0, abs=1e-6)
    assert found.theorem_1.smallest_gap_before == pytest.approx(path["quadrature"][0] + LOG_4, abs=1e-12)  # of two points
    assert found.proposition_2["lagging_discriminator"].largest_rise == round(np.diff(descents.gaps["lagging"]).max(), 12)
    assert found.figure_1.divergence_at_the_end == round(game.moments[-1].divergence, 12)
    files.write_json(tmp_path / "theory.json", found)
    assert files.read(tmp_path / "theory.json", measurements.Theory) == found
