"""Check every parameter before DVC deletes anything; the output is constant, so that it never makes another stage run."""

from pathlib import Path

from adversarial_nets import files
from common import Task, main


def check(task: Task) -> None:
    if task.parameters.device == "cuda":
        task.device()  # refuses where there is no GPU
    files.write_text(Path("data/parameters_valid.txt"), "The stage `check` found params.yaml valid.\n")


if __name__ == "__main__":
    main(check, __doc__, arguments=())
