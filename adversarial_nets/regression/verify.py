"""Do the committed numbers follow from the files that they came from? What is not here is skipped, and said.

Tables from scores, scores from samples and samples from generators for a slice; Algorithm 1's choices from their runs; every
reference from the files kept with it.
Prints a line for each file and what it came from. Exit status 0: everything that could be checked follows; 1: a number does not;
2: a file cannot be read.
"""

import argparse
import hashlib
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from markupsafe import escape
from safetensors import SafetensorError

from adversarial_nets.core import files
from adversarial_nets.core.errors import CheckFailed, InputError, exit_status
from adversarial_nets.data import prepared as datasets
from adversarial_nets.data.prepared import TEST
from adversarial_nets.likelihood import protocol as evaluation
from adversarial_nets.parameters.data_sets import CIFAR10_ARCHIVE
from adversarial_nets.parameters.project import Ablations
from adversarial_nets.parameters.reading import parse
from adversarial_nets.regression import reference as references
from adversarial_nets.regression import revisions as history
from adversarial_nets.report import tables
from adversarial_nets.report.results import load_experiment
from adversarial_nets.report.tables import MEASURED, SANITY

REPORTS, REFERENCES, SCORES, SAMPLES = map(Path, ("reports", "reports/reference", "scores", "samples"))
CHOICES = REPORTS / "choices"
MODELS, FIGURES = Path("models"), Path("figures")
PREPARED = Path("data/prepared")
NUM_IMAGES, NUM_SAMPLES = 50, 1000  # of a slice: test images that are scored again, samples that are drawn again
RECOMPUTED = 1e-3  # nats, or of a pixel's range: what other kernels may change
OF_ONE_IMAGE = 1e-2  # nats: distances in float32 may be off by so much where they are computed in other blocks
COPIED = 6e-7  # one of the two files has the number rounded to 1e-6
IN_FLOAT32 = 2e-4  # nats: scores of single images are kept in float32


@dataclass(frozen=True)
class Claim:
    """Numbers of one file, ``found`` there and ``expected`` from its source; or why they cannot be compared."""

    file: str
    source: str
    found: dict[str, Any]
    expected: dict[str, Any]
    tolerance: float = 0.0
    skipped: str = ""

    def contradictions(self) -> list[str]:
        """One line for each number that does not follow from the source."""
        keys = [key for key in self.expected if not _agree(self.found.get(key), self.expected[key], self.tolerance)]
        return [
            f"{self.file}: {key} is {_shown(self.found.get(key))}, but {self.source} gives {_shown(self.expected[key])}"
            for key in keys
        ]


def verify() -> Iterator[Claim]:
    """Everything that is committed, each file against what it came from. Raises InputError where a file cannot be read."""
    yield from of_reports()
    yield from of_choices()
    for folder in sorted(path for path in REFERENCES.glob("*") if path.is_dir()):
        yield from of_reference(folder)
    readme = Path("README.md").read_text(encoding="utf-8").split("<!-- results -->\n")[1].split("\n<!-- end of results -->")[0]
    yield _lines("README.md", readme, f"{REFERENCES}/*/table1.csv", references.readme_table(REFERENCES))


def of_reports() -> Iterator[Claim]:
    """Tables and metrics in reports/, and down from them to scores, samples and generators."""
    table, metrics = _table(REPORTS), files.read_json(REPORTS / "metrics.json")
    yield from _renderings(table)
    yield Claim(str(REPORTS), "dvc.lock", *_digests("dvc.lock", REPORTS))
    for name, rows in table[table["origin"] == MEASURED].groupby("experiment", sort=False):
        yield from _of_experiment(name, rows["seeds"].iloc[0].split(), table[table["experiment"] == name], metrics[name])
    if "theory" in metrics:
        path = SCORES / "theory.json"
        compare = lambda: ({"theory": metrics["theory"]}, {"theory": files.read_json(path)}, 0.0)  # noqa: E731
        yield _present(f"{REPORTS}/metrics.json", [path], compare)


