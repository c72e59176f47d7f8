"""What `suite` and `seeds` no longer name is removed, if DVC can bring it back."""

import shutil
from pathlib import Path

import pytest

from adversarial_nets.core import files
from adversarial_nets.running import dvc_cache, prune
from support.experiments import project_values, small_values, write_project


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """DVC's cache, in a project of two seeds of mnist5k; mnist has a file too."""
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path, project_values(), mnist5k=small_values(), mnist=small_values())
    monkeypatch.setattr(dvc_cache, "folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def write(path: str, cache: Path | None) -> Path:
    """A file of an output, and its copy in the cache if there is to be one."""
    files.write_text(Path(path), path)
    if cache:
        digest = files.digest(path, "md5")
        target = cache / "files" / "md5" / digest[:2] / digest[2:]
        target.parent.mkdir(parents=True)
        shutil.copy(path, target)
    return Path(path)


@pytest.mark.parametrize(
    "path", ["models/mnist/0/summary.json", "models/mnist5k/7/summary.json", "samples/mnist5k/7.npy", "scores/mnist/sanity.json"]
)
def test_what_is_not_named_goes_if_the_cache_has_it(cache: Path, path: str) -> None:
    gone, kept = write(path, cache), write(path.replace("7", "8").replace("mnist/", "mnist5k/9/"), None)
    prune.prune()
    assert not gone.exists()
    assert kept.exists()


@pytest.mark.parametrize(
    "path", ["models/mnist5k/1/summary.json", "scores/mnist5k/sanity.json", "models/copy_of_mnist5k/0/summary.json"]
)
def test_what_is_named_or_not_the_pipelines_stays(cache: Path, path: str) -> None:
    kept = write(path, cache)
    prune.prune()
    assert kept.exists()


def test_empty_folders_go_and_no_others(cache: Path) -> None:
    kept = write("models/mnist5k/0/summary.json", None)
    for name in ("models/mnst5k/0", "scores/mnist5k/-1", "figures/mnist5k/0"):
        Path(name).mkdir(parents=True)
    prune.remove_empty_folders()
    assert kept.exists()
    assert not any(Path(name).exists() for name in ("models/mnst5k", "scores/mnist5k", "figures/mnist5k"))
