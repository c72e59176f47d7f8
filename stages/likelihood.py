"""Log-likelihood of every test image under a generator's samples, with the σ chosen before, fold by fold."""

from adversarial_nets import files
from adversarial_nets.evaluation import CrossValidation, log_likelihoods
from common import SCORES, Task, load_data, load_samples, main, parzen_window, reading


def score(task: Task) -> None:
    data, samples = load_data(task), load_samples(task)
    with reading(task.folder(SCORES) / "cross_validation.json", "cross_validate") as path:
        sigmas = [CrossValidation(**fold).sigma for fold in files.read_json(path)["folds"]]
    with parzen_window(task, samples) as (window, writes):
        folds = log_likelihoods(window, data, sigmas)
    if writes:
        files.write_npz(task.folder(SCORES) / "log_likelihoods.npz", **{f"fold_{n}": fold for n, fold in enumerate(folds)})


if __name__ == "__main__":
    main(score, __doc__)
