"""Do the committed numbers follow from the files that they came from? What is not here is skipped, with a line that says so.

Tables from scores, scores from samples and samples from generators for a slice; ablations from their runs; every reference from
the files kept with it.
Prints a line for each file and what it came from. Exit status 0: everything that could be checked follows; 1: a number does not;
2: a file cannot be read.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from markupsafe import escape
from safetensors import SafetensorError

from adversarial_nets.core import files
from adversarial_nets.core.errors import CheckFailed, InputError, exit_status, one_line
from adversarial_nets.diagnostics import ablations
from adversarial_nets.diagnostics.collapse import COLLAPSED
from adversarial_nets.diagnostics.reliability import Reliability, pooled
from adversarial_nets.likelihood.protocol import mean_and_standard_error
from adversarial_nets.parameters.data_sets import CIFAR10_ARCHIVE
from adversarial_nets.parameters.extensions import Extensions
from adversarial_nets.parameters.project import Ablations
from adversarial_nets.parameters.reading import read, read_experiment
from adversarial_nets.regression import claims, docs_tables, extension_references, recomputed, reference, revisions
from adversarial_nets.regression.checks import COPIED, EXACT, IN_FLOAT32, Check, Compared, Numbers, as_locked, if_present, lines
from adversarial_nets.regression.provenance import Provenance
from adversarial_nets.regression.revisions import leaves
from adversarial_nets.report import section_7, tables
from adversarial_nets.report.ablations import findings
from adversarial_nets.report.results import load_experiment
from adversarial_nets.report.tables import MEASURED, SANITY
from adversarial_nets.running import paths
from adversarial_nets.running.paths import AblationPaths, RunPaths

SHOWN = 5  # contradictions that the error names
UNREADABLE = (OSError, LookupError, ValueError, TypeError, AttributeError, BadZipFile, SafetensorError)  # of damaged files


def verify() -> Iterator[Check]:
    """Everything that is committed, each file against what it came from. Raises InputError if a file cannot be read."""
    yield from of_reports()
    yield from of_ablations()
    yield from of_extensions()
    yield from extension_references.checks()
    for folder in sorted(path for path in paths.REFERENCES.glob("*") if path.is_dir()):
        yield from of_reference(folder)
    yield from of_claims()
    for page in docs_tables.PAGES:
        text = page.read_text(encoding="utf-8")
        yield lines(page, text, f"{paths.REFERENCES}/", docs_tables.renewed(text, paths.REFERENCES))


def of_reports() -> Iterator[Check]:
    """Tables and metrics in reports/, and down from them to scores, samples and generators."""
    table, metrics, seeds = revisions.table(paths.TABLE), files.read_json(paths.METRICS), pd.read_csv(paths.SEEDS)
    yield from _renderings(table)
    yield if_present(paths.REPORTS, [Path("dvc.lock")], lambda: as_locked(Path("dvc.lock"), paths.REPORTS))
    for name, ours in seeds.groupby("experiment", sort=False):
        yield from _of_experiment(ours, table[table["experiment"] == name], metrics[name])
    theory = paths.THEORY_METRICS, paths.THEORY
    yield if_present(theory[0], theory[::-1], lambda: (*map(_leaves_of, theory), EXACT))


def _leaves_of(path: Path) -> Numbers:
    return dict(leaves(files.read_json(path)))


def _renderings(table: pd.DataFrame) -> Iterator[Check]:
    """The table as Markdown and on the page: every line and every cell of it."""
    text, page = (path.read_text(encoding="utf-8") for path in (paths.TABLE_TEXT, paths.PAGE))
    yield lines(paths.TABLE_TEXT, text, str(paths.TABLE), tables.to_markdown(table))
    frames = tables.comparison(table), tables.details(table)
    cells = {str(cell): True for frame in frames for row in frame.itertuples(index=False) for cell in row if cell}
    found = {cell: True for cell in cells if f">{escape(cell)}<" in page}
    yield Check(str(paths.PAGE), str(paths.TABLE), found, cells)


def _of_experiment(seeds: pd.DataFrame, rows: pd.DataFrame, metrics: Numbers) -> Iterator[Check]:
    runs = [RunPaths(str(name), int(seed)) for name, seed in zip(seeds["experiment"], seeds["seed"], strict=True)]
    yield from _table_and_metrics(paths.REPORTS, rows, metrics)
    yield _metrics_and_seeds(paths.REPORTS, metrics, seeds)
    yield if_present(paths.METRICS, _measured(runs), lambda: _reported_again(seeds, rows, metrics))
    for run in runs:
        yield from recomputed.of_run(run)


def _measured(runs: list[RunPaths]) -> list[Path]:
    """What the stages before the report wrote of an experiment."""
    first = runs[0]
    of_all = [first.sanity, *([first.costs, first.helvetica, first.overfitting] if first.discriminator.exists() else [])]
    kinds = "cross_validation", "log_likelihoods", "reliability", "collapse", "summary", "copying"
    return [*of_all, *(getattr(run, kind) for run in runs for kind in kinds)]


def _reported_again(seeds: pd.DataFrame, rows: pd.DataFrame, metrics: Numbers) -> Compared:
    """The experiment's metrics, its rows of the table and its seeds, from what the stages before the report wrote."""
    name = str(seeds["experiment"].iloc[0])
    result = load_experiment(name, seeds["seed"].tolist())
    again = tables.results_table([result])
    found = _cells(rows) | metrics | _by_seed(seeds)
    return found, _cells(again[again["experiment"] == name]) | result.metrics() | _by_seed(result.seeds_table()), COPIED


