"""Layers, initialisation, dropout, column norms and files of the networks."""

from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from safetensors import safe_open

from adversarial_nets.core.randomness import stream
from adversarial_nets.gan import layers, networks
from adversarial_nets.gan.game import Game, simultaneous_step
from adversarial_nets.gan.networks import Network, initialise, limit_column_norms
from adversarial_nets.gan.run import Setup
from adversarial_nets.parameters.experiment import Experiment
from adversarial_nets.parameters.layers import (
    AnyLayer,
    ConvolutionalMaxoutParameters,
    DiscriminatorParameters,
    GeneratorParameters,
    LinearParameters,
    MaxoutParameters,
    TransposedConvolutionParameters,
)
from support.experiments import shipped, shipped_values


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def linear(kind: str = "linear", units: int = 2, **options) -> LinearParameters:
    return LinearParameters(**{"type": kind, "units": units, "init_range": 0.05, **options})


def maxout(units: int = 2, pieces: int = 3, **options) -> MaxoutParameters:
    return MaxoutParameters(**{"type": "maxout", "units": units, "pieces": pieces, "init_range": 0.05, **options})


@pytest.fixture
def mnist() -> Experiment:
    return shipped("mnist")


@pytest.fixture
def generator(mnist) -> Network:
    return Network(mnist.generator.noise_dimensions, mnist.generator.layers)


@pytest.fixture
def discriminator(mnist) -> Network:
    return Network(784, mnist.discriminator.layers)


