"""The page of the ablations: their table, their figure, and how to read both."""

import pandas as pd

from adversarial_nets.diagnostics.ablations import LAST_EPOCHS, findings
from adversarial_nets.parameters.project import Ablations

NOTES = """\
- Means over seeds {seeds}, ± their sample standard deviation. Each variant is `ablations/experiment.yaml` with another \
game or another generator; optimiser, learning rate, epochs and the choice of the kept generator are the same for all.
- A run has collapsed if its last generator scores the validation images below the mean training image.
- An epoch is one pass of D over the training images: with k steps of D for each of G, G has a k-th of the updates.
- G's gradient is the Euclidean norm over all its weights and biases, before the optimiser makes a step of it: the mean over the \
first epoch's updates, or over the last {last} epochs'. Outputs of D are means over minibatches, with dropout as in training.
- Adam divides a gradient by its own recent size, so that steps are hardly shorter if gradients are small: how minimax would do \
with the paper's momentum cannot be read off its likelihood here. For the same reason it hardly matters that `alternating` \
follows Algorithm 1 to the letter, whose objective of D is twice that of `simultaneous`, the published code."""


def page(asked: Ablations, rows: pd.DataFrame) -> str:
    """Markdown: the comparison of the variants and, if minimax is one of them, the saturation that section 3 describes."""
    comparison, *saturation = findings(rows)
    parts = [
        "# Ablations of Algorithm 1's choices, and of the generator",
        comparison,
        "![Gradients of G, outputs of D and log-likelihoods by variant](ablations.png)",
        NOTES.format(seeds=", ".join(map(str, asked.seeds)), last=LAST_EPOCHS),
    ]
    if saturation:
        parts += ["## The saturation that section 3 describes", *saturation]
    return "\n\n".join(parts) + "\n"
