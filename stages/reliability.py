"""How far a generator's log-likelihood can be trusted: its interval, σ refined, other draws, other numbers of samples."""

import numpy as np

from adversarial_nets import files, reliability
from adversarial_nets.evaluation import score, spaced_counts
from adversarial_nets.parzen import ParzenWindow
from adversarial_nets.sampling import SampleStream
from common import SCORES, Task, load_data, load_generator, load_samples, main, reading, scoring


def measure(task: Task) -> None:
    protocol, asked = task.experiment.evaluation, task.experiment.reliability
    data, device = load_data(task), task.device()
    generator, description = load_generator(task)
    with reading(task.folder(SCORES) / "log_likelihoods.npz", "likelihood") as path, np.load(path, allow_pickle=False) as scores:
        folds = [scores[f"fold_{fold}"] for fold in range(data.num_folds)]

    def scored(count: int, name: str) -> dict:
        samples = SampleStream(generator, description, count, task.seed, name)
        return {"num_samples": count, **score(ParzenWindow(samples, device=device), data, protocol)}

    num_samples = task.experiment.sampling.num_samples
    with scoring():
        window = ParzenWindow(load_samples(task), device=device)
        measured = {
            "bootstrap_interval": reliability.bootstrap_interval(folds),
            "refined": reliability.refined_score(window, data, protocol),
            "draws": [scored(num_samples, f"draw {number}") for number in range(asked.num_draws)],
            "by_num_samples": [scored(count, "many samples") for count in spaced_counts(asked.num_samples)],
        }
    files.write_json(task.folder(SCORES) / "reliability.json", measured)


if __name__ == "__main__":
    main(measure, __doc__)
