"""What is wrong with a value, in words that say what would be right.

The validator knows exactly; its own sentences repeat the value, which may be a whole body or a
secret. These don't.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from jsonschema_rs import Draft202012Validator, ValidationError

from signoff.server.domain.errors import Fault, Refusal
from signoff.server.operations import validation

MOST: Final = 20
"""Places that one answer names. Whoever has more wrong will ask again."""

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


def refuse(faults: Iterable[Fault]) -> Refusal:
    """The refusal of a request that does not match the contract. A place is named once."""
    places: dict[tuple[str, str], Fault] = {}
    for fault in faults:
        places.setdefault((fault.where, fault.pointer), fault)
        if len(places) == MOST:
            break
    named = list(places.values())
    first = named[0]
    place = first.pointer.removeprefix("/").replace("/", ".") or first.where
    more = f" (and {len(named) - 1} more)" if len(named) > 1 else ""
    return Refusal("invalid_request", f"{place}: {first.detail}{more}", errors=named)


def of_value(
    validator: Draft202012Validator, value: object, where: str, at: tuple[str, ...] = ()
) -> Iterator[Fault]:
    """Each place in ``value`` that is wrong, in a large one only the first.

    ``at`` is where the value itself stands.
    """
    for error in validation.errors(validator, value):
        yield from _of_error(error, where, at)


def pointer(parts: Iterable[str | int]) -> str:
    """A JSON Pointer; names that a stranger made up are cut to a length."""
    return "".join("/" + _cut(str(part)).replace("~", "~0").replace("/", "~1") for part in parts)


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[:_LONGEST_NAME] + "…"


def _of_error(error: ValidationError, where: str, at: tuple[str, ...]) -> Iterator[Fault]:
    parts = [*at, *error.instance_path]
    kind = error.kind
    said = kind.as_dict()
    if kind.name == "required":
        yield Fault(pointer([*parts, said["property"]]), "is required", where)
    elif kind.name == "additionalProperties":
        for name in said["unexpected"]:
            yield Fault(pointer([*parts, name]), "is not known here; leave it out", where)
    else:
        words = _WORDS.get(kind.name)
        detail = words(said) if words else f"does not fit its {kind.name}"
        yield Fault(pointer(parts), detail, where)


def _type(said: Mapping[str, Any]) -> str:
    return "must be " + " or ".join(_TYPES[each] for each in said["types"])


def _enum(said: Mapping[str, Any]) -> str:
    return "must be one of " + ", ".join(map(str, said["options"]))


def _pattern(said: Mapping[str, Any]) -> str:
    return PATTERNS.get(said["pattern"], f"must match {said['pattern']}")


def _shortest(said: Mapping[str, Any]) -> str:
    least = said["limit"]
    return "must not be empty" if least == 1 else f"must have at least {least} characters"


_WORDS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "type": _type,
    "enum": _enum,
    "pattern": _pattern,
    "minimum": lambda said: f"must be at least {said['limit']}",
    "maximum": lambda said: f"must be at most {said['limit']}",
    "exclusiveMinimum": lambda said: f"must be greater than {said['limit']}",
    "minLength": _shortest,
    "maxLength": lambda said: f"must have at most {said['limit']} characters",
    "maxItems": lambda said: f"must have at most {said['limit']} items",
}
