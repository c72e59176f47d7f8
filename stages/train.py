"""Train a model: a generator against a discriminator, or a baseline; a run that was stopped resumes from where it was.

If an experiment that differs only in what is kept has played the same run, its players are taken instead.
"""

from adversarial_nets.baselines.training import training_of
from adversarial_nets.core import devices, files
from adversarial_nets.data import prepared
from adversarial_nets.data.prepared import VALIDATION
from adversarial_nets.gan.run import Setup
from adversarial_nets.report.model_card import model_card
from adversarial_nets.running import logs, paths
from adversarial_nets.running.checkpoints import Work, parent_process, under_way
from adversarial_nets.running.progress import EpochProgress
from adversarial_nets.running.stage import Task, main


def train(task: Task) -> None:
    data, device = prepared.load(task.paths.prepared), devices.resolve(task.project.device)
    training = training_of(Setup(task.experiment, data.training_images, data.fold_images(0, VALIDATION), task.seed, device))
    work = Work(f"{task.name}-{task.seed}", task.title, training.key)
    with under_way(work, paths.LOCKS, paths.checkpoints(), parent_process()) as checkpoint:
        if played := training.replay and logs.finished_elsewhere(task.paths, training.key):
            print(f"{task.title}: the same run as {played[0].name}'s, which is finished: its players are taken")
            run, seconds = training.replay(played[0].model), played[1].seconds
        else:
            with EpochProgress(task.title, training.epochs, task.experiment.training.minibatch_size) as show:
                checkpoint.on_step = show.step
                run = training.train(show, checkpoint)
            seconds = checkpoint.seconds
        training.save(run, task.paths.model)
        files.write_text(task.paths.model_card, model_card(run, data, task.name, task.seed))
        logs.write(task.paths, seconds, training.key)
        checkpoint.clear()


if __name__ == "__main__":
    main(train, __doc__)
