"""Make the finished results of section 7's extensions a committed reference, as for MNIST.

A folder for each experiment in reports/extensions/reference/: what was measured and drawn, tables, the page, and where they came
from. ``checks`` says whether they follow from one another and, if the models are here, from these.
"""

import argparse
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from adversarial_nets.core import devices, files
from adversarial_nets.core.errors import exit_status
from adversarial_nets.core.randomness import stream
from adversarial_nets.data import prepared
from adversarial_nets.data.prepared import TEST
from adversarial_nets.extensions import class_scores, conditional, features, few_labels, games, inference, reconstruction
from adversarial_nets.extensions.models import named
from adversarial_nets.parameters.conditional import COMPLETION, TRAINING_IMAGES
from adversarial_nets.parameters.extensions import Extensions
from adversarial_nets.parameters.inference import FEW_LABELS, INFERENCE
from adversarial_nets.parameters.reading import parse, read
from adversarial_nets.regression import provenance
from adversarial_nets.regression.checks import EXACT, RECOMPUTED, Check, Compared, if_present, lines
from adversarial_nets.regression.reference import checksums, refuse_stale_results, write_checksums
from adversarial_nets.report.section_7 import chapters, page
from adversarial_nets.running import paths, stage
from adversarial_nets.running.paths import ExtensionPaths

README = "README.md"


def write_reference() -> None:
    """Of the experiment in extensions/params.yaml, from what its stages wrote.

    Raises CheckFailed if code is not committed, or if the results do not belong to the code and parameters as they stand.
    """
    provenance.refuse_uncommitted_code()
    refuse_stale_results("extensions/dvc.yaml", "make extensions")
    asked = read(paths.EXTENSIONS, Extensions)
    with files.replacing(paths.EXTENSION_REFERENCES / asked.experiment) as folder:
        for seed in asked.seeds:
            copy_results(asked, seed, folder)
        for chapter in chapters(asked, folder):
            files.write_csv(folder / f"{chapter.name}.csv", chapter.rows)
        files.write_text(folder / README, page(asked, chapters(asked, folder)))
        files.write_json(folder / paths.PARAMETERS_USED, asked.model_dump())
        files.write_json(folder / paths.PROVENANCE, provenance.of_extensions(asked))
        write_checksums(folder)
    print(f"wrote {paths.EXTENSION_REFERENCES / asked.experiment}")


def copy_results(asked: Extensions, seed: int, folder: Path) -> None:
    """What was measured and drawn, and the learning curves of what was trained."""
    trained = [*asked.conditional.variants, COMPLETION, INFERENCE]
    for name in [TRAINING_IMAGES, *trained, FEW_LABELS]:
        shutil.copytree(ExtensionPaths(name, seed).results, ExtensionPaths(name, seed, folder).results)
    for name in trained:
        shutil.copy(ExtensionPaths(name, seed).model / paths.LEARNING_CURVE, ExtensionPaths(name, seed, folder).results)


def checks() -> Iterator[Check]:
    """Every reference: its tables and page from its scores, its files from their checksums, a slice of scores from the models."""
    for folder in sorted(paths.EXTENSION_REFERENCES.glob("*/")):
        asked = parse(files.read_json(folder / paths.PARAMETERS_USED), Extensions, str(folder / paths.PARAMETERS_USED))
        text, parts = (folder / README).read_text(encoding="utf-8"), chapters(asked, folder)
        yield lines(folder / README, text, f"{folder}/runs", page(asked, parts))
        for part in parts:
            path = folder / f"{part.name}.csv"
            yield lines(path, path.read_text(encoding="utf-8"), f"{folder}/runs", _as_csv(part.rows))
        kept = folder / paths.CHECKSUMS
        yield if_present(folder, [kept], lambda folder=folder, kept=kept: (checksums(folder), files.read_json(kept), EXACT))
        for seed in asked.seeds:
            yield from _recomputed(asked, seed, folder)


