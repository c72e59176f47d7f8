"""The reference page of all parameters, from the schema: ``python -m adversarial_nets.parameters.reference_page`` prints it."""

import json
import re
from collections.abc import Iterator
from typing import Any

from adversarial_nets.parameters.extensions import Extensions
from adversarial_nets.parameters.project import Ablations, Project
from adversarial_nets.parameters.reading import MODELS

FILES = {
    "params.yaml": [Project],
    "experiments/*.yaml": list(MODELS.values()),
    "ablations/params.yaml": [Ablations],
    "extensions/params.yaml": [Extensions],
}
INTRODUCTION = """\
# Parameters

Every key of every parameter file, made of the schema by `python -m adversarial_nets.parameters.reference_page`. The stage `check`
refuses unknown keys, other types and values outside these limits before any work is done. A key without a default is required.
"""
LIMITS = {"minimum": "≥ {}", "exclusiveMinimum": "> {}", "maximum": "≤ {}", "exclusiveMaximum": "< {}"}
TYPES = {"null": "`null`", "integer": "whole number", "number": "number", "string": "text", "array": "list", "object": "mapping"}


def page() -> str:
    """Markdown: a table for each section of each file."""
    parts = [INTRODUCTION]
    for file, schemas in FILES.items():
        parts.append(f"## `{file}`\n")
        seen: set[str] = set()
        for schema in schemas:
            whole = schema.model_json_schema()
            parts += _sections(whole, "", whole["$defs"], seen)
    return "\n".join(parts)


def _sections(schema: dict[str, Any], path: str, definitions: dict[str, Any], seen: set[str]) -> Iterator[str]:
    """The table of a section and then those of the sections in it, each once."""
    tag = [f" (`{key}`: {_type(schema['properties'][key])})" for key in ("source", "type") if key in schema["properties"]]
    if path:
        yield f"### `{path.removesuffix('.')}`{''.join(tag)}\n"
    yield f"{schema['description'].replace('``', '`').split(chr(10) + chr(10))[0]}\n"
    yield _table(schema)
    for key, value in schema["properties"].items():
        for name in re.findall(r'"\$ref": "#/\$defs/(\w+)"', json.dumps(value)):
            if name not in seen:
                seen.add(name)
                within = f"{path}{key}.<name>." if value.get("type") == "object" else f"{path}{key}."
                yield from _sections(definitions[name], within, definitions, seen)


def _table(section: dict[str, Any]) -> str:
    rows = ["| Key | Type and limits | Default | Meaning |", "| --- | --- | --- | --- |"]
    for key, value in section["properties"].items():
        given = "" if key in section.get("required", []) else _default(value["default"])
        rows.append(f"| `{key}` | {_type(value)} | {given} | {value['description']} |")
    return "\n".join(rows) + "\n"


def _default(value: Any) -> str:
    if value is None or isinstance(value, str):
        return f"`{value}`" if value else "none"
    return f"{value:g}"


def _type(value: dict[str, Any]) -> str:
    """What may stand there, in words."""
    if branches := value.get("anyOf") or value.get("oneOf"):
        return " or ".join(dict.fromkeys(_type(branch) for branch in branches if branch.get("type") != "null"))
    if choices := value.get("enum") or ([value["const"]] if "const" in value else []):
        return ", ".join(f"`{choice}`" for choice in choices)
    if "$ref" in value:
        return "section"
    limits = " ".join(words.format(value[key]) for key, words in LIMITS.items() if key in value)
    inner = f"of {_type(_inner(value))}" if value["type"] in ("array", "object") else ""
    return " ".join(filter(None, (TYPES[value["type"]], inner, limits)))


def _inner(value: dict[str, Any]) -> dict[str, Any]:
    """What a list or a mapping holds."""
    return value.get("items") or value.get("additionalProperties") or next(iter(value["patternProperties"].values()))


if __name__ == "__main__":
    print(page(), end="")
