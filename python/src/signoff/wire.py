"""What the generated models stand on: they keep what a newer server sends."""

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict


class Word(StrEnum):
    """A list of words that may grow; a word that is not in it yet is kept as it came."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        word = str.__new__(cls, value)
        word._name_ = value
        word._value_ = value
        return word


class Record(BaseModel):
    """A JSON object; members that are not declared yet are kept too.

    `model_dump(mode="json", exclude_unset=True)` is what came in: what was absent stays absent.
    """

    model_config = ConfigDict(
        extra="allow",
        # A few names of the wire are words of Python: they get a `_` here, never on the wire.
        serialize_by_alias=True,
        validate_by_name=True,
        # JSON has no NaN. Sent as written it is refused; sent as null it would be another value.
        ser_json_inf_nan="constants",
        # Importing the package must not take the time to build validators nobody asks for.
        defer_build=True,
    )
