"""The regression gate: are the results in reports/metrics.json as good as their reference, or worse by more than chance? Do the
paper's claims that held before still hold?

Prints a report as Markdown. Exit status 0: nothing is worse; 1: a result is worse, missing or cannot be compared; 2: a file or a
revision cannot be read.
"""

import argparse
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tabulate import tabulate

from adversarial_nets.core import files
from adversarial_nets.core.errors import CheckFailed, InputError, exit_status
from adversarial_nets.parameters.project import Project
from adversarial_nets.parameters.reading import read
from adversarial_nets.regression import claims, revisions
from adversarial_nets.regression.revisions import Results
from adversarial_nets.regression.rules import BETTER, FAILING, NEW, Judgement, Rules, differing, judge, paired_seeds
from adversarial_nets.running import paths

HEADERS = ["metric", "reference", "now", "difference", "tolerance", "verdict"]
ABSENT = Results({}, {})


@dataclass(frozen=True)
class Comparison:
    """An experiment's verdicts, with what both sides rest on."""

    experiment: str
    num_seeds: int | None
    num_reference_seeds: int | None
    paired_seeds: list[int]
    parameters: dict[str, tuple[Any, Any]]
    judgements: list[Judgement]


def gate(against: str | None) -> list[Comparison]:
    """Judge the working tree's results against a revision's or, without one, against the committed reference.

    Every experiment that has results, and that should have: those of the revision, or those that params.yaml names. Raises
    InputError if a file or the revision cannot be read.
    """
    rules = read(paths.RULES, Rules)
    now = revisions.of_working_tree()
    reference = revisions.of_reference() if against is None else revisions.of_revision(against)
    wanted = read(paths.PARAMETERS, Project).runs if against is None else reference
    return [compare(name, now.get(name, ABSENT), reference.get(name, ABSENT), rules) for name in dict.fromkeys([*now, *wanted])]


def compare(name: str, now: Results, reference: Results, rules: Rules) -> Comparison:
    """One experiment's verdicts."""
    both = now.metrics and reference.metrics
    return Comparison(
        name,
        now.metrics.get("num_seeds"),
        reference.metrics.get("num_seeds"),
        paired_seeds(reference, now),
        differing(reference.parameters, now.parameters) if both else {},
        judge(now, reference, rules),
    )


def lost_claims(revision: str) -> list[str]:
    """The claims of the paper that held in a revision and whose verdict is worse now; none if it has no claims."""
    try:
        before = claims.read(io.BytesIO(revisions.content(revisions.commit(revision), paths.CLAIMS, revision)))
    except InputError:
        return []
    return claims.lost(before, claims.table())


def failures(comparisons: list[Comparison]) -> list[str]:
    """Every metric that fails, such as ``mnist5k.log_likelihood is worse``, with the reason if there is one."""
    return [
        f"{name} is {each.verdict}" + (f": {each.reason}" if each.reason else "") for name, each in having(comparisons, *FAILING)
    ]


def having(comparisons: list[Comparison], *wanted: str) -> list[tuple[str, Judgement]]:
    """The judgements with these verdicts, by names such as ``mnist5k.log_likelihood``."""
    every = [(f"{comparison.experiment}.{each.metric}", each) for comparison in comparisons for each in comparison.judgements]
    return [(name, each) for name, each in every if each.verdict in wanted]


def markdown(comparisons: list[Comparison], reference: str, lost: Sequence[str] = ()) -> str:
    """The report: the outcome first, then each experiment's table and the parameters that differ. ``lost``: claims that are."""
    outcome = "**failed**" if failures(comparisons) or lost else "passed"
    parts = [f"## Results against {reference}: {outcome}", *(f"- {each}" for each in lost), *remarks(comparisons)]
    for comparison in comparisons:
        parts += section(comparison)
    return "\n\n".join(parts) + "\n"


def remarks(comparisons: list[Comparison]) -> Iterator[str]:
    """What a reader should look at."""
    if failing := failures(comparisons):
        yield "\n".join(f"- {each}" for each in failing)
    if better := having(comparisons, BETTER):
        yield f"Better by more than chance: {names(better)}. `make reference` makes these results the new reference."
    if new := having(comparisons, NEW):
        yield f"New, with nothing to be judged against: {names(new)}."


def names(judgements: list[tuple[str, Judgement]]) -> str:
    """Their metrics, one after another."""
    return ", ".join(name for name, _ in judgements)


def section(comparison: Comparison) -> Iterator[str]:
    """One experiment: the numbers of seeds, the verdicts and the parameters that differ."""
    yield f"### {comparison.experiment}"
    yield f"Seeds: {comparison.num_seeds or 'none'}; in the reference: {comparison.num_reference_seeds or 'none'}."
    if comparison.paired_seeds:
        yield f"Compared are the means over the seeds that both have: {', '.join(map(str, comparison.paired_seeds))}."
    yield tabulate([row(each) for each in comparison.judgements], HEADERS, tablefmt="github", disable_numparse=True)
    if comparison.parameters:
        changes = [f"- `{path}`: {shown(before)} → {shown(after)}" for path, (before, after) in comparison.parameters.items()]
        yield "\n".join(["Parameters that differ:", "", *changes])


def shown(value: Any) -> str:
    """A parameter's value."""
    return "not there" if value is None else f"`{value}`"


def row(judgement: Judgement) -> list[str]:
    """A metric's cells."""
    value, reference, tolerance = judgement.value, judgement.reference, judgement.tolerance
    difference = "" if None in (value, reference) or isinstance(value, bool) else f"{value - reference:+.2f}"
    cells = [number(reference), number(value), difference, "" if tolerance is None else f"± {tolerance:.3g}"]
    verdict = f"**{judgement.verdict}**" if judgement.verdict in FAILING else judgement.verdict
    return [judgement.metric, *(cell.replace("-", "−") for cell in cells), verdict]


def number(value: float | None) -> str:
    """As much of it as a reader needs."""
    if value is None or isinstance(value, bool):
        return {None: "", True: "yes", False: "no"}[value]
    return f"{value}" if isinstance(value, int) else f"{value:.2f}"


def main() -> None:
    """Judge, print the Markdown and write the JSON if asked to."""
    parser = argparse.ArgumentParser(prog="python -m adversarial_nets.regression.gate", description=__doc__.split("\n\n")[0])
    parser.add_argument("--against", metavar="REVISION", help="a git revision, such as main, instead of reports/reference")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the verdicts there too, as JSON")
    with exit_status():
        given = parser.parse_args()
        comparisons = gate(given.against)
        lost, reference = lost_claims(given.against or "HEAD"), given.against or str(paths.REFERENCES)
        failing = [*failures(comparisons), *lost]
        print(markdown(comparisons, f"`{reference}`", lost), end="")
        if given.json:
            files.write_json(
                given.json, {"against": reference, "passed": not failing, "experiments": list(map(asdict, comparisons))}
            )
        if failing:
            raise CheckFailed("; ".join(failing))


if __name__ == "__main__":
    main()
