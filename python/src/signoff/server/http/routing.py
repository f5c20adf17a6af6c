"""Which operation a path means. Paths are split before they are decoded.

So ``%2F`` in a parameter is a slash in its value, never a step of the path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote

from signoff.server.http.contract import Operation


class Match(NamedTuple):
    """What a path leads to."""

    methods: Mapping[str, Operation]
    """All operations of the path, by method."""
    values: tuple[str, ...]
    """The decoded values of its parameters, in the order of the path."""


@dataclass(slots=True)
class _Branch:
    words: dict[str, _Branch] = field(default_factory=dict)
    parameter: _Branch | None = None
    methods: dict[str, Operation] = field(default_factory=dict)


class Routes:
    """The paths of the contract as a tree of their segments. A word goes before a parameter."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._root = _Branch()
        for operation in operations:
            branch = self._root
            for segment in operation.path.split("/"):
                if segment.startswith("{"):
                    branch.parameter = branch.parameter or _Branch()
                    branch = branch.parameter
                else:
                    branch = branch.words.setdefault(segment, _Branch())
            branch.methods[operation.method] = operation

    def find(self, raw_path: bytes) -> Match | None:
        """The operations at a path as it came, still percent-encoded; None when it has none."""
        try:
            segments = raw_path.decode("ascii").split("/")
        except UnicodeDecodeError:
            return None
        return _find(self._root, segments, 0, ())


def _find(branch: _Branch, segments: list[str], at: int, values: tuple[str, ...]) -> Match | None:
    if at == len(segments):
        return Match(branch.methods, values) if branch.methods else None
    segment = segments[at]
    if "%" in segment:
        segment = unquote(segment, errors="replace")
    word = branch.words.get(segment)
    if word is not None:
        found = _find(word, segments, at + 1, values)
        if found is not None:
            return found
    if branch.parameter is None or not segment:
        return None
    return _find(branch.parameter, segments, at + 1, (*values, segment))
