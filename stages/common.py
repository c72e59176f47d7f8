"""What every stage shares: arguments, parameters, and failures as one line and an exit status."""

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from adversarial_nets import datasets, parameters
from adversarial_nets.datasets import PreparedData
from adversarial_nets.errors import InputError, exit_status

if TYPE_CHECKING:  # PyTorch takes seconds to import, and not every stage needs it
    import torch

    from adversarial_nets.checkpoints import Checkpoint
    from adversarial_nets.networks import Network
    from adversarial_nets.parzen import ParzenWindow

PREPARED = Path("data/prepared")
MODELS, SAMPLES, SCORES, FIGURES, REPORTS = map(Path, ("models", "samples", "scores", "figures", "reports"))
CHECKPOINTS = Path("checkpoints")  # locks of trainings under way here and, unless the environment names another folder, states
LOGS = Path("logs")  # what may differ each time, such as durations; in neither git nor DVC


@dataclass(frozen=True)
class Task:
    """One stage's work: an experiment and, where the stage has one, a seed."""

    parameters: parameters.Parameters
    name: str = ""
    seed: int = 0

    @property
    def experiment(self) -> parameters.Experiment:
        """The experiment's parameters."""
        return self.parameters.experiments[self.name]

    @property
    def prepared(self) -> Path:
        """Where the experiment's prepared data is."""
        return PREPARED / f"{self.name}.npz"

    def folder(self, kind: Path) -> Path:
        """Where this experiment and seed keep outputs of a kind, such as ``models/mnist/0``."""
        return kind / self.name / str(self.seed)

    def device(self) -> "torch.device":
        """Where to compute. Raises InputError where CUDA is asked for and there is none."""
        from adversarial_nets import devices

        return devices.resolve(self.parameters.device, self.parameters.threads)


def raw_folder() -> Path:
    """Where source files are: ``data/raw``, or the folder that ADVERSARIAL_NETS_DATA names."""
    return Path(os.environ.get("ADVERSARIAL_NETS_DATA") or "data/raw")


def checkpoint_folder() -> Path:
    """Where trainings keep their state: ``checkpoints``, or the folder that ADVERSARIAL_NETS_CHECKPOINTS names."""
    return Path(os.environ.get("ADVERSARIAL_NETS_CHECKPOINTS") or CHECKPOINTS)


def under_way(name: str, title: str, key: str) -> "AbstractContextManager[Checkpoint]":
    """A training's checkpoint, as ``checkpoints.under_way`` has it, in the folders that are this project's.

    ADVERSARIAL_NETS_PARENT is the process without which it is not to go on: DVC's, which passes no signal on.
    """
    from adversarial_nets import checkpoints

    parent = os.environ.get("ADVERSARIAL_NETS_PARENT", "")
    number = int(parent) if parent.isdigit() else None
    return checkpoints.under_way(CHECKPOINTS, checkpoint_folder(), name, title, key, number)


def load_parameters(path: Path = Path("params.yaml")) -> parameters.Parameters:
    """Read and check the parameters. Raises InputError with one line that names what is wrong."""
    return parameters.parse(read_yaml(path))


def read_yaml(path: Path) -> Any:
    """The values in a file of parameters. Raises InputError where it is not there, or no YAML."""
    try:
        # The YAML 1.2 reader that DVC uses too: to others 1e-6 is a text.
        return YAML(typ="safe", pure=True).load(path)
    except FileNotFoundError:
        raise InputError(f"{path}: not there; run stages from the folder that holds it") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except (YAMLError, ValueError, RecursionError) as error:  # ruamel lets ValueErrors of ill-formed numbers and dates through
        raise InputError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None


def load_data(task: Task) -> PreparedData:
    """The experiment's prepared data. Raises InputError where there is none, or it is damaged."""
    with reading(task.prepared, "prepare") as path:
        return datasets.load(path)


def load_samples(task: Task) -> np.ndarray:
    """The generator's samples, (n, D) float32. Raises InputError where there are none, or they are no images."""
    with reading(task.folder(SAMPLES).with_suffix(".npy"), "sample") as path:
        samples = np.load(path, allow_pickle=False)
        if samples.ndim != 2 or len(samples) == 0 or samples.dtype != np.float32:
            raise ValueError(f"float32 (n, D) is needed; it is {samples.dtype} {samples.shape}")
        if not np.isfinite(samples).all():
            raise ValueError("it holds NaN or infinity")
        return samples


def load_generator(task: Task) -> "tuple[Network, parameters.GeneratorParameters]":
    """The generator on the task's device and its description. Raises InputError where there is none, or it is damaged."""
    from adversarial_nets import networks

    with reading(generator_path(task), "train") as path:
        return networks.load_generator(path, task.device())


@contextmanager
def reading(path: Path, stage: str) -> Iterator[Path]:
    """Turn whatever a damaged file raises into InputError, with the stage that writes it; the block does nothing but read."""
    try:
        yield present(path, stage)
    except InputError:
        raise
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())
        remedy = f"run `python stages/{stage}.py` for it again, or `dvc checkout`"
        raise InputError(f"{path}: damaged, or not what `{stage}` writes; {remedy} ({said})") from None


@contextmanager
def parzen_window(task: Task, samples: np.ndarray) -> "Iterator[tuple[ParzenWindow, bool]]":
    """The Parzen window of samples that processes of ``torchrun`` share, and whether this one writes the results.

    Raises InputError where the window refuses the samples, the data or a bandwidth.
    """
    from adversarial_nets import devices, parzen

    with devices.processes(task.device()) as (device, group), scoring():
        own = parzen.share(samples, group)
        yield parzen.ParzenWindow(own, device=device, group=group), group is None or group.rank() == 0


@contextmanager
def scoring() -> Iterator[None]:
    """Turn what a Parzen window refuses into InputError: a bandwidth so narrow that log-likelihoods overflow, for one."""
    try:
        yield
    except ValueError as error:
        raise InputError(" ".join(str(error).split())) from None


def generator_path(task: Task) -> Path:
    """Where the trained generator is. Raises InputError where there is none."""
    return present(task.folder(MODELS) / "generator.safetensors", "train")


def present(path: Path, stage: str) -> Path:
    """The path itself. Raises InputError, with the stage that writes it, where there is nothing."""
    if not path.exists():
        raise InputError(f"{path}: not there; run `python stages/{stage}.py` for this experiment and seed first, or `dvc repro`")
    return path


def main(stage: Callable[[Task], None], description: str, arguments: tuple[str, ...] = ("experiment", "seed")) -> None:
    """Run a stage from the command line; exit 0 on success, 1 when a check failed, 2 when the input is wrong."""
    parser = argparse.ArgumentParser(description=description)
    if "experiment" in arguments:
        parser.add_argument("experiment", help="name of an experiment in params.yaml, such as mnist5k")
    if "seed" in arguments:
        parser.add_argument("seed", type=int, help="seed of the run, a whole number from 0")
    given = parser.parse_args()
    with exit_status():
        stage(_task(getattr(given, "experiment", None), getattr(given, "seed", 0)))


def _task(name: str | None, seed: int) -> Task:
    known = load_parameters()
    if name is not None and name not in known.experiments:
        raise InputError(f"no experiment is called '{name}' in params.yaml; there are {', '.join(known.experiments)}")
    if seed < 0:
        raise InputError(f"seed: must be 0 or more (it is {seed})")
    return Task(known, name or "", seed)
