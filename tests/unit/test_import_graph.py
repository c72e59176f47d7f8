"""The drawing of the packages in the docs follows the code."""

from graphlib import CycleError
from pathlib import Path

import pytest

from scripts import import_graph

ROOT = Path(__file__).parents[2]


def test_the_page_shows_the_graph_of_the_code():
    page = (ROOT / import_graph.PAGE).read_text(encoding="utf-8")
    remedy = "run `python -m scripts.import_graph`"
    assert import_graph.drawn(page, ROOT / import_graph.LIBRARY) == page, remedy


def test_imports_are_found_in_every_form_and_only_between_packages(tmp_path):
    for package in ("low", "high"):
        (tmp_path / "library" / package).mkdir(parents=True)
        (tmp_path / "library" / package / "__init__.py").write_text("")
    (tmp_path / "library" / "__init__.py").write_text("from library.high import a\n")
    (tmp_path / "library" / "high" / "a.py").write_text("import library.high.b\ndef f():\n    from library import low\n")
    (tmp_path / "library" / "low" / "a.py").write_text("import os.path\nfrom pathlib import Path\n")
    assert import_graph.imports(tmp_path / "library") == {"high": {"low"}, "low": set()}


def test_an_arrow_that_a_longer_way_implies_is_left_out():
    graph = {"a": {"b", "c", "d"}, "b": {"c"}, "c": {"d"}, "d": set()}
    assert import_graph.reduced(graph) == {"a": {"b"}, "b": {"c"}, "c": {"d"}, "d": set()}


def test_a_circle_is_an_error():
    with pytest.raises(CycleError):
        import_graph.reduced({"a": {"b"}, "b": {"a"}})
