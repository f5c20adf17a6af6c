"""Whether a request matches the file: its media type, its parameters, its body."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from signoff_conformance.contract import Contract, Operation
from signoff_conformance.oracle.answers import NO_BODY, Refused, Request

CLOSED: Final = "Requests are closed: an unknown field or query parameter is 400 `invalid_request`"


class Validation:
    """Checks requests against the contract."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract

    def check(self, operation: Operation, request: Request) -> None:
        """Refuse what does not match.

        Raises:
            Refused: ``body_too_large``, ``unsupported_media_type``, ``invalid_json``,
                ``invalid_request``.
        """
        has_body = request.raw is not None or request.body is not NO_BODY
        if request.too_long:
            raise Refused(413, "body_too_large", "at most 1 MiB, for status reports 10 MiB")
        if operation.body is not None and has_body:
            if request.media != "application/json":
                sentence = "Bodies need `Content-Type: application/json`"
                raise Refused(415, "unsupported_media_type", sentence)
            if request.raw is not None:
                raise Refused(400, "invalid_json", "400: the request does not match this file")
        places = frozenset(self._places(operation, request))
        if places:
            raise Refused(400, "invalid_request", CLOSED, places)

    def _places(self, operation: Operation, request: Request) -> Iterator[tuple[str, str]]:
        known = {(one.place, one.name): one for one in operation.parameters}
        for name in request.query:
            if ("query", name) not in known:
                yield "query", f"/{name}"
        given = {"query": request.query, "path": request.path, "header": request.headers}
        for (place, name), one in known.items():
            text = given[place].get(name)
            if text is None:
                if one.required:
                    yield place, f"/{name}"
            elif not self._fits(one.schema, text):
                yield place, f"/{name}"
        if operation.body is not None and request.body is not NO_BODY:
            for pointer in self._pointers(operation, request.body):
                yield "body", pointer

    def _fits(self, schema: Mapping[str, Any], text: str) -> bool:
        kind = self._contract.resolve(schema).get("type")
        value: Any = text
        try:
            if kind == "integer":
                value = int(text)
            elif kind == "number":
                value = float(text)
        except ValueError:
            return False
        return self._contract.fits(schema, value)

    def _pointers(self, operation: Operation, body: Any) -> Iterator[str]:
        for error in self._contract.errors(operation.body or {}, body):
            place = "".join(f"/{part}" for part in error.instance_path)
            kind = error.kind
            if hasattr(kind, "property"):
                yield f"{place}/{kind.property}"
            elif hasattr(kind, "unexpected"):
                yield from (f"{place}/{name}" for name in kind.unexpected)
            else:
                yield place
