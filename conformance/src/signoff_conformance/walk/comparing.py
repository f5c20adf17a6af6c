"""Comparing what a server answered with what the oracle says, place by place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from signoff_conformance import matching
from signoff_conformance.contract import JSON, Contract, Operation
from signoff_conformance.oracle.answers import Answer, Anything, Has, Maybe, Perhaps, Ties
from signoff_conformance.traffic import Exchange, violations
from signoff_conformance.walk.identities import SYMBOL, Identities

_EVENTS = {"$ref": "#/components/schemas/EventList"}
_PROBLEM = {"$ref": "#/components/schemas/Problem"}


class Comparison:
    """Compares answers in one walk.

    Args:
        contract: names the members of each record; user JSON is what it names none of.
        identities: of the walk.
    """

    def __init__(self, contract: Contract, identities: Identities) -> None:
        self._contract = contract
        self._identities = identities

    def differences(self, operation: Operation, right: Answer, exchange: Exchange) -> list[str]:
        """How an answer differs: a line for each place, none when it is right."""
        if not exchange.status:
            return [f"no answer: {exchange.note}"]
        if exchange.status != right.status:
            return [f"status: {right.status} is right, was {exchange.status}"]
        lines = violations(self._contract, exchange)
        if right.code is not None:
            lines += self._problem(right, exchange.json())
        else:
            schema = self._schema(operation, right)
            if schema is not None:
                lines += self._value(schema, right.body, exchange.json(), "")
        if right.location is not None:
            told = exchange.answer_headers.get("location", "")
            if told != self._identities.to_server(right.location):
                lines.append(f"Location: {right.location} is right, was {told}")
        return lines

    def _schema(self, operation: Operation, right: Answer) -> Any:
        """What the answer is compared by; None: it is no JSON, or there is none."""
        if operation.id == "streamExecutionEvents":
            return _EVENTS if right.status == 200 else None
        return operation.responses[right.status].content.get(JSON)

    def _problem(self, right: Answer, value: Any) -> Iterator[str]:
        if not isinstance(value, Mapping):
            yield f"the answer is no problem: {matching.shown(value)}"
            return
        if value.get("code") != right.code:
            yield f"/code: {right.code} is right, was {value.get('code')}"
            return
        if right.places:
            errors = value.get("errors", [])
            told = {(one.get("in"), one.get("pointer")) for one in errors}
            if told != right.places:
                yield f"/errors: {sorted(right.places)} is right, was {sorted(told)}"
        schema = self._contract.resolve(_PROBLEM)["properties"]
        for name, one in (right.body or {}).items():
            yield from self._value(schema[name], one, value.get(name), f"/{name}")

    def _value(self, schema: Any, right: Any, value: Any, place: str) -> Iterator[str]:
        schema = self._contract.resolve(schema)
        if isinstance(right, Anything | Perhaps):
            return
        if isinstance(right, Has):
            yield from self._members(schema, right.members, value, place, whole=False)
        elif isinstance(right, Mapping) and "properties" in schema:
            yield from self._members(schema, right, value, place, whole=True)
        elif isinstance(right, Ties):
            yield from self._items(schema["items"], right.items, self._ordered(right, value), place)
        elif isinstance(right, list) and "items" in schema:
            yield from self._items(schema["items"], right, value, place)
        elif not self._equal(right, value):
            yield _says(place, right, value)

    def _members(
        self, schema: Any, right: Mapping[str, Any], value: Any, place: str, *, whole: bool
    ) -> Iterator[str]:
        if not isinstance(value, Mapping):
            yield _says(place, "an object", value)
            return
        known = schema.get("properties", {})
        for name, one in right.items():
            if name in value:
                yield from self._value(known.get(name, {}), one, value[name], f"{place}/{name}")
            elif not isinstance(one, Perhaps):
                yield f"{place}/{name}: {matching.shown(one)} is right, was absent"
        for name in value:
            if whole and name in known and name not in right:
                yield f"{place}/{name}: absent is right, was {matching.shown(value[name])}"

    def _items(self, schema: Any, right: list[Any], value: Any, place: str) -> Iterator[str]:
        right = [row for one in right for row in _there(one, value)]
        if not isinstance(value, list) or len(value) != len(right):
            count = len(value) if isinstance(value, list) else "no array"
            yield f"{place}: {len(right)} items are right, was {count}"
            return
        for number, (one, other) in enumerate(zip(right, value, strict=True)):
            yield from self._value(schema, one, other, f"{place}/{number}")

    def _ordered(self, right: Ties, value: Any) -> Any:
        """The items in the order in which the oracle has them, where that is open."""
        if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
            return value
        left = list(value)
        for number, one in enumerate(right.items):
            if isinstance(one, Has):
                continue
            wanted = {name: self._identities.to_server(one.get(name)) for name in right.keys}
            for other in range(number, len(left)):
                item = left[other]
                if item.get(right.member) != one[right.member]:
                    break
                if all(item.get(name) == text for name, text in wanted.items()):
                    left[number], left[other] = left[other], left[number]
                    break
        return left

    def _equal(self, right: Any, value: Any) -> bool:
        if isinstance(right, str) and isinstance(value, str) and SYMBOL.fullmatch(right):
            return self._identities.same(right, value)
        return matching.equal(self._identities.to_server(right), value)


def _there(one: Any, value: Any) -> Iterator[Any]:
    if not isinstance(one, Maybe):
        yield one
    elif isinstance(value, list) and any(row.get(one.key) == one.item[one.key] for row in value):
        yield one.item


def _says(place: str, right: Any, value: Any) -> str:
    return f"{place or 'the answer'}: {matching.shown(right)} is right, was {matching.shown(value)}"
