"""Sanity rows: what training images themselves, and a single mean image, score by the generators' protocol."""

from adversarial_nets import evaluation, files
from adversarial_nets.datasets import TEST
from common import SCORES, Task, load_data, main


def baselines(task: Task) -> None:
    data, device = load_data(task), task.device()
    training_images = data.training_images
    rows = {
        "training images as samples": training_images[: task.experiment.evaluation.num_baseline_samples],
        "mean training image": training_images.mean(axis=0, keepdims=True),
    }
    scores = {
        "data_set": str(data.title),
        "num_test_images": [len(data.fold_images(fold, TEST)) for fold in range(data.num_folds)],
        "rows": {name: evaluation.score(samples, data, task.experiment.evaluation, device) for name, samples in rows.items()},
    }
    files.write_json(SCORES / task.name / "baselines.json", scores)


if __name__ == "__main__":
    main(baselines, __doc__, arguments=("experiment",))
