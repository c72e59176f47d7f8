"""Make the finished results of the suite the committed reference, one folder an experiment in reports/reference/."""

import hashlib
import importlib.metadata
import json
import platform
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "stages"))
import numpy as np
import pandas as pd
import torch
from common import FIGURES, LOGS, MODELS, PREPARED, REPORTS, SCORES, exit_status, load_parameters

from adversarial_nets.core import devices, files
from adversarial_nets.core.errors import CheckFailed
from adversarial_nets.data import prepared as datasets
from adversarial_nets.parameters.project import Project
from adversarial_nets.regression.reference import readme_table, write_checksums
from adversarial_nets.report import tables
from adversarial_nets.report.results import ExperimentResult, load_experiment
from adversarial_nets.running.machine import processor

PACKAGES = ["dvc", "matplotlib", "numpy", "pandas", "scikit-learn", "torch", "torchvision"]


def write_reference() -> None:
    """Refuses results that do not belong to the code and parameters as they stand."""
    refuse_stale_results()
    parameters = load_parameters()
    for name in parameters.suite:
        result = load_experiment(name, parameters.seeds, MODELS, SCORES, FIGURES)
        with files.replacing(REPORTS / "reference" / name) as folder:
            write_experiment(result, parameters, folder)
        print(f"wrote {REPORTS / 'reference' / name}")
    files.write_text(Path("README.md"), with_results(Path("README.md").read_text(encoding="utf-8"), REPORTS / "reference"))


def with_results(readme: str, references: Path) -> str:
    """The README with the paper's Table 1 and every committed reference between its two markers."""
    before, rest = readme.split("<!-- results -->\n", 1)
    after = rest.split("<!-- end of results -->", 1)[1]
    return f"{before}<!-- results -->\n{readme_table(references)}\n<!-- end of results -->{after}"


def refuse_stale_results() -> None:
    """Raises CheckFailed where `dvc status` names a stage of the default pipeline that would run again."""
    status = json.loads(subprocess.check_output(["dvc", "status", "--json", "dvc.yaml"], text=True))
    if status:
        raise CheckFailed(f"run `make repro` first: not up to date are {', '.join(sorted(status))}")


def write_experiment(result: ExperimentResult, parameters: Project, folder: Path) -> None:
    """All that a reader compares with: tables, curves, figures, scores per test image, and where they came from."""
    table = tables.results_table([result])
    files.write_json(folder / "metrics.json", {result.name: result.metrics()})
    files.write_csv(folder / "table1.csv", table[table["experiment"] == result.name])
    files.write_csv(folder / "seeds.csv", seeds_table(result))
    files.write_csv(folder / "learning_curve.csv", result.learning_curve())
    files.write_npz(folder / "log_likelihoods.npz", **scores(result))
    files.write_json(folder / "reliability.json", {seed.seed: seed.reliability for seed in result.seeds})
    files.write_json(folder / "parameters.json", parameters.experiments[result.name].model_dump())
    files.write_json(folder / "provenance.json", provenance(result, parameters))
    for picture in sorted((REPORTS / "figures").glob(f"{result.name}-*.png")):
        with files.replacing(folder / "figures" / picture.name) as copy:
            copy.write_bytes(picture.read_bytes())
    write_checksums(folder)


def seeds_table(result: ExperimentResult) -> pd.DataFrame:
    """Test log-likelihood in nats and σ, seed by seed."""
    rows = [
        {
            "seed": seed.seed,
            "log_likelihood": seed.log_likelihood,
            "sigma": np.mean([fold.sigma for fold in seed.cross_validation]),
        }
        for seed in result.seeds
    ]
    return pd.DataFrame(rows)


def scores(result: ExperimentResult) -> dict[str, np.ndarray]:
    """Log-likelihood of every test image, (m,) float32 for each seed and fold: enough to pair two runs image by image."""
    return {
        f"seed_{seed.seed}_fold_{number}": fold.astype(np.float32)
        for seed in result.seeds
        for number, fold in enumerate(seed.log_likelihoods)
    }


def provenance(result: ExperimentResult, parameters: Project) -> dict:
    """From what data and which commit, with which versions and on what machine these results came."""
    changed = subprocess.check_output(["git", "status", "--porcelain", "--untracked-files=no"], text=True)
    return {
        "commit": subprocess.check_output(["git", "rev-parse", "HEAD"], text=True).strip(),
        "dirty": bool(changed),
        "uncommitted_changes": sorted(line[3:] for line in changed.splitlines()),
        "data": data_checksums(result.name),
        "devices": {str(seed.seed): seed.summary["device"] for seed in result.seeds},
        "training_seconds": {str(seed.seed): training_seconds(result.name, seed.seed) for seed in result.seeds},
        "lock_file_sha256": sha256(Path("requirements.lock")),
        "python": platform.python_version(),
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "processor": processor(),
        "vector_instructions": torch.backends.cpu.get_cpu_capability(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "threads": devices.num_threads(),
    }


def data_checksums(name: str) -> dict[str, str]:
    """The published checksums that the source files had, such as ``md5:f68b…``, and the prepared file's own."""
    path = PREPARED / f"{name}.npz"
    data = datasets.load(path)
    sources = dict(zip(data.source_files.tolist(), data.source_checksums.tolist(), strict=True))
    return sources | {path.name: f"sha256:{sha256(path)}"}


def training_seconds(name: str, seed: int) -> float | None:
    """Wall time of a training, stops left out, where it was here: its log names the generator that came of it."""
    log = LOGS / name / f"{seed}.json"
    known = files.read_json(log) if log.exists() else {"generator_sha256": None}
    generator = MODELS / name / str(seed) / "generator.safetensors"
    return known["seconds"] if known["generator_sha256"] == sha256(generator) else None


def sha256(path: Path) -> str:
    """A file's digest, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    with exit_status():
        write_reference()
