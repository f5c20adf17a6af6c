"""Inputs that do not fit: each place is named, in the words that are used for bodies too."""

from __future__ import annotations

import json
from typing import Any

import pytest

from signoff.server.domain.errors import Refusal
from signoff.server.operations import inputs

SCHEMA = json.dumps(
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "ticket": {"type": "string"},
            "model": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "of": {"anyOf": [{"type": "object", "required": ["a", "b"]}, {"type": "null"}]},
            "pages": {"type": "array", "minItems": 2},
            "third": {"multipleOf": 3},
        },
    }
)


@pytest.mark.parametrize(
    "value, place",
    [
        ({"ticket": 5}, ("/input/ticket", "must be a string")),
        ({"tickets": "x"}, ("/input/tickets", "is not known here; leave it out")),
        ({"model": 5}, ("/input/model", "must be a string or null")),
        ({"of": {}}, ("/input/of", "fits none of the forms that it may have")),
        ({"pages": [1]}, ("/input/pages", "must have at least 2 items")),
        ({"third": 4}, ("/input/third", "does not fit its multipleOf")),
        ({"x" * 101: 1}, ("/input/" + "x" * 100 + "…", "is not known here; leave it out")),
    ],
)
def test_each_place_is_named_with_what_would_be_right(value: Any, place: tuple[str, str]) -> None:
    with pytest.raises(Refusal) as refused:
        inputs.check(SCHEMA, value)
    assert [fault[:2] for fault in refused.value.errors] == [place]


def test_so_many_places_are_named_at_most() -> None:
    with pytest.raises(Refusal) as refused:
        inputs.check(SCHEMA, {f"x{number}": 1 for number in range(50)})
    assert len(refused.value.errors) == inputs.MOST_FAULTS
