"""Write the table and the figure of what came of each variant: reports/choices/."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "stages"))
import pandas as pd
from common import REPORTS, exit_status, read_yaml

from adversarial_nets.core import files
from adversarial_nets.core.errors import InputError
from adversarial_nets.diagnostics import ablations as choices
from adversarial_nets.parameters.project import Ablations
from adversarial_nets.parameters.reading import parse
from adversarial_nets.report.figures import images as figures
from adversarial_nets.report.figures.ablations import choices as draw

FOLDER = REPORTS / "choices"
NOTES = [
    "Means over seeds {seeds}, ± their sample standard deviation. Each variant is `{experiment}` of `params.yaml` with another "
    "game; optimiser, learning rate, epochs and the choice of the kept generator are the same for all.",
    "An epoch is one pass of D over the training images: with k steps of D for each of G, G has a k-th of the updates.",
    "G's gradient is the Euclidean norm over all its weights and biases, before the optimiser makes a step of it: the mean over "
    "the first epoch's updates, or over the last {last} epochs'. Outputs of D are means over minibatches, with dropout as in "
    "training.",
    "Adam divides a gradient by its own recent size, so that steps are hardly shorter where gradients are small: how minimax "
    "would do with the paper's momentum cannot be read off its likelihood here. For the same reason it hardly matters that "
    "`alternating` follows Algorithm 1 to the letter, where D's objective is twice that of `simultaneous`, the published code.",
]


def main() -> None:
    """Read every variant's runs and write what came of them."""
    asked = parse(read_yaml(Path("choices/params.yaml")), Ablations)
    runs = [load(asked, variant, seed) for variant in asked.variants for seed in asked.seeds]
    rows = pd.DataFrame([run.row for run in runs])
    figures.save(draw(runs), FOLDER / "choices.png")
    files.write_csv(FOLDER / "choices.csv", rows)
    files.write_text(FOLDER / "README.md", text(asked, rows))


def load(asked: Ablations, variant: str, seed: int) -> choices.Tried:
    """Raises InputError where a training is missing."""
    try:
        return choices.load(FOLDER / "runs" / variant / str(seed), variant, asked.variants[variant], seed)
    except FileNotFoundError as error:
        raise InputError(f"{error.filename}: not there; run `make choices`") from None


def text(asked: Ablations, rows: pd.DataFrame) -> str:
    """The table, the saturation of section 3 and how to read both."""
    seeds = ", ".join(map(str, asked.seeds))
    notes = [note.format(seeds=seeds, experiment=asked.experiment, last=choices.LAST_EPOCHS) for note in NOTES]
    comparison, *saturation = choices.findings(rows)
    parts = [
        "# Algorithm 1's choices, tried out",
        comparison,
        "![Gradients of G, outputs of D and log-likelihoods by variant](choices.png)",
        "\n".join(f"- {note}" for note in notes),
    ]
    if saturation:
        parts += ["## The saturation that section 3 describes", *saturation]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    with exit_status():
        main()
