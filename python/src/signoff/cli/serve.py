"""`signoff serve`: the control plane, in the foreground."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from signoff._version import __version__
from signoff.cli import output
from signoff.cli.exits import Exit
from signoff.cli.failures import Failure
from signoff.cli.options import Json

if TYPE_CHECKING:
    from signoff.server.settings import Settings

Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="sqlite:///relative.db, sqlite:////absolute.db or postgresql://…, as in "
        "SIGNOFF_DATABASE_URL; else a file in your data folder.",
    ),
]
PIP_LINE = "pip install 'signoff[server]'"


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; else SIGNOFF_HOST, 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="0: any free one; else SIGNOFF_PORT, 8080."),
    ] = None,
    database: Database = None,
    test_control: Annotated[
        str | None,
        typer.Option(metavar="TOKEN", help="Serve /test-control for tests; on loopback only."),
    ] = None,
    log_format: Annotated[
        Literal["json", "text"] | None,
        typer.Option(help="Of the log on standard error; else text on a terminal, json elsewhere."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run the control plane until Ctrl-C or SIGTERM.

    Without keys it is open to this machine and to nobody else; `signoff keys create` closes it.
    With --json a line tells when it is ready: url, database, open, signed_decisions, version.
    """
    told = settings(database)
    if host is not None:
        told = replace(told, host=host)
    if port is not None:
        told = replace(told, port=port)
    if log_format is not None:
        told = replace(told, log_format=log_format)
    _run(told, test_control, as_json=as_json)


def settings(database: str | None) -> "Settings":
    """What the environment says, and the command line about the database.

    Raises:
        Failure: (usage) one of them is wrong; (cannot start) packages are missing.
    """
    try:
        from signoff.server.settings import SettingsError, load
    except ImportError as error:
        raise missing(error) from None
    try:
        told = load()
    except SettingsError as error:
        raise Failure(Exit.USAGE, "settings", str(error)) from None
    if database is None:
        return told
    try:
        return replace(told, database=load({"SIGNOFF_DATABASE_URL": database}).database)
    except SettingsError as error:
        text = str(error).replace("SIGNOFF_DATABASE_URL", "--database")
        raise Failure(Exit.USAGE, "settings", text) from None


def missing(error: ImportError) -> Failure:
    """The failure for packages that are not installed."""
    return Failure(
        Exit.CANNOT_START, "missing_packages", f"the server needs {error.name}", PIP_LINE
    )


def _run(told: "Settings", test_control: str | None, *, as_json: bool) -> None:
    try:
        from signoff.server import main
    except ImportError as error:
        raise missing(error) from None
    try:
        is_open = asyncio.run(_is_open(told))
        main.serve(
            told,
            test_control_token=test_control,
            ready=lambda url: _announce(told, url, is_open=is_open, as_json=as_json),
        )
    except main.StartError as error:
        raise Failure(Exit.CANNOT_START, "cannot_start", *_parted(str(error))) from None


async def _is_open(told: "Settings") -> bool:
    """Whether no key was ever made; a revoked one keeps the server closed."""
    from signoff.server import main

    async with main.key_ring(told) as ring:
        return not await ring.list()


def _parted(text: str) -> tuple[str, str]:
    """What is wrong, and, after a colon, what to do about it."""
    what, colon, to_do = text.rpartition(": ")
    return (what, to_do) if colon and "signoff keys" in to_do else (text, "")


def _announce(told: "Settings", url: str, *, is_open: bool, as_json: bool) -> None:
    if as_json:
        output.print_json_line(
            {
                "url": url,
                "database": str(told.database),
                "open": is_open,
                "signed_decisions": bool(told.webhook_secrets),
                "version": __version__,
            }
        )
        return
    output.say(f"signoff {__version__} listens on {url}; Ctrl-C stops it")
    output.say(f"  data      {told.database}")
    if is_open:
        output.say("  access    open to this machine: there are no keys")
        output.say("            → signoff keys create --role admin --name you")
    else:
        output.say("  access    by key: SIGNOFF_API_KEY, --api-key")
    if told.webhook_secrets:
        output.say("  webhook   signed decisions are checked and taken")
    else:
        output.say("  webhook   signed decisions are refused: there is no secret")
        output.say("            → SIGNOFF_APPROVAL_WEBHOOK_SECRET=$(openssl rand -hex 32)")