def _as_csv(rows: pd.DataFrame) -> str:
    with files.workspace() as folder:
        files.write_csv(folder / "rows.csv", rows)
        return (folder / "rows.csv").read_text(encoding="utf-8")


def _recomputed(asked: Extensions, seed: int, folder: Path) -> Iterator[Check]:
    if read(paths.EXTENSIONS, Extensions) != asked:
        others = f"{paths.EXTENSIONS} is of others, and so may be the models here"
        yield Check(str(folder), str(paths.EXTENSION_MODELS), {}, {}, skipped=others)
        return
    task, encoder = stage.task(asked.experiment, seed), ExtensionPaths(INFERENCE, seed).encoder
    scores, errors = ExtensionPaths(INFERENCE, seed, folder).scores, ExtensionPaths(FEW_LABELS, seed, folder).errors
    here = [encoder, task.paths.generator, task.paths.discriminator, task.paths.prepared]
    yield if_present(scores, here[:2], lambda: _r2_again(asked, task, encoder, scores))
    variant = next(iter(asked.conditional.variants))
    kept = [ExtensionPaths(variant, seed).model / paths.GENERATOR, task.paths.prepared]
    scores_of_variant = ExtensionPaths(variant, seed, folder).scores
    yield if_present(scores_of_variant, kept, lambda: _class_wise_again(asked, task, variant, scores_of_variant))
    yield if_present(errors, here, lambda: _errors_again(asked, task, errors))


def _class_wise_again(asked: Extensions, task: stage.Task, variant: str, scores: Path) -> Compared:
    """Of the test images under samples of their own class, drawn anew: some seconds."""
    model = named(asked, variant, task, data := prepared.load(task.paths.prepared))
    generator = games.load(model, ExtensionPaths(variant, task.seed).model)
    samples = conditional.draw(model, generator, asked.conditional.samples_per_class, "sampling")
    found = files.read(scores, class_scores.Scores)
    images, labels = conditional.Classes(data).held_out(TEST)
    again = conditional.class_wise(samples, images, labels, np.array([found.class_wise_sigma])).mean()
    key = "class_wise_log_likelihood"
    return {key: found.class_wise_log_likelihood}, {key: float(again)}, RECOMPUTED


def _r2_again(asked: Extensions, task: stage.Task, encoder: Path, scores: Path) -> Compared:
    """R² of all fresh z: a few seconds."""
    run = inference.start(inference.Setup(asked.inference, task.paths.generator, task.seed, torch.device("cpu")))
    run.encoder = inference.load_encoder(encoder, inference.pixels(run.description), torch.device("cpu"))
    again = inference.r2(
        run, inference.noise(run.description, asked.inference.num_fresh, stream(task.seed, reconstruction.NOISE))
    )
    found = files.read(scores, reconstruction.Inferred)
    return {"r2": found.r2}, {"r2": float(again.mean())}, RECOMPUTED


def _errors_again(asked: Extensions, task: stage.Task, errors: Path) -> Compared:
    """Of D's features with the smallest number of labels: some seconds."""
    data, device = prepared.load(task.paths.prepared), devices.resolve("cpu")
    trained = features.of_network(features.discriminators(task, device)["D"], device)
    fewest = asked.few_labels.model_copy(update={"counts": [min(asked.few_labels.counts)]})
    again = few_labels.measure("D", features.standardised(trained, data.training_images), data, fewest, task.seed)
    return _by_case(pd.read_csv(errors)), _by_case(again.rows), RECOMPUTED


def _by_case(rows: pd.DataFrame) -> dict[str, float]:
    keys = rows["features"] + ", " + rows["labels"].astype(str) + " labels, draw " + rows["draw"].astype(str)
    return dict(zip(keys, np.asarray(rows["error"]).tolist(), strict=True))


def main() -> None:
    """Write the reference."""
    parser = argparse.ArgumentParser(prog="python -m adversarial_nets.regression.extension_references", description=__doc__)
    with exit_status():
        parser.parse_args()
        write_reference()


if __name__ == "__main__":
    main()
