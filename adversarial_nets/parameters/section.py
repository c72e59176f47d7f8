"""What every section of a parameter file is made of."""

import difflib
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Section(BaseModel):
    """A mapping in the file: known keys only, no conversion between types, never changed after reading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _knows_every_key(cls, values: Any) -> Any:
        for key in values if isinstance(values, dict) else ():
            if key not in cls.model_fields:
                hint = nearest(str(key), cls.model_fields) or f"; known are {', '.join(cls.model_fields)}"
                raise PydanticCustomError("unknown_key", "unknown key{hint}", {"key": key, "hint": hint})
        return values


def require(condition: bool, key: str, message: str) -> None:
    """Refuse an impossible combination; ``key`` is the culprit's path from the section that is being checked."""
    if not condition:
        raise PydanticCustomError("impossible", "{message}", {"key": key, "message": message})


def nearest(name: str, known: Iterable[str]) -> str:
    """A question that ends a message: did you mean this one of the ``known``? Empty if none is near."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""
