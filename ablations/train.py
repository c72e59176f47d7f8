"""Train one variant of the experiment's game with one seed, and score it: python choices/train.py alternating 0."""

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "stages"))
import pandas as pd
from common import REPORTS, Task, exit_status, load_data, load_parameters, read_yaml, under_way

from adversarial_nets.core import files
from adversarial_nets.core.errors import InputError
from adversarial_nets.core.randomness import stream
from adversarial_nets.data.prepared import VALIDATION, PreparedData
from adversarial_nets.diagnostics.ablations import FIRST_EPOCHS, GradientNorms
from adversarial_nets.gan.sampling import draw_noise, generate
from adversarial_nets.gan.training import Run, play, start, summary
from adversarial_nets.likelihood.parzen import ParzenWindow
from adversarial_nets.likelihood.protocol import score
from adversarial_nets.parameters.experiment import Experiment
from adversarial_nets.parameters.project import Ablations
from adversarial_nets.parameters.reading import parse
from adversarial_nets.running.checkpoints import MODULES, Checkpoint, run_key
from adversarial_nets.running.progress import EpochProgress

RUNS = REPORTS / "choices" / "runs"


def main() -> None:
    """Train, or go on where it was stopped; score, and write both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("variant", help="name of a variant in choices/params.yaml")
    parser.add_argument("seed", type=int, help="seed of the run, a whole number from 0")
    given = parser.parse_args()
    task, experiment = asked(given.variant, given.seed)
    data, device, title = load_data(task), task.device(), f"{given.variant}, seed {task.seed}"
    images, validation_images = data.training_images, data.fold_images(0, VALIDATION)
    key = run_key(experiment, images, validation_images, task.seed, device, (*MODULES, "choices"))
    with under_way(f"choices-{given.variant}-{task.seed}", title, key) as checkpoint:
        run = start(experiment, images, validation_images, task.seed, device)
        gradients, scores = train(run, title, checkpoint), score_samples(run, data, task.seed)
        checkpoint.after_step(run)  # while it was scored a signal was only noted
        write(run, gradients, scores, RUNS / given.variant / str(task.seed))
        checkpoint.clear()


def asked(variant: str, seed: int) -> tuple[Task, Experiment]:
    """The experiment's task, and the experiment with the variant's game. Raises InputError where either is unknown."""
    choices, parameters = parse(read_yaml(Path("choices/params.yaml")), Ablations), load_parameters()
    for kind, name, known in (
        ("variant", variant, choices.variants),
        ("experiment", choices.experiment, parameters.experiments),
    ):
        if name not in known:
            raise InputError(f"choices/params.yaml: no {kind} is called '{name}'; there are {', '.join(known)}")
    task = Task(parameters, choices.experiment, seed)
    return task, varied(task.experiment, choices, variant)


def varied(experiment: Experiment, choices: Ablations, variant: str) -> Experiment:
    """The experiment with a variant's game."""
    training = experiment.training.model_copy(update=choices.variants[variant].model_dump())
    return experiment.model_copy(update={"training": training})


def train(run: Run, title: str, checkpoint: Checkpoint) -> pd.DataFrame:
    """Finish the run; returns the generator's gradient norms update by update."""
    norms = GradientNorms(run.game.generator_optimizer)
    run.recorders.append(norms)
    with EpochProgress(title, run.experiment.training.epochs) as show:

        def on_epoch(row: dict[str, float]) -> None:
            norms.end_epoch()
            show(row)

        play(run, on_epoch, checkpoint)
    return norms.table()


def score_samples(run: Run, data: PreparedData, seed: int) -> dict[str, Any]:
    """The kept generator's log-likelihoods by the experiment's protocol."""
    description = run.experiment.generator
    shape = (run.experiment.sampling.num_samples, description.noise_dimensions)
    samples = generate(run.kept.generator, draw_noise(description.noise, shape, stream(seed, "sampling")))
    return score(ParzenWindow(samples, device=run.images.device), data, run.experiment.evaluation)


def write(run: Run, gradients: pd.DataFrame, scores: dict[str, Any], folder: Path) -> None:
    """Learning curve with the mean gradient norm of each epoch, the first epochs' gradients, and the test log-likelihood."""
    means = gradients.groupby("epoch")["gradient_norm"].mean()
    curve = pd.DataFrame(run.curve).merge(means, how="left", on="epoch")
    with files.replacing(folder) as temporary:
        temporary.mkdir()
        files.write_csv(temporary / "learning_curve.csv", curve)
        files.write_csv(temporary / "gradients.csv", gradients[gradients["epoch"] <= FIRST_EPOCHS])
        updates = {"discriminator_updates": run.updates, "generator_updates": len(gradients)}
        files.write_json(temporary / "scores.json", {**scores, **updates, "kept_epoch": summary(run)["kept_epoch"]})


if __name__ == "__main__":
    with exit_status():
        main()
