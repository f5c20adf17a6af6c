"""What is sent and what comes back, as plain values: building requests, reading answers.

Bodies are written and read by `signoff.strict_json`, so that users' JSON arrives as it left:
integers of any size, `null` beside absent, keys in their order.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

from pydantic import BaseModel, ValidationError

from signoff.errors import ApiError, ProtocolError, api_error
from signoff.retries import retry_after
from signoff.routes import ROUTES
from signoff.strict_json import InvalidJSON, dumps_text, loads_strict
from signoff.wire import Record


class Absent(Enum):
    """The type of `ABSENT`."""

    ABSENT = "absent"

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent.ABSENT
"""No value, where None would be JSON's `null`: the default of every argument for user JSON."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request of an operation, ready to be sent as often as need be.

    `target` is path and query, encoded. `repeatable`: a second one does no harm.
    `wait_seconds`: how long the server may hold its answer back.
    """

    operation: str
    method: str
    target: str
    headers: Mapping[str, str]
    content: bytes | None
    repeatable: bool
    wait_seconds: float = 0.0

    @property
    def name(self) -> str:
        """Method and path, for messages; without the query."""
        return self.at("")

    def at(self, server_url: str) -> str:
        """The same with the address that it goes to, which holds no secret."""
        return f"{self.method} {server_url}{self.target.partition('?')[0]}"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers by lower-case name, and the body as it came."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def given(**members: object) -> dict[str, Any]:
    """The members that have a value: None and ABSENT are left out."""
    return {
        name: value for name, value in members.items() if value is not None and value is not ABSENT
    }


def user_json(**members: object) -> dict[str, Any]:
    """The members that are there; None is one of them, as JSON's `null`."""
    return {name: value for name, value in members.items() if value is not ABSENT}


def content(body: Mapping[str, Any]) -> bytes:
    """The bytes of a body; models are written as the objects that they stand for.

    Raises:
        ValueError: JSON that would not come back equal (`InvalidJSON`).
        TypeError: something that JSON has no word for.
    """
    try:
        return dumps_text(body).encode()
    except TypeError:
        # Models are rare: only then is it worth looking at every value.
        return dumps_text(_plain(body)).encode()


def build(
    operation: str,
    *,
    path: Mapping[str, str] | None = None,
    query: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | bytes | None = None,
    wait_seconds: float = 0.0,
) -> Request:
    """Make a request of an operation.

    `query` members without a value are left out; a datetime is written as the contract writes
    times. A body of bytes goes out as it is.

    Raises:
        ValueError: a path parameter that cannot be one, a header that is no visible ASCII, a
            datetime without a zone, JSON that would not come back equal (`InvalidJSON`).
        TypeError: a body with something in it that JSON has no word for.
    """
    route = ROUTES[operation]
    target = route.path.format_map(
        {name: _segment(name, value) for name, value in (path or {}).items()}
    )
    pairs = [(name, _word(value)) for name, value in given(**(query or {})).items()]
    if pairs:
        target += "?" + urlencode(pairs, quote_via=quote, safe="")
    sent = dict(headers or {})
    for name, value in sent.items():
        if not _VISIBLE.fullmatch(value):
            # A header may hold a signature: its value stays out of the message.
            raise ValueError(f"{name} must be 1 to 2000 visible ASCII characters")
    if body is not None:
        sent["Content-Type"] = "application/json"
    members = body if isinstance(body, Mapping) else None
    written = content(members) if members is not None else None
    return Request(
        operation,
        route.method,
        target,
        sent,
        body if isinstance(body, bytes) else written,
        route.repeatable(sent, members),
        wait_seconds,
    )


_VISIBLE: Final = re.compile(r"[!-~][ -~]{0,1998}[!-~]|[!-~]")


def own_id(approval_request_id: object) -> None:
    """Check an own id that goes into a query, where None would be left out: it would find
    somebody else's newest question.

    Raises:
        TypeError: it is no string.
    """
    if not isinstance(approval_request_id, str):
        raise TypeError("approval_request_id must be a string")


def is_approval_id(id: object) -> bool:
    """Whether an id is the server's, `apr_…`, and not the asker's own.

    Raises:
        TypeError: it is no string.
    """
    if not isinstance(id, str):
        raise TypeError(f"an id must be a string, not {id!r}")
    return id.startswith("apr_")


def _segment(name: str, value: str) -> str:
    # A client of HTTP takes these away before it sends, and then asks for something else.
    if value in ("", ".", ".."):
        raise ValueError(f"{name}: {value!r} cannot stand in a path")
    return quote(value, safe="")


def _word(value: object) -> str:
    if isinstance(value, datetime):
        return timestamp(value)
    return str(value)


def timestamp(time: datetime) -> str:
    """A time as the contract writes it: UTC, milliseconds, `Z`.

    Raises:
        ValueError: `time` has no zone.
    """
    if time.tzinfo is None:
        raise ValueError(f"{time!r} has no time zone")
    return time.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _plain(value: object) -> object:
    if isinstance(value, Record):
        return value.model_dump(mode="json", exclude_unset=True)
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


M = TypeVar("M", bound=BaseModel)


def refusal(answer: Answer, now: float) -> ApiError | None:
    """The error that the answer stands for, if it is one."""
    if answer.status < 400:
        return None
    wait = retry_after(answer.headers.get("retry-after"), now)
    return api_error(answer.status, answer.content, retry_after=wait)


def decoded(model: type[M], answer: Answer) -> M:
    """The answer's body as a model of the contract.

    Raises:
        ProtocolError: it is no such thing.
    """
    return parsed(model, _body(answer))


def parsed(model: type[M], content: bytes | str) -> M:
    """JSON text as a model of the contract.

    Raises:
        ProtocolError: it is no such thing.
    """
    try:
        return model.model_validate(loads_strict(content))
    except InvalidJSON as error:
        raise ProtocolError(f"the answer is no JSON: {error.reason}") from None
    except ValidationError as error:
        found = error.errors(include_input=False)
        places = ", ".join(".".join(map(str, at["loc"])) for at in found)
        raise ProtocolError(f"the answer is no {model.__name__}: {places}") from None


def text(answer: Answer) -> str:
    """The answer's body as text.

    Raises:
        ProtocolError: it is not UTF-8.
    """
    try:
        return _body(answer).decode()
    except UnicodeDecodeError:
        raise ProtocolError("the answer is not UTF-8") from None


def outside_contract(status: int) -> ProtocolError:
    """The error for a status that the contract does not have."""
    if 300 <= status < 400:
        return ProtocolError(f"the server answers {status}; redirects are not followed")
    return ProtocolError(f"the server answers {status}, which the contract does not know")


def _body(answer: Answer) -> bytes:
    if answer.status not in (200, 201, 202):
        raise outside_contract(answer.status)
    return answer.content
