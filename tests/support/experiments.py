"""Parameters for tests: the shipped experiments and small ones, whatever the user's own params.yaml says."""

from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from adversarial_nets.data import prepared
from adversarial_nets.data.prepared import TEST, TRAIN, VALIDATION, PreparedData
from adversarial_nets.parameters.experiment import Experiment
from adversarial_nets.parameters.reading import AnyExperiment, parse, parse_experiment
from adversarial_nets.running import paths
from adversarial_nets.running.paths import ExperimentPaths

ROOT = Path(__file__).parents[2]


def shipped_values(name: str = "mnist5k") -> dict[str, Any]:
    """The values in a file of experiments/, or of experiments/small/: a fresh copy to edit."""
    [path] = (ROOT / "experiments").rglob(f"{name}.yaml")
    return read_yaml(path)


def shipped(name: str = "mnist5k") -> AnyExperiment:
    """The experiment that such a file describes."""
    return parse_experiment(shipped_values(name), name)


def small_values(**training: Any) -> dict[str, Any]:
    """mnist5k with a hundred images to train on, networks of a few units, two epochs, and these training parameters."""
    values = shipped_values()
    values["data"] |= {"num_train": 100, "num_validation": 20, "num_test": 30}
    values["generator"]["noise_dimensions"] = 5
    for player in ("generator", "discriminator"):
        for layer in ("h0", "h1"):
            values[player]["layers"][layer]["units"] = 6
    validation = {"every": 1, "num_samples": 30, "num_images": 10}
    values["training"] |= {
        "epochs": 2,
        "minibatch_size": 16,
        "keep": "last",
        "averaging": None,
        "validation": validation,
        **training,
    }
    values["sampling"] = {"num_samples": 40}
    values["sanity"] |= {"num_samples": 40, "num_centroids": 10}
    values["reliability"] = {"num_draws": 2, "num_samples": {"lowest": 20, "highest": 200, "count": 2}}
    return values


def small(**training: Any) -> Experiment:
    """The experiment that ``small_values`` describe."""
    return parse(small_values(**training), Experiment, "small")


BASELINES = ("deep_belief_network", "contractive_autoencoder", "generative_stochastic_network")


def small_baseline_values(model: str, **training: Any) -> dict[str, Any]:
    """mnist5k with a baseline of a few units: a hundred images to train on, two epochs a layer, few short chains."""
    values = shrunk_baseline(shipped_values(f"mnist5k_{model}"))
    values["data"] |= {"num_train": 100, "num_validation": 20, "num_test": 30}
    values["training"] |= training
    return values


def shrunk_baseline(values: dict[str, Any]) -> dict[str, Any]:
    """An experiment with a baseline: a few units, two epochs a layer, few short chains."""
    for layer in values["generator"]["layers"].values():
        layer["units"] = 6
    for layer in values["training"].get("layers", {}).values():
        layer["epochs"] = 2
    chains = {"num_samples": 40, "chains": 10, "burn_in": 2, "thinning": 1}
    values["sampling"] |= chains
    values["training"]["validation"] |= {"every": 1, "num_images": 10}
    values["training"]["validation"]["sampling"] |= chains
    epochs = {"epochs": 2} if "epochs" in values["training"] else {}
    values["training"] |= {"minibatch_size": 16, **epochs}
    values["sanity"] |= {"num_samples": 40, "num_centroids": 10}
    values["reliability"] = {"num_draws": 2, "num_samples": {"lowest": 20, "highest": 200, "count": 2}}
    return values


def small_baseline(model: str, **training: Any) -> AnyExperiment:
    """The experiment that ``small_baseline_values`` describe."""
    return parse_experiment(small_baseline_values(model, **training), "small")


def two_stages(**training: Any) -> Experiment:
    """As TFD is trained: the generator from h1 on for two epochs, then all of it."""
    values = small_values(pretraining={"first_layer": "h1", "epochs": 2}, **training)
    values["generator"]["noise_dimensions"] = 6
    return parse(values, Experiment, "small")


def project_values(**changes: Any) -> dict[str, Any]:
    """What stands in a params.yaml whose stages take seconds: mnist5k with two seeds."""
    return {
        "suite": ["mnist5k"],
        "seeds": [0, 1],
        "baselines": [],
        "baseline_seeds": [0],
        "device": "cpu",
        "known_density": {
            "dimensions": {"lowest": 1, "highest": 10, "count": 2},
            "num_samples": {"lowest": 10, "highest": 100, "count": 2},
            "num_points": 20,
            "repeats": 2,
        },
        "theory": {
            "seed": 0,
            "discriminator": {"units": 32, "iterations": 3},
            "path_points": 2,
            "proposition_2": {"steps": 300, "learning_rate": 0.002, "discriminator_learning_rate": 1.0},
            "figure_1": {
                "warm_up": 2,
                "generator_updates": 100,
                "discriminator_steps": 1,
                "generator_learning_rate": 0.005,
                "discriminator_learning_rate": 0.01,
            },
        },
        "helvetica": {"generator_updates": 4},
        "overfitting": {"discriminator_updates": 4},
        **changes,
    }


def write_project(folder: Path, project: dict[str, Any], **experiments: dict[str, Any]) -> None:
    """A folder's params.yaml, and a file in experiments/ for each of these."""
    write_yaml(folder / paths.PARAMETERS, project)
    for name, values in experiments.items():
        write_yaml(folder / ExperimentPaths(name).parameters, values)


def read_yaml(path: Path) -> Any:
    """The values in a file, as DVC reads them."""
    return YAML(typ="safe", pure=True).load(path)


def write_yaml(path: Path, values: Any) -> None:
    """Replace a file, or make it and its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = YAML(typ="safe")
    writer.sort_base_mapping_type_on_output = False  # the order of layers counts
    writer.dump(values, path)


def save_prepared(digits: np.ndarray, folder: Path) -> None:
    """150 digits (n, 784) in [0, 1] as `prepare` writes them for mnist5k: 100 to train on, 20 for validation, 30 for testing."""
    folds = np.repeat(np.array([[TRAIN, VALIDATION, TEST]], np.uint8), [100, 20, 30], axis=1)
    pixels, text = (digits[:150].reshape(-1, 28, 28) * 255).astype(np.uint8), np.array(["none"])
    data = PreparedData(np.array("Digits"), pixels, np.zeros(150, np.uint8), np.arange(100), folds, text, text)
    prepared.save(data, folder / ExperimentPaths("mnist5k").prepared)
