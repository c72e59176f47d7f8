"""The card beside a generator: true to the run, the same for equal runs, and its way to load the generator works."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest
import torch
from ruamel.yaml import YAML

from adversarial_nets.core.randomness import stream
from adversarial_nets.data import prepared as datasets
from adversarial_nets.data.prepared import TEST, TRAIN, VALIDATION, PreparedData
from adversarial_nets.gan import training
from adversarial_nets.gan.run import Run, Setup, save, summary
from adversarial_nets.gan.sampling import draw_noise, generate
from adversarial_nets.report.model_card import model_card
from support.experiments import small

ROOT = Path(__file__).parents[3]


@pytest.fixture
def data() -> PreparedData:
    images = np.random.default_rng(0).integers(0, 256, (30, 28, 28), dtype=np.uint8)
    folds = np.array([[TRAIN] * 20 + [VALIDATION] * 6 + [TEST] * 4], np.uint8)
    source = np.array(["digits.gz"]), np.array(["sha256:0123"])
    return PreparedData(np.array("Thirty digits"), images, np.zeros(30, np.uint8), np.arange(20), folds, *source)


@pytest.fixture
def run(data: PreparedData) -> Run:
    images, validation_images = data.training_images, data.fold_images(0, VALIDATION)
    return training.train(Setup(small(minibatch_size=10), images, validation_images, 3, torch.device("cpu")))


def test_the_card_tells_what_the_run_was(run: Run, data: PreparedData) -> None:
    card = model_card(run, data, "mnist5k", 3)
    assert card == model_card(run, data, "mnist5k", 3)
    measured = summary(run)
    for words in (
        "# A generator of images: mnist5k, seed 3",
        "Thirty digits: 20 images for training, 10 others for validation and testing.",
        "- digits.gz, sha256:0123",
        f"**{measured.validation_log_likelihood:.1f} nats**",
        f"generator of epoch {measured.kept_epoch} of 2",
        "of 6 validation images under 30 samples",
        f"{measured.generator_parameters:,} of the generator, {measured.discriminator_parameters:,} of the discriminator",
        "Noise: 5 numbers, uniform on",
        "Image: 28 × 28 values",
        "| discriminator | h1 | maxout | units 6, ",
        '"learning_rate": 0.002',
        f"{run.updates} updates",
    ):
        assert words in " ".join(card.split()), words


def test_images_that_are_held_out_twice_count_once(run: Run, data: PreparedData) -> None:
    second = np.array([[TRAIN] * 20 + [TEST] * 6 + [VALIDATION] * 4], np.uint8)
    folds = datasets.PreparedData(**{**vars(data), "folds": np.concatenate([data.folds, second])})
    assert "10 others for validation and testing, in 2 folds." in model_card(run, folds, "mnist5k", 3)


def test_the_way_to_load_the_generator_that_the_card_shows_works(
    run: Run, data: PreparedData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(run, tmp_path / "model")
    (program,) = re.findall(r"```python\n(.*?)```", model_card(run, data, "mnist5k", 3), flags=re.DOTALL)
    (tmp_path / "load.py").write_text(program)
    monkeypatch.chdir(tmp_path / "model")
    images = runpy.run_path(str(tmp_path / "load.py"))["images"]
    noise = draw_noise("uniform", (16, 5), stream(3, "sampling"))
    np.testing.assert_array_equal(images, generate(run.kept.generator, noise).reshape(16, 28, 28))


def test_artifacts_name_the_generators_that_the_lock_file_has() -> None:
    artifacts = YAML(typ="safe").load(ROOT / "dvc.yaml")["artifacts"].values()
    stages = YAML(typ="safe").load(ROOT / "dvc.lock")["stages"]
    trained = {stage["outs"][0]["path"] for name, stage in stages.items() if name.startswith("train@")}
    assert {artifact["path"] for artifact in artifacts} == {f"{model}/generator.safetensors" for model in trained}
    assert all(artifact["type"] == "model" for artifact in artifacts)
