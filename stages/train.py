"""Train a generator against a discriminator."""

from adversarial_nets import training
from adversarial_nets.datasets import VALIDATION
from adversarial_nets.progress import EpochProgress
from common import MODELS, Task, load_data, main


def train(task: Task) -> None:
    data, device = load_data(task), task.device()
    images, validation_images = data.training_images, data.fold_images(0, VALIDATION)
    with EpochProgress(f"{task.name}, seed {task.seed}", task.experiment.training.epochs) as show:
        run = training.train(task.experiment, images, validation_images, task.seed, device, show)
    training.save(run, task.folder(MODELS))


if __name__ == "__main__":
    main(train, __doc__)
