"""``walk``: random operations on a server, each answer beside the oracle's."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from signoff_conformance import reference
from signoff_conformance.contract import Contract
from signoff_conformance.control import ControlError
from signoff_conformance.endpoints import Host
from signoff_conformance.profiles import PROFILES
from signoff_conformance.runner import TargetError
from signoff_conformance.target import Started
from signoff_conformance.verdicts import Exit
from signoff_conformance.walk.server import Server
from signoff_conformance.walk.shrinking import shrink
from signoff_conformance.walk.walking import Change, Difference, Found, Walk

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
    seed: Annotated[int, typer.Option(help="The same seed, the same walk.")] = 1,
    operations: Annotated[int, typer.Option(min=1, help="At most so many.")] = 5_000,
    quiet: Annotated[
        int | None, typer.Option(help="End when so many operations have shown nothing new.")
    ] = None,
) -> None:
    """Compare a server with the contract in memory; exit 1 when an answer differs."""
    command, keys = server_cmd or reference.SERVER, keys_cmd or reference.KEYS
    try:
        found = asyncio.run(walked(command, keys, seed, operations, quiet))
    except (TargetError, ControlError) as error:
        Console(stderr=True).print(str(error), markup=False)
        raise typer.Exit(Exit.HARNESS) from None
    for (operation, status, code), count in sorted(found.cells.items()):
        _console.print(f"{count:>6}  {operation} {status} {code}".rstrip(), markup=False)
    _console.print(
        f"seed {seed}: {found.operations} operations, {len(found.cells)} kinds of answers,"
        f" the last new one {found.quiet} requests ago"
    )
    if found.difference is not None:
        _say(found.difference)
        raise typer.Exit(Exit.NOT_CONFORMANT)


async def walked(
    command: str,
    keys_command: str,
    seed: int,
    most: int,
    quiet: int | None = None,
    change: Change | None = None,
) -> Found:
    """Walk on a server that a command starts; a difference comes with its shortest path."""
    contract, host = Contract.load(), Host()
    await host.start()
    with tempfile.TemporaryDirectory(prefix="signoff-walk-") as folder:
        env = {name: value for name, value in os.environ.items() if not name.startswith("SIGNOFF_")}
        target = Started(command, keys_command, PROFILES["keys"], Path(folder), host.address, env)
        server = Server(contract, target, host)
        try:
            await target.start()
            found = await Walk(contract, server, change).by_chance(seed, most, quiet)
            if found.difference is not None:
                found.difference = await shrink(
                    found.difference, lambda path: Walk(contract, server, change).along(path)
                )
        finally:
            await server.close()
            await target.stop()
            await host.stop()
    return found


def _say(difference: Difference) -> None:
    told = difference.shown()
    _console.print(f"\nThe contract: {told['sentence']}", markup=False)
    for line in difference.lines:
        _console.print(f"  {line}", markup=False)
    _console.print(f"after {len(difference.path)} operations:", markup=False)
    for line in told["operations"]:
        _console.print(f"  {line}", markup=False)
    _console.print(f"right: {told['right']} {told['right_body']}", markup=False)
    _console.print(f"was: {told['exchange']}", markup=False)
