"""Train a generator against a discriminator; a training that was stopped goes on from where it was."""

import hashlib

from adversarial_nets import files, training
from adversarial_nets.checkpoints import run_key
from adversarial_nets.datasets import VALIDATION
from adversarial_nets.model_card import model_card
from adversarial_nets.progress import EpochProgress
from common import LOGS, MODELS, Task, load_data, main, under_way


def train(task: Task) -> None:
    data, device = load_data(task), task.device()
    images, validation_images = data.training_images, data.fold_images(0, VALIDATION)
    key = run_key(task.experiment, images, validation_images, task.seed, device)
    title = f"{task.name}, seed {task.seed}"
    with under_way(f"{task.name}-{task.seed}", title, key) as checkpoint:
        with EpochProgress(title, training.num_epochs(task.experiment)) as show:
            run = training.train(task.experiment, images, validation_images, task.seed, device, show, checkpoint)
        training.save(run, task.folder(MODELS))
        files.write_text(task.folder(MODELS) / "model_card.md", model_card(run, data, task.name, task.seed))
        checkpoint.clear()
        write_log(task, checkpoint.seconds)


def write_log(task: Task, seconds: float) -> None:
    """How long it took, and which generator came of it: no output of DVC's, because it differs each time."""
    generator = task.folder(MODELS) / "generator.safetensors"
    log = {"seconds": round(seconds, 3), "generator_sha256": hashlib.sha256(generator.read_bytes()).hexdigest()}
    files.write_json(task.folder(LOGS).with_suffix(".json"), log)


if __name__ == "__main__":
    main(train, __doc__)
