"""What is wrong with a parameter, in one line that names it."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from adversarial_nets.core.errors import one_line

MAPPING = "a mapping of keys to values is needed here"
MESSAGES = {
    "dict_type": MAPPING,
    "model_attributes_type": MAPPING,
    "model_type": MAPPING,
    "list_type": "a list is needed here",
    "missing": "is required, and missing",
    "too_short": "at least 1 entry is needed here",
    "union_tag_invalid": "must be one of {expected_tags}",
    "union_tag_not_found": "is required, and missing",
}


def first_complaint(error: ValidationError, values: Any, file: str) -> str:
    """Pydantic's first complaint as ``file:path.of.the.key: what is wrong``; a union has one message per branch.

    The name before the second colon is what ``dvc exp run -S`` takes.
    """
    complaints = [(_path(each, values), each) for each in error.errors(include_url=False)]
    path, first = complaints[0]
    messages = [_message(each) for other, each in complaints if other == path]
    given = "" if isinstance(first["input"], dict | list) else f" (it is {first['input']!r})"
    # A key or a value may hold line breaks: the message is one line whatever stands in the file.
    return one_line(f"{file}{path and f':{path}'}: {' or '.join(messages)}{given}")


def _message(complaint: Any) -> str:
    """Pydantic's wording, or ours if its own speaks of Python rather than of the file."""
    ours = MESSAGES.get(complaint["type"])
    return ours.format_map(complaint.get("ctx", {})) if ours else complaint["msg"][:1].lower() + complaint["msg"][1:]


def _path(complaint: Any, values: Any) -> str:
    context = complaint.get("ctx", {})
    path = list(_keys(complaint["loc"], values, complaint["type"] == "missing"))
    if "key" in context:
        path.append(context["key"])
    elif "discriminator" in context:
        path.append(context["discriminator"].strip("'"))
    return ".".join(map(str, path))


def _keys(location: tuple, values: Any, missing: bool) -> Iterator[Any]:
    """The part of pydantic's location that stands in the file: it also names the branches of unions."""
    for position, key in enumerate(location):
        if (isinstance(values, dict) and key in values) or (isinstance(values, list) and isinstance(key, int)):
            values = values[key]
            yield key
        elif missing and position == len(location) - 1:
            yield key
