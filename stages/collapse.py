"""Has the generator collapsed? Classes of its samples and near-duplicates among them, beside those of real images."""

from adversarial_nets import files
from adversarial_nets.collapse import CollapseMeasure, labels_of
from adversarial_nets.datasets import TEST
from common import SCORES, Task, load_data, load_samples, main


def measure(task: Task) -> None:
    data, samples = load_data(task), load_samples(task)
    ruler = CollapseMeasure(data.training_images, labels_of(data, data.training), len(samples))
    measured = {
        "num_compared": ruler.count,
        "threshold": ruler.threshold,
        "samples": ruler.of_samples(samples),
        "test_images": ruler.of_held_out(data.fold_images(0, TEST), labels_of(data, data.folds[0] == TEST)),
    }
    files.write_json(task.folder(SCORES) / "collapse.json", measured)


if __name__ == "__main__":
    main(measure, __doc__)
