"""What is wrong with a value, in words that say what would be right.

The validator knows exactly; its own sentences repeat the value, which may be a whole body or a
secret. These don't.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from jsonschema_rs import ValidationError

_LONGEST_NAME: Final = 100

PATTERNS: Final[Mapping[str, str]] = {
    r"^[^\u0000]*$": "must not contain U+0000",
    r"^[^\u0000]+$": "must not contain U+0000",
    r"^(?!apr_)[^\u0000]+$": "must not start with apr_, nor contain U+0000",
    r"^[0-9a-f]{64}$": "must be 64 lower-case hex digits",
    r"^https?://[^\s\u0000]+$": "must be an http or https URL",
    r"^[\x21-\x7E]+$": "must be visible ASCII characters",
    r"^[A-Za-z0-9_.-]+$": "must be letters, digits, _, . and -",
    r"^[A-Za-z0-9_-]+$": "must be letters, digits, _ and -",
    r"^[A-Za-z0-9_~-]+$": "must be letters, digits, _, ~ and -",
    r"^[A-Za-z0-9._~-]+$": "must be letters, digits, ., _, ~ and -",
    r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]+$": "must be a node and a reasoner with a dot between them",
    r"^agent\.[a-z0-9_]+(\.[a-z0-9_]+)*$": "must be agent. and a lower-case word",
    r"^whsec_[A-Za-z0-9+/]{32,100}={0,2}$": "must be whsec_ and the base64 of 24 bytes or more",
    r"^(?!0000)([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    r"|02-(0[1-9]|1[0-9]|2[0-8]))|([0-9]{2}(0[48]|[2468][048]|[13579][26])"
    r"|([02468][048]|[13579][26])00)-02-29)"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"\.[0-9]{3}Z$": "must be a time on a day that exists, such as 2026-01-05T09:30:00.000Z",
}
"""The contract's patterns in words. One that is missing here is shown as it is."""

_TYPES: Final = {
    "object": "an object",
    "array": "an array",
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


def said(error: ValidationError, at: Iterable[str | int] = ()) -> Iterator[tuple[str, str]]:
    """Each place that an error is about, as a JSON Pointer, and what would be right there.

    ``at`` is where the value itself stands.
    """
    parts = [*at, *error.instance_path]
    kind = error.kind
    facts = kind.as_dict()
    if kind.name == "required":
        yield pointer([*parts, facts["property"]]), "is required"
    elif kind.name == "additionalProperties":
        for name in facts["unexpected"]:
            yield pointer([*parts, name]), "is not known here; leave it out"
    else:
        words = _WORDS.get(kind.name)
        yield pointer(parts), words(facts) if words else f"does not fit its {kind.name}"


def pointer(parts: Iterable[str | int]) -> str:
    """A JSON Pointer; names that a stranger made up are cut to a length."""
    return "".join("/" + _cut(str(part)).replace("~", "~0").replace("/", "~1") for part in parts)


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[:_LONGEST_NAME] + "…"


def _type(said: Mapping[str, Any]) -> str:
    return "must be " + " or ".join(_TYPES[each] for each in said["types"])


def _one_of(said: Mapping[str, Any]) -> str:
    """Of types such as `str | None` their names; else nothing that is short and right."""
    types: list[str] = []
    for found in said["context"]:
        if [error.kind.name for error in found] != ["type"]:
            return "fits none of the forms that it may have"
        types += found[0].kind.as_dict()["types"]
    return _type({"types": types})


def _enum(said: Mapping[str, Any]) -> str:
    return "must be one of " + ", ".join(map(str, said["options"]))


def _pattern(said: Mapping[str, Any]) -> str:
    return PATTERNS.get(said["pattern"], f"must match {said['pattern']}")


def _shortest(said: Mapping[str, Any]) -> str:
    least = said["limit"]
    return "must not be empty" if least == 1 else f"must have at least {least} characters"


_WORDS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "type": _type,
    "anyOf": _one_of,
    "oneOf": _one_of,
    "enum": _enum,
    "pattern": _pattern,
    "minimum": lambda said: f"must be at least {said['limit']}",
    "maximum": lambda said: f"must be at most {said['limit']}",
    "exclusiveMinimum": lambda said: f"must be greater than {said['limit']}",
    "minLength": _shortest,
    "maxLength": lambda said: f"must have at most {said['limit']} characters",
    "minItems": lambda said: f"must have at least {said['limit']} items",
    "maxItems": lambda said: f"must have at most {said['limit']} items",
}
