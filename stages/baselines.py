"""Sanity rows: what training images, their cluster centres and a single mean image score by the generators' protocol."""

import numpy as np

from adversarial_nets import files
from adversarial_nets.baselines import shuffled, stand_ins
from adversarial_nets.datasets import TEST
from adversarial_nets.evaluation import score, spaced_counts
from adversarial_nets.parzen import ParzenWindow
from common import SCORES, Task, load_data, main, scoring


def baselines(task: Task) -> None:
    experiment, data, device = task.experiment, load_data(task), task.device()

    def scored(samples: np.ndarray) -> dict:
        return {"num_samples": len(samples), **score(ParzenWindow(samples, device=device), data, experiment.evaluation)}

    images = data.training_images
    in_random_order, counts = shuffled(images), spaced_counts(experiment.reliability.num_samples, len(images))
    with scoring():
        scores = {
            "data_set": str(data.title),
            "num_test_images": [len(data.fold_images(fold, TEST)) for fold in range(data.num_folds)],
            "rows": {name: scored(samples) for name, samples in stand_ins(images, experiment.baselines).items()},
            "by_num_samples": [scored(in_random_order[:count]) for count in counts],
        }
    files.write_json(SCORES / task.name / "baselines.json", scores)


if __name__ == "__main__":
    main(baselines, __doc__, arguments=("experiment",))
