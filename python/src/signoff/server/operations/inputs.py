"""Whether an input fits the schema that its reasoner was registered with."""

from __future__ import annotations

import json
from functools import lru_cache
from itertools import islice
from typing import Any

import jsonschema_rs

from signoff.server.domain.errors import Fault, Refusal
from signoff.server.operations import validation, wording

MOST_FAULTS = 20
"""So many places are named at most."""


def check(schema: str, value: object) -> None:
    """Let an input pass that fits the schema, given as JSON text.

    A text that is no valid schema lets everything pass: the agent itself checks again.

    Raises:
        Refusal: ``invalid_input``, with a pointer for each place.
    """
    validator = _compiled(schema)
    if validator is None or validator.is_valid(value):
        return
    places = (
        Fault(*place)
        for error in validation.errors(validator, value)
        for place in wording.said(error, ["input"])
    )
    raise refusal(list(islice(places, MOST_FAULTS)))


def refusal(faults: list[Fault]) -> Refusal:
    """The refusal of an input, for these places."""
    where = faults[0].pointer.removeprefix("/").replace("/", ".")
    return Refusal("invalid_input", f"{where}: {faults[0].detail}", errors=faults)


@lru_cache(maxsize=512)
def _compiled(schema: str) -> jsonschema_rs.Validator | None:
    try:
        return jsonschema_rs.validator_for(
            json.loads(schema),
            retriever=_refuse_retrieval,
            # Time linear in the input: a registered pattern can't hold the server up.
            pattern_options=jsonschema_rs.RegexOptions(),
        )
    except (ValueError, jsonschema_rs.ReferencingError):
        return None


def _refuse_retrieval(uri: str) -> Any:
    raise ValueError(f"schemas are not fetched: {uri}")
