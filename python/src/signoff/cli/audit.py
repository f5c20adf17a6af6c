"""`signoff audit`: whether the record of what happened is whole, and a copy of it to keep."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from signoff.cli import ledger, output
from signoff.cli.chain import Fault, Head
from signoff.cli.exits import Exit
from signoff.cli.failures import Failure
from signoff.cli.ledger import Ledger
from signoff.cli.options import SERVER, ApiKey, Json, Server, connected

app = typer.Typer(help="The chain of events: verify it, export it.", no_args_is_help=True)


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
    if subject.startswith(("exec_", "apr_")) and not Path(subject).exists():
        with connected(server, api_key) as client:
            chain = ledger.fetch(client, subject)
    else:
        chain = ledger.read(subject)
    faults = chain.faults(kept)
    _report(chain, faults, as_json=as_json)
    if faults:
        raise typer.Exit(Exit.NEGATIVE)


@app.command()
def export(
    subject: Annotated[str, typer.Argument(metavar="ID", help="An exec_ or apr_ id.")],
    to: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Instead of standard output."),
    ] = None,
    server: Server = SERVER,
    api_key: ApiKey = None,
    as_json: Json = False,
) -> None:
    """Write the events as JSON Lines, the last line with event_head; `verify` reads that.

    The events are JSON always; --json is for what is said beside them.
    """
    with connected(server, api_key) as client:
        chain = ledger.fetch(client, subject)
    if to is None:
        sys.stdout.writelines(chain.lines())
        return
    try:
        with to.open("w", encoding="utf-8") as file:
            file.writelines(chain.lines())
    except OSError as error:
        raise Failure(Exit.USAGE, "file", f"{to} cannot be written: {error.strerror}") from None
    if as_json:
        output.print_json(chain.trailer() | {"events": len(chain.events), "file": str(to)})
    else:
        output.remark(output.safe(f"{len(chain.events)} events of {chain.id} in {to}"))


def _head(text: str) -> Head:
    try:
        return Head.read(text)
    except ValueError as error:
        raise Failure(Exit.USAGE, "usage", f"--head {text}: {error}") from None


def _report(chain: Ledger, faults: list[Fault], *, as_json: bool) -> None:
    if as_json:
        found = [{"seq": fault.seq, "detail": fault.what} for fault in faults]
        members = {"ok": not faults, "events": len(chain.events), "faults": found}
        output.print_json(chain.trailer() | members)
        return
    for fault in faults:
        where = f"event {fault.seq}: " if fault.seq else ""
        output.say(f"✗ {output.safe(where + fault.what)}")
    if not faults and chain.head is not None:
        output.say(f"✓ {output.safe(chain.id)}: {len(chain.events)} events, every hash recomputed")
        output.say(f"  head {chain.head.seq}:{chain.head.hash}")