PUBLISHED = {
    # experiment: parameters of the generator and of the discriminator
    "mnist": (2_503_984, 1_231_441),
    "cifar10_mlp": (89_395_072, 37_393_601),
    "cifar10_conv": (64_825_072, 12_454_073),
    "tfd": (84_858_404, 21_037_201),
    "fer2013": (84_858_404, 21_037_201),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameter_counts_of_the_published_networks(name):
    experiment = shipped(name)
    with torch.device("meta"):  # sizes without memory
        generator = Network(experiment.generator.noise_dimensions, experiment.generator.layers)
        discriminator = Network(experiment.image_shape, experiment.discriminator.layers)
    assert (generator.num_parameters, discriminator.num_parameters) == PUBLISHED[name]


def test_parameter_counts_of_the_first_stage():
    nothing = np.empty((0, 2304), np.float32)
    first = Setup(shipped("tfd"), nothing, nothing, 0, torch.device("cpu")).pretraining.experiment
    with torch.device("meta"):
        generator = Network(first.generator.noise_dimensions, first.generator.layers)
        assert [layer(torch.empty(2, layer.linear.in_features)).shape[1] for layer in generator.layers.values()] == [
            8000,
            8000,
            2304,
        ]
    assert generator.num_parameters == 83_250_304


def test_widths_of_the_fully_connected_networks():
    """What each layer puts out, as published."""
    widths = {
        "mnist": ([1200, 1200, 784], [240, 240, 1]),
        "cifar10_mlp": ([8000, 8000, 3072], [1600, 1600, 1]),
        "tfd": ([8000, 100, 8000, 8000, 2304], [1200, 1200, 1]),
    }
    for name, players in widths.items():
        experiment = shipped(name)
        with torch.device("meta"):
            networks = Network(100, experiment.generator.layers), Network(experiment.image_shape, experiment.discriminator.layers)
            for network, expected, x in zip(
                networks, players, (torch.empty(2, 100), torch.empty(2, players[0][-1])), strict=True
            ):
                assert [(x := layer(x)).shape[1] for layer in network.layers.values()] == expected


def test_sparse_weights_are_standard_normal_and_as_many_as_asked_for():
    network = Network(300, {"y": linear(units=200, init_range=None, sparse_init=100)})
    initialise(network, seeded())
    weight = network.layers["y"].linear.weight.detach()
    assert ((weight != 0).sum(dim=1) == 100).all()
    assert ((weight != 0).sum(dim=0) > 30).all()  # no input is left out
    values = weight[weight != 0].double()
    assert abs(float(values.mean())) < 5 / len(values) ** 0.5
    assert float(values.std()) == pytest.approx(1, abs=0.03)


def test_shapes_of_the_convolutional_networks():
    """Described (as `check` validates them) and computed, 32 → 33 → 16 → 15 → 7 → 9 → 5."""
    experiment = shipped("cifar10_conv")
    sides, shape = [32], (3, 32, 32)
    for layer in list(experiment.discriminator.layers.values())[:3]:
        shape, before = layer.shape_after(shape), shape
        sides += [layer.convolved(before[1]), shape[1]]
    assert (sides, shape) == ([32, 33, 16, 15, 7, 9, 5], (192, 5, 5))
    with torch.device("meta"):
        discriminator, x = Network((3, 32, 32), experiment.discriminator.layers), torch.empty(2, 3072)
        widths = [(x := layer(x)).shape[1] for layer in discriminator.layers.values()]
        generator = Network(100, experiment.generator.layers)
        assert generator(torch.empty(2, 100)).shape == (2, 3072)
        assert generator.layers["y"].linear.bias.shape == (3, 32, 32)
    assert widths == [32 * 16 * 16, 32 * 7 * 7, 4800, 500, 1]
    assert [layer.linear.bias.numel() for layer in list(discriminator.layers.values())[:3]] == [64, 64, 384]


def test_initial_weights_fill_their_range(generator, discriminator):
    marginals = torch.full((784,), 0.5, dtype=torch.float64)
    initialise(generator, seeded(), marginals)
    initialise(discriminator, seeded())
    for network, limit in ((generator, 0.05), (discriminator, 0.005)):
        for layer in network.layers.values():
            weight = layer.linear.weight
            assert 0.97 * limit < weight.abs().max() <= limit
            assert abs(weight.mean()) < 4 * limit / (3 * weight.numel()) ** 0.5  # four standard errors of a uniform's mean
            assert float(weight.detach().std()) == pytest.approx(limit / 3**0.5, rel=0.1)
            assert (layer.linear.bias == 0).all()


def test_initialisation_is_the_streams_and_nothing_else(discriminator):
    initialise(discriminator, seeded(1))
    first = discriminator.layers["h0"].linear.weight.detach().clone()
    torch.manual_seed(99)
    initialise(discriminator, seeded(1))
    assert torch.equal(first, discriminator.layers["h0"].linear.weight)
    initialise(discriminator, seeded(2))
    assert not torch.equal(first, discriminator.layers["h0"].linear.weight)


def test_bias_starts_at_its_number():
    network = Network(3, {"h0": linear(bias=-2.0), "h1": maxout(), "y": linear("sigmoid", bias=0.25)})
    initialise(network, seeded())
    assert [layer.linear.bias.unique().tolist() for layer in network.layers.values()] == [[-2.0], [0.0], [0.25]]


def test_marginal_bias_gives_the_mean_image():
    marginals = torch.tensor([0.1, 0.5, 0.9, 1e-3], dtype=torch.float64)
    network = Network(3, {"y": linear("sigmoid", 4, bias="marginals")})
    initialise(network, seeded(), marginals)
    torch.testing.assert_close(torch.sigmoid(network.layers["y"].linear.bias.double()), marginals, rtol=1e-6, atol=0)


def test_marginal_bias_is_clipped_at_both_ends():
    """float32 cannot hold 1 - 1e-7: clipped there, the upper limit would be 0.29 off."""
    limit = float(np.log((1 - 1e-7) / 1e-7))
    network = Network(3, {"y": linear("sigmoid", 4, bias="marginals")})
    initialise(network, seeded(), torch.tensor([0.0, 1.0, 1e-9, 0.5]))
    assert network.layers["y"].linear.bias.tolist() == pytest.approx([-limit, limit, -limit, 0], rel=1e-7)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_marginal_bias_inverts_the_sigmoid(pixels):
    found = networks.marginal_bias(torch.tensor(pixels, dtype=torch.float64))
    np.testing.assert_allclose(torch.sigmoid(found), np.clip(pixels, 1e-7, 1 - 1e-7), rtol=1e-9)


def test_maxout_takes_the_maximum_of_consecutive_pieces():
    values = torch.tensor([[1.0, 5.0, 2.0, -3.0, -1.0, -2.0], [0.0, 0.0, 7.0, 9.0, 8.0, 0.0]])
    assert layers.maxout(values, 3).tolist() == [[5.0, -1.0], [7.0, 9.0]]
    assert layers.maxout(values, 2).tolist() == [[5.0, 2.0, -1.0], [0.0, 9.0, 8.0]]
    assert torch.equal(layers.maxout(values, 1), values)


MAXOUT_SIZES = [(1, 1, 1), (1, 3, 2), (4, 1, 5), (8, 6, 3), (200, 7, 5)]


@pytest.mark.parametrize(("rows", "units", "pieces"), MAXOUT_SIZES)
@pytest.mark.parametrize("by_unit", [True, False], ids=["by unit", "by row"])
def test_maxout_and_its_gradient_in_any_layout(rows, units, pieces, by_unit):
    """As torch's own maximum has them; a few values only, so that there are ties, of which the first piece has the gradient."""
    values = torch.randint(-2, 3, (rows, units * pieces), generator=seeded()).double()
    values = (values.t().contiguous().t() if by_unit else values).requires_grad_()
    found, expected = layers.maxout(values, pieces), values.unflatten(1, (units, pieces)).max(dim=2)
    slopes = torch.randn((rows, units), dtype=torch.float64, generator=seeded())
    assert torch.equal(found, expected.values)
    [gradient] = torch.autograd.grad(found, values, slopes)
    first = values.detach().numpy().reshape(rows, units, pieces).argmax(axis=2)
    by_hand = (first[:, :, None] == np.arange(pieces)) * slopes.numpy()[:, :, None]
    np.testing.assert_array_equal(gradient.numpy(), by_hand.reshape(rows, units * pieces))


def test_maxout_does_not_hide_what_is_not_a_number():
    values = torch.tensor([[1.0, float("nan"), 2.0, 3.0, 4.0, 5.0]])
    assert layers.maxout(values, 3).isnan().tolist() == [[True, False]]


@pytest.mark.parametrize("num_fixed", [0, 2, 5])
def test_linear_map_by_unit_is_torchs(num_fixed):
    x, weight, bias, slopes = (
        torch.randn(shape, dtype=torch.float64, generator=seeded(), requires_grad=True)
        for shape in [(5, 3), (4, 3), (4,), (5, 4)]
    )
    found, expected = layers.Linear.apply(x, weight, bias, num_fixed), torch.nn.functional.linear(x, weight, bias)
    torch.testing.assert_close(found, expected)
    assert found.t().is_contiguous()
    gradients = torch.autograd.grad(found, (x, weight, bias), slopes)
    of_x, *of_parameters = torch.autograd.grad(expected, (x, weight, bias), slopes)
    of_x[:num_fixed] = 0
    torch.testing.assert_close(gradients, (of_x, *of_parameters))


def test_gradient_of_the_rows_that_are_not_fixed_is_whole(discriminator):
    """Rows before them change neither it nor the gradients of the weights."""
    initialise(discriminator, seeded())
    x = torch.rand((6, 784), generator=seeded(), requires_grad=True)
    wanted = (x, *discriminator.parameters())
    usual = torch.autograd.grad(discriminator.logits(x, seeded(1)).sum(), wanted)
    other = torch.autograd.grad(discriminator.logits(x, seeded(1), num_fixed=4).sum(), wanted)
    torch.testing.assert_close(other[0][4:], usual[0][4:])
    assert (other[0][:4] == 0).all()
    assert all(torch.equal(one, two) for one, two in zip(other[1:], usual[1:], strict=True))


def test_activations():
    x = torch.tensor([[-2.0], [0.5]])
    expected = {"relu": [0.0, 0.5], "sigmoid": [1 / (1 + np.exp(2)), 1 / (1 + np.exp(-0.5))], "linear": [-2.0, 0.5]}
    for kind, values in expected.items():
        network = Network(1, {"y": linear(kind, 1)})
        network.layers["y"].linear.weight.data[:] = 1
        network.layers["y"].linear.bias.data[:] = 0
        assert network(x).flatten().tolist() == pytest.approx(values)


def test_output_is_the_last_layers_activation_of_the_logits(discriminator):
    initialise(discriminator, seeded())
    x = torch.rand((5, 784), generator=seeded())
    assert torch.equal(discriminator(x), torch.sigmoid(discriminator.logits(x)))
    assert torch.equal(discriminator(x, seeded(3)), torch.sigmoid(discriminator.logits(x, seeded(3))))
    assert discriminator(x).shape == (5, 1)


@pytest.mark.parametrize("keep", [0.8, 0.5])
def test_dropout_keeps_the_right_share_and_scales_it(keep):
    mask = layers.dropout_mask(torch.empty(400, 500), keep, seeded())
    assert mask.unique().tolist() == pytest.approx([0, 1 / keep], rel=1e-5)
    share = float((mask > 0).double().mean())
    assert abs(share - keep) < 5 * (keep * (1 - keep) / mask.numel()) ** 0.5
    for along in (0, 1):  # neither a row nor a column is treated alike
        assert ((mask > 0).double().mean(dim=along) - keep).abs().max() < 0.15


@pytest.mark.parametrize(
    ("keep", "num_kept"), [(0.8, 52429), (0.5, 32768), (0.3, 19661), (1e-9, 1), (1 - 1e-9, 65535), (1 / 65536, 1)]
)
def test_dropout_keeps_its_share_of_all_values_of_its_bits(monkeypatch, keep, num_kept):
    """Counted over the 2^16 equally likely values: the share, and a mean of one."""
    every_value = torch.arange(-(2**15), 2**15, dtype=torch.int16)[torch.randperm(2**16, generator=seeded())]
    monkeypatch.setattr(torch.Tensor, "random_", lambda words, *limits, generator: words.copy_(every_value.view(torch.int64)))
    mask = layers.dropout_mask(torch.empty(256, 256, dtype=torch.float64), keep, seeded())
    assert (mask > 0).sum() == num_kept
    assert float(mask.mean()) == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("shape", [(1, 1), (3, 1), (2, 3), (5, 7, 3), (4, 4)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dropout_mask_fits_any_input(shape, dtype):
    """Also one whose size is not a multiple of four, the number of inputs that a random word decides on."""
    mask = layers.dropout_mask(torch.empty(shape, dtype=dtype), 0.5, seeded())
    assert (mask.shape, mask.dtype) == (shape, dtype)
    again = layers.dropout_mask(torch.empty(shape, dtype=dtype), 0.5, seeded())
    assert torch.equal(mask, again)


def test_dropouts_bits_are_all_random():
    """Each 16 bits of a 64-bit word decide alone: shares, and agreement between any two of the four, are chance's."""
    kept = layers.dropout_mask(torch.empty(100_000, 4), 0.8, seeded()) > 0
    assert (kept.double().mean(dim=0) - 0.8).abs().max() < 5 * (0.16 / 100_000) ** 0.5
    for one, other in combinations(kept.t(), 2):
        assert abs(float((one == other).double().mean()) - 0.68) < 5 * (0.68 * 0.32 / 100_000) ** 0.5


def test_dropout_reaches_every_layers_inputs(discriminator):
    """On constant inputs the preactivation is the sum over the kept ones: one at 1/keep each."""
    initialise(discriminator, seeded())
    for layer, keep in zip(discriminator.layers.values(), [0.8, 0.5, 0.5], strict=True):
        layer.linear.weight.data[:] = 1 / layer.linear.in_features
        sums = layer.preactivation(torch.ones(200, layer.linear.in_features), seeded())[:, 0].detach().double()
        spread = ((1 - keep) / keep / layer.linear.in_features) ** 0.5
        assert abs(float(sums.mean()) - 1) < 5 * spread / 200**0.5
        assert float(sums.std()) == pytest.approx(spread, rel=0.25)


def test_nothing_is_random_without_a_stream(generator, discriminator):
    initialise(discriminator, seeded())
    discriminator.train()  # torch's own switch has no say
    x = torch.rand((5, 784), generator=seeded())
    state = torch.get_rng_state()
    assert torch.equal(discriminator(x), discriminator(x))
    assert torch.equal(torch.get_rng_state(), state)
    kept_whole = Network(784, {"y": linear(units=3)})
    initialise(kept_whole, seeded())
    stream = seeded()
    assert torch.equal(kept_whole(x), kept_whole(x, stream))
    assert torch.equal(stream.get_state(), seeded().get_state())  # a layer that keeps all draws nothing


@pytest.mark.parametrize(
    "layer", [linear(units=6, max_column_norm=1.5), maxout(2, 3, max_column_norm=1.5)], ids=["linear", "maxout"]
)
def test_column_norms_are_limited_one_unit_or_piece_at_a_time(layer):
    network = Network(4, {"y": layer})
    weight, bias = network.layers["y"].linear.weight, network.layers["y"].linear.bias
    before = torch.randn((6, 4), generator=seeded())
    before *= (torch.tensor([0.1, 1.0, 1.4999, 1.6, 30.0, 0.0]) / before.norm(dim=1))[:, None]
    weight.data[:], bias.data[:] = before, 100.0
    limit_column_norms(network)
    assert torch.equal(weight[[0, 1, 2, 5]], before[[0, 1, 2, 5]])  # short ones stay as they are, bit for bit
    assert weight[[3, 4]].norm(dim=1).tolist() == pytest.approx([1.5, 1.5], rel=1e-6)
    torch.testing.assert_close(weight[[3, 4]] / 1.5, before[[3, 4]] / before[[3, 4]].norm(dim=1, keepdim=True))
    assert (bias == 100).all()


def test_only_limited_layers_are_limited():
    network = Network(4, {"h": linear(), "y": linear(max_column_norm=1.0)})
    for layer in network.layers.values():
        layer.linear.weight.data[:] = 50
    limit_column_norms(network)
    assert (network.layers["h"].linear.weight == 50).all()
    assert network.layers["y"].linear.weight.norm(dim=1).tolist() == pytest.approx([1, 1])


@given(st.integers(1, 5), st.integers(1, 4), st.integers(0, 9), st.floats(0.01, 5))
def test_no_column_is_longer_than_its_limit(units, pieces, seed, limit):
    network = Network(3, {"y": maxout(units, pieces, max_column_norm=limit)})
    weight = network.layers["y"].linear.weight
    weight.data = 3 * torch.randn(weight.shape, generator=seeded(seed))
    limit_column_norms(network)
    assert (weight.norm(dim=1) <= limit * (1 + 1e-6)).all()


def test_generator_is_loaded_as_it_was_saved(generator, mnist, tmp_path):
    initialise(generator, seeded(), torch.linspace(0, 1, 784))
    for name in ("one", "two"):
        networks.save_network(generator, mnist.generator, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    loaded, description = networks.load_generator(tmp_path / "one", torch.device("cpu"))
    assert description == mnist.generator
    assert list(loaded.layers) == list(generator.layers)
    for name, value in generator.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value)
    noise = torch.rand((3, 100), generator=seeded())
    assert torch.equal(loaded(noise), generator(noise))


def test_discriminators_file_describes_it(discriminator, mnist, tmp_path):
    initialise(discriminator, seeded())
    networks.save_network(discriminator, mnist.discriminator, tmp_path / "file")
    with safe_open(tmp_path / "file", framework="pt") as file:
        description = DiscriminatorParameters.model_validate_json(file.metadata()["description"])
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dict)
    assert description == mnist.discriminator
    loaded = Network(784, description.layers)
    loaded.load_state_dict(weights)
    x = torch.rand((3, 784), generator=seeded())
    assert torch.equal(loaded(x), discriminator(x))


def test_every_option_survives_a_file(tmp_path):
    layers = {"h0": maxout(2, 3, max_column_norm=1.9365, keep_probability=0.8), "y": linear("sigmoid", 4, bias=-2.0)}
    description = GeneratorParameters(noise="gaussian", noise_dimensions=5, layers=layers)
    network = Network(5, layers)
    initialise(network, seeded())
    networks.save_network(network, description, tmp_path / "file")
    assert networks.load_generator(tmp_path / "file", torch.device("cpu"))[1] == description


# Convolutional layers, against their definitions written out


def convolutional(**options) -> ConvolutionalMaxoutParameters:
    values = {"channels": 2, "pieces": 3, "kernel": 3, "pad": 1, "pool": {"window": 3, "stride": 2}, "init_range": 0.1}
    return ConvolutionalMaxoutParameters(**{"type": "convolutional_maxout", **values, **options})


def transposed(**options) -> TransposedConvolutionParameters:
    values = {"input_channels": 2, "channels": 3, "kernel": 3, "stride": 2, "init_range": 0.1}
    return TransposedConvolutionParameters(**{"type": "transposed_convolution", **values, **options})


def initialised(inputs, **layers) -> Network:
    network = Network(inputs, layers)
    initialise(network, seeded())
    for layer in network.layers.values():
        layer.linear.bias.data.normal_(generator=seeded(1))
    return network.double()


@pytest.mark.parametrize(
    ("side", "options"),
    [(6, {}), (5, {"pad": 0}), (4, {"kernel": 2, "pool": {"window": 2, "stride": 2}}), (7, {"pool": {"window": 2, "stride": 3}})],
)
def test_convolutional_maxout_is_what_it_says(side, options):
    """Every value of the output by loops; windows that hang over the border count."""
    description = convolutional(**options)
    layer = initialised((2, side, side), y=description).layers["y"]
    image = torch.randn((1, 2, side, side), dtype=torch.float64, generator=seeded(2))
    weight, bias = layer.linear.weight.detach().numpy(), layer.linear.bias.detach().numpy()
    padded = np.pad(image[0].numpy(), [(0, 0), (description.pad,) * 2, (description.pad,) * 2])
    maps, kernel = padded.shape[1] - description.kernel + 1, description.kernel
    values = np.empty((6, maps, maps))
    for row, column in np.ndindex(maps, maps):
        values[:, row, column] = (weight * padded[:, row : row + kernel, column : column + kernel]).sum((1, 2, 3)) + bias
    best = values.reshape(2, 3, maps, maps).max(axis=1)
    window, stride = description.pool.window, description.pool.stride
    starts = [start for start in range(0, maps, stride) if start == 0 or start - stride + window < maps]
    pooled = [[best[:, r : r + window, c : c + window].max((1, 2)) for c in starts] for r in starts]
    assert description.shape_after((2, side, side)) == (2, len(starts), len(starts))
    np.testing.assert_allclose(layer(image.flatten(1)).detach()[0], np.moveaxis(pooled, -1, 0).ravel(), rtol=1e-12)


def test_transposed_convolution_is_what_it_says():
    """Every input value adds its kernel to the output where it stands, and each output value has a bias of its own."""
    layer = initialised(2 * 4 * 4, y=transposed()).layers["y"]
    maps = torch.randn((2, 4, 4), dtype=torch.float64, generator=seeded(2))
    expected = layer.linear.bias.detach().numpy().copy()
    assert expected.shape == (3, 9, 9)
    for channel, row, column in np.ndindex(2, 4, 4):
        kernel = layer.linear.weight.detach().numpy()[channel] * float(maps[channel, row, column])
        expected[:, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3] += kernel
    np.testing.assert_allclose(layer(maps.reshape(1, -1)).detach()[0], expected.ravel(), rtol=1e-12)


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 5), st.integers(1, 4), st.integers(0, 3))
def test_a_described_shape_is_the_computed_one_or_refused(side, kernel, window, stride, pad):
    description = convolutional(kernel=kernel, pad=pad, pool={"window": window, "stride": stride})
    try:
        shape = description.shape_after((2, side, side))
    except ValueError:
        assert side + 2 * pad - kernel + 1 < max(1, window - stride + 1)
    else:
        with torch.device("meta"):
            assert Network((2, side, side), {"y": description})(torch.empty(1, 2 * side * side)).shape[1] == np.prod(shape)


