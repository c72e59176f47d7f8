"""The Parzen window's own error where the true density is known: a Gaussian, by dimensions and number of samples."""

import itertools

import pandas as pd
import torch

from adversarial_nets import files
from adversarial_nets.evaluation import spaced_counts
from adversarial_nets.reliability import known_density_errors
from common import SCORES, Task, main


def measure(task: Task) -> None:
    torch.set_num_threads(task.parameters.threads)  # on the CPU everywhere: all of this is small
    asked = task.parameters.known_density
    cases = itertools.product(spaced_counts(asked.dimensions), spaced_counts(asked.num_samples))
    tables = [known_density_errors(*case, asked.num_points, asked.repeats) for case in cases]
    files.write_csv(SCORES / "known_density.csv", pd.concat(tables))


if __name__ == "__main__":
    main(measure, __doc__, arguments=())
