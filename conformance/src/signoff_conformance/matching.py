"""What a case expects of a value, and in words how the value differs from it.

An object expects its members and lets others be there; an array expects exactly its items; any
other value expects itself, with numbers compared as numbers and never as booleans. An object with
one member whose name begins with ``$`` expects more than a value can say:

    {$any: true}        anything that is there         {$absent: true}  that it is not there
    {$type: integer}    a JSON type, by its word       {$match: '^a'}   a text with this in it
    {$exact: value}     this and no member more        {$ordered: value} that, keys in this order
    {$one_of: [a, b]}   one of these                   {$not: a}        anything but this
    {$has: [a, b]}      an array that has these items  {$length: 3}     so many items or characters
    {$least: 3}         a number from 3                {$most: 9}       a number up to 9
    {$all: [a, b]}      all of these at once           {$each: a}       of every item
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

ABSENT: Final = object()
"""The value of what is not there."""


def differences(expected: Any, value: Any, place: str = "") -> list[str]:
    """How ``value`` differs from what is expected: one line for each place, none if it fits."""
    return list(_differences(expected, value, place))


def equal(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: 1 is 1.0, but not true; the order of keys is nothing."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return (type(one) is type(other) and one == other) or _same_number(one, other)


def shown(value: Any) -> str:
    """A value as text, short enough for a line."""
    if value is ABSENT:
        return "absent"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 300 else text[:300] + "…"


def _differences(expected: Any, value: Any, place: str) -> Iterator[str]:
    operator = _operator(expected)
    if operator is not None:
        yield from _OPERATORS[operator](expected[operator], value, place)
    elif value is ABSENT:
        yield _says(place, shown(expected), value)
    elif isinstance(expected, Mapping):
        yield from _members(expected, value, place)
    elif isinstance(expected, list):
        yield from _items(expected, value, place)
    elif not equal(expected, value):
        yield _says(place, shown(expected), value)


def _operator(expected: Any) -> str | None:
    if not isinstance(expected, Mapping) or len(expected) != 1:
        return None
    (name,) = expected
    if not isinstance(name, str) or not name.startswith("$"):
        return None
    if name not in _OPERATORS:
        raise ValueError(f"a case expects {name}, which means nothing")
    return name


def _members(expected: Mapping[str, Any], value: Any, place: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield _says(place, "an object", value)
        return
    for name, one in expected.items():
        yield from _differences(one, value.get(name, ABSENT), f"{place}/{name}")


def _items(expected: list[Any], value: Any, place: str) -> Iterator[str]:
    if not isinstance(value, list) or len(value) != len(expected):
        count = f"{len(value)} items: {shown(value)}" if isinstance(value, list) else shown(value)
        yield f"{place or 'the value'}: want {len(expected)} items, is {count}"
        return
    for index, (one, item) in enumerate(zip(expected, value, strict=True)):
        yield from _differences(one, item, f"{place}/{index}")


def _says(place: str, right: str, value: Any) -> str:
    return f"{place or 'the value'}: want {right}, is {shown(value)}"


def _same_number(one: Any, other: Any) -> bool:
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    return numbers and bool(one == other)


def _any(_: Any, value: Any, place: str) -> Iterator[str]:
    if value is ABSENT:
        yield _says(place, "something", value)


def _absent(_: Any, value: Any, place: str) -> Iterator[str]:
    if value is not ABSENT:
        yield _says(place, "nothing", value)


_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, Mapping),
}


def _type(word: str, value: Any, place: str) -> Iterator[str]:
    if value is ABSENT or not _TYPES[word](value):
        yield _says(place, f"of type {word}", value)


def _match(pattern: str, value: Any, place: str) -> Iterator[str]:
    if not isinstance(value, str) or re.search(pattern, value) is None:
        yield _says(place, f"a text like {pattern}", value)


def _exact(right: Any, value: Any, place: str) -> Iterator[str]:
    if value is ABSENT or not equal(right, value):
        yield _says(place, f"exactly {shown(right)}", value)


def _ordered(right: Any, value: Any, place: str) -> Iterator[str]:
    if value is ABSENT or not equal(right, value):
        yield _says(place, f"exactly {shown(right)}", value)
    elif list(_keys(right)) != list(_keys(value)):
        yield _says(place, f"its keys in the order of {shown(right)}", value)


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield key
            yield from _keys(one)
    elif isinstance(value, list):
        for one in value:
            yield from _keys(one)


def _one_of(rights: list[Any], value: Any, place: str) -> Iterator[str]:
    if all(differences(right, value) for right in rights):
        yield _says(place, f"one of {shown(rights)}", value)


def _not(wrong: Any, value: Any, place: str) -> Iterator[str]:
    if not differences(wrong, value):
        yield _says(place, f"anything but {shown(wrong)}", value)


def _has(rights: list[Any], value: Any, place: str) -> Iterator[str]:
    items = value if isinstance(value, list) else []
    for right in rights:
        if all(differences(right, item) for item in items):
            yield _says(place, f"an array with {shown(right)}", value)


def _length(right: int, value: Any, place: str) -> Iterator[str]:
    if not isinstance(value, list | str | Mapping) or len(value) != right:
        yield _says(place, f"of length {right}", value)


def _least(right: float, value: Any, place: str) -> Iterator[str]:
    if not _TYPES["number"](value) or value < right:
        yield _says(place, f"{right} or more", value)


def _most(right: float, value: Any, place: str) -> Iterator[str]:
    if not _TYPES["number"](value) or value > right:
        yield _says(place, f"{right} or less", value)


def _all(rights: list[Any], value: Any, place: str) -> Iterator[str]:
    for right in rights:
        yield from _differences(right, value, place)


def _each(right: Any, value: Any, place: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield _says(place, "an array", value)
        return
    for index, item in enumerate(value):
        yield from _differences(right, item, f"{place}/{index}")


_OPERATORS: Final[Mapping[str, Callable[[Any, Any, str], Iterator[str]]]] = {
    "$any": _any,
    "$absent": _absent,
    "$type": _type,
    "$match": _match,
    "$exact": _exact,
    "$ordered": _ordered,
    "$one_of": _one_of,
    "$not": _not,
    "$has": _has,
    "$length": _length,
    "$least": _least,
    "$most": _most,
    "$all": _all,
    "$each": _each,
}
