"""Say where ablations come from that DVC does not run: their provenance and checksums, beside their results in reports/."""

import argparse
from pathlib import Path

from adversarial_nets.core import files
from adversarial_nets.core.errors import exit_status
from adversarial_nets.diagnostics import ablations
from adversarial_nets.parameters.project import Ablations
from adversarial_nets.parameters.reading import read, read_experiment
from adversarial_nets.regression import provenance
from adversarial_nets.regression.reference import write_checksums
from adversarial_nets.running import paths
from adversarial_nets.running.paths import AblationPaths


def write(place: AblationPaths) -> None:
    """Raises CheckFailed if code is not committed, and InputError if a run is missing."""
    provenance.refuse_uncommitted_code()
    asked = read(place.parameters, Ablations)
    ablations.load_all(read_experiment(place.experiment), asked, place)
    files.write_json(place.report / paths.PROVENANCE, provenance.of_ablations(asked))
    write_checksums(place.report)
    print(f"wrote {place.report / paths.PROVENANCE}")


def main() -> None:
    """Of the ablations in a folder."""
    parser = argparse.ArgumentParser(prog="python -m adversarial_nets.regression.ablation_reference", description=__doc__)
    parser.add_argument("folder", type=Path, help="such as ablations/mnist_collapse")
    with exit_status():
        write(AblationPaths(parser.parse_args().folder))


if __name__ == "__main__":
    main()
