"""The penalty and the steps along the manifold against Jacobians that autograd makes."""

import numpy as np
import pytest
import torch
from torch import Tensor

from adversarial_nets.baselines.contractive_autoencoder import Contraction, ContractiveAutoencoder
from adversarial_nets.parameters.baselines import AutoencoderTraining, DeepNetParameters

PIXELS, IMAGES = 7, 4
LAYERS = {"h1": {"units": 6}, "h2": {"units": 5}}


@pytest.fixture
def network() -> ContractiveAutoencoder:
    """Two layers in float64, with parameters that are N(0, 1)."""
    network = ContractiveAutoencoder(DeepNetParameters.model_validate({"layers": LAYERS}), PIXELS).double()
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(generator=random)
    return network


@pytest.fixture
def images() -> Tensor:
    return torch.rand(PIXELS, IMAGES, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def training(weight: float = 0.1) -> AutoencoderTraining:
    layers = {name: {"epochs": 1, "contraction": weight} for name in LAYERS}
    sampling = {"num_samples": 20, "chains": 10, "start": "marginals", "burn_in": 0, "thinning": 1, "noise": 1.0}
    values = {"layers": layers, "minibatch_size": 4, "learning_rate": {"initial": 0.01}, "adam": {"beta1": 0.9, "beta2": 0.999}}
    return AutoencoderTraining.model_validate({**values, "validation": {"every": 1, "num_images": 10, "sampling": sampling}})


def jacobian(network: ContractiveAutoencoder, image: Tensor, layers: int, keep: bool = False) -> Tensor:
    """Of the code of one image (D,) after a number of layers, by PyTorch's own products: (units, D)."""

    def code(x: Tensor) -> Tensor:
        for layer in list(network.layers.values())[:layers]:
            x = torch.sigmoid(layer.weight @ x + layer.hidden_bias)
        return x

    return torch.autograd.functional.jacobian(code, image, create_graph=keep)


@pytest.mark.parametrize("weight", [0.0, 0.3, 10.0])
def test_the_cost_and_its_gradients_are_those_of_the_jacobians_norm(network, images, weight):
    """By autograd through the Jacobian itself, and PyTorch's cross-entropy."""
    layer = network.layers["h1"]
    code = torch.sigmoid(layer.weight @ images + layer.hidden_bias[:, None])
    logits = layer.weight.t() @ code + layer.visible_bias[:, None]
    reconstruction = torch.nn.functional.binary_cross_entropy_with_logits(logits, images, reduction="sum")
    penalty = sum(jacobian(network, image, 1, keep=True).square().sum() for image in images.t())
    cost = (reconstruction + weight * penalty) / IMAGES
    with torch.no_grad():
        found = Contraction(layer, [], training(weight), "h1").cost_and_gradients(images)
    for each, expected in zip(found, (cost, *torch.autograd.grad(cost, list(layer.parameters()))), strict=True):
        torch.testing.assert_close(each, expected, rtol=1e-9, atol=1e-12)


def test_the_cost_is_a_sum_over_pixels_and_a_mean_over_images(network, images):
    layer = network.layers["h1"]
    weight, visible_bias, hidden_bias = (each.detach().numpy() for each in (layer.weight, layer.visible_bias, layer.hidden_bias))
    x = images.numpy()
    code = 1 / (1 + np.exp(-(weight @ x + hidden_bias[:, None])))
    mean = 1 / (1 + np.exp(-(weight.T @ code + visible_bias[:, None])))
    reconstruction = -(x * np.log(mean) + (1 - x) * np.log(1 - mean)).sum(0)
    penalty = ((code * (1 - code)) ** 2 * (weight**2).sum(1)[:, None]).sum(0)
    with torch.no_grad():
        cost, *_ = Contraction(layer, [], training(0.3), "h1").cost_and_gradients(images)
    assert cost.item() == pytest.approx((reconstruction + 0.3 * penalty).mean(), rel=1e-10)


def test_the_upper_layer_learns_the_codes_of_the_lower_and_leaves_it_alone(network, images):
    lower, upper = network.learners(training())
    before = {name: value.clone() for name, value in network.state_dict().items()}
    torch.testing.assert_close(upper.inputs(images), network.encoded(images)[0])
    upper.step(images, 1, 0.01, torch.Generator())
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {f"layers.h2.{name}" for name in ("weight", "visible_bias", "hidden_bias")}
    assert lower.layer is network.layers["h1"]


def test_a_step_along_the_manifold_is_the_jacobian_times_its_transpose(network, images):
    step = torch.randn(5, IMAGES, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    found = network.along_manifold(network.encoded(images), step)
    for number, image in enumerate(images.t()):
        of_all = jacobian(network, image, 2)
        torch.testing.assert_close(found[:, number], of_all @ of_all.t() @ step[:, number], rtol=1e-9, atol=1e-12)


def test_a_chain_without_noise_reconstructs(network, images):
    (found,) = network.advance((images,), torch.Generator(), 0.0)
    first, second = network.layers.values()
    torch.testing.assert_close(found, first.visible(second.visible(network.encoded(images)[1])))


def test_the_noise_of_a_chain_is_a_standard_deviation(network, images):
    """The image after a step with given noise, written out."""
    (found,) = network.advance((images,), torch.Generator().manual_seed(3), 0.5)
    noise = 0.5 * torch.randn(5, IMAGES, generator=torch.Generator().manual_seed(3))
    codes, (first, second) = network.encoded(images), network.layers.values()
    moved = codes[1] + network.along_manifold(codes, noise.double())
    torch.testing.assert_close(found, first.visible(second.visible(moved)), rtol=1e-6, atol=1e-7)
