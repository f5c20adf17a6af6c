"""Every error of a small value, the first of a large one."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from signoff.server.operations import validation

SCHEMA = Draft202012Validator({"additionalProperties": {"items": {"type": "string"}}})


@pytest.mark.parametrize(
    "value, found",
    [
        ({"a": [1, 2, 3]}, 3),
        ({"a": [1] * 1_900}, 1_900),
        ({"a": [1] * 2_000}, 1),
        ({f"x{n}": [1] for n in range(1_000)}, 1),
        ({"a": ["right"] * 3_000}, 0),
        ("right", 0),
    ],
)
def test_how_many_errors_are_told(value: Any, found: int):
    assert len(list(validation.errors(SCHEMA, value))) == found
