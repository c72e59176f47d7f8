"""Section 4 of the paper, measured: the optimal discriminator, what it is worth, and the descent to the data's density.

Everything is exact up to quadrature: densities are known and expectations are integrals, not means over samples.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from scipy.integrate import cubature
from scipy.special import exp2, expit, rel_entr, xlogy
from scipy.stats import norm
from torch import Tensor, nn

from adversarial_nets.core.arithmetic import PortableDots, sigmoid, softplus
from adversarial_nets.core.errors import InputError
from adversarial_nets.gan.layers import LinearMap

LOG_4 = math.log(4)
SUPPORT = 0.01  # a point belongs to the support where a density has at least this share of its peak
TRAINING_POINTS, TEST_POINTS, CELLS = {1: 400, 2: 60}, {1: 1777, 2: 173}, {1: 4000, 2: 500}  # along each axis, by dimensions


@dataclass(frozen=True)
class Mixture:
    """Mixture of k isotropic Gaussians in D dimensions: weights (k,) of sum 1, means (k, D), standard deviations (k,)."""

    weights: list[float]
    means: list[list[float]]
    deviations: list[float]

    def density(self, x: np.ndarray) -> np.ndarray:
        """Density (n,) at points x (n, D)."""
        variances = np.square(self.deviations)
        squares = ((x[:, None] - np.array(self.means)) ** 2).sum(axis=2)
        normalisers = (2 * np.pi * variances) ** (x.shape[1] / 2)
        return (self.weights * exp2(-squares / (2 * math.log(2) * variances)) / normalisers).sum(axis=1)

    def masses(self, edges: np.ndarray) -> np.ndarray:
        """Probabilities (n^D,) of all cells between edges (D, n + 1) along the axes, from the normal distribution function."""
        total = 0.0
        for weight, mean, deviation in zip(self.weights, self.means, self.deviations, strict=True):
            product = np.array([weight])
            for axis, centre in zip(edges, mean, strict=True):
                product = np.multiply.outer(product, np.diff(norm.cdf(axis, centre, deviation))).ravel()
            total = total + product
        return total


@dataclass(frozen=True)
class Pair:
    """The data's density p_data and that of a fixed generator, p_g."""

    data: Mixture
    model: Mixture

    @property
    def dimensions(self) -> int:
        """D."""
        return len(self.data.means[0])

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Corners (D,) of a box that reaches six standard deviations beyond every mean."""
        means = np.array([*self.data.means, *self.model.means])
        reach = 6 * np.array([*self.data.deviations, *self.model.deviations])[:, None]
        return (means - reach).min(axis=0), (means + reach).max(axis=0)

    def edges(self, count: int) -> np.ndarray:
        """Edges (D, count + 1) of equal cells along each axis of the box."""
        return np.linspace(*self.bounds, count + 1).T

    def midpoints(self, count: int) -> tuple[np.ndarray, float]:
        """Midpoints (count^D, D) of the box's equal cells, and the volume of one."""
        edges = self.edges(count)
        axes = (edges[:, 1:] + edges[:, :-1]) / 2
        points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
        return points, float(np.prod(edges[:, 1] - edges[:, 0]))

    def densities(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """p_data and p_g, (n,) each, at points x (n, D)."""
        return self.data.density(x), self.model.density(x)

    def between(self, share: float) -> "Pair":
        """The same data, and a model on the way to it: (1 - share)·p_g + share·p_data."""
        weights = [*((1 - share) * np.array(self.model.weights)), *(share * np.array(self.data.weights))]
        model = Mixture(weights, self.model.means + self.data.means, self.model.deviations + self.data.deviations)
        return Pair(self.data, model)


PAIRS = {
    "two Gaussians": Pair(Mixture([1.0], [[0.0]], [1.0]), Mixture([1.0], [[1.5]], [1.0])),
    "narrow and wide": Pair(Mixture([1.0], [[0.0]], [0.7]), Mixture([1.0], [[0.5]], [1.5])),
    "two modes each": Pair(Mixture([0.4, 0.6], [[-2.0], [2.0]], [0.6, 0.8]), Mixture([0.5, 0.5], [[-1.0], [1.5]], [1.0, 0.7])),
    "a missed mode": Pair(
        Mixture([0.3, 0.3, 0.4], [[-3.0], [0.0], [3.0]], [0.5, 0.5, 0.5]), Mixture([0.5, 0.5], [[-3.0], [0.2]], [0.6, 0.6])
    ),
    "two dimensions": Pair(
        Mixture([0.5, 0.5], [[-1.2, -1.0], [1.2, 1.0]], [0.7, 0.7]), Mixture([0.5, 0.5], [[1.0, -1.0], [-0.5, 1.0]], [0.8, 0.9])
    ),
}
PATH = PAIRS["two modes each"]  # theorem 1 is followed from this pair's model to its data


# Proposition 1


def optimal_discriminator(p_data: np.ndarray, p_g: np.ndarray) -> np.ndarray:
    """The best D for a fixed generator, from both densities at the same points (equation 2)."""
    return p_data / (p_data + p_g)


class Tanh(nn.Module):
    """tanh, to an absolute error of about 1e-16; PyTorch's own depends on the processor's maker."""

    def forward(self, x: Tensor) -> Tensor:
        """Elementwise."""
        return 2 * sigmoid(2 * x) - 1


def perceptron(inputs: int, units: int, random: torch.Generator, reach: float = 3.0) -> nn.Sequential:
    """Two layers of tanh units, float64: (m, inputs) → (m, 1); the first layer starts uniform on [-reach, reach]."""
    widths = [inputs, units, units, 1]
    linear = [LinearMap(before, after, dtype=torch.float64) for before, after in itertools.pairwise(widths)]
    for layer, scale in zip(linear, (reach, units**-0.5, units**-0.5), strict=True):
        nn.init.uniform_(layer.weight, -scale, scale, generator=random)
        nn.init.uniform_(layer.bias, -scale, scale, generator=random)
    return nn.Sequential(linear[0], Tanh(), linear[1], Tanh(), linear[2])


def train_discriminator(discriminator: nn.Module, pair: Pair, iterations: int) -> None:
    """Ascend V(G, D) of equation 1 by L-BFGS, with both expectations as integrals over a grid."""
    points, masses = _on_grid(pair, TRAINING_POINTS)
    optimizer = torch.optim.LBFGS(
        discriminator.parameters(), max_iter=iterations, history_size=50, tolerance_change=1e-14, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = -_value(discriminator(points)[:, 0], *masses)
        value.backward()
        return value

    with PortableDots():
        optimizer.step(loss)


@torch.no_grad()
def value(discriminator: nn.Module, pair: Pair) -> float:
    """V(G, D) of equation 1 in nats, on a finer grid than the discriminator was trained on."""
    points, masses = _on_grid(pair, TEST_POINTS)
    return float(_value(discriminator(points)[:, 0], *masses))


@torch.no_grad()
def outputs(discriminator: nn.Module, points: np.ndarray) -> np.ndarray:
    """D (n,) at points (n, D)."""
    return sigmoid(discriminator(torch.from_numpy(points)))[:, 0].numpy()


def deviations(discriminator: nn.Module, pair: Pair) -> np.ndarray:
    """|D - p_data / (p_data + p_g)| at points of a finer grid where either density has at least 1 % of its peak."""
    points, _ = pair.midpoints(TEST_POINTS[pair.dimensions])
    p_data, p_g = pair.densities(points)
    return np.abs(outputs(discriminator, points) - optimal_discriminator(p_data, p_g))[on_support(p_data, p_g)]


def on_support(p_data: np.ndarray, p_g: np.ndarray) -> np.ndarray:
    """Where either density has at least 1 % of its peak."""
    return (p_data >= SUPPORT * p_data.max()) | (p_g >= SUPPORT * p_g.max())


def _on_grid(pair: Pair, counts: dict[int, int]) -> tuple[Tensor, list[Tensor]]:
    points, volume = pair.midpoints(counts[pair.dimensions])
    return torch.from_numpy(points), [torch.from_numpy(density * volume) for density in pair.densities(points)]


def _value(logits: Tensor, data_masses: Tensor, model_masses: Tensor) -> Tensor:
    return -((data_masses * softplus(-logits)).sum() + (model_masses * softplus(logits)).sum())


# Theorem 1


def criterion_by_quadrature(pair: Pair) -> float:
    """C(G) of equation 4 in nats, by SciPy's adaptive quadrature of its integrand."""

    def integrand(x: np.ndarray) -> np.ndarray:
        return _criterion(*pair.densities(x))

    return float(cubature(integrand, *pair.bounds, rtol=1e-8, atol=1e-8).estimate)


def criterion_by_divergence(pair: Pair) -> float:
    """C(G) as -log 4 + 2·JSD (equation 6) in nats, the divergence from probabilities of small cells: no density is integrated."""
    edges = pair.edges(CELLS[pair.dimensions])
    return -LOG_4 + 2 * jensen_shannon_divergence(pair.data.masses(edges), pair.model.masses(edges))


def jensen_shannon_divergence(p: np.ndarray, q: np.ndarray) -> float:
    """½·KL(p‖m) + ½·KL(q‖m) with m = (p + q) / 2, in nats, of probabilities (n,)."""
    middle = (p + q) / 2
    return float((rel_entr(p, middle) + rel_entr(q, middle)).sum() / 2)


def criterion(p_data: np.ndarray, p_g: np.ndarray) -> float:
    """C(G) of equation 4 in nats on a discrete support, from probabilities (n,): the value of the optimal discriminator."""
    return float(_criterion(p_data, p_g).sum())


def _criterion(p_data: np.ndarray, p_g: np.ndarray) -> np.ndarray:
    total = p_data + p_g
    return rel_entr(p_data, total) + rel_entr(p_g, total)


def follow_path(pair: Pair, shares: np.ndarray, discriminator: nn.Module, iterations: int) -> pd.DataFrame:
    """C(G) by ``three_values`` while p_g becomes p_data, in nats: share, trained, quadrature, divergence.

    The discriminator is trained at every point, from where it was at the one before.
    """
    rows = []
    for share in shares:
        here = pair.between(share)
        train_discriminator(discriminator, here, iterations)
        rows.append({"share": share, **three_values(discriminator, here)})
    return pd.DataFrame(rows)


def three_values(discriminator: nn.Module, pair: Pair) -> dict[str, float]:
    """C(G) in nats as the value of a trained discriminator, which cannot exceed it, and by two computations of one identity."""
    return {
        "trained": value(discriminator, pair),
        "quadrature": criterion_by_quadrature(pair),
        "divergence": criterion_by_divergence(pair),
    }


# Proposition 2


def discrete_pair(states: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """p_data with two modes and p_g with one between them, on ``states`` states; no state is all but impossible."""
    edges = np.linspace(-4, 4, states + 1)[None]
    mixtures = Mixture([0.4, 0.6], [[-2.0], [1.5]], [0.6, 0.9]), Mixture([1.0], [[0.0]], [1.2])
    masses = [0.9 * mixture.masses(edges) + 0.1 / states for mixture in mixtures]
    return masses[0] / masses[0].sum(), masses[1] / masses[1].sum()


@np.errstate(divide="ignore", over="ignore", invalid="ignore")
def descend(p_data: np.ndarray, p_g: np.ndarray, steps: int, rate: float, discriminator_rate: float | None = None) -> np.ndarray:
    """p_g before and after each gradient step on itself: (steps + 1, n), from probabilities (n,).

    The gradient of C(G) by p_g is log(1 - D) at the optimal D. With a discriminator's rate D is not the optimal one but makes
    one step up its own gradient, state by state, before each of p_g's. Raises InputError if a step is infinite.
    """
    history, logits = [p_g], np.zeros_like(p_data)
    for step in range(steps):
        if discriminator_rate is None:
            logits = xlogy(1, p_data / p_g)
        else:
            logits = logits + discriminator_rate * (p_data * expit(-logits) - p_g * expit(logits))
        moved = p_g + rate * np.logaddexp(0, logits)  # log(1 - D) = -log(1 + exp(logit))
        if not np.isfinite(moved).all():
            raise InputError(f"theory.proposition_2: step {step + 1} is infinite: p_g has left a state; lower the learning rates")
        p_g = project_to_simplex(moved)
        history.append(p_g)
    return np.array(history)


def project_to_simplex(values: np.ndarray) -> np.ndarray:
    """The probabilities (n,) nearest to values (n,) in Euclidean distance."""
    descending = np.sort(values)[::-1]
    excess = (np.cumsum(descending) - 1) / np.arange(1, len(values) + 1)
    return np.maximum(values - excess[descending > excess][-1], 0)
