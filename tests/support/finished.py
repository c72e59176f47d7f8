"""A small project whose stages all ran, with its reports, references and ablations: what judges results can be tried on it."""

import runpy
import shutil
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import pandas as pd

from adversarial_nets.core import files
from adversarial_nets.diagnostics import ablations
from adversarial_nets.parameters.project import Ablations
from adversarial_nets.parameters.reading import parse
from adversarial_nets.regression import claims, docs_tables, reference
from adversarial_nets.report.ablations import findings
from adversarial_nets.report.results import load_experiment
from adversarial_nets.running import paths
from adversarial_nets.running.paths import AblationPaths
from support.experiments import project_values, read_yaml, small, small_values, write_project, write_yaml

ROOT = Path(__file__).parents[2]
SEEDS = ["0", "1"]
OF_EXPERIMENT = ["fetch", "prepare", "sanity", "costs"]
OF_RUN = ["train", "sample", "cross_validate", "likelihood", "reliability", "collapse", "figures"]
IDENTITY = ("-c", "user.name=tester", "-c", "user.email=tester@example.org")
GAMES = {
    "simultaneous": {"game": "simultaneous", "discriminator_steps": 1, "generator_objective": "non_saturating"},
    "minimax": {"game": "simultaneous", "discriminator_steps": 1, "generator_objective": "minimax"},
}


def git(*arguments: str) -> str:
    """What a git command prints, in the current folder and under a tester's name."""
    return subprocess.check_output(["git", *IDENTITY, *arguments], text=True, stderr=subprocess.STDOUT)


def finish(folder: Path) -> None:
    """Run every stage in the folder, commit all, and make the results the reference of two experiments."""
    write_project(folder, project_values(), mnist5k=small_values())
    for name in (paths.RULES, "requirements.lock", "data/mnist5k.npz", "benchmarks/sampling.md"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    files.write_text(folder / ".gitignore", "".join(f"/{name}/\n" for name in ("data", "models", "samples", "scores", "figures")))
    with chdir(folder):
        run_stages()
        lock([paths.PAGE, paths.TABLE, paths.SEEDS, paths.METRICS, paths.PLOTS])
        write_ablations()
        claims.write()
        git("init", "--quiet", "--initial-branch", "main")
        git("add", "--all")
        git("commit", "--quiet", "--message", "Results")
        reference.write_reference(load_experiment("mnist5k", [0, 1]), paths.REFERENCES / "mnist5k")
        for page in docs_tables.PAGES:
            files.write_text(page, "# A project\n\n<!-- references -->\n\n<!-- end of references -->\n\nMore.\n")
        reference.renew_docs()
        claims.write()


def run_stages() -> None:
    """All of the default pipeline, in its order, in this process."""
    for stage in OF_EXPERIMENT:
        run_stage(stage, "mnist5k")
    for seed in SEEDS:
        for stage in OF_RUN:
            run_stage(stage, "mnist5k", seed)
    for stage in ("helvetica", "overfitting"):
        run_stage(stage, "mnist5k", SEEDS[0])
    for stage in ("known_density", "theory", "report"):
        run_stage(stage)


def run_stage(stage: str, *arguments: str) -> None:
    """As ``python -m stages.<stage>`` does."""
    argv, sys.argv = sys.argv, [stage, *arguments]
    try:
        runpy.run_module(f"stages.{stage}", run_name="__main__")
    finally:
        sys.argv = argv


def lock(outputs: list[Path]) -> None:
    """A dvc.lock in which DVC says what the stage `report` wrote."""
    stage = {
        "cmd": "true",
        "deps": [paths.PARAMETERS.as_posix()],
        "outs": [{each.as_posix(): {"cache": False}} for each in outputs],
    }
    write_yaml(Path("dvc.yaml"), {"stages": {"report": stage}})
    for command in (["init", "--no-scm", "--quiet"], ["commit", "--force", "--quiet"]):
        subprocess.run([sys.executable, "-m", "dvc", *command], check=True)


def write_ablations() -> None:
    """Two variants with a seed each, and the table and the page that come of them."""
    values = {"experiment": "mnist5k", "seeds": [0], "variants": GAMES}
    write_yaml(paths.ABLATIONS, values)
    for number, variant in enumerate(GAMES):
        write_ablation(variant, number)
    write_yaml(paths.ABLATED, small_values())
    place = AblationPaths()
    runs = ablations.load_all(small(), parse(values, Ablations, "ablations"), place)
    rows = pd.DataFrame([run.row for run in runs])
    files.write_csv(paths.ABLATIONS_TABLE, rows)
    files.write_text(place.report / "README.md", "\n\n".join(["# Ablations", *findings(rows)]) + "\n")


def write_ablation(variant: str, number: int) -> None:
    """What a variant's run leaves, with numbers that differ."""
    folder = AblationPaths().run(variant, 0)
    curve = {"epoch": [1, 2], "gradient_norm": [1.5 - number, 0.25], "d_real": [0.75, 0.5], "d_fake": [0.25, 0.5 - number / 8]}
    files.write_csv(folder / "learning_curve.csv", pd.DataFrame(curve))
    files.write_csv(folder / "gradients.csv", pd.DataFrame({"epoch": [1], "update": [1], "gradient_norm": [1.5]}))
    scores = {"log_likelihood": 83.125 - number, "standard_error": 7.5, "sigmas": [0.2], "sigma_at_grid_end": False}
    scores |= {"discriminator_updates": 3200, "generator_updates": 3200, "kept_epoch": 2, "outcome": "finished"}
    files.write_json(folder / "scores.json", scores)


def set_parameter(path: Path, key: str, value: object) -> None:
    """Change one parameter of a file."""
    *sections, last = key.split(".")
    values = section = read_yaml(path)
    for name in sections:
        section = section[name]
    section[last] = value
    write_yaml(path, values)
