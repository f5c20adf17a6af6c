"""`signoff doctor`: whether all is well, and what to do where it is not."""

import asyncio
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from signoff.cli import output
from signoff.cli.exits import Exit
from signoff.cli.options import SERVER, ApiKey, Json, Server
from signoff.cli.serve import Database, missing, settings
from signoff.errors import SignoffError
from signoff.retries import ONCE

if TYPE_CHECKING:
    from signoff.server.settings import Settings
    from signoff.server.upkeep import Finding

SHORT_SECRET: Final = 32
"""Characters; `openssl rand -hex 32` gives 64."""

LITTLE_SPACE: Final = 1_000_000_000
"""Bytes."""

_SIGNS: Final = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}


def doctor(
    server: Server = SERVER,
    api_key: ApiKey = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Look at the settings, the database and the server; one line each, ok, warn or fail.

    Run it on the server's machine with the server's environment. Changes nothing. Exit code 1
    when something fails.
    """
    told = settings(database)
    try:
        from signoff.server import upkeep
    except ImportError as error:
        raise missing(error) from None
    findings = [
        *_secrets(told),
        *_file(told),
        *asyncio.run(upkeep.examine(told)),
        _server(server, api_key),
    ]
    failed = any(each.level == "fail" for each in findings)
    if as_json:
        output.print_json({"ok": not failed, "findings": [_shown(each) for each in findings]})
    else:
        for each in findings:
            output.say(f"{_SIGNS[each.level]}  {each.name:<11} {output.safe(each.what)}")
            if each.to_do:
                output.say(f"      {'':<11} → {output.safe(each.to_do)}")
    if failed:
        raise typer.Exit(Exit.NEGATIVE)


def _secrets(told: "Settings") -> "Iterator[Finding]":
    from signoff.server.upkeep import Finding

    new = "SIGNOFF_APPROVAL_WEBHOOK_SECRET=$(openssl rand -hex 32)"
    if not told.webhook_secrets:
        yield Finding("warn", "secrets", "signed decisions are refused: there is no secret", new)
    elif min(map(len, told.webhook_secrets)) < SHORT_SECRET:
        text = f"the secret of signed decisions has fewer than {SHORT_SECRET} characters"
        yield Finding("warn", "secrets", text, new)
    else:
        yield Finding("ok", "secrets", "signed decisions are checked")
    if told.notify_url is not None and told.notify_secret is None:
        text = "notifications are not signed: whoever gets them can't tell that they are ours"
        yield Finding("warn", "secrets", text, "set SIGNOFF_NOTIFY_SECRET: whsec_ and base64")


def _file(told: "Settings") -> "Iterator[Finding]":
    from signoff.server.upkeep import Finding

    path = told.database
    if not isinstance(path, Path) or not path.exists():
        return
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        text = f"others on this machine may read {path}, which holds secrets"
        yield Finding("warn", "database", text, f"chmod 600 {path}")
    free = shutil.disk_usage(path.parent).free
    if free < LITTLE_SPACE:
        text = f"{free // 1_000_000} MB are free beside {path}"
        yield Finding("warn", "database", text, "make room; SIGNOFF_RETENTION_DAYS bounds it")


def _server(url: str, api_key: str | None) -> "Finding":
    from signoff.blocking.client import Client
    from signoff.server.upkeep import Finding

    try:
        with Client(url, api_key=api_key, retry=ONCE, timeout=5) as client:
            readiness = client.get_readiness()
    except (SignoffError, ValueError) as error:
        said = str(error).partition("\n")[0]
        return Finding(
            "warn", "server", f"{url} does not answer: {said}", "signoff serve, --server"
        )
    wrong = [f"{each.name}: {each.detail}" for each in readiness.checks if not each.ok]
    if wrong:
        return Finding("warn", "server", f"{url} says {'; '.join(wrong)}", "see its log")
    return Finding("ok", "server", f"{url} is ready")


def _shown(finding: "Finding") -> dict[str, str]:
    shown = {"level": finding.level, "name": finding.name, "what": finding.what}
    return shown | ({"to_do": finding.to_do} if finding.to_do else {})
