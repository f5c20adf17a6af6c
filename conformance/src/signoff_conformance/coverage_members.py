"""What of the values that the contract allows was seen: each word of an enum, null and not null.

Both ways: what the server has sent (answers, messages) and what it has accepted (bodies, query
parameters and headers of requests that it answered in the 200s).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final
from urllib.parse import parse_qs

from signoff_conformance.contract import Contract, Operation
from signoff_conformance.traffic import Exchange

CODES: Final = "ProblemCode"
"""Problem codes are counted by coverage.py: they come with each problem."""


class Way(StrEnum):
    """Who a value comes from."""

    SENT = "sent"
    ACCEPTED = "accepted"


class Members:
    """Counts words, and nulls of members that may be null.

    Args:
        contract: what there is to be seen.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._words: dict[tuple[Way, str], dict[str, int]] = {}
        self._nulls: dict[tuple[Way, str], dict[str, int]] = {}
        self._entered: set[tuple[Way, str]] = set()
        """Objects with a name: what is wanted of one is the same wherever it stands."""
        for way, schema in self._roots():
            self._want(way, schema)

    def see_answer(self, operation: Operation, exchange: Exchange, body: Any) -> None:
        """Count what an answer says, and what a request in the 200s was given."""
        response = operation.responses.get(exchange.status)
        media = exchange.answer_headers.get("content-type", "").partition(";")[0]
        if body is not None and response is not None and media in response.content:
            self._see(Way.SENT, response.content[media], body)
        if not 200 <= exchange.status < 300:
            return
        if operation.body is not None and exchange.body:
            self._see(Way.ACCEPTED, operation.body, exchange.request_json())
        query = parse_qs(exchange.path.partition("?")[2])
        headers = {name.lower(): [value] for name, value in exchange.headers.items()}
        for one in operation.parameters:
            given = headers.get(one.name.lower()) if one.place == "header" else query.get(one.name)
            for value in given or ():
                self._see(Way.ACCEPTED, one.schema, value)

    def see_message(self, message: Operation, body: Any) -> None:
        """Count what a message of the server says."""
        if message.body is not None and body is not None:
            self._see(Way.SENT, message.body, body)

    def missing(self) -> list[str]:
        """What was not seen, a line for each."""
        lines = [
            f"{name} {word} was never {way.value}"
            for (way, name), words in self._words.items()
            for word, count in words.items()
            if not count
        ]
        return lines + [
            f"{name} was never {way.value} {what}"
            for (way, name), whats in self._nulls.items()
            for what, count in whats.items()
            if not count
        ]

    def value(self) -> dict[str, Any]:
        """For the report: how often each was seen, by the way that it went."""
        told: dict[str, Any] = {}
        for title, found in (("words", self._words), ("nulls", self._nulls)):
            ways: dict[str, dict[str, dict[str, int]]] = {}
            for (way, name), counts in found.items():
                ways.setdefault(way.value, {})[name] = dict(counts)
            told[title] = ways
        return told

    def _roots(self) -> Iterator[tuple[Way, Any]]:
        for operation in self._contract.operations.values():
            for response in operation.responses.values():
                for media, schema in response.content.items():
                    if media.endswith("json"):
                        yield Way.SENT, schema
            if operation.body is not None:
                yield Way.ACCEPTED, operation.body
            for one in operation.parameters:
                yield Way.ACCEPTED, one.schema
        for message in self._contract.messages.values():
            if message.body is not None:
                yield Way.SENT, message.body

    def _want(self, way: Way, schema: Any, at: str = "") -> None:
        name, found = self._named(schema)
        if "enum" in found:
            if name and name != CODES and (way, name) not in self._words:
                unreachable = found.get("x-unreachable", {})
                words = [word for word in found["enum"] if word not in unreachable]
                self._words[way, name] = dict.fromkeys(words, 0)
        elif _is_nullable(found):
            if at:
                unreachable = found.get("x-unreachable", {})
                whats = [what for what in ("null", "not null") if what not in unreachable]
                self._nulls[way, at] = dict.fromkeys(whats, 0)
        elif "items" in found:
            self._want(way, found["items"], f"{at}[]" if at else "")
        elif (way, name) not in self._entered:
            if name:
                self._entered.add((way, name))
            for member, one in found.get("properties", {}).items():
                place = f"{name or at}.{member}"
                if (way, place) not in self._nulls:
                    self._want(way, one, place)

    def _see(self, way: Way, schema: Any, value: Any, at: str = "") -> None:
        name, found = self._named(schema)
        if "enum" in found:
            words = self._words.get((way, name), {})
            if isinstance(value, str) and value in words:
                words[value] += 1
        elif _is_nullable(found):
            whats = self._nulls.get((way, at), {})
            what = "null" if value is None else "not null"
            if what in whats:
                whats[what] += 1
        elif isinstance(value, list) and "items" in found:
            for item in value:
                self._see(way, found["items"], item, f"{at}[]" if at else "")
        elif isinstance(value, Mapping):
            for member, one in found.get("properties", {}).items():
                if member in value:
                    self._see(way, one, value[member], f"{name or at}.{member}")

    def _named(self, schema: Any) -> tuple[str, Mapping[str, Any]]:
        name = schema["$ref"].rpartition("/")[2] if "$ref" in schema else ""
        return name, self._contract.resolve(schema)


_TYPED: Final[Sequence[str]] = ("type", "enum", "const", "oneOf", "anyOf", "allOf")


def _is_nullable(schema: Mapping[str, Any]) -> bool:
    """Whether null fits: the contract has it in user JSON only, which has no type."""
    return "null" in schema.get("type", []) or not any(name in schema for name in _TYPED)