def _by_seed(seeds: pd.DataFrame) -> Numbers:
    return {f"{key} of seed {row['seed']}": value for row in seeds.to_dict("records") for key, value in row.items()}


def _metrics_and_seeds(folder: Path, metrics: Numbers, seeds: pd.DataFrame) -> Check:
    """The numbers of runs, and the means over those that count."""
    counted = revisions.counted(seeds)
    expected = {
        "num_seeds": len(counted),
        "num_started": len(seeds),
        "num_collapsed": int((seeds["outcome"] == COLLAPSED).sum()),
        "median_log_likelihood": seeds["log_likelihood"].median(),
        "sigma": counted["sigma"].mean(),
        **{metric: counted[metric].mean() for metric in revisions.MEASURED if counted[metric].notna().all()},
    }
    return Check(f"{folder}/{paths.METRICS.name}", f"{folder}/{paths.SEEDS.name}", metrics, expected, IN_FLOAT32)


def _cells(rows: pd.DataFrame) -> Numbers:
    return {f"{column} of {row['model']}": row[column] for _, row in rows.iterrows() for column in rows.columns}


def _table_and_metrics(folder: Path, rows: pd.DataFrame, metrics: Numbers) -> Iterator[Check]:
    """The table's numbers that metrics.json has too, of the generators and of two sanity rows."""
    ours = rows[rows["origin"] == MEASURED].iloc[0].to_dict()
    expected = {key: value for key, value in metrics.items() if key in ours}
    sanity = rows[rows["origin"] == SANITY].set_index("model")["log_likelihood"]
    for model, key in (("Training images as", "training_images"), ("K-means", "kmeans")):
        ours |= {f"{key}_log_likelihood": value for name, value in sanity.items() if name.startswith(model)}
        expected[f"{key}_log_likelihood"] = metrics[f"{key}_log_likelihood"]
    yield Check(f"{folder}/{paths.TABLE.name}", f"{folder}/{paths.METRICS.name}", ours, expected, COPIED)


def of_ablations() -> Iterator[Check]:
    """The table of ablations from their runs, and the page from the table."""
    others = sorted(paths.ABLATIONS.parent.glob(f"*/{paths.ABLATIONS.name}"))
    for folder in (paths.ABLATIONS.parent, *(path.parent for path in others)):
        yield from _of_ablations(AblationPaths(folder))


def _of_ablations(place: AblationPaths) -> Iterator[Check]:
    table, page = place.report / paths.ABLATIONS_TABLE.name, place.report / "README.md"
    lock, kept = place.folder / "dvc.lock", place.report / paths.CHECKSUMS
    if not table.exists() or not place.parameters.exists():
        yield Check(str(place.report), str(place.parameters), {}, {}, skipped="no ablations here; `make ablations` runs them")
        return
    rows, wanted = pd.read_csv(table), read(place.parameters, Ablations)
    runs = [place.run(variant, seed) / "scores.json" for variant in wanted.variants for seed in wanted.seeds]
    yield if_present(table, runs, lambda: _from_runs(rows, wanted, place))
    yield if_present(page, [table, page], lambda: _from_table(page.read_text(encoding="utf-8").splitlines(), rows))
    if lock.exists():
        yield if_present(place.report, [lock], lambda: as_locked(lock, place.report))
    else:  # DVC does not run them
        yield if_present(place.report, [kept], lambda: (reference.checksums(place.report), files.read_json(kept), EXACT))


