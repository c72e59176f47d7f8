"""Independent samples a second of the default's models of Table 1, beside adversarial nets'; `make repro` makes what it needs.

Each gives the samples of its experiment, its chains' burn-in included; all take turns in one process. Samples are worth as many
independent ones as there are, over the autocorrelation time of kept states in reports/table1.csv.
"""

from collections import deque
from functools import partial

import pandas as pd
import timing
import torch

from adversarial_nets.baselines.chains import ChainStream
from adversarial_nets.baselines.models import sample_stream
from adversarial_nets.core import devices, files
from adversarial_nets.core.errors import exit_status
from adversarial_nets.data import prepared
from adversarial_nets.gan.sampling import SampleStream
from adversarial_nets.parameters.project import Project
from adversarial_nets.parameters.reading import read, read_experiment
from adversarial_nets.running import paths
from adversarial_nets.running.paths import RunPaths

ROUNDS = 5


def main() -> None:
    """Print a Markdown table; the first experiment of the suite is what others are compared with."""
    project = read(paths.PARAMETERS, Project)
    device, first = devices.resolve(project.device), project.suite[0]
    runs = [RunPaths(first, project.seeds[0]), *(RunPaths(name, project.baseline_seeds[0]) for name in project.baselines)]
    streams = {run.name: stream(run, device) for run in runs}
    rows = measured(list(streams))
    times = timing.interleaved({name: partial(deque, each, maxlen=0) for name, each in streams.items()}, ROUNDS, device)
    rows["rate"] = rows["num_samples"] / pd.Series(times)
    rows["independent"] = rows["rate"] / rows["autocorrelation_time"]
    print(f"{timing.machine(device)}; minimum of {ROUNDS} rounds of all samples of an experiment\n")
    print("| model | samples a second | autocorrelation time | independent samples a second | the first model's over these |")
    print("| --- | --- | --- | --- | --- |")
    for row in rows.itertuples():
        share = rows["independent"][first] / row.independent
        print(f"| {row.model} | {row.rate:,.0f} | {row.autocorrelation_time:.2f} | {row.independent:,.0f} | {share:,.1f} |")


def stream(run: RunPaths, device: torch.device) -> SampleStream | ChainStream:
    """The samples of a trained model."""
    return sample_stream(run, read_experiment(run.parameters), prepared.load(run.prepared).training_images, device)


def measured(names: list[str]) -> pd.DataFrame:
    """Rows of Table 1 by experiment; the autocorrelation time of samples that are no chain's is 1."""
    with files.reading(paths.TABLE, "report"):
        table = pd.read_csv(paths.TABLE)
        rows = table[table["origin"] == "measured here"].set_index("experiment").loc[names]
    return rows.fillna({"autocorrelation_time": 1.0})


if __name__ == "__main__":
    with exit_status():
        main()
