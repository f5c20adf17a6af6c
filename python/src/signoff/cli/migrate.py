"""`signoff migrate`: the schema of the database."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from signoff.cli import output
from signoff.cli.exits import Exit
from signoff.cli.failures import Failure
from signoff.cli.options import Json
from signoff.cli.serve import Database, missing, settings

if TYPE_CHECKING:
    from signoff.server.upkeep import Migration


def migrate(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit code 1 when some are pending.")
    ] = False,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Bring the schema up to date, in one transaction; the server does the same when it starts.

    Safe to run again, and beside servers of the version before: migrations only add.
    """
    told = settings(database)
    try:
        from signoff.server import upkeep
        from signoff.server.database import StartError
    except ImportError as error:
        raise missing(error) from None
    try:
        before = asyncio.run((upkeep.schema if check else upkeep.migrate)(told))
    except StartError as error:
        raise Failure(Exit.CANNOT_START, "cannot_start", str(error)) from None
    if as_json:
        applied = before.applied if check else [*before.applied, *before.pending]
        pending = before.pending if check else []
        output.print_json({"applied": _shown(applied), "pending": _shown(pending)})
    else:
        for step in before.pending:
            output.say(f"{'pending' if check else 'applied'}  {step.version:04} {step.title}")
        newest = max((step.version for step in [*before.applied, *before.pending]), default=0)
        if not before.pending:
            output.say(f"up to date: schema {newest} of {told.database}")
    if check and before.pending:
        raise typer.Exit(Exit.NEGATIVE)


def _shown(steps: "list[Migration]") -> list[dict[str, object]]:
    return [{"version": step.version, "title": step.title} for step in steps]
