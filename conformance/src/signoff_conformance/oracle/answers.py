"""What the oracle is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

_T = TypeVar("_T")


class Anything:
    """A value that must be there and of which the contract says no more."""

    def __repr__(self) -> str:
        return "<anything>"


class Perhaps:
    """A member that the contract leaves to the server: there or not."""

    def __repr__(self) -> str:
        return "<perhaps>"


def _itself(one: _T, _memo: object) -> _T:
    """The copy of what never changes."""
    return one


@dataclass(frozen=True, slots=True)
class Has:
    """An object that has these members, and others that the contract leaves to the server."""

    members: Mapping[str, Any]

    __deepcopy__ = _itself


@dataclass(frozen=True, slots=True)
class Maybe:
    """An item of an array that the contract leaves to the server: there or not."""

    item: Mapping[str, Any]
    key: str
    """The member that tells it apart."""


@dataclass(frozen=True, slots=True)
class Ties:
    """An array in the order of one member; of items that are equal in it the order is open."""

    items: list[Any]
    member: str
    keys: tuple[str, ...]
    """The members that tell such items apart."""


ANYTHING: Final = Anything()
PERHAPS: Final = Perhaps()
NO_BODY: Final = object()
"""The body of a request that has none: None is null."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request in the oracle's own ids: ``apr_o-7`` is what operation 7 has made."""

    operation: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = NO_BODY
    raw: str | None = None
    """Instead of ``body``: text that is no JSON."""
    media: str = "application/json"
    key: str | None = None
    """The name of the key that goes along; None: none; ``unknown``: one that nobody made."""
    signed: str | None = None
    """``body``, ``timestamped`` or ``wrong``: how a signed message is signed."""
    message_id: str = ""
    """The ``webhook-id`` of a timestamped one."""
    in_hand: tuple[str, ...] | None = None
    """Of a heartbeat: the attempt ids that its digest is of."""
    too_long: bool = False
    """The body is longer than it may be."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server must answer."""

    status: int
    body: Any = None
    code: str | None = None
    """Of a problem."""
    places: frozenset[tuple[str, str]] = frozenset()
    """Of a problem: what its ``errors`` name, as (in, pointer)."""
    location: str | None = None
    """The path in the header ``Location``."""
    sentence: str = ""
    """What the contract says about it."""
    open: bool = False
    """Of a stream: it goes on."""

    __deepcopy__ = _itself


class Refused(Exception):
    """The request is refused with a problem."""

    def __init__(
        self,
        status: int,
        code: str,
        sentence: str,
        places: frozenset[tuple[str, str]] = frozenset(),
        **members: Any,
    ) -> None:
        super().__init__(code)
        self.answer = Answer(status, dict(members), code, places, sentence=sentence)
