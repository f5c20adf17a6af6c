"""`signoff audit`: whether the record of what happened is whole, and a copy of it to keep."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from signoff.blocking.client import Client
from signoff.cli import output
from signoff.cli.chain import Fault, Head, check
from signoff.cli.exits import Exit
from signoff.cli.failures import Failure
from signoff.cli.options import SERVER, ApiKey, Json, Server, connected
from signoff.strict_json import InvalidJSON, dumps_text, loads_strict

app = typer.Typer(help="The chain of events: verify it, export it.", no_args_is_help=True)


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain as it was read: whose it is, its events, and the head that came with it."""

    id: str
    events: list[Mapping[str, Any]]
    head: Head | None


@app.command()
def verify(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="ID|FILE",
            help="An exec_ or apr_ id, to ask the server; or an exported file, `-` for standard "
            "input, and then no server is asked.",
        ),
    ],
    head: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SEQ:HASH",
            help="An event_head that you keep, from an answer or a callback: it must be there. "
            "May be given several times.",
        ),
    ] = None,
    server: Server = SERVER,
    api_key: ApiKey = None,
    as_json: Json = False,
) -> None:
    """Recompute every hash: was an event changed, put in, or taken out, was the tail cut?

    Exit code 1 when so. A chain alone cannot show that its tail was cut together with its head:
    keep an event_head elsewhere and give it as --head.
    """
    kept = [_head(text) for text in head or []]
    if _is_id(subject):
        with connected(server, api_key) as client:
            record = _fetch(client, subject)
    else:
        with _opened(subject) as lines:
            record = _read(lines, subject)
    faults = _faults(record, kept)
    _report(record, faults, as_json=as_json)
    if faults:
        raise typer.Exit(Exit.NEGATIVE)


@app.command()
def export(
    id: Annotated[str, typer.Argument(metavar="ID", help="An exec_ or apr_ id.")],  # noqa: A002
    to: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Instead of standard output."),
    ] = None,
    server: Server = SERVER,
    api_key: ApiKey = None,
    as_json: Json = False,
) -> None:
    """Write the events as JSON Lines, the last line with event_head; `verify` reads that.

    It is JSON with and without --json, which is for failures here.
    """
    del as_json  # remembered by the option itself
    with connected(server, api_key) as client:
        record = _fetch(client, id)
    lines = [dumps_text(event) for event in record.events]
    if record.head is not None:
        lines.append(dumps_text(_trailer(record.id, record.head)))
    text = "".join(f"{line}\n" for line in lines)
    if to is None:
        sys.stdout.write(text)
        return
    try:
        to.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(Exit.USAGE, "file", f"{to} cannot be written: {error.strerror}") from None
    output.remark(f"{len(record.events)} events of {record.id} in {to}")


def _faults(record: Chain, kept: list[Head]) -> list[Fault]:
    head = record.head
    if head is None:
        cut = Fault(0, "the last line, with event_head, is not there: the tail was cut")
        return [*check(record.events, kept), cut]
    faults = check(record.events, [head, *kept])
    if not faults and len(record.events) > head.seq:
        return [Fault(head.seq + 1, "it was put in after the last event, which event_head names")]
    return faults


def _is_id(subject: str) -> bool:
    return subject.startswith(("exec_", "apr_")) and not Path(subject).exists()


def _fetch(client: Client, id: str) -> Chain:  # noqa: A002 - the contract's name
    """The chain of an execution or of a standalone request.

    The events of a request in an execution are part of the execution's chain: that is read.
    The head is read first: events that come meanwhile follow it.
    """
    if id.startswith("apr_"):
        approval = client.get_approval_request(id)
        if approval.execution_id is None:
            events = client.iter_approval_request_events(id)
            head = Head(approval.event_head.seq, approval.event_head.hash)
            return Chain(id, [output.plain(event) for event in events], head)
        id = approval.execution_id  # noqa: A001
    execution = client.get_execution(id)
    head = Head(execution.event_head.seq, execution.event_head.hash)
    events = client.iter_execution_events(execution.execution_id)
    # Those after the head are left out, so that an export ends where its head says.
    return Chain(id, [output.plain(event) for event in events if event.seq <= head.seq], head)


def _trailer(id: str, head: Head) -> dict[str, Any]:  # noqa: A002 - the contract's name
    return {"id": id, "event_head": {"seq": head.seq, "hash": head.hash}}


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
        raise Failure(Exit.USAGE, "file", f"{name} is not UTF-8") from None


def _read(lines: TextIO, name: str) -> Chain:
    events: list[Mapping[str, Any]] = []
    head: Head | None = None
    chain_id = name
    for number, line in enumerate(lines, 1):
        value = _object(line, name, number)
        if "event_head" not in value:
            # What stands after the head was put there by somebody else; its seq will not fit.
            events.append(value)
            continue
        try:
            head = Head.of(value["event_head"])
        except ValueError as error:
            raise _unreadable(name, number, str(error)) from None
        chain_id = str(value.get("id", name))
    return Chain(chain_id, events, head)


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


def _head(text: str) -> Head:
    try:
        return Head.read(text)
    except ValueError as error:
        raise Failure(Exit.USAGE, "usage", f"--head {text}: {error}") from None


def _report(record: Chain, faults: list[Fault], *, as_json: bool) -> None:
    if as_json:
        head = {} if record.head is None else _trailer(record.id, record.head)
        found = [{"seq": fault.seq, "detail": fault.what} for fault in faults]
        members = {"id": record.id, "ok": not faults, "events": len(record.events)}
        output.print_json(members | head | {"faults": found})
        return
    for fault in faults:
        where = f"event {fault.seq}: " if fault.seq else ""
        output.say(f"✗ {output.safe(where + fault.what)}")
    if not faults and record.head is not None:
        output.say(f"✓ {output.safe(record.id)}: {len(record.events)} events, each in its place")
        output.say(f"  head {record.head.seq}:{record.head.hash}")