def test_convolutional_layers_start_in_their_range_and_without_bias():
    network = Network((2, 6, 6), {"h": convolutional(), "y": transposed(input_channels=2)})
    initialise(network, seeded())
    for layer in network.layers.values():
        assert 0.08 < layer.linear.weight.abs().max() <= 0.1
        assert (layer.linear.bias == 0).all()


def test_kernels_are_limited_one_piece_at_a_time():
    network = Network((2, 6, 6), {"y": convolutional(max_column_norm=0.7)})
    initialise(network, seeded())
    weight = network.layers["y"].linear.weight
    weight.data[0], weight.data[1:] = 5.0, 0.01
    limit_column_norms(network)
    assert weight[0].norm().item() == pytest.approx(0.7)
    assert (weight[1:] == 0.01).all()


@pytest.mark.parametrize(
    "description", [convolutional(keep_probability=0.5), transposed(keep_probability=0.5)], ids=["conv", "transposed"]
)
def test_convolutional_layers_drop_their_inputs(description):
    network, x = initialised((2, 6, 6), y=description), torch.ones((3, 72), dtype=torch.float64)
    dropped = layers.dropped(x, 0.5, seeded(4))
    assert torch.equal(network(x, seeded(4)), network(dropped))
    assert not torch.equal(network(x, seeded(4)), network(x))