def _of_experiment(name: str, seeds: list[str], rows: pd.DataFrame, metrics: dict[str, Any]) -> Iterator[Claim]:
    yield from _table_and_metrics(REPORTS, rows, metrics)
    measured = _result_files(name, seeds)
    yield _present(f"{REPORTS}/metrics.json, table1.csv", measured, lambda: _from_scores(name, seeds, metrics, rows))
    for seed in seeds:
        yield from _of_seed(name, seed)


def _of_seed(name: str, seed: str) -> Iterator[Claim]:
    samples, prepared = SAMPLES / name / f"{seed}.npy", PREPARED / f"{name}.npz"
    scores, generator = SCORES / name / seed / "log_likelihoods.npz", MODELS / name / seed / "generator.safetensors"
    sources = [samples, prepared, scores, scores.with_name("cross_validation.json")]
    yield _present(str(scores), sources, lambda: (*map(_by_image, _rescored(*sources)), OF_ONE_IMAGE))
    yield _present(str(scores), sources, lambda: (*map(_means, _rescored(*sources)), RECOMPUTED))
    yield _present(str(samples), [generator, samples], lambda: _redrawn(generator, int(seed), samples))


def of_choices() -> Iterator[Claim]:
    """What came of Algorithm 1's choices: the table from its runs, the page from the table."""
    table, page, asked = CHOICES / "choices.csv", CHOICES / "README.md", Path("choices/params.yaml")
    if not table.exists() or not asked.exists():
        yield Claim(str(CHOICES), str(asked), {}, {}, skipped="no choices were tried out here")
        return
    rows, wanted = pd.read_csv(table), parse(history.yaml(history.read(str(asked)), str(asked)), Ablations)
    runs = [CHOICES / "runs" / variant / str(seed) / "scores.json" for variant in wanted.variants for seed in wanted.seeds]
    yield _present(str(table), runs, lambda: _tried(rows, wanted))
    yield _present(str(page), [table, page], lambda: _told(page.read_text(encoding="utf-8").splitlines(), rows))
    yield _present(str(CHOICES), [Path("choices/dvc.lock")], lambda: _digests("choices/dvc.lock", CHOICES))


def _tried(rows: pd.DataFrame, wanted: Ablations) -> tuple[dict, dict, float]:
    """Every row of the choices, and the same from its run."""
    from adversarial_nets.diagnostics import ablations as choices

    runs = [
        choices.load(CHOICES / "runs" / variant / str(seed), variant, game, seed).row
        for variant, game in wanted.variants.items()
        for seed in wanted.seeds
    ]
    return _by_run(rows.to_dict("records")), _by_run(runs), 0.0


