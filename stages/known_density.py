"""The Parzen window's own error for a known density: a Gaussian, by dimensions and number of samples."""

import itertools

import pandas as pd

from adversarial_nets.core import devices, files
from adversarial_nets.diagnostics.reliability import known_density_errors
from adversarial_nets.likelihood.protocol import spaced_counts
from adversarial_nets.running import paths
from adversarial_nets.running.stage import Task, main


def measure(task: Task) -> None:
    devices.resolve("cpu")  # everywhere: all of this is small
    asked = task.project.known_density
    cases = itertools.product(spaced_counts(asked.dimensions), spaced_counts(asked.num_samples))
    tables = [known_density_errors(*case, asked.num_points, asked.repeats) for case in cases]
    files.write_csv(paths.KNOWN_DENSITY, pd.concat(tables))


if __name__ == "__main__":
    main(measure, __doc__, arguments=())
