"""Choose σ: mean validation log-likelihood of a generator's samples for every σ of the grid, fold by fold."""

from dataclasses import asdict

from adversarial_nets import files
from adversarial_nets.evaluation import cross_validate_folds
from common import SCORES, Task, load_data, load_samples, main, parzen_window


def choose_sigma(task: Task) -> None:
    data, samples = load_data(task), load_samples(task)
    with parzen_window(task, samples) as (window, writes):
        folds = cross_validate_folds(window, data, task.experiment.evaluation)
    if writes:
        scores = {"num_samples": len(samples), "folds": [asdict(fold) for fold in folds]}
        files.write_json(task.folder(SCORES) / "cross_validation.json", scores)


if __name__ == "__main__":
    main(choose_sigma, __doc__)
