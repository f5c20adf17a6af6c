"""The refusal of a request that does not match the contract."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from jsonschema_rs import Draft202012Validator

from signoff.server.domain.errors import Fault, Refusal
from signoff.server.operations import validation, wording

MOST: Final = 20
"""Places that one answer names. Whoever has more wrong will ask again."""


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
        for place, detail in wording.said(error, at):
            yield Fault(place, detail, where)
