"""How the domain says no.

    Refusal              the request is understood and not done; ``code`` says why
    ├── NotFound         there is no such thing, or the caller may not know of it
    └── Conflict         the state does not allow it; carries the state that won

``code`` is a word of the contract's closed enum of problem codes; the edge maps it to an HTTP
status, so nothing here knows about HTTP.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Fault(NamedTuple):
    """One place of an input that is wrong."""

    pointer: str
    """A JSON pointer into the body, or ``/`` and the name of the parameter. Empty: the whole."""
    detail: str
    """What would be right."""
    where: str = "body"
    """``body``, ``query``, ``path`` or ``header``."""


class Refusal(Exception):
    """The request is understood and not done.

    Args:
        code: the problem code, a word of the contract's closed enum.
        detail: one or two sentences for a person; never user JSON or secrets.
        errors: the places of the input that are wrong.
        extra: further members of the problem document.
    """

    def __init__(
        self, code: str, detail: str, *, errors: Iterable[Fault] = (), **extra: Any
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = list(errors)
        self.extra: Mapping[str, Any] = extra


class NotFound(Refusal):
    """There is no such thing, or the caller may not know of it."""

    def __init__(self, detail: str, *, code: str = "not_found", **extra: Any) -> None:
        super().__init__(code, detail, **extra)


class Conflict(Refusal):
    """The state does not allow it.

    ``present`` is the row as it is now, so that the answer can carry what won.
    """

    def __init__(
        self, code: str, detail: str, *, present: Mapping[str, Any] | None = None, **extra: Any
    ) -> None:
        super().__init__(code, detail, **extra)
        self.present = present
