"""Train a generator against a discriminator; a run that was stopped resumes from where it was."""

from adversarial_nets.core import devices, files
from adversarial_nets.data import prepared
from adversarial_nets.data.prepared import VALIDATION
from adversarial_nets.gan import run as runs
from adversarial_nets.gan.training import train as play_game
from adversarial_nets.report.model_card import model_card
from adversarial_nets.running import paths
from adversarial_nets.running.checkpoints import Work, parent_process, under_way
from adversarial_nets.running.progress import EpochProgress
from adversarial_nets.running.stage import Task, main


def train(task: Task) -> None:
    data, device = prepared.load(task.paths.prepared), devices.resolve(task.project.device)
    setup = runs.Setup(task.experiment, data.training_images, data.fold_images(0, VALIDATION), task.seed, device)
    work = Work(f"{task.name}-{task.seed}", task.title, setup.key())
    with under_way(work, paths.LOCKS, paths.checkpoints(), parent_process()) as checkpoint:
        with EpochProgress(task.title, runs.num_epochs(task.experiment)) as show:
            run = play_game(setup, show, checkpoint)
        runs.save(run, task.paths.model)
        files.write_text(task.paths.model_card, model_card(run, data, task.name, task.seed))
        checkpoint.clear()
        # No output of DVC's: it differs each time.
        log = {"seconds": round(checkpoint.seconds, 3), "generator_sha256": files.digest(task.paths.generator, "sha256")}
        files.write_json(task.paths.log, log)


if __name__ == "__main__":
    main(train, __doc__)
