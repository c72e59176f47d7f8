"""Log-likelihood of every test image under a generator's samples, with the σ chosen before, fold by fold."""

from adversarial_nets import files
from adversarial_nets.datasets import TEST
from adversarial_nets.evaluation import CrossValidation, log_likelihoods
from common import SCORES, Task, load_data, load_samples, main, present


def score(task: Task) -> None:
    data, samples, device = load_data(task), load_samples(task), task.device()
    chosen = files.read_json(present(task.folder(SCORES) / "cross_validation.json", "cross_validate"))
    scores = {}
    for fold, validation in enumerate(chosen["folds"]):
        images = data.fold_images(fold, TEST)
        scores[f"fold_{fold}"] = log_likelihoods(samples, images, CrossValidation(**validation).sigma, device)
    files.write_npz(task.folder(SCORES) / "log_likelihoods.npz", **scores)


if __name__ == "__main__":
    main(score, __doc__)
