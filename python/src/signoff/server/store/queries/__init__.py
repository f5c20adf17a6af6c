"""Named queries, read from the ``.sql`` files of this folder and shared by every engine.

A file holds any number of queries::

    -- name: list_approval_requests
    -- One page of requests, newest first.
    SELECT * FROM approval_requests
    WHERE id < :before
    --? status: AND status = :status
    ORDER BY id DESC LIMIT :limit

A line that begins with ``--? name:`` is part of the query only when the caller gives the parameter
``name`` (None counts: it assigns NULL). So each combination of filters is a statement of its own,
for which the planner finds the right index. ``IN (:name)`` takes a tuple.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, TypeAlias

from signoff.server.domain.store import Scalar, Value

_NAME = re.compile(r"^-- name: (\w+)$")
_OPTION = re.compile(r"^\s*--\? (\w+): (.*)$")
_LIST = re.compile(r"\bIN \(:(\w+)\)")
_PARAMETER = re.compile(r"(?<!:):([a-z]\w*)")

Placeholder = Callable[[int], str]
"""How an engine writes its n-th parameter, from 1: ``?1`` or ``$1``."""

Bound = tuple[str, tuple[Scalar, ...]]
"""SQL in the engine's dialect, and its parameters in order."""


_Key: TypeAlias = tuple[Any, ...]
"""The parameters that were given, in the order of the call (a set takes longer to make than most
queries to run), and the lengths of lists."""


@dataclass(frozen=True, slots=True)
class _Variant:
    sql: str
    names: tuple[str, ...]


@dataclass(slots=True)
class Query:
    """One named query: its lines, each with the parameter that it depends on."""

    name: str
    doc: str
    lines: list[tuple[str | None, str]]
    placeholder: Placeholder
    lists: tuple[str, ...] = ()
    _variants: dict[_Key, _Variant] = field(default_factory=dict)

    def bind(self, params: Mapping[str, Value]) -> Bound:
        """The SQL for these parameters, and their values in order.

        Raises:
            TypeError: a parameter is missing, or the query has none of that name.
        """
        key: _Key = tuple(params)
        if self.lists:
            key = (key, tuple(len(_items(params, n)) for n in self.lists if n in params))
        variant = self._variants.get(key)
        if variant is None:
            variant = self._variants[key] = self._render(params)
        if not self.lists:
            return variant.sql, tuple([params[name] for name in variant.names])  # type: ignore[misc]
        values: list[Scalar] = []
        for name in variant.names:
            value = params[name]
            if isinstance(value, tuple):
                values.extend(value)
            else:
                values.append(value)
        return variant.sql, tuple(values)

    def _render(self, params: Mapping[str, Value]) -> _Variant:
        text = "\n".join(line for option, line in self.lines if option is None or option in params)
        used = tuple(dict.fromkeys(_PARAMETER.findall(text)))
        options = {option for option, _ in self.lines if option is not None}
        if missing := set(used) - set(params):
            raise TypeError(f"query {self.name} lacks {', '.join(sorted(missing))}")
        if unknown := set(params) - set(used) - options:
            raise TypeError(f"query {self.name} has no {', '.join(sorted(unknown))}")
        marks: dict[str, str] = {}
        position = 1
        for name in used:
            count = len(_items(params, name)) if name in self.lists else 1
            marks[name] = ", ".join(map(self.placeholder, range(position, position + count)))
            position += count
        return _Variant(_PARAMETER.sub(lambda match: marks[match[1]], text), used)


def _items(params: Mapping[str, Value], name: str) -> tuple[Scalar, ...]:
    value = params[name]
    if not isinstance(value, tuple) or not value:
        raise TypeError(f"{name} must be a tuple that is not empty")
    return value


def load(placeholder: Placeholder, dialect: str) -> dict[str, Query]:
    """All queries by name; those in the folder of the dialect replace the shared ones.

    Raises:
        ValueError: a file is not well-formed, or names a query twice.
    """
    root = files(__package__)
    queries = _parse_all(root.iterdir(), placeholder)
    if (own := root / dialect).is_dir():
        queries |= _parse_all(own.iterdir(), placeholder)
    return queries


def _parse_all(entries: Iterable[object], placeholder: Placeholder) -> dict[str, Query]:
    queries: dict[str, Query] = {}
    for entry in entries:
        if not str(getattr(entry, "name", "")).endswith(".sql"):
            continue
        for query in parse(entry.read_text("utf-8"), placeholder):  # type: ignore[attr-defined]
            if query.name in queries:
                raise ValueError(f"query {query.name} is defined twice")
            queries[query.name] = query
    return queries


def parse(text: str, placeholder: Placeholder) -> list[Query]:
    """The queries of one file.

    Raises:
        ValueError: SQL stands before the first name, or a query has no comment.
    """
    queries: list[Query] = []
    for line in text.splitlines():
        if match := _NAME.match(line):
            queries.append(Query(match[1], "", [], placeholder))
        elif not line.strip() or (not queries and line.startswith("--")):
            continue
        elif not queries:
            raise ValueError(f"SQL before the first name: {line}")
        else:
            _add_line(queries[-1], line)
    for query in queries:
        if not query.doc or not query.lines:
            raise ValueError(f"query {query.name} needs a comment and SQL")
        query.lists = tuple(
            dict.fromkeys(_LIST.findall("\n".join(line for _, line in query.lines)))
        )
    return queries


def _add_line(query: Query, line: str) -> None:
    if match := _OPTION.match(line):
        query.lines.append((match[1], match[2]))
    elif line.startswith("-- "):
        query.doc = f"{query.doc} {line[3:]}".strip()
    else:
        query.lines.append((None, line))
