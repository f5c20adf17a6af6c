"""`signoff keys`: who may do what. Works on the database itself: REST has no operation for it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from signoff.cli import output, times
from signoff.cli.exits import Exit
from signoff.cli.failures import Failure
from signoff.cli.options import Json
from signoff.cli.serve import Database, missing, settings
from signoff.clock import SystemClock

if TYPE_CHECKING:
    from signoff.server.database import KeyRing

app = typer.Typer(help="API keys: create, list, revoke.", no_args_is_help=True)

T = TypeVar("T")


class Role(StrEnum):
    """What a key is for."""

    AGENT = "agent"
    CLIENT = "client"
    REVIEWER = "reviewer"
    ADMIN = "admin"


@app.command()
def create(
    role: Annotated[
        Role,
        typer.Option(
            help="agent: works for its nodes; client: executes and asks; reviewer: decides; "
            "admin: everything."
        ),
    ],
    name: Annotated[str, typer.Option(help="Who has it: decisions and events show it.")],
    node: Annotated[
        list[str] | None, typer.Option(help="The nodes of an agent; may be given several times.")
    ] = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Make a key and print it, this once: only its hash is kept.

    With the first key the server is closed to whoever has none.
    """
    try:
        made = _with_keys(database, lambda ring: ring.create(name, role, node or ()))
    except ValueError as error:
        raise Failure(
            Exit.USAGE, "usage", str(error), "--node NODE goes with --role agent"
        ) from None
    if as_json:
        members = {"key_id": made.key_id, "key": made.token, "name": name, "role": role.value}
        output.print_json(members | {"nodes": sorted(set(node or ()))})
        return
    output.say(made.token)
    output.remark(f"{made.key_id}: {role.value} {output.safe(name)}; the key is shown this once")
    output.remark(f"  → export SIGNOFF_API_KEY={made.token[:8]}…, as printed")


@app.command("list")
def list_(database: Database = None, as_json: Json = False) -> None:
    """List the keys, oldest first: what they are for, never what they are."""
    rows = _with_keys(database, lambda ring: ring.list())
    if as_json:
        output.print_json({"items": [_shown(row) for row in rows]})
        return
    now = SystemClock().now()
    output.table(
        ("KEY", "NAME", "ROLE", "NODES", "CREATED", "LAST USED", "REVOKED"),
        [
            (
                row["key_id"],
                row["name"],
                row["role"],
                ", ".join(row["nodes"]),
                *(_ago(row[at], now) for at in ("created_at", "last_used_at", "revoked_at")),
            )
            for row in rows
        ],
    )
    if not rows:
        output.remark("no keys: the server is open to this machine")


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="Its id: key_…")],
    database: Database = None,
    as_json: Json = False,
) -> None:
    """End a key at once. Without any key left the server stays closed."""

    async def find_and_revoke(ring: "KeyRing") -> Mapping[str, Any] | None:
        before = _found(await ring.list(), key_id)
        if before is not None and before["revoked_at"] is None:
            await ring.revoke(key_id)
        return _found(await ring.list(), key_id)

    row = _with_keys(database, find_and_revoke)
    if row is None:
        raise Failure(
            Exit.NOT_FOUND,
            "not_found",
            f"there is no key {key_id}",
            "`signoff keys list` shows them",
        )
    if as_json:
        output.print_json(_shown(row))
    else:
        output.say(f"{row['key_id']} ({output.safe(row['name'])}) is revoked")


def _with_keys(database: str | None, use: "Callable[[KeyRing], Awaitable[T]]") -> T:
    told = settings(database)
    try:
        from signoff.server.database import StartError, key_ring
    except ImportError as error:
        raise missing(error) from None

    async def used() -> T:
        async with key_ring(told) as ring:
            return await use(ring)

    try:
        return asyncio.run(used())
    except StartError as error:
        raise Failure(Exit.CANNOT_START, "cannot_start", str(error)) from None


def _found(rows: list[Mapping[str, Any]], key_id: str) -> Mapping[str, Any] | None:
    return next((row for row in rows if row["key_id"] == key_id), None)


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A key as JSON: times as the contract writes them, what has no value absent."""
    members = {name: row[name] for name in ("key_id", "name", "role", "nodes")}
    stamps = ("created_at", "last_used_at", "revoked_at")
    return members | {at: times.utc(row[at] / 1000) for at in stamps if row[at] is not None}


def _ago(at: int | None, now: float) -> str | None:
    return None if at is None else times.relative(times.utc(at / 1000), now)
