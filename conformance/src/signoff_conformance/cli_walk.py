"""``walk``: random operations on a server, each answer beside the oracle's."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from signoff_conformance import matching, reference
from signoff_conformance.contract import Contract
from signoff_conformance.control import ControlError
from signoff_conformance.endpoints import Host
from signoff_conformance.makers import Maker, Told
from signoff_conformance.profiles import PROFILES
from signoff_conformance.runner import TargetError
from signoff_conformance.verdicts import Exit
from signoff_conformance.walk.server import Server
from signoff_conformance.walk.shrinking import shrink
from signoff_conformance.walk.walking import Difference, Found, Walk

_console = Console(highlight=False, soft_wrap=True)


def walk(
    server_cmd: Annotated[
        str | None,
        typer.Option(
            help="Starts a server: '… --port {port} --data {data} --test-control {token}'; "
            "none: the reference server."
        ),
    ] = None,
    keys_cmd: Annotated[
        str | None,
        typer.Option(help="Makes a key and prints it: '… --role {role} --name {name}'."),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            help="What stands for {database}: 'postgres' for one of the suite's own, or a command."
        ),
    ] = None,
    seed: Annotated[
        list[int] | None, typer.Option(help="The same seed, the same walk. Several: one each.")
    ] = None,
    operations: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50_000,
    quiet: Annotated[
        int | None,
        typer.Option(
            help="End when each 2xx and 4xx of each operation was seen and so many operations "
            "have shown nothing new; it is a failure when --operations come first."
        ),
    ] = None,
    until: Annotated[
        int | None, typer.Option(min=1, help="End with this operation, and show it.")
    ] = None,
    subject: Annotated[str, typer.Option(help="Its name in the report.")] = "server",
    json_report: Annotated[Path | None, typer.Option("--json", help="Write the report.")] = None,
) -> None:
    """Compare a server with the contract in memory; exit 1 when an answer differs."""
    command, keys = server_cmd or reference.SERVER, keys_cmd or reference.KEYS
    told = Told(command, keys, database)
    most = operations if until is None else until
    seeds = seed or [1]
    try:
        walks = asyncio.run(_walked(told, seeds, most, quiet))
    except (TargetError, ControlError) as error:
        Console(stderr=True).print(str(error), markup=False)
        raise typer.Exit(Exit.HARNESS) from None
    if json_report:
        values = [_value(number, found) for number, found in zip(seeds, walks, strict=False)]
        report = {"subject": subject, "quiet_wanted": quiet, "walks": values}
        json_report.parent.mkdir(parents=True, exist_ok=True)
        json_report.write_text(json.dumps(report, indent=1, ensure_ascii=False), encoding="utf-8")
    if until is not None and walks[-1].difference is None:
        _show_last(walks[-1])
    differs = walks[-1].difference is not None
    unfinished = quiet is not None and not all(found.seen.is_over(quiet) for found in walks)
    raise typer.Exit(Exit.NOT_CONFORMANT if differs or unfinished else Exit.CONFORMANT)


async def _walked(told: Told, seeds: Sequence[int], most: int, quiet: int | None) -> list[Found]:
    """Walk with each seed until one finds a difference, which comes with its shortest path."""
    contract, walks = Contract.load(), list[Found]()
    async with _server(contract, told) as server:
        for number in seeds:
            found = await Walk(contract, server).by_chance(number, most, quiet)
            walks.append(found)
            _say(number, found, quiet)
            if found.difference is not None:
                _say_place(found.difference)
                found.difference = await shrink(
                    found.difference, lambda path: Walk(contract, server).along(path)
                )
                _say_difference(number, found.difference)
                break
    return walks


@asynccontextmanager
async def _server(contract: Contract, told: Told) -> AsyncIterator[Server]:
    host = Host()
    await host.start()
    with tempfile.TemporaryDirectory(prefix="signoff-walk-") as folder:
        maker = Maker(told, Path(folder))
        target = maker(PROFILES["keys"], host.address)
        server = Server(contract, target, host)
        try:
            await target.start()
            yield server
        finally:
            await server.close()
            await target.stop()
            await maker.stop()
            await host.stop()


def _value(number: int, found: Found) -> dict[str, Any]:
    difference = None if found.difference is None else found.difference.shown()
    return {"seed": number, **found.seen.value(), "difference": difference}


def _say(number: int, found: Found, quiet: int | None) -> None:
    told = found.seen.value()
    _console.print(
        f"seed {number}: {told['operations']} operations, {len(told['kinds'])} kinds of answers,"
        f" {told['cells']} of {told['cells_wanted']} cells of operation × status,"
        f" nothing new for {told['quiet']} operations",
        markup=False,
    )
    if quiet is not None and not found.seen.is_over(quiet) and found.difference is None:
        _console.print(f"  the bound came first; not seen: {told['missing'] or 'nothing'}")


def _say_place(difference: Difference) -> None:
    """At once: a shorter path to it takes its time."""
    _console.print(f"  operation {difference.number} differs: {difference.move}", markup=False)
    for line in difference.lines:
        _console.print(f"  {line}", markup=False)
    _console.print("  looking for a shorter path to it", markup=False)


def _say_difference(number: int, difference: Difference) -> None:
    told = difference.shown()
    _console.print(f"\nThe contract: {told['sentence']}", markup=False)
    for line in difference.lines:
        _console.print(f"  {line}", markup=False)
    _console.print(
        f"at operation {difference.number} (again: walk --seed {number} --until"
        f" {difference.number}); after these {len(difference.path)} too:",
        markup=False,
    )
    for line in told["operations"]:
        _console.print(f"  {line}", markup=False)
    _console.print(f"right: {told['right']} {told['right_body']}", markup=False)
    _console.print(f"was: {told['exchange']}", markup=False)


def _show_last(found: Found) -> None:
    if found.last is None:
        return
    move, right, exchange = found.last
    _console.print(f"operation {found.seen.operations}: {move}", markup=False)
    if right is not None and exchange is not None:
        _console.print(f"right: {right.status} {right.code or ''} {right.body}", markup=False)
        _console.print(f"was: {exchange.status} {matching.shown(exchange.json())}", markup=False)
        _console.print(f"The contract: {right.sentence}", markup=False)
