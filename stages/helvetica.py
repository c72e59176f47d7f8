"""Train a generator too much against a discriminator that stays as it is, and watch it collapse."""

from collections.abc import Iterator

import numpy as np

from adversarial_nets import files
from adversarial_nets.collapse import CollapseMeasure, labels_of
from adversarial_nets.collapse_figures import collapse
from adversarial_nets.figures import save
from adversarial_nets.helvetica import NUM_SAMPLES, OBJECTIVES, go_on
from adversarial_nets.networks import load_discriminator, load_generator
from common import FIGURES, SCORES, Task, generator_path, load_data, main, present

SHOWN = 14  # samples of each moment


def watch(task: Task) -> None:
    data = load_data(task)
    ruler = CollapseMeasure(data.training_images, labels_of(data, data.training), NUM_SAMPLES)
    runs = {objective: list(run(task, objective)) for objective in OBJECTIVES}
    rows = {
        objective: [{"updates": updates, **ruler.of_samples(samples)} for updates, samples in moments]
        for objective, moments in runs.items()
    }
    shown = runs[OBJECTIVES[0]][0][1], *(moments[-1][1] for moments in runs.values())
    first, *others = data.pictures(*(samples[:SHOWN] for samples in shown))
    save(collapse(first, dict(zip(runs, others, strict=True)), rows), FIGURES / task.name / "helvetica.png")
    measured = {"seed": task.seed, "num_compared": ruler.count, "objectives": rows}
    files.write_json(SCORES / task.name / "helvetica.json", measured)


def run(task: Task, objective: str) -> Iterator[tuple[int, np.ndarray]]:
    """The trained pair, brought back for each objective anew."""
    device, model = task.device(), generator_path(task).parent
    generator, _ = load_generator(model / "generator.safetensors", device)
    discriminator = load_discriminator(present(model / "discriminator.safetensors", "train"), task.experiment.image_shape, device)
    summary = files.read_json(present(model / "summary.json", "train"))
    updates = task.parameters.helvetica.generator_updates
    return go_on(generator, discriminator, task.experiment, objective, summary, updates, task.seed)


if __name__ == "__main__":
    main(watch, __doc__)
