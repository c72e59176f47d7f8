"""The page of all parameters is in step with the schema, and the schema says what every key means."""

from collections.abc import Iterator
from typing import Any

from adversarial_nets.parameters import reference_page
from adversarial_nets.parameters.section import Section
from support.experiments import ROOT


def sections(kind: Any = Section) -> Iterator[type[Section]]:
    for child in kind.__subclasses__():
        if child.__module__.startswith("adversarial_nets.parameters"):
            yield child
        yield from sections(child)


def test_the_committed_page_is_the_schemas() -> None:
    page = (ROOT / "docs" / "reference" / "parameters.md").read_text(encoding="utf-8")
    assert page == reference_page.page(), "python -m adversarial_nets.parameters.reference_page > docs/reference/parameters.md"


def test_every_key_has_a_meaning() -> None:
    found = list(sections())
    assert len(found) > 20
    for section in found:
        assert [name for name, field in section.model_fields.items() if not field.description] == [], section


def test_the_page_shows_limits_defaults_and_choices() -> None:
    page = reference_page.page()
    assert "| `keep_probability` | number > 0 ≤ 1 | 1 | dropout: " in page
    assert "| `noise` | `uniform`, `gaussian` |  | " in page
    assert "### `generator.layers.<name>` (`type`: `maxout`)" in page
