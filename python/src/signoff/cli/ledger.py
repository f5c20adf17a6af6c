"""A chain of events, as the server has it or as a file keeps it.

The file is JSON Lines: the events as they are served, oldest first, then one line
`{"id": …, "event_head": {"seq": …, "hash": …}}`, without which a cut tail would not show.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from signoff.cli import output
from signoff.cli.chain import QUESTION, Fault, Head, check, shown_fault
from signoff.cli.exits import Exit
from signoff.cli.failures import Failure
from signoff.contract_gen import Event, EventHead, Execution
from signoff.strict_json import InvalidJSON, dumps_text, loads_strict

if TYPE_CHECKING:
    from signoff.blocking.client import Client

JSONObject = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ledger:
    """Whose chain it is, its events, the head that came with it, and what its events are about."""

    id: str
    events: list[JSONObject]
    head: Head | None
    execution: JSONObject | None = None
    """As it is shown now; None when it comes from a file, or for a standalone request."""
    requests: Mapping[str, JSONObject] = field(default_factory=dict)
    """The approval requests by id, as they are shown now; none when it comes from a file."""

    def faults(self, kept: Iterable[Head] = ()) -> list[Fault]:
        """All that is wrong with it; `kept` are heads that must be in it."""
        if self.head is None:
            cut = Fault(0, "the last line, with event_head, is not there: the tail was cut")
            return [*check(self.events, kept), cut]
        faults = check(self.events, [self.head, *kept])
        if not faults and len(self.events) > self.head.seq:
            faults = [Fault(self.head.seq + 1, "it was put in after the last event")]
        return faults or self._shown_faults()

    def lines(self) -> Iterator[str]:
        """The lines of its file, each with its end."""
        for event in self.events:
            yield dumps_text(event) + "\n"
        if self.head is not None:
            yield dumps_text(self.trailer()) + "\n"

    def trailer(self) -> dict[str, Any]:
        """The id and the head."""
        head = {} if self.head is None else {"seq": self.head.seq, "hash": self.head.hash}
        return {"id": self.id} | ({"event_head": head} if head else {})

    def _shown_faults(self) -> list[Fault]:
        found = [
            shown_fault(event, self.execution, self.requests.get(event.get("approval_id", "")))
            for event in self.events
        ]
        return [fault for fault in found if fault is not None]


def fetch(client: "Client", id: str) -> Ledger:  # noqa: A002 - the contract's name
    """The chain of an execution or of a standalone request.

    The events of a request in an execution are part of the execution's chain: that is read.
    The head is read first, and events that come meanwhile are left out: it ends at its head.
    """
    if id.startswith("apr_"):
        approval = client.get_approval_request(id)
        if approval.execution_id is None:
            events = client.iter_approval_request_events(id)
            return _ledger(client, id, approval.event_head, events, None)
        id = approval.execution_id  # noqa: A001 - the contract's name
    execution = client.get_execution(id)
    events = client.iter_execution_events(execution.execution_id)
    return _ledger(client, execution.execution_id, execution.event_head, events, execution)


def _ledger(
    client: "Client",
    chain_id: str,
    seen: EventHead,
    served: Iterable[Event],
    execution: Execution | None,
) -> Ledger:
    events = [output.plain(event) for event in served if event.seq <= seen.seq]
    asked = {event["approval_id"] for event in events if event["type"] == QUESTION}
    requests = {each: output.plain(client.get_approval_request(each)) for each in sorted(asked)}
    head = Head(seen.seq, seen.hash)
    return Ledger(chain_id, events, head, output.plain(execution), requests)


def read(name: str) -> Ledger:
    """The chain in a file; `-` is standard input.

    Raises:
        Failure: there is no such file, or it is no such file.
    """
    events: list[JSONObject] = []
    head: Head | None = None
    chain_id = name
    with _opened(name) as lines:
        for number, line in enumerate(lines, 1):
            value = _object(line, name, number)
            if "event_head" not in value:
                events.append(value)
                continue
            try:
                head = Head.of(value["event_head"])
            except ValueError as error:
                raise _unreadable(name, number, str(error)) from None
            chain_id = str(value.get("id", name))
    return Ledger(chain_id, events, head)


@contextmanager
def _opened(name: str) -> Iterator[TextIO]:
    try:
        if name == "-":
            yield sys.stdin
        else:
            with Path(name).open(encoding="utf-8") as lines:
                yield lines
    except OSError as error:
        raise Failure(
            Exit.NOT_FOUND,
            "file",
            f"{name} cannot be read: {error.strerror}",
            "give an exec_ or apr_ id, or a file that `signoff audit export` wrote",
        ) from None
    except UnicodeDecodeError:
        raise Failure(Exit.NEGATIVE, "unreadable", f"{name} is not UTF-8") from None


def _object(line: str, name: str, number: int) -> dict[str, Any]:
    try:
        value = loads_strict(line)
    except InvalidJSON as error:
        raise _unreadable(name, number, str(error)) from None
    if not isinstance(value, dict):
        raise _unreadable(name, number, "not a JSON object")
    return value


def _unreadable(name: str, number: int, why: str) -> Failure:
    return Failure(
        Exit.NEGATIVE,
        "unreadable",
        f"{name}, line {number}: {why}",
        "the file is not what `signoff audit export` wrote",
    )