def test_convolutional_players_play_a_step_and_survive_a_file(tmp_path):
    layers = {"h": linear("sigmoid", 2 * 3 * 3), "y": transposed(input_channels=2, channels=2, kernel=2)}
    description = GeneratorParameters(noise="gaussian", noise_dimensions=4, layers=layers)
    generator = Network(4, layers)
    discriminator = Network((2, 6, 6), {"h": convolutional(), "h1": maxout(), "y": linear("sigmoid", 1)})
    for network in (generator, discriminator):
        initialise(network, seeded())
    optimizers = [torch.optim.SGD(network.parameters(), lr=0.1) for network in (generator, discriminator)]
    before = [value.clone() for network in (generator, discriminator) for value in network.state_dict().values()]
    outcome = simultaneous_step(
        Game(generator, discriminator, *optimizers, "non_saturating", seeded()), torch.rand((5, 72)), torch.randn((5, 4))
    )
    assert all(value.isfinite() for value in outcome)
    after = [value for network in (generator, discriminator) for value in network.state_dict().values()]
    assert not any(torch.equal(one, two) for one, two in zip(before, after, strict=True))
    networks.save_network(generator, description, tmp_path / "file")
    loaded, found = networks.load_generator(tmp_path / "file", torch.device("cpu"))
    assert found == description
    noise = torch.rand((3, 4), generator=seeded())
    assert torch.equal(loaded(noise), generator(noise))


@pytest.mark.parametrize("name", ["tfd", "fer2013", "tfd_small"])
def test_column_norms_hold_before_the_first_update(name: str) -> None:
    """The output layer's weights start from N(0, 1), a hundred for each pixel, of norm 10."""
    description = shipped(name).generator
    network = Network(description.noise_dimensions, description.layers)
    initialise(network, stream(0, "norms"), torch.full((48 * 48,), 0.5))
    for layer in network.layers.values():
        norms = layer.linear.weight.detach().norm(dim=1)
        assert norms.max() <= layer.description.max_column_norm * (1 + 1e-6)
    assert float(norms.min()) == pytest.approx(layer.description.max_column_norm, rel=1e-6)


def test_weights_within_the_limit_start_as_they_would_without_one() -> None:
    values = shipped_values("tfd")["generator"]["layers"]["h0"]
    found = []
    for limit in (None, 1e9):
        layer = TypeAdapter(AnyLayer).validate_python({**values, "max_column_norm": limit})
        network = Network(100, {"h0": layer})
        initialise(network, stream(0, "norms"))
        found.append(network.state_dict()["layers.h0.linear.weight"])
    assert torch.equal(*found)