def of_extensions() -> Iterator[Check]:
    """The page of section 7 and its findings, from what the stages measured."""
    page, findings = paths.EXTENSIONS_PAGE, paths.EXTENSIONS_FINDINGS
    if not findings.exists():
        yield Check(str(page), str(paths.EXTENSIONS), {}, {}, skipped="no extensions here; `make extensions` runs them")
        return
    asked = read(paths.EXTENSIONS, Extensions)
    parts = section_7.chapters(asked)
    again = section_7.page(asked, parts, section_7.beside(asked.experiment))
    yield lines(page, page.read_text(encoding="utf-8"), str(paths.EXTENSIONS_REPORT / "runs"), again)
    found, expected = (_leaves_by_name(table) for table in (pd.read_csv(findings), section_7.findings(parts)))
    yield Check(str(findings), str(page), found, expected)


def _leaves_by_name(table: pd.DataFrame) -> Numbers:
    return {f"{key} of {row['name']}": value for row in table.to_dict("records") for key, value in row.items()}


def _from_runs(rows: pd.DataFrame, wanted: Ablations, place: AblationPaths) -> Compared:
    """Every row of the ablations, and the same from its run."""
    runs = [run.row for run in ablations.load_all(read_experiment(place.experiment), wanted, place)]
    return _by_run(rows.to_dict("records")), _by_run(runs), EXACT


def _by_run(rows: list[Numbers]) -> Numbers:
    """Numbers as texts of nine digits, as the table has them: any digit counts."""
    found = {f"{key} of {row['variant']}, seed {row['seed']}": value for row in rows for key, value in row.items()}
    texts = {key: f"{value:.9g}" if isinstance(value, int | float) else value for key, value in found.items()}
    return texts | {"number of rows": len(rows)}


def _from_table(shown: list[str], rows: pd.DataFrame) -> Compared:
    """The lines of the ablations' page that are made of the table."""
    expected = [line for part in findings(rows) for line in part.splitlines()]
    return {line: True for line in expected if line in shown}, dict.fromkeys(expected, True), EXACT


def of_reference(folder: Path) -> Iterator[Check]:
    """One reference, from the files that are kept with it."""
    metrics, seeds = files.read_json(folder / paths.METRICS.name)[folder.name], pd.read_csv(folder / paths.SEEDS.name)
    yield from _table_and_metrics(folder, revisions.table(folder / paths.TABLE.name), metrics)
    scored, counted = seeds[seeds["log_likelihood"].notna()], revisions.counted(seeds)["seed"]  # a run may have been stopped
    scores = _scores(folder / paths.LOG_LIKELIHOODS, scored["seed"])
    means = {f"log_likelihood of seed {seed}": mean_and_standard_error(folds)[0] for seed, folds in scores.items()}
    yield Check(f"{folder}/{paths.SEEDS.name}", f"{folder}/{paths.LOG_LIKELIHOODS}", _by_seed(seeds), means, IN_FLOAT32)
    again = _over_seeds([scores[seed] for seed in counted])
    yield Check(f"{folder}/{paths.METRICS.name}", f"{folder}/{paths.LOG_LIKELIHOODS}", metrics, again, IN_FLOAT32)
    yield _metrics_and_seeds(folder, metrics, seeds)
    sources = [folder / paths.SANITY, folder / paths.LEARNING_CURVE]
    yield if_present(folder / paths.SEEDS.name, sources, lambda: (_by_seed(seeds), recomputed.outcomes(*sources), EXACT))
    yield Check(f"{folder}/{paths.METRICS.name}", f"{folder}/{paths.RELIABILITY}", metrics, _over_draws(folder, counted), COPIED)
    yield _provenance(folder, scored["seed"].tolist())
    kept = folder / paths.CHECKSUMS
    yield if_present(folder, [kept], lambda: (reference.checksums(folder), files.read_json(kept), EXACT))
    yield Check(f"{folder}/{paths.LOG_LIKELIHOODS}", "its samples", {}, {}, skipped="a reference is kept without its samples")


