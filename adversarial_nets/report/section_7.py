"""The page of section 7's extensions, and what follows for each of the paper's expectations."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from adversarial_nets.parameters.extensions import Extensions
from adversarial_nets.report.extensions import Chapter, completion_chapter, conditional_chapter
from adversarial_nets.report.inference import few_labels_chapter, inference_chapter
from adversarial_nets.running.paths import CLAIMS, EXTENSION_REFERENCES, EXTENSIONS_REPORT

CHAPTERS = conditional_chapter, inference_chapter, completion_chapter, few_labels_chapter  # as section 7 lists them

EFFICIENCY = """\
## Efficiency: coordinating G and D, and distributions of z

{measured}. **The paper expects that better ones speed training up: {verdict}.** [The ablations](../ablations/README.md) \
have every game and every distribution of z that was tried."""


def chapters(asked: Extensions, report: Path = EXTENSIONS_REPORT) -> list[Chapter]:
    """From what the stages measured, or a reference has. Raises InputError if something is not there, or damaged."""
    return [chapter(asked, report) for chapter in CHAPTERS]


def beside(experiment: str) -> list[str]:
    """What else there is about section 7, for the page in reports/extensions/: Markdown."""
    links = [
        f"[`{path.parent.name}`](reference/{path.parent.name}/README.md)"
        for path in sorted(EXTENSION_REFERENCES.glob("*/README.md"))
        if path.parent.name != experiment
    ]
    others = f"The same for other experiments, which `make extensions` does not run: {', '.join(links)}."
    last = [efficiency(pd.read_csv(CLAIMS))] if CLAIMS.exists() else []
    return [*last, *(["## Other experiments", others] if links else [])]


def efficiency(claims: pd.DataFrame) -> str:
    """The last of section 7's expectations, as ``claims.csv`` has it: Markdown."""
    found = claims.set_index("name").loc["efficiency"]
    measured = found["measured here"]
    return EFFICIENCY.format(measured=measured[0].upper() + measured[1:], verdict=found["verdict"])


def page(asked: Extensions, parts: list[Chapter], more: Sequence[str] = ()) -> str:
    """Markdown, which ends with ``more`` than the chapters."""
    head = [
        "# Section 7's extensions, measured",
        f"On `experiments/{asked.experiment}.yaml`, seeds {', '.join(map(str, asked.seeds))}, by `make extensions`. The paper "
        "measures none of them. Log-likelihoods are in nats, ± their standard error over test images; with several seeds, "
        "numbers are means.",
    ]
    return "\n\n".join([*head, *(f"## {part.title}\n\n{part.text}" for part in parts), *more]) + "\n"


def findings(parts: list[Chapter]) -> pd.DataFrame:
    """A row for each extension: name, measured (a sentence), verdict."""
    return pd.DataFrame([{"name": part.name, "measured": part.measured, "verdict": part.verdict} for part in parts])
