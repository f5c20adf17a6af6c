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


_Way = tuple[_Branch, int, tuple[str, ...]]
"""A branch, the number of the segment to go on with, and the values up to there."""


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
            path = raw_path.decode("ascii")
        except UnicodeDecodeError:
            return None
        segments = path.split("/")
        if "%" in path:
            segments = [unquote(segment, errors="replace") for segment in segments]
        ways: list[_Way] = [(self._root, 0, ())]
        while ways:
            found = _follow(*ways.pop(), segments, ways)
            if found is not None:
                return found
        return None


def _follow(
    branch: _Branch, at: int, values: tuple[str, ...], segments: list[str], ways: list[_Way]
) -> Match | None:
    """Go on from a branch; where a word could be a value too, that is left for another time."""
    for number in range(at, len(segments)):
        segment = segments[number]
        word = branch.words.get(segment)
        parameter = branch.parameter if segment else None
        if word is not None:
            if parameter is not None:
                ways.append((parameter, number + 1, (*values, segment)))
            branch = word
        elif parameter is not None:
            branch = parameter
            values = (*values, segment)
        else:
            return None
    return Match(branch.methods, values) if branch.methods else None
