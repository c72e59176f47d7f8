"""Learned inference (section 7): an encoder E learns to predict z from G(z), once G is trained, and G stays as it is.

As the authors' code has it (the class ``AdversaryPair`` with an ``inferer`` that is trained alone): squared error, a linear
output. Donahue et al. (2017) call it a latent regressor. E never sees a real image.
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from adversarial_nets.core import arithmetic, files
from adversarial_nets.core.errors import CheckFailed, InputError
from adversarial_nets.core.randomness import stream
from adversarial_nets.gan.networks import Network, initialise, load_generator, read_network, save_network
from adversarial_nets.gan.run import DECIDING, PACKAGE
from adversarial_nets.gan.sampling import BATCH_SIZE, draw_noise
from adversarial_nets.parameters.inference import InferenceParameters
from adversarial_nets.parameters.layers import GeneratorParameters
from adversarial_nets.running import paths
from adversarial_nets.running.checkpoints import Checkpoint

ROWS = 10  # of the learning curve
ENCODER = "encoder.safetensors"
HELD_OUT = 1000  # values of z that it is measured on


@dataclass(frozen=True)
class Setup:
    """All that decides an encoder: its parameters, the generator's file, the seed and the device."""

    asked: InferenceParameters
    generator: Path
    seed: int
    device: torch.device

    @property
    def key(self) -> str:
        """Hexadecimal digest of it and of the code."""
        code = [path for folder in DECIDING for path in sorted((PACKAGE / folder).glob("*.py"))]
        defining = {
            "parameters": self.asked.model_dump(),
            "generator": files.digest(self.generator, "sha256"),
            "seed": self.seed,
            "device": torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else self.device.type,
            "arithmetic": [torch.__version__, self.device.type == "cuda" or arithmetic.is_specified()],
            "source": [files.digest(path, "sha256") for path in [*code, Path(__file__)]],
        }
        return hashlib.sha256(json.dumps(defining).encode()).hexdigest()


