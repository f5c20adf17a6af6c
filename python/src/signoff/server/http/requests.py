"""Requests as the contract has them: parameters and body, checked, with the types they name."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from urllib.parse import unquote_plus

from starlette.types import Scope

from signoff.server.domain import timestamp
from signoff.server.domain.errors import Fault, Refusal
from signoff.server.domain.principal import Principal
from signoff.server.http import faults
from signoff.server.http.contract import BodyRule, Operation, Parameter
from signoff.server.operations import wording
from signoff.server.operations.context import Context
from signoff.strict_json import InvalidJSON, loads_strict

Headers = dict[str, list[str]]
"""All values of each header, by name in lower case."""


class Sent(NamedTuple):
    """A request as it came."""

    values: tuple[str, ...]
    """The path parameters in their order, decoded."""
    query_string: bytes
    headers: Headers
    body: bytes


@dataclass(slots=True)
class Call:
    """One request to one operation. What the contract describes is empty until :func:`check`."""

    operation: Operation
    context: Context
    principal: Principal
    sent: Sent
    path: Mapping[str, str] = field(default_factory=dict)
    """Path parameters by name."""
    query: Mapping[str, Any] = field(default_factory=dict)
    """Query parameters by name, with their types and the contract's defaults."""
    headers: Mapping[str, Any] = field(default_factory=dict)
    """The header parameters of the operation that were sent, by name in lower case."""
    body: Mapping[str, Any] = field(default_factory=dict)
    """The members of the body, with the contract's defaults; empty when there is none."""

    def time(self, name: str) -> int | None:
        """A time in the query as ms since the epoch.

        Raises:
            Refusal: ``invalid_request``: there is no such day.
        """
        if name not in self.query:
            return None
        try:
            return timestamp.parse(self.query[name])
        except ValueError:
            fault = Fault(wording.pointer([name]), "must be a day that exists", "query")
            raise faults.refuse([fault]) from None


def headers_of(scope: Scope) -> Headers:
    """The headers of a request."""
    headers: Headers = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    return headers


def check(call: Call) -> None:
    """Hold a request against the contract, and fill the call with what it says.

    Raises:
        Refusal: ``invalid_request``, ``invalid_json``, ``unsupported_media_type``.
    """
    operation, sent = call.operation, call.sent
    call.path = path_of(operation, sent.values)
    call.query = query_of(operation, sent.query_string)
    call.headers = parameters_in(operation, sent.headers)
    if operation.body is not None:
        check_media_type(sent.headers, sent.body)
        call.body = body_of(operation.body, sent.body)


def path_of(operation: Operation, values: tuple[str, ...]) -> dict[str, str]:
    """The path parameters.

    Raises:
        Refusal: ``invalid_request``.
    """
    given: dict[str, str] = {}
    right = True
    for parameter, value in zip(operation.path_parameters, values, strict=True):
        given[parameter.name] = value
        right = right and parameter.validator.is_valid(value)
    if not right:
        parameters = operation.path_parameters
        raise faults.refuse(
            fault for parameter in parameters for fault in _faults(parameter, given[parameter.name])
        )
    return given


def query_of(operation: Operation, query_string: bytes) -> dict[str, Any]:
    """The query parameters with their types, and the defaults of those that were not given.

    Raises:
        Refusal: ``invalid_request``, for unknown and repeated ones too.
    """
    values = dict(operation.defaults)
    if not query_string:
        return values
    given: dict[str, list[str]] = {}
    for name, text in _pairs(query_string):
        given.setdefault(name, []).append(text)
    wrong: list[Fault] = []
    for name, texts in given.items():
        parameter = operation.query_parameters.get(name)
        if parameter is None:
            wrong.append(Fault(wording.pointer([name]), _UNKNOWN, "query"))
        elif len(texts) > 1:
            wrong.append(_fault(parameter, _ONCE))
        else:
            values[name] = value = _typed(parameter, texts[0])
            if not parameter.validator.is_valid(value):
                wrong.extend(_faults(parameter, value))
    if wrong:
        raise faults.refuse(wrong)
    return values


def parameters_in(operation: Operation, headers: Headers) -> dict[str, Any]:
    """The header parameters with their types.

    Raises:
        Refusal: ``invalid_request``.
    """
    values: dict[str, Any] = {}
    wrong: list[Fault] = []
    for parameter in operation.header_parameters:
        given = headers.get(parameter.name)
        if given is None:
            if parameter.required:
                wrong.append(_fault(parameter, "is required"))
        elif len(given) > 1:
            wrong.append(_fault(parameter, _ONCE))
        else:
            values[parameter.name] = value = _typed(parameter, given[0])
            if not parameter.validator.is_valid(value):
                wrong.extend(_faults(parameter, value))
    if wrong:
        raise faults.refuse(wrong)
    return values


def check_media_type(headers: Headers, body: bytes) -> None:
    """Let only JSON in UTF-8 pass; no body at all needs no type.

    Raises:
        Refusal: ``unsupported_media_type``.
    """
    given = headers.get("content-type")
    if given is None and not body:
        return
    media_type, *parameters = ",".join(given or ()).split(";")
    right = media_type.strip().lower() == "application/json"
    for parameter in parameters:
        name, _, value = parameter.strip().lower().partition("=")
        if name == "charset" and value.strip('"') not in ("utf-8", "utf8"):
            right = False
    if not right:
        raise Refusal("unsupported_media_type", "send application/json, in UTF-8")


def body_of(rule: BodyRule, raw: bytes) -> dict[str, Any]:
    """The body, with the contract's defaults for what is absent.

    Raises:
        Refusal: ``invalid_json``, ``invalid_request``.
    """
    if not raw:
        if rule.required:
            raise faults.refuse([Fault("", "is required: send a JSON object", "body")])
        return dict(rule.defaults)
    try:
        body = loads_strict(raw)
    except InvalidJSON as invalid:
        fault = Fault("", str(invalid), "body")
        raise Refusal("invalid_json", f"the body: {invalid}", errors=[fault]) from None
    if not rule.validator.is_valid(body):
        raise faults.refuse(faults.of_value(rule.validator, body, "body"))
    for path in rule.integers:
        _make_integer(body, path)
    for name, value in rule.defaults.items():
        body.setdefault(name, value)
    members: dict[str, Any] = body
    return members


_UNKNOWN: Final = "is not known here; leave it out"
_ONCE: Final = "must be given once"

_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,30})")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,400})?(?:[eE][+-]?[0-9]{1,3})?")


def _pairs(query_string: bytes) -> Iterator[tuple[str, str]]:
    try:
        text = query_string.decode("ascii")
        for part in text.split("&"):
            if part:
                name, _, value = part.partition("=")
                yield unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")
    except UnicodeDecodeError:
        raise faults.refuse([Fault("", "must be percent-encoded UTF-8", "query")]) from None


def _typed(parameter: Parameter, text: str) -> str | int | float:
    """The value that a text stands for, by JSON's grammar of numbers; else the text, to refuse."""
    if parameter.kind == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if parameter.kind == "number" and _NUMBER.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def _fault(parameter: Parameter, detail: str) -> Fault:
    return Fault(wording.pointer([parameter.spelled]), detail, parameter.where)


def _faults(parameter: Parameter, value: object) -> Iterator[Fault]:
    return faults.of_value(parameter.validator, value, parameter.where, (parameter.spelled,))


def _make_integer(value: Any, path: tuple[str, ...]) -> None:
    *parents, last = path
    for name in parents:
        value = value.get(name)
        if value is None:
            return
    if isinstance(value.get(last), float):
        value[last] = int(value[last])
