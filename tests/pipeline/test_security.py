"""The promises of SECURITY.md that can be held against the code and the pages."""

import ast
import gzip
import hashlib
import os
import re
import tarfile
from pathlib import Path

import numpy as np
import pytest

from adversarial_nets.core.errors import InputError
from adversarial_nets.data import prepared as datasets
from adversarial_nets.data import sources
from adversarial_nets.gan import networks
from adversarial_nets.running import checkpoints
from support.experiments import ROOT
from support.source_files import Archives

SOURCES = sorted(
    path
    for folder in ("adversarial_nets", "stages", "scripts", "ablations", "extensions", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
)
PAGES = [ROOT / "reports" / "index.html", *sorted((ROOT / "adversarial_nets" / "report" / "templates").glob("*.html"))]
# Charts' data, and the one script that the page's policy names, which test_report.py holds against the library's.
SCRIPT = re.compile(r'<script(?: type="application/json")?>.*?</script>', re.DOTALL)
FORBIDDEN = {"eval", "exec", "torch.load", "yaml.load", "yaml.unsafe_load", "os.system", "shutil.unpack_archive"}


def name(node: ast.expr) -> str:
    """A call's name with its dots, such as ``np.load``."""
    return f"{name(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_code_is_read_from_files(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    assert not imported & {"pickle", "cPickle", "dill", "joblib", "marshal", "shelve"}
    for call in calls(path):
        keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        assert name(call.func) not in FORBIDDEN
        assert keywords.get("shell") is None
        if name(call.func) == "np.load":
            assert keywords.get("allow_pickle") == "False", ast.unparse(call)
        if getattr(call.func, "attr", "") in ("extractall", "extract"):
            assert keywords.get("filter") == "'data'", ast.unparse(call)
        if name(call.func) == "YAML":
            assert keywords.get("typ") == "'safe'", ast.unparse(call)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_loads_nothing_from_the_network(path: Path) -> None:
    page = SCRIPT.sub("", path.read_text(encoding="utf-8"))
    assert not re.search(r"<(script|link|iframe|object|embed|base|form)\b", page, flags=re.IGNORECASE)
    assert not re.search(r"@import|url\(", page)
    sources = re.findall(r"""\b(?:src|srcset|poster|data)=["']?([^"'>\s]{0,40})""", page)
    assert sources or path.name == "table.html"
    assert all(source.startswith(("data:image/", "{{")) for source in sources)


class Exploit:
    """Pickled, it makes a file when it is read."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.path),)


def test_pickles_in_every_place_of_a_file_run_nothing(tmp_path: Path) -> None:
    import pickle

    pickled, owned = tmp_path / "pickled", tmp_path / "owned"
    pickled.write_bytes(pickle.dumps(Exploit(owned)))
    np.savez(tmp_path / "arrays.npz", title=np.array([Exploit(owned)], dtype=object))
    digest = hashlib.sha256(pickled.read_bytes()).digest()
    (tmp_path / "state").write_bytes(digest + pickled.read_bytes())
    for read in (
        lambda: datasets.load(pickled),
        lambda: datasets.load(tmp_path / "arrays.npz"),
        lambda: networks.load_generator(pickled, "cpu"),
        lambda: checkpoints._read(tmp_path / "state", "key"),
    ):
        with pytest.raises(Exception, match=r".+"):
            read()
    assert not owned.exists()
    pickle.loads(pickled.read_bytes())
    assert owned.exists()  # it would have


def test_an_archive_that_is_none_writes_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tar with a path that leads out of its folder, gzipped under an archive's name, its checksum in the parameters."""
    archives, raw = Archives(), tmp_path / "data" / "raw"
    archives.put(raw / "MNIST" / "raw")
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        (tmp_path / "payload").write_text("owned")
        tar.add(tmp_path / "payload", arcname="../../../../owned")
    evil = gzip.compress((tmp_path / "evil.tar").read_bytes())
    first = next(iter(archives.md5))
    (raw / "MNIST" / "raw" / first).write_bytes(evil)
    before = sorted(tmp_path.rglob("*"))
    parameters = archives.parameters.model_copy(update={"md5": archives.md5 | {first: hashlib.md5(evil).hexdigest()}})
    with pytest.raises(InputError, match="not as published"):
        sources.prepare(parameters, raw, "own")
    assert sorted(tmp_path.rglob("*")) == before
