"""Every measured number that README and docs state in their prose is the one in the committed file that it came from.

Tables of references are made, and `make verify` holds them. A number in prose with a decimal point, % or nats must be in one of
the passages below: measured, with its source, or a definition, which nobody measured.
"""

import csv
import json
import re
from pathlib import Path

import pytest
from scipy.stats import t

from adversarial_nets.regression.docs_tables import MARKED
from support.project import ROOT

NUMBER = re.compile(r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?(?: ?%| nats)?")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
GENERATED = ("parameters.md", "bad_input.md")
CODE = re.compile(r"^ *```.*?^ *```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)


def metric(experiment: str, name: str) -> float:
    """Of a committed reference."""
    return json.loads((ROOT / f"reports/reference/{experiment}/metrics.json").read_text())[experiment][name]


def sanity(model: str) -> float:
    """Log-likelihood in nats of a stand-in for samples, on MNIST."""
    with (ROOT / "reports/reference/mnist/table1.csv").open() as file:
        return next(float(row["log_likelihood"]) for row in csv.DictReader(file) if row["model"] == model)


def validation(experiment: str, epoch: int) -> float:
    """Mean over the runs of a committed reference, in nats."""
    with (ROOT / f"reports/reference/{experiment}/learning_curve.csv").open() as file:
        found = [float(row["validation_log_likelihood"]) for row in csv.DictReader(file) if int(row["epoch"]) == epoch]
    return sum(found) / len(found)


def benchmark(name: str, contestant: str, column: int) -> float:
    """A cell of a benchmark's table."""
    text = (ROOT / f"benchmarks/{name}.md").read_text()
    row = next(line for line in text.splitlines() if line.startswith(f"| {contestant} |"))
    return float(row.split("|")[column].strip().rstrip("%"))


def student(seeds: int) -> float:
    """Half of Student's interval of 99 %, in standard errors, for a spread over this many seeds."""
    return t.ppf(0.995, seeds - 1)


MEASURED = {
    "docs/explanation/baselines.md": {
        "rises from 159 nats to 209": [
            lambda: validation("mnist_deep_belief_network", 140),
            lambda: validation("mnist_deep_belief_network", 150),
        ],
    },
    "docs/explanation/game_and_training.md": {
        "costs 0.5 % of": [lambda: benchmark("checkpoints", "share of the time at the default interval of 60 s", 2)],
        "takes 1.42 times its matrix products alone, 1.45 with averaged": [
            lambda: benchmark("training_step", "our step", 3),
            lambda: benchmark("training_step", "our step, with averaged weights", 3),
        ],
        "takes 1.77 times": [lambda: benchmark("training_step", "idiomatic loop", 3)],
    },
    "docs/explanation/parzen_window.md": {
        "images score 334 nats, as many of the images 241, the paper's generator 225": [
            lambda: sanity("K-means centroids of training images"),
            lambda: sanity("Training images as samples"),
            lambda: 225,
        ],
        "1.34 times its matrix products": [lambda: benchmark("parzen_window", "ours", 3)],
    },
    "docs/how-to/gate_in_ci.md": {
        "With three seeds the first t is 9.9, with five 4.6, with ten 3.2": [
            lambda: student(3),
            lambda: student(5),
            lambda: student(10),
        ],
    },
    "docs/known_issues.md": {
        "is 46 nats below it": [lambda: 225 - metric("mnist", "log_likelihood")],
        "7.0 % near-duplicates, the last weights 3.5 %": [
            lambda: 100 * metric("mnist_averaged", "near_duplicates"),
            lambda: 100 * metric("mnist", "near_duplicates"),
        ],
    },
}

# What is chosen or follows from a definition; and what the named test simulates.
DEFINITIONS = {
    "README.md": ["Python 3.11", "CC BY-SA 3.0"],
    "docs/explanation/determinism.md": ["PyTorch 2.14.1"],
    "docs/explanation/game_and_training.md": ["0.1 and 0.9", "log 10 = 2.303", "99 % of training images", "Real images have 1 %"],
    "docs/explanation/parzen_window.md": ["from 0.1 to 1 (CIFAR-10: 0.2 to 2)", "95 % interval", "error to 0.01 nats"],
    "docs/explanation/theory.md": ["at least 1 % of its peak"],
    "docs/how-to/change_and_compare.md": ["4 to 6 % were called more than chance"],  # test_differences.py
    "docs/how-to/gate_in_ci.md": ["at most 1.6 % of changes that change nothing"],  # test_gate.py
    "docs/how-to/paper_experiments.md": ["grid for σ, 0.2 to 2"],
    "docs/known_issues.md": ["real images 1 %"],
    "docs/quickstart.md": ["Python 3.11"],
    "docs/reference/dependencies.md": ["YAML 1.2"],
    "docs/reference/metrics.md": ["between 0.1 and 0.9", "at least 1 % of its peak"],
    "docs/results.md": ["at least 0.95 of real images'"],
}


def prose(page: Path) -> str:
    """Without tables that are made, code and addresses of links; a line break is a space."""
    text = MARKED.sub("", page.read_text(encoding="utf-8"))
    return " ".join(CODE.sub("", re.sub(r"\]\([^)]*\)|\*\*", "", text)).replace("[", "").split())


@pytest.mark.parametrize(("page", "passage"), [(page, passage) for page, passages in MEASURED.items() for passage in passages])
def test_a_number_in_prose_is_that_of_its_source(page: str, passage: str) -> None:
    assert passage in prose(ROOT / page)
    shown = [number.removesuffix("%").removesuffix("nats").strip() for number in NUMBER.findall(passage)]
    sources = [source() for source in MEASURED[page][passage]]
    digits = [len(number.partition(".")[2]) for number in shown]
    assert shown == [f"{value:.{count}f}" for value, count in zip(sources, digits, strict=True)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_number_in_prose_has_a_source_or_is_a_definition(page: Path) -> None:
    if page.name in GENERATED:
        return
    text, name = prose(page), page.relative_to(ROOT).as_posix()
    for passage in [*MEASURED.get(name, {}), *DEFINITIONS.get(name, [])]:
        assert passage in text
        text = text.replace(passage, "")
    assert [number for number in NUMBER.findall(text) if re.search(r"\.\d|%|nats", number)] == []


def test_every_digest_in_docs_is_in_the_lock_file() -> None:
    digests = re.findall(r"`([0-9a-f]{8})`", (ROOT / "docs/explanation/determinism.md").read_text(encoding="utf-8"))
    lock = (ROOT / "dvc.lock").read_text(encoding="utf-8")
    assert len(digests) == 3
    assert [digest for digest in digests if f"md5: {digest}" not in lock] == []
