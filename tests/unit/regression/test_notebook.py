"""The notebook of docs/how-to/, run from its own folder on a small project's results."""

import shutil
from pathlib import Path

import nbformat
import pandas as pd
from nbclient import NotebookClient

from adversarial_nets.running import paths
from support.project import ROOT

NOTEBOOK = Path("docs/how-to/explore_results.ipynb")


def printed(notebook: nbformat.NotebookNode) -> str:
    """What its cells print."""
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return "".join(output.text for output in outputs if output.output_type == "stream" and output.name == "stdout")


def test_the_notebook_runs_and_scores_samples_as_the_pipeline_did(project: Path) -> None:
    for name in ("mnist", "mnist_averaged"):
        shutil.copytree(paths.REFERENCES / "mnist5k", paths.REFERENCES / name)
    (project / NOTEBOOK).parent.mkdir(parents=True, exist_ok=True)
    notebook = nbformat.read(ROOT / NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": project / NOTEBOOK.parent}}).execute()
    nats = pd.read_csv(paths.SEEDS, index_col="seed").loc[0, "log_likelihood"]
    assert printed(notebook).startswith(f"{nats:.3f} ± ")


def test_the_notebook_is_kept_without_outputs() -> None:
    cells = nbformat.read(ROOT / NOTEBOOK, as_version=4).cells
    assert [cell.outputs for cell in cells if cell.cell_type == "code" and (cell.outputs or cell.execution_count)] == []