def _scores(path: Path, seeds: pd.Series) -> dict[int, list[np.ndarray]]:
    """Test log-likelihoods in nats, (m,) for each fold, by seed."""
    with np.load(path, allow_pickle=False) as arrays:
        folds = range(len(arrays) // len(seeds))
        return {seed: [arrays[f"seed_{seed}_fold_{fold}"].astype(np.float64) for fold in folds] for seed in seeds}


def _over_seeds(scores: list[list[np.ndarray]]) -> Numbers:
    """What metrics.json says of test log-likelihoods, given those of each seed that counts: (m,) for each fold."""
    means = [mean_and_standard_error(folds)[0] for folds in scores]
    folds = [np.mean(fold, axis=0) for fold in zip(*scores, strict=True)]
    mean, standard_error = mean_and_standard_error(folds)
    measured = {"log_likelihood": mean, "standard_error": standard_error, "num_seeds": len(scores)}
    measured["num_test_images"] = sum(map(len, folds))
    return measured | ({"seed_std": float(np.std(means, ddof=1))} if len(means) > 1 else {})


def _over_draws(folder: Path, seeds: pd.Series) -> Numbers:
    of_all = files.read(folder / paths.RELIABILITY, dict[int, Reliability])
    measured = [each for seed, each in of_all.items() if seed in set(seeds)]
    refined = [seed.refined.log_likelihood for seed in measured]
    return {"draw_std": pooled([seed.draw_std for seed in measured]), "refined_log_likelihood": float(np.mean(refined))}


def _provenance(folder: Path, seeds: list[int]) -> Check:
    """Source files by the checksums that the parameters ask for, and a device for each seed."""
    kept = files.read(folder / paths.PROVENANCE, Provenance)
    data = files.read_json(folder / paths.PARAMETERS_USED)["data"]
    # CIFAR-10's archive is needed only if the files in it are not there.
    published = [f"md5:{checksum}" for name, checksum in data.get("md5", {}).items() if name != CIFAR10_ARCHIVE]
    published += [f"sha256:{data['sha256']}"] if data.get("sha256") else []
    found = dict.fromkeys(kept.data.values(), True) | {"seeds with a device": str(list(kept.devices))}
    expected = dict.fromkeys(published, True) | {"seeds with a device": str(seeds)}
    return Check(f"{folder}/{paths.PROVENANCE}", f"{folder}/{paths.PARAMETERS_USED}, seeds.csv", found, expected)


def of_claims() -> Iterator[Check]:
    """The paper's claims from the files that they name, and their page."""
    shown, again = claims.read(paths.CLAIMS), claims.table()
    yield Check(str(paths.CLAIMS), "the files that it names", _by_claim(shown), _by_claim(again))
    yield lines(paths.CLAIMS_TEXT, paths.CLAIMS_TEXT.read_text(encoding="utf-8"), str(paths.CLAIMS), claims.to_markdown(again))


def _by_claim(rows: pd.DataFrame) -> Numbers:
    return {f"{key} of {row['name']}": row[key] for row in rows.to_dict("records") for key in row}


def fail(contradictions: list[str]) -> None:
    """Raises CheckFailed with the first contradictions, if there are any."""
    more = f"; and {len(contradictions) - SHOWN} more" if len(contradictions) > SHOWN else ""
    if contradictions:
        raise CheckFailed("; ".join(contradictions[:SHOWN]) + more)


def checked() -> Iterator[Check]:
    """Every check. Raises InputError, in one line, if a file is damaged."""
    try:
        yield from verify()
    except UNREADABLE as error:
        remedy = "restore it with git, `make repro` or `make ablations`"
        raise InputError(f"a file cannot be read ({type(error).__name__}: {one_line(error)}); {remedy}") from None


def main() -> None:
    """Check, print a line for each check, fail with the first numbers that do not follow."""
    parser = argparse.ArgumentParser(prog="python -m adversarial_nets.regression.verify", description=__doc__.split("\n\n")[0])
    with exit_status():
        parser.parse_args()
        contradictions = []
        for check in checked():
            print(check, flush=True)
            contradictions += check.contradictions()
        fail(contradictions)


if __name__ == "__main__":
    main()
