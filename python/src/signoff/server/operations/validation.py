"""What a JSON Schema says against a value, in a time that the value can't stretch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from jsonschema_rs import ValidationError, Validator

LARGE: Final = 2_000
"""Values of more parts than this have only their first error told."""


def errors(validator: Validator, value: object) -> Iterable[ValidationError]:
    """Every error, or the first one of a large value.

    The validator gathers all errors before it gives out the first, at some twenty microseconds
    each: an array of half a million wrong items would hold the server up for ten seconds.
    """
    if not _has_more_parts_than(LARGE, value):
        return validator.iter_errors(value)
    try:
        validator.validate(value)
    except ValidationError as first:
        return [first]
    return []


def _has_more_parts_than(limit: int, value: object) -> bool:
    left: list[Any] = [value]
    parts = 1
    while left:
        inner = left.pop()
        if isinstance(inner, dict | list):
            parts += len(inner)
            if parts > limit:
                return True
            left.extend(inner.values() if isinstance(inner, dict) else inner)
    return False
