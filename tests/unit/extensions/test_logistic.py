"""Logistic regression: its gradient and its optimum against independent references, and the choice of C."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from adversarial_nets.extensions import logistic
from adversarial_nets.extensions.logistic import Problem, classified, cross_validated


def drawn(seed: int, count: int = 60, dimensions: int = 5, classes: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    """Features around a centre for each class."""
    random = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % classes
    centres = 2 * torch.randn(classes, dimensions, generator=random)
    return centres[labels] + torch.randn(count, dimensions, generator=random), labels


@given(seed=st.integers(0, 2**31), c=st.floats(1e-3, 1e3))
def test_the_gradient_is_autograds_of_the_objective_in_float64(seed: int, c: float) -> None:
    x, labels = drawn(seed)
    random = torch.Generator().manual_seed(seed + 1)
    seen = (torch.rand(2, len(x), generator=random) < 0.7).float()
    problem, weights = Problem(x, labels, seen), torch.randn(2, 3, 6, generator=random)
    value, gradient = problem.objective(weights, c)

    exact = weights.double().requires_grad_()
    logits = torch.einsum("jkf,nf->jnk", exact[..., :-1], x.double()) + exact[:, None, :, -1]
    loss = -(torch.log_softmax(logits, 2).gather(2, labels.expand(2, -1)[..., None])[..., 0] * seen).sum()
    expected = (loss + exact[..., :-1].square().sum() / (2 * c)) / len(x)
    expected.backward()
    assert value.item() == pytest.approx(expected.item(), rel=1e-4)
    np.testing.assert_allclose(gradient, exact.grad, rtol=1e-3, atol=1e-4 * exact.grad.abs().max().item())


@pytest.mark.parametrize("c", [1e-3, 0.1, 10])
def test_the_optimum_is_scikit_learns(c: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logistic, "TOLERANCE", 1e-6)
    x, labels = drawn(0)
    found = Problem(x, labels, torch.ones(1, len(x))).fit(c)[0]
    reference = LogisticRegression(C=c, tol=1e-10, max_iter=10_000).fit(x.double().numpy(), labels.numpy())
    scale = np.abs(reference.coef_).max()
    np.testing.assert_allclose(found[:, :-1], reference.coef_, atol=0.01 * scale)
    assert torch.equal(classified(found, x), torch.from_numpy(reference.predict(x.double().numpy())))


def test_a_classifier_learns_nothing_of_what_it_may_not_see() -> None:
    x, labels = drawn(1)
    seen = torch.stack([torch.ones(60), (torch.arange(60) < 40).float()])
    together = Problem(x, labels, seen).fit(0.1)[1]
    alone = Problem(x[:40], labels[:40], torch.ones(1, 40)).fit(0.1)[0]
    np.testing.assert_allclose(together, alone, atol=2e-3)


def test_cross_validation_takes_the_c_with_the_fewest_errors_on_folds_left_out() -> None:
    """As scikit-learn's classifiers do on the same folds, of equals the least."""
    x, labels = drawn(2, count=90, dimensions=40)
    folds, strengths = torch.arange(90) // 3 % 5, [1.0, 1e-4, 1e-2]
    _, c = cross_validated(x, labels, folds, strengths)

    def errors(strength: float) -> int:
        wrong = 0
        for number in range(5):
            kept, out = folds != number, folds == number
            model = LogisticRegression(C=strength, tol=1e-8, max_iter=10_000).fit(x[kept].numpy(), labels[kept].numpy())
            wrong += int((model.predict(x[out].numpy()) != labels[out].numpy()).sum())
        return wrong

    assert c == min(sorted(strengths), key=errors)


def test_labels_that_say_nothing_are_not_learned() -> None:
    """The control: with shuffled labels a classifier guesses."""
    x, labels = drawn(3, count=600, dimensions=5)
    shuffled = labels[torch.randperm(600, generator=torch.Generator().manual_seed(0))]
    weights, _ = cross_validated(x[:300], shuffled[:300], torch.arange(300) % 5, [1e-3, 1e-1])
    assert (classified(weights, x[300:]) == shuffled[300:]).float().mean() < 0.45
