"""Train a generator against a discriminator; a training that was stopped goes on from where it was."""

from adversarial_nets import training
from adversarial_nets.checkpoints import Checkpoint, run_key
from adversarial_nets.datasets import VALIDATION
from adversarial_nets.progress import EpochProgress
from common import MODELS, Task, checkpoint_folder, load_data, main


def train(task: Task) -> None:
    data, device = load_data(task), task.device()
    images, validation_images = data.training_images, data.fold_images(0, VALIDATION)
    key = run_key(task.experiment, images, validation_images, task.seed, device)
    path = checkpoint_folder() / f"{task.name}-{task.seed}-{key[:16]}.state"
    with Checkpoint(path, key) as checkpoint:
        with EpochProgress(f"{task.name}, seed {task.seed}", training.num_epochs(task.experiment)) as show:
            run = training.train(task.experiment, images, validation_images, task.seed, device, show, checkpoint)
        training.save(run, task.folder(MODELS))
        checkpoint.clear()


if __name__ == "__main__":
    main(train, __doc__)