@dataclass
class Run:
    """An encoder under training."""

    setup: Setup
    generator: Network
    description: GeneratorParameters
    encoder: Network
    optimizer: torch.optim.Optimizer
    noise: torch.Generator
    held_out: Tensor
    updates: int = 0
    curve: list[dict[str, float]] = field(default_factory=list)

    def state_dict(self) -> dict[str, Any]:
        """All that its start does not decide. Raises CheckFailed if a weight is infinite."""
        refuse_infinite_weights(self)
        learners = [self.encoder.state_dict(), self.optimizer.state_dict()]
        return {"updates": self.updates, "curve": self.curve, "learners": learners, "noise": self.noise.get_state()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Bring a run that has just started to where the saved one was."""
        self.updates, self.curve = state["updates"], state["curve"]
        for learner, saved in zip((self.encoder, self.optimizer), state["learners"], strict=True):
            learner.load_state_dict(saved)
        self.noise.set_state(state["noise"])


def start(setup: Setup) -> Run:
    """Load the generator, initialise the encoder and its random streams. Raises InputError if there is no generator."""
    generator, description = load_generator(setup.generator, setup.device)
    generator.requires_grad_(False)
    encoder = Network(pixels(description), setup.asked.layers)
    initialise(encoder, stream(setup.seed, "encoder initialisation"))
    encoder.to(setup.device)
    return Run(
        setup=setup,
        generator=generator,
        description=description,
        encoder=encoder,
        optimizer=torch.optim.Adam(encoder.parameters(), lr=setup.asked.learning_rate, fused=True),
        noise=stream(setup.seed, "encoder noise", setup.device),
        held_out=noise(description, HELD_OUT, stream(setup.seed, "encoder held-out noise")),
    )


def train(run: Run, title: str = "", checkpoint: Checkpoint | None = None) -> Run:
    """Train a run that has just started, or the rest of the one in the checkpoint, to its end.

    With a ``title``, a line is printed for each row of the learning curve: updates, and the mean R² on held-out z. Raises
    CheckFailed if it was asked to stop, or diverged.
    """
    if checkpoint:
        checkpoint.restore(run)
    last = run.setup.asked.updates
    due = {round(last * (number + 1) / ROWS) for number in range(ROWS)}
    while run.updates < last:
        step(run)
        if run.updates in due:
            refuse_infinite_weights(run)
            run.curve.append({"updates": run.updates, "r2": float(r2(run, run.held_out).mean())})
            show(title, run)
        if checkpoint:
            checkpoint.after_step(run)
    return run


def show(title: str, run: Run) -> None:
    """The last row of the learning curve."""
    if title:
        print(f"{title}: update {run.updates}/{run.setup.asked.updates}, R² {run.curve[-1]['r2']:.3f} on held-out z", flush=True)


def step(run: Run) -> None:
    """One update from fresh z: descend the mean square of E(G(z)) − z."""
    asked = run.setup.asked
    z = noise(run.description, asked.minibatch_size, run.noise)
    error = (run.encoder(run.generator(z)) - z).square().mean()
    run.optimizer.zero_grad()
    error.backward()
    run.optimizer.param_groups[0]["lr"] = asked.learning_rate * (1 - run.updates / asked.updates)
    run.optimizer.step()
    run.updates += 1


def noise(description: GeneratorParameters, count: int, random: torch.Generator) -> Tensor:
    """``count`` z: (count, d)."""
    return draw_noise(description.noise, (count, description.noise_dimensions), random)


def pixels(description: GeneratorParameters) -> int:
    """Values of one of its images."""
    shape = (description.noise_dimensions,)
    for layer in description.layers.values():
        shape = layer.shape_after(shape)
    return int(np.prod(shape))


@torch.no_grad()
def r2(run: Run, z: Tensor) -> Tensor:
    """R² of E's prediction from G(z), of each coordinate, for z (n, d): (d,) float64 on the CPU."""
    return variance_explained(torch.cat([run.encoder(run.generator(batch)).cpu() for batch in on_device(run, z)]), z.cpu())


def on_device(run: Run, z: Tensor) -> list[Tensor]:
    """Batches of z."""
    return [batch.to(run.setup.device) for batch in z.split(BATCH_SIZE)]


def variance_explained(predicted: Tensor, z: Tensor) -> Tensor:
    """1 − mean square of predicted − z over the variance of z, of each coordinate of z (n, d): (d,) float64; chance has 0."""
    error = (predicted.double() - z.double()).square().mean(0)
    return 1 - error / z.double().var(0, correction=0)


def inverted(run: Run, images: Tensor, z: Tensor) -> Tensor:
    """Adam on z (n, d), from there, towards the images (n, D): the z of each whose G(z) is nearest, within the noise's range.

    Creswell and Bharath (2016). Each image's error is summed over pixels, so that no image has a say in another's steps.
    """
    asked, found = run.setup.asked.inversion, within_range(run, z).requires_grad_()
    optimizer = torch.optim.Adam([found], fused=True)
    for number in range(asked.steps):
        error = (run.generator(found) - images).square().sum()
        found.grad = torch.autograd.grad(error, found)[0]
        optimizer.param_groups[0]["lr"] = asked.learning_rate * (1 - number / asked.steps)
        optimizer.step()
        found.data = within_range(run, found)
    return found.detach()


def within_range(run: Run, z: Tensor) -> Tensor:
    """The nearest z that can be drawn."""
    limit = 3**0.5 if run.description.noise == "uniform" else torch.inf
    return z.detach().clamp(-limit, limit).contiguous()


def save(run: Run, folder: Path) -> None:
    """Write the encoder and the learning curve; the bytes depend on the run alone."""
    with files.replacing(folder) as temporary:
        temporary.mkdir()
        save_network(run.encoder, run.setup.asked, temporary / ENCODER)
        files.write_csv(temporary / paths.LEARNING_CURVE, pd.DataFrame(run.curve))


def load_encoder(path: Path, inputs: int, device: torch.device) -> Network:
    """A saved encoder of images (n, ``inputs``). Raises InputError if there is none, or it is damaged."""
    try:
        text, weights = read_network(path)
        encoder = Network(inputs, InferenceParameters.model_validate_json(text).layers)
        encoder.load_state_dict(weights)
    except Exception as error:  # what a damaged file raises depends on where it is damaged
        what = f"not there, or damaged ({type(error).__name__})"
        raise InputError(f"{path}: {what}; run `python -m extensions.inference` for it, or `make extensions`") from None
    return encoder.to(device)


def refuse_infinite_weights(run: Run) -> None:
    """Raises CheckFailed if a weight is NaN or infinite."""
    if not all(bool(weight.detach().isfinite().all()) for weight in run.encoder.parameters()):
        raise CheckFailed(f"training diverged: after update {run.updates}, a weight of E is not finite; lower the learning rate")
