"""Whether an input fits the schema that its reasoner was registered with."""

from __future__ import annotations

import json
from functools import lru_cache
from itertools import islice
from typing import Any

import jsonschema_rs

from signoff.server.domain.errors import Fault, Refusal
from signoff.server.operations import validation

MOST_FAULTS = 20
"""So many places are named at most."""

LONGEST_NAME = 100
"""Names that a stranger made up are cut to so many characters."""


def check(schema: str, value: object) -> None:
    """Let an input pass that fits the schema, given as JSON text.

    A text that is no valid schema lets everything pass: the agent itself checks again.

    Raises:
        Refusal: ``invalid_input``, with a pointer for each place.
    """
    validator = _compiled(schema)
    if validator is None or validator.is_valid(value):
        return
    raise refusal(
        [_fault(error) for error in islice(validation.errors(validator, value), MOST_FAULTS)]
    )


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
            mask="the value",
            # Time linear in the input: a registered pattern can't hold the server up.
            pattern_options=jsonschema_rs.RegexOptions(),
        )
    except (ValueError, jsonschema_rs.ReferencingError):
        return None


def _refuse_retrieval(uri: str) -> Any:
    raise ValueError(f"schemas are not fetched: {uri}")


def _fault(error: jsonschema_rs.ValidationError) -> Fault:
    path = [str(step) for step in error.instance_path]
    if error.kind.name == "required":
        return Fault(_pointer([*path, str(error.kind.as_dict()["property"])]), "is required")
    return Fault(_pointer(path), error.message)


def _pointer(path: list[str]) -> str:
    steps = [step[:LONGEST_NAME].replace("~", "~0").replace("/", "~1") for step in path]
    return "/".join(["/input", *steps])
