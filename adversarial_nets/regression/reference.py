"""Make the finished results of the suite the committed reference: a folder an experiment in reports/reference/, and the tables
of references in README and docs.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from adversarial_nets.core import files
from adversarial_nets.core.errors import CheckFailed, exit_status
from adversarial_nets.parameters.project import Project
from adversarial_nets.parameters.reading import experiment_path, read, read_experiment
from adversarial_nets.regression import claims, docs_tables, provenance
from adversarial_nets.report import tables
from adversarial_nets.report.results import ExperimentResult, load_experiment
from adversarial_nets.running import dvc_cache, paths
from adversarial_nets.running.paths import ExperimentPaths


def write_references(force: bool = False) -> None:
    """Raises CheckFailed if the results do not belong to the code and parameters as they stand, if code is not committed, or if a
    reference rests on more, unless ``force`` lets the weaker replace it.
    """
    provenance.refuse_uncommitted_code()
    refuse_stale_results()
    project = read(paths.PARAMETERS, Project)
    results = [load_experiment(name, seeds) for name, seeds in project.runs.items()]
    for result in results if not force else []:
        refuse_weaker(result)
    for result in results:
        with files.replacing(ExperimentPaths(result.name).reference) as folder:
            write_reference(result, folder)
        print(f"wrote {ExperimentPaths(result.name).reference}; to make it anew:\n{provenance.of(result).command}")
    renew_docs()
    claims.write()


def refuse_stale_results(pipeline: str = "dvc.yaml", command: str = "make repro") -> None:
    """Raises CheckFailed if `dvc status` names a stage of a pipeline that would run again."""
    status = json.loads(dvc_cache.output("status", "--json", pipeline))
    if status:
        raise CheckFailed(f"run `{command}` first: not up to date are {', '.join(sorted(status))}")


def refuse_weaker(result: ExperimentResult) -> None:
    """Raises CheckFailed if the experiment's committed reference is of more runs or of more test images."""
    path = ExperimentPaths(result.name).reference / paths.METRICS.name
    kept = files.read_json(path)[result.name] if path.exists() else {}
    counted = {"runs": "num_started", "finished runs": "num_seeds", "test images": "num_test_images"}
    now, before = ({what: metrics.get(key, 0) for what, key in counted.items()} for metrics in (result.metrics(), kept))
    for what, count in now.items():
        if count < before[what]:
            remedy = "run as many, or replace it all the same with `python -m adversarial_nets.regression.reference --force`"
            raise CheckFailed(f"{path.parent} is of {before[what]} {what}, these results of {count}; {remedy}")


def write_reference(result: ExperimentResult, folder: Path) -> None:
    """All that a reader compares with: tables, curves, figures, scores per test image, and where they came from."""
    table = tables.results_table([result])
    files.write_json(folder / paths.METRICS.name, {result.name: result.metrics()})
    files.write_csv(folder / paths.TABLE.name, table[table["experiment"] == result.name])
    files.write_csv(folder / paths.SEEDS.name, result.seeds_table())
    files.write_csv(folder / paths.LEARNING_CURVE, result.learning_curve())
    files.write_csv(folder / paths.BLUR, result.blur())
    files.write_json(folder / paths.COPYING, {seed.seed: [asdict(each) for each in seed.copying] for seed in result.seeds})
    files.write_json(folder / paths.SANITY, result.sanity)
    for name, of_a_game in ((paths.HELVETICA, result.helvetica), (paths.OVERFITTING, result.overfitting)):
        if of_a_game is not None:
            files.write_json(folder / name, of_a_game)
    files.write_npz(folder / paths.LOG_LIKELIHOODS, **scores(result))
    files.write_json(folder / paths.RELIABILITY, {seed.seed: asdict(seed.reliability) for seed in result.seeds})
    experiment = read_experiment(experiment_path(result.name, paths.EXPERIMENTS))
    files.write_json(folder / paths.PARAMETERS_USED, experiment.model_dump())
    files.write_json(folder / paths.PROVENANCE, provenance.of(result))
    copy_figures(result.name, folder / "figures")
    write_checksums(folder)


def copy_figures(name: str, folder: Path) -> None:
    """The report's pictures of an experiment."""
    for picture in sorted(paths.REPORT_FIGURES.glob(f"{name}-*.png")):
        with files.replacing(folder / picture.name) as copy:
            copy.write_bytes(picture.read_bytes())


def scores(result: ExperimentResult) -> dict[str, np.ndarray]:
    """Log-likelihood of every test image, (m,) float32 for each seed and fold: enough to pair two runs image by image."""
    return {
        f"seed_{seed.seed}_fold_{number}": fold.astype(np.float32)
        for seed in result.seeds
        for number, fold in enumerate(seed.log_likelihoods)
    }


def checksums(folder: Path) -> dict[str, str]:
    """SHA-256 of every file in a reference's folder but the checksums themselves."""
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and path != folder / paths.CHECKSUMS]
    return {path.relative_to(folder).as_posix(): files.digest(path, "sha256") for path in found}


def write_checksums(folder: Path) -> None:
    """Last of a reference's files: what verification holds the others against."""
    files.write_json(folder / paths.CHECKSUMS, checksums(folder))


def renew_docs() -> None:
    """The tables of references in README and docs."""
    for page in docs_tables.PAGES:
        files.write_text(page, docs_tables.renewed(page.read_text(encoding="utf-8"), paths.REFERENCES))


def main() -> None:
    """Write the references."""
    parser = argparse.ArgumentParser(prog="python -m adversarial_nets.regression.reference", description=__doc__)
    parser.add_argument("--force", action="store_true", help="replace a reference that is of more runs or more test images")
    with exit_status():
        given = parser.parse_args()
        write_references(given.force)


if __name__ == "__main__":
    main()
