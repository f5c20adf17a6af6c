"""`signoff backup` and `signoff restore`: a copy of a SQLite database, checked."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from signoff.cli import output
from signoff.cli.exits import Exit
from signoff.cli.failures import Failure
from signoff.cli.options import Json
from signoff.cli.serve import Database, missing, settings

if TYPE_CHECKING:
    from signoff.server.upkeep import Contents

T = TypeVar("T")


def backup(
    file: Annotated[Path, typer.Argument(help="Where the copy goes; must not be there.")],
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Copy a SQLite database into one file, while the server works, and check the copy.

    Every page is checked and every hash of every chain recomputed. PostgreSQL brings its own:
    pg_dump.
    """
    told = settings(database)
    try:
        from signoff.server import upkeep
    except ImportError as error:
        raise missing(error) from None
    contents = _done(lambda: upkeep.backup(told, file), "rm it, or name another file")
    if as_json:
        output.print_json({"file": str(file)} | _shown(contents))
    else:
        output.say(f"{file}: {_told(contents)}, checked")


def restore(
    file: Annotated[Path, typer.Argument(help="What `signoff backup` wrote.")],
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Move the database that is there aside; it is kept."),
    ] = False,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Put a backup in the place of the SQLite database; no server may work on it.

    The backup is checked before anything is moved. What happened after it was made is gone:
    agents may do work again that they had done since.
    """
    told = settings(database)
    try:
        from signoff.server import upkeep
    except ImportError as error:
        raise missing(error) from None
    contents, aside = _done(
        lambda: upkeep.restore(told, file, replace=replace),
        "--replace moves it aside and keeps it",
    )
    if as_json:
        moved = {} if aside is None else {"replaced": str(aside)}
        output.print_json({"file": str(told.database)} | _shown(contents) | moved)
        return
    output.say(f"{told.database}: {_told(contents)}, checked")
    if aside is not None:
        output.remark(f"what was there is now {aside}")


def _done(work: Callable[[], T], when_there: str) -> T:
    from signoff.server.database import StartError

    try:
        return work()
    except FileExistsError as error:
        text = f"{error} is there already"
        raise Failure(Exit.CONFLICT, "file_exists", text, when_there) from None
    except StartError as error:
        raise Failure(Exit.CANNOT_START, "cannot_start", str(error)) from None


def _told(contents: "Contents") -> str:
    return (
        f"{contents.executions:,} executions, {contents.requests:,} requests, "
        f"{contents.events:,} events, {contents.bytes:,} bytes"
    )


def _shown(contents: "Contents") -> dict[str, int]:
    return {name: getattr(contents, name) for name in ("executions", "requests", "events", "bytes")}
