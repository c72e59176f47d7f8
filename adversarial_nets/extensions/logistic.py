"""Multinomial logistic regression with a penalty, its strength chosen by cross-validation: the same bits on every processor.

scikit-learn's depends on the processor through its products, and so would the errors of images that are near a boundary.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from adversarial_nets.core.arithmetic import PortableDots, exp, log, product, total

ITERATIONS = 300  # of L-BFGS, at most
TOLERANCE = 1e-4  # largest slope at which it ends; with a tenth of that it takes twice as long, for the same errors


class Problem:
    """Classifiers of the same features x (n, F), each fitted to the images that it may see: ``seen`` (J, n) of 0 and 1.

    labels (n,): classes from 0. The intercept is a last feature, 1, whose weights are not penalised.
    """

    def __init__(self, x: Tensor, labels: Tensor, seen: Tensor):
        self.x = torch.cat([x, torch.ones(len(x), 1)], dim=1)
        self.columns = self.x.t().contiguous()  # products of both are fast
        self.targets = torch.nn.functional.one_hot(labels).t().to(x.dtype)  # (K, n)
        self.seen = seen[:, None]
        self.penalised = torch.ones(self.x.shape[1])
        self.penalised[-1] = 0
        self.weights = torch.zeros(len(seen), len(self.targets), self.x.shape[1])

    def fit(self, c: float) -> Tensor:
        """Weights (J, K, F + 1) at which ½·‖W‖² + C·Σ cross-entropy is least, for each classifier; from those of the last fit."""
        weights = torch.nn.Parameter(self.weights)
        options = {"max_iter": ITERATIONS, "tolerance_grad": TOLERANCE, "tolerance_change": 0.0, "line_search_fn": "strong_wolfe"}
        optimizer = torch.optim.LBFGS([weights], **options)

        def evaluate() -> Tensor:
            value, weights.grad = self.objective(weights.detach(), c)
            return value

        with PortableDots():
            optimizer.step(evaluate)
        self.weights = weights.detach()
        return self.weights

    def objective(self, weights: Tensor, c: float) -> tuple[Tensor, Tensor]:
        """What is descended, divided by C·n, summed over the classifiers, and its gradient."""
        logits = product(weights.flatten(0, 1), self.columns).unflatten(0, weights.shape[:2])
        shifted = logits - logits.amax(1, keepdim=True)
        powers = exp(shifted)
        norms = powers.sum(1, keepdim=True)
        cross_entropy = (log(norms)[:, 0] - (shifted * self.targets).sum(1)) * self.seen[:, 0]
        decay = weights * (self.penalised / c)
        value = total(cross_entropy) + total(decay * weights) / 2
        slopes = (powers / norms - self.targets) * self.seen
        gradient = product(slopes.flatten(0, 1), self.x).view_as(weights) + decay
        return value / len(self.x), gradient / len(self.x)

    def errors(self, weights: Tensor) -> int:
        """Images that classifiers misclassify of those that they may not see."""
        found = product(weights.flatten(0, 1), self.columns).unflatten(0, weights.shape[:2]).argmax(1)
        return int(((found != self.targets.argmax(0)) & (self.seen[:, 0] == 0)).sum())


def cross_validated(x: Tensor, labels: Tensor, folds: Tensor, strengths: Sequence[float]) -> tuple[Tensor, float]:
    """Weights (K, F + 1) fitted to features x (n, F), and their C: the one with the fewest errors on folds left out.

    labels and folds (n,): class and fold of each image. Of equal C the least is taken. Classifiers without a fold, and the one
    of all folds, are fitted side by side.
    """
    left_out = torch.stack([folds == number for number in range(-1, int(folds.max()) + 1)])  # −1: nothing
    problem, fewest = Problem(x, labels, (~left_out).to(x.dtype)), len(x) + 1
    for c in sorted(strengths):
        weights = problem.fit(c)
        if (errors := problem.errors(weights)) < fewest:
            fewest, best, best_c = errors, weights[0].clone(), c
    return best, best_c


def classified(weights: Tensor, x: Tensor) -> Tensor:
    """Classes of features x (m, F): (m,)."""
    return (product(weights[:, :-1], x.t()) + weights[:, -1:]).argmax(0)
