"""What a mutant of the wire changes: of a request and its answer, or of lines, as JSON values.

A request is ``{method, path, query, headers, body}``, an answer ``{status, headers, body}``; of an
adapter the message is the request's body, the line that it writes the answer's.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from signoff_conformance import matching

Value = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One change; see ``schemas/wire_mutants.json``."""

    of: Sequence[str] = ("*",)
    when: Mapping[str, Any] = field(default_factory=dict)
    request: Mapping[str, Any] = field(default_factory=dict)
    answer: Mapping[str, Any] = field(default_factory=dict)
    do: str = "pass"
    skip: int = 0


class Meddler:
    """Changes what goes over the wire of one case.

    Args:
        changes: those of the mutant.
        keys: of the server, by their names.
    """

    def __init__(self, changes: Sequence[Change], keys: Mapping[str, str] | None = None) -> None:
        self.changes = changes
        self._met = [0] * len(changes)
        self.keys = keys or {}
        self.first: dict[str, Any] = {}
        """The first answers, for those that are given again."""

    def meets(self, name: str, request: Value) -> list[Change]:
        """The changes that are for this request, whatever the answer will be."""
        fit = [one for one in self.changes if _is_of(one, name)]
        return [one for one in fit if _fits(one.when.get("request"), request)]

    def asked(self, changes: Sequence[Change], request: Value) -> Value:
        """The request as the other side gets it."""
        for change in changes:
            if change.request and "answer" not in change.when and self._counts(change):
                request = self._edited(change.request, request, request)
        return request

    def answered(self, changes: Sequence[Change], request: Value, answer: Value) -> Value:
        """The answer as who asked gets it."""
        for change in changes:
            if not change.answer or not _fits(change.when.get("answer"), answer):
                continue
            if change.request or self._counts(change):
                answer = self._edited(change.answer, answer, request)
        return answer

    def takes(self, change: Change) -> bool:
        """Whether what the change does is to be done to this request."""
        return bool(change.request or change.answer) or self._counts(change)

    def _counts(self, change: Change) -> bool:
        place = next(number for number, one in enumerate(self.changes) if one is change)
        self._met[place] += 1
        return self._met[place] > change.skip

    def _edited(self, edit: Mapping[str, Any], told: Value, request: Value) -> Value:
        made = copy.deepcopy(told)
        for name in ("headers", "query"):
            for key, value in edit.get(name, {}).items():
                place = made.setdefault(name, {})
                _put(place, key, self._value(value, place.get(key), made, request))
        for pointer, value in edit.get("body", {}).items():
            for place, key in _places(made, ["body", *_parts(pointer)]):
                old = place.get(key) if isinstance(place, dict) else place[key]
                _put(place, key, self._value(value, old, made, request))
        for name in ("status", "path"):
            if name in edit:
                made[name] = self._value(edit[name], made.get(name), made, request)
        if "problem" in edit:
            _become_a_problem(made, *edit["problem"])
        return made

    def _value(self, told: Any, old: Any, answer: Value, request: Value) -> Any:
        """A value; one of ``$absent``, ``$from``, ``$plus``, ``$fresh``, … stands for another."""
        if not isinstance(told, Mapping) or len(told) != 1:
            return told
        ((name, argument),) = told.items()
        whole = {"request": request, "answer": answer}
        match name:
            case "$from":
                return _get(whole, _parts(argument))
            case "$plus":
                return (old or 0) + argument
            case "$fresh":
                return f"{argument}{uuid.uuid4().hex[:8]}"
            case "$key":
                return self.keys.get(argument, matching.ABSENT)
            case "$with":
                return f"{old}{argument}"
            case "$absent":
                return matching.ABSENT
        return _LISTS[name](old, argument) if name in _LISTS else told


_LISTS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "$backwards": lambda old, _: old[::-1] if isinstance(old, list) else old,
    "$twice": lambda old, _: old * 2 if isinstance(old, list) else old,
    "$and": lambda old, item: [*old, item] if isinstance(old, list) else old,
    "$part": lambda old, ends: old[slice(*ends)] if isinstance(old, list | str) else old,
}


def _is_of(change: Change, name: str) -> bool:
    return "*" in change.of or name in change.of


def _fits(wanted: Any, told: Value) -> bool:
    return wanted is None or not matching.differences(wanted, told)


def _put(place: Any, key: Any, value: Any) -> None:
    if value is matching.ABSENT:
        if isinstance(place, list):
            del place[key]
        else:
            place.pop(key, None)
    elif isinstance(place, list) and key >= len(place):
        place.append(value)
    else:
        place[key] = value


def _parts(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _get(value: Any, parts: Sequence[str]) -> Any:
    for part in parts:
        if isinstance(value, list):
            value = value[int(part)] if int(part) < len(value) else matching.ABSENT
        else:
            value = value.get(part, matching.ABSENT) if isinstance(value, dict) else matching.ABSENT
    return value


def _places(value: Any, parts: Sequence[str]) -> Iterator[tuple[Any, Any]]:
    """Where a pointer leads, as the place and the key in it; ``*`` stands for every item."""
    head, *rest = parts
    if isinstance(value, list):
        keys: list[Any] = list(range(len(value))) if head == "*" else [int(head)]
        keys = [key for key in keys if key < len(value)]
    else:
        keys = [head] if isinstance(value, dict) else []
    for key in keys:
        if not rest:
            yield value, key
        elif isinstance(value, list) or key in value:
            yield from _places(value[key], rest)


def _become_a_problem(answer: Value, status: int, code: str) -> None:
    answer["status"] = status
    answer["headers"] = {"content-type": "application/problem+json"}
    answer["body"] = {"type": "about:blank", "title": code, "status": status, "code": code}