def _by_run(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Numbers as texts of nine digits, as the table has them: any digit counts."""
    digits = lambda value: f"{value:.9g}" if isinstance(value, float) else value  # noqa: E731
    named = {f"{key} of {row['variant']}, seed {row['seed']}": digits(row[key]) for row in rows for key in row}
    return named | {"number of rows": len(rows)}


def _told(lines: list[str], rows: pd.DataFrame) -> tuple[dict, dict, float]:
    """The lines of the choices' page that are made of the table, where they stand."""
    from adversarial_nets.diagnostics import ablations as choices

    expected = [line for part in choices.findings(rows) for line in part.splitlines()]
    return {line: True for line in expected if line in lines}, dict.fromkeys(expected, True), 0.0


def of_reference(folder: Path) -> Iterator[Claim]:
    """One reference, from the files that are kept with it."""
    table, metrics = _table(folder), files.read_json(folder / "metrics.json")[folder.name]
    seeds = pd.read_csv(folder / "seeds.csv")
    yield from _table_and_metrics(folder, table, metrics)
    with np.load(folder / "log_likelihoods.npz", allow_pickle=False) as arrays:
        scores = [_folds(arrays, f"seed_{seed}_") for seed in seeds["seed"]]
    means = [evaluation.mean_and_standard_error(each)[0] for each in scores]
    by_seed = {f"log_likelihood of seed {seed}": mean for seed, mean in zip(seeds["seed"], means, strict=True)}
    found = dict(zip(by_seed, seeds["log_likelihood"], strict=True))
    yield Claim(f"{folder}/seeds.csv", f"{folder}/log_likelihoods.npz", found, by_seed, IN_FLOAT32)
    yield Claim(f"{folder}/metrics.json", f"{folder}/log_likelihoods.npz", metrics, _over_seeds(scores, means), IN_FLOAT32)
    yield Claim(f"{folder}/metrics.json", f"{folder}/seeds.csv", metrics, {"sigma": seeds["sigma"].mean()}, COPIED)
    yield Claim(f"{folder}/metrics.json", f"{folder}/reliability.json", metrics, _over_draws(folder), COPIED)
    yield _provenance(folder, [str(seed) for seed in seeds["seed"]])
    yield _checksums(folder)
    yield Claim(f"{folder}/log_likelihoods.npz", "its samples", {}, {}, skipped="a reference is kept without its samples")


def _provenance(folder: Path, seeds: list[str]) -> Claim:
    """Source files by the checksums that the parameters ask for, and a device for each seed."""
    kept, asked = (files.read_json(folder / name) for name in ("provenance.json", "parameters.json"))
    data = asked["data"]  # CIFAR-10's archive is needed only where the files in it are not there
    published = [f"md5:{checksum}" for name, checksum in data.get("md5", {}).items() if name != CIFAR10_ARCHIVE]
    published += [f"sha256:{data['sha256']}"] if "sha256" in data else []
    found = dict.fromkeys(kept["data"].values(), True) | {"devices of seeds": " ".join(kept["devices"])}
    expected = dict.fromkeys(published, True) | {"devices of seeds": " ".join(seeds)}
    return Claim(f"{folder}/provenance.json", f"{folder}/parameters.json, seeds.csv", found, expected)


def _checksums(folder: Path) -> Claim:
    path = folder / references.CHECKSUMS
    expected = lambda: (references.checksums(folder), files.read_json(path), 0.0)  # noqa: E731
    return _present(str(folder), [path], expected)


def _over_seeds(scores: list[list[np.ndarray]], means: list[float]) -> dict[str, float]:
    """What metrics.json says of test log-likelihoods, given each seed's: (m,) for each fold."""
    folds = [np.mean(fold, axis=0) for fold in zip(*scores, strict=True)]
    mean, standard_error = evaluation.mean_and_standard_error(folds)
    measured = {"log_likelihood": mean, "standard_error": standard_error, "num_seeds": len(scores)}
    measured["num_test_images"] = sum(map(len, folds))
    return measured | ({"seed_std": float(np.std(means, ddof=1))} if len(means) > 1 else {})


def _over_draws(folder: Path) -> dict[str, float]:
    seeds = files.read_json(folder / "reliability.json").values()
    draws = [np.std([draw["log_likelihood"] for draw in seed["draws"]], ddof=1) for seed in seeds]
    refined = [seed["refined"]["log_likelihood"] for seed in seeds]
    return {"draw_std": float(np.mean(draws)), "refined_log_likelihood": float(np.mean(refined))}


def _table_and_metrics(folder: Path, rows: pd.DataFrame, metrics: dict[str, Any]) -> Iterator[Claim]:
    """The table's numbers that metrics.json has too, of the generators and of two sanity rows."""
    ours = rows[rows["origin"] == MEASURED].iloc[0].to_dict()
    expected = {key: value for key, value in metrics.items() if key in ours}
    sanity = rows[rows["origin"] == SANITY].set_index("model")["log_likelihood"]
    for model, key in (("Training images as", "training_images"), ("K-means", "kmeans")):
        ours |= {f"{key}_log_likelihood": value for name, value in sanity.items() if name.startswith(model)}
        expected[f"{key}_log_likelihood"] = metrics[f"{key}_log_likelihood"]
    yield Claim(f"{folder}/table1.csv", f"{folder}/metrics.json", ours, expected, COPIED)


def _renderings(table: pd.DataFrame) -> Iterator[Claim]:
    """The table as Markdown and on the page: every line and every cell of it."""
    text = (REPORTS / "table1.md").read_text(encoding="utf-8")
    yield _lines(f"{REPORTS}/table1.md", text, f"{REPORTS}/table1.csv", tables.to_markdown(table))
    page = (REPORTS / "index.html").read_text(encoding="utf-8")
    frames = tables.comparison(table), tables.details(table)
    cells = {str(cell): True for frame in frames for row in frame.itertuples(index=False) for cell in row if cell}
    found = {cell: True for cell in cells if f">{escape(cell)}<" in page}
    yield Claim(f"{REPORTS}/index.html", f"{REPORTS}/table1.csv", found, cells)


def _lines(file: str, text: str, source: str, expected: str) -> Claim:
    """Every line that should be there, and none beside them."""
    found = dict.fromkeys(text.splitlines(), True)
    return Claim(file, source, found, dict.fromkeys(found, False) | dict.fromkeys(expected.splitlines(), True))


def _digests(lock: str, folder: Path) -> tuple[dict[str, str], dict[str, str], float]:
    """What the report wrote into a folder, or found there: by what is there now, and as the last run left it in a lock file."""
    stage = history.yaml(history.read(lock), lock)["stages"]["report"]
    known = {each["path"]: each["md5"] for each in stage["deps"] + stage["outs"] if each["path"].startswith(f"{folder}/")}
    return {path: _md5(Path(path)) for path in known if Path(path).exists()}, known, 0.0


def _md5(path: Path) -> str:
    """As DVC has it: a folder's is that of a list of its files."""
    content, suffix = (b"", ".dir") if path.is_dir() else (path.read_bytes(), "")
    if path.is_dir():
        names = sorted(each.relative_to(path).as_posix() for each in path.rglob("*") if each.is_file())
        content = json.dumps([{"md5": _md5(path / name), "relpath": name} for name in names], sort_keys=True).encode()
    return hashlib.md5(content, usedforsecurity=False).hexdigest() + suffix


def _result_files(name: str, seeds: list[str]) -> list[Path]:
    of_seed = ["cross_validation.json", "log_likelihoods.npz", "reliability.json", "collapse.json"]
    scores = [SCORES / name / seed / file for seed in seeds for file in of_seed]
    of_all = [SCORES / name / f"{stage}.json" for stage in ("baselines", "costs", "helvetica")]
    beside = [(MODELS, "summary.json"), (FIGURES, "copying.json")]
    return [*of_all, *scores, *(folder / name / seed / file for folder, file in beside for seed in seeds)]


def _from_scores(name: str, seeds: list[str], metrics: dict[str, Any], rows: pd.DataFrame) -> tuple[dict, dict, float]:
    """The experiment's metrics and its rows of the table, from what the stages before the report wrote."""
    result = load_experiment(name, list(map(int, seeds)), MODELS, SCORES, FIGURES)
    again = tables.results_table([result])
    return _cells(rows) | metrics, _cells(again[again["experiment"] == name]) | result.metrics(), COPIED


def _cells(rows: pd.DataFrame) -> dict[str, Any]:
    return {f"{column} of {row['model']}": row[column] for _, row in rows.iterrows() for column in rows.columns}


def _rescored(samples: Path, prepared: Path, scores: Path, chosen: Path) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Scores of each fold's first test images, and the same computed again under all samples."""
    from adversarial_nets.likelihood.parzen import ParzenWindow

    data, window = datasets.load(prepared), ParzenWindow(np.load(samples, allow_pickle=False))
    sigmas = [evaluation.CrossValidation(**fold).sigma for fold in files.read_json(chosen)["folds"]]
    with np.load(scores, allow_pickle=False) as arrays:
        found = [fold[:NUM_IMAGES] for fold in _folds(arrays)]
    again = [window.log_prob(data.fold_images(fold, TEST)[:NUM_IMAGES], sigma).numpy() for fold, sigma in enumerate(sigmas)]
    return found, again


def _redrawn(path: Path, seed: int, samples: Path) -> tuple[dict, dict, float]:
    """The first samples, drawn again: each by its pixels' largest difference."""
    import torch

    from adversarial_nets.core.randomness import stream
    from adversarial_nets.gan.networks import load_generator
    from adversarial_nets.gan.sampling import draw_noise, generate

    generator, description = load_generator(path, torch.device("cpu"))
    kept = np.load(samples, mmap_mode="r", allow_pickle=False)
    noise = draw_noise(description.noise, (len(kept), description.noise_dimensions), stream(seed, "sampling"))
    apart = np.abs(generate(generator, noise[:NUM_SAMPLES]) - kept[:NUM_SAMPLES]).max(axis=1)
    found = {f"largest difference in sample {number}": float(value) for number, value in enumerate(apart)}
    return found, dict.fromkeys(found, 0.0), RECOMPUTED


def _folds(arrays: Any, prefix: str = "") -> list[np.ndarray]:
    """Scores by fold, as an archive has them under names such as ``fold_0``."""
    numbers = range(sum(name.startswith(f"{prefix}fold_") for name in arrays.files))
    return [arrays[f"{prefix}fold_{number}"].astype(np.float64) for number in numbers]


def _by_image(folds: list[np.ndarray]) -> dict[str, float]:
    return {
        f"log-likelihood of test image {n}, fold {f}": float(value)
        for f, fold in enumerate(folds)
        for n, value in enumerate(fold)
    }


def _means(folds: list[np.ndarray]) -> dict[str, float]:
    return {f"mean log-likelihood of {len(fold)} test images, fold {number}": fold.mean() for number, fold in enumerate(folds)}


def _present(file: str, sources: list[Path], compare: Callable[[], tuple[dict, dict, float]]) -> Claim:
    """A claim from files that may not be here: then it is skipped."""
    missing = [path for path in sources if not path.exists()]
    if missing:
        return Claim(file, str(sources[0]), {}, {}, skipped=f"{missing[0]} is not here")
    found, expected, tolerance = compare()
    return Claim(file, str(sources[0]), found, expected, tolerance)


def _table(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "table1.csv", dtype={"seeds": str, "kept_epochs": str})


def _agree(found: Any, expected: Any, tolerance: float) -> bool:
    if isinstance(expected, bool | np.bool_ | str) or not isinstance(found, int | float) or not isinstance(expected, int | float):
        return found == expected or bool(pd.isna(found) is True and pd.isna(expected) is True)
    return math.isclose(found, expected, rel_tol=1e-8, abs_tol=tolerance) or (math.isnan(found) and math.isnan(expected))


def _shown(value: Any) -> str:
    return {None: "not there", False: "no such thing", True: "there"}.get(value, str(value))


def line(claim: Claim) -> str:
    """What was checked, and how it ended."""
    if claim.skipped:
        return f"skipped          {claim.file} ← {claim.source}: {claim.skipped}"
    verdict = "DOES NOT FOLLOW" if claim.contradictions() else "follows"
    return f"{verdict:<16} {claim.file} ← {claim.source}: {len(claim.expected)} compared"


def main() -> None:
    """Check, print a line for each claim, fail with the first numbers that do not follow."""
    argparse.ArgumentParser(
        prog="python -m adversarial_nets.regression.verify", description=__doc__.split("\n\n")[0]
    ).parse_args()
    with exit_status():
        contradictions = []
        try:
            for claim in verify():
                print(line(claim), flush=True)
                contradictions += claim.contradictions()
        except (OSError, LookupError, ValueError, TypeError, AttributeError, BadZipFile, SafetensorError) as error:
            said = " ".join(f"{type(error).__name__}: {error}".split())
            raise InputError(f"a file cannot be read ({said}); restore it with git, `make repro` or `make choices`") from None
        if contradictions:
            more = f"; and {len(contradictions) - 5} more" if len(contradictions) > 5 else ""
            raise CheckFailed("; ".join(contradictions[:5]) + more)


if __name__ == "__main__":
    main()
