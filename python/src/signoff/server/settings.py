"""What the server is told by its environment. Nothing else in it reads the environment.

SIGNOFF_DATABASE_URL                      sqlite:///path or postgresql://…; default: signoff.db in
                                          the data folder
SIGNOFF_HOST, SIGNOFF_PORT                where to listen; default 127.0.0.1 and 8080
SIGNOFF_APPROVAL_WEBHOOK_SECRET           signed decisions are checked by it; none: refused
SIGNOFF_APPROVAL_WEBHOOK_SECRET_PREVIOUS  counts too, while the secret is being replaced
SIGNOFF_NOTIFY_URL                        where approval.* notifications go; absent: nowhere
SIGNOFF_NOTIFY_SECRET                     signs them: whsec_ and base64
SIGNOFF_ALLOWED_HOSTS                     hosts, with commas between them, that webhook URLs may
                                          name although they are not public
SIGNOFF_REPLAY_DECISIONS                  always or never; default always
SIGNOFF_RETENTION_DAYS                    finished runs are deleted after so many days, 0.5 and
                                          the like allowed; absent: never
SIGNOFF_RETENTION_FOLDER                  where their events are written before; needed with it
SIGNOFF_LOG_LEVEL                         debug, info, warning or error; default info
SIGNOFF_LOG_FORMAT                        json or text; default text on a terminal, else json
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from signoff.webhook import SignatureError, sign_webhook

DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 8080

T = TypeVar("T")


class SettingsError(Exception):
    """A variable of the environment is wrong: names it, says what it is and what would be right.

    The value of a secret is never in it.
    """


@dataclass(frozen=True, slots=True)
class PostgresUrl:
    """Where a PostgreSQL database is. As text it shows everything but how one gets in."""

    url: str = field(repr=False)
    """``postgresql://user:password@host:port/database?option=value``, as libpq takes it."""

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        account, at, place = parts.netloc.rpartition("@")
        return f"{parts.scheme}://{account.partition(':')[0]}{at}{place}{parts.path}"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the server was told; each field has the default of a server that was told nothing."""

    database: Path | PostgresUrl
    """The SQLite file, or where PostgreSQL is."""
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    """0 takes any free port."""
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    """Secrets for signed decisions, the newest first; none: they are not accepted."""
    notify_url: str | None = None
    notify_secret: str | None = field(default=None, repr=False)
    allowed_hosts: frozenset[str] = frozenset()
    """``host`` or ``host:port``."""
    replay_decisions: bool = True
    retention_days: float | None = None
    """After so many days a finished run is deleted; None: never."""
    retention_folder: Path | None = None
    """Where its events are written before."""
    log_level: str = "info"
    log_format: str | None = None
    """``json`` or ``text``; None: text on a terminal, else json."""


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; a variable that is empty counts as absent.

    Args:
        environment: the variables; None for those of the process.

    Raises:
        SettingsError: at the first variable that is wrong.
    """
    said = _Said(os.environ if environment is None else environment)
    secrets = (
        said.text("SIGNOFF_APPROVAL_WEBHOOK_SECRET"),
        said.text("SIGNOFF_APPROVAL_WEBHOOK_SECRET_PREVIOUS"),
    )
    if secrets[1] and not secrets[0]:
        raise SettingsError(
            "SIGNOFF_APPROVAL_WEBHOOK_SECRET_PREVIOUS is set without"
            " SIGNOFF_APPROVAL_WEBHOOK_SECRET: set the new secret too"
        )
    retention = said.read("SIGNOFF_RETENTION_DAYS", _days), said.text("SIGNOFF_RETENTION_FOLDER")
    if (retention[0] is None) != (retention[1] is None):
        raise SettingsError(
            "SIGNOFF_RETENTION_DAYS and SIGNOFF_RETENTION_FOLDER go together: the events of a run"
            " are written to the folder before the run is deleted"
        )
    return Settings(
        database=_read_database(said),
        host=said.text("SIGNOFF_HOST") or DEFAULT_HOST,
        port=said.read("SIGNOFF_PORT", port, DEFAULT_PORT),
        webhook_secrets=tuple(secret for secret in secrets if secret),
        notify_url=said.read("SIGNOFF_NOTIFY_URL", _url),
        notify_secret=said.read("SIGNOFF_NOTIFY_SECRET", _signing_secret, secret=True),
        allowed_hosts=said.read("SIGNOFF_ALLOWED_HOSTS", _hosts, frozenset()),
        replay_decisions=said.word("SIGNOFF_REPLAY_DECISIONS", ("always", "never")) != "never",
        retention_days=retention[0],
        retention_folder=Path(retention[1]).expanduser() if retention[1] else None,
        log_level=said.word("SIGNOFF_LOG_LEVEL", ("debug", "info", "warning", "error")) or "info",
        log_format=said.word("SIGNOFF_LOG_FORMAT", ("json", "text")),
    )


def data_folder(environment: Mapping[str, str], platform: str = sys.platform) -> Path:
    """The user's folder for signoff's data, by the custom of the platform. It need not exist."""
    if platform == "win32":
        local = environment.get("LOCALAPPDATA")
        base = Path(local) if local else Path.home() / "AppData" / "Local"
    elif platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        given = environment.get("XDG_DATA_HOME", "")
        # The specification wants relative ones ignored.
        base = Path(given) if given.startswith("/") else Path.home() / ".local" / "share"
    return base / "signoff"


def port(text: str) -> int:
    """The number of a port.

    Raises:
        ValueError: it is none.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) <= 65535):
        raise ValueError("a port from 0 to 65535")
    return int(text)


class _Said:
    """The environment, read with errors that name the variable."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment

    def text(self, name: str) -> str | None:
        return self.environment.get(name) or None

    def read(
        self,
        name: str,
        parse: Callable[[str], T],
        default: T = None,  # type: ignore[assignment]
        *,
        secret: bool = False,
    ) -> T:
        text = self.text(name)
        if text is None:
            return default
        try:
            return parse(text)
        except ValueError as right:
            shown = "is set" if secret else f"is {text[:200]!r}"
            raise SettingsError(f"{name} {shown}; it must be {right}") from None

    def word(self, name: str, words: tuple[str, ...]) -> str | None:
        def parse(text: str) -> str:
            if text not in words:
                raise ValueError(" or ".join(words))
            return text

        return self.read(name, parse)


def _read_database(said: _Said) -> Path | PostgresUrl:
    name = "SIGNOFF_DATABASE_URL"
    has_account = "@" in (said.text(name) or "")
    default: Path | PostgresUrl = data_folder(said.environment) / "signoff.db"
    return said.read(name, _database, default, secret=has_account)


def _database(text: str) -> Path | PostgresUrl:
    scheme, _, path = text.partition("://")
    if scheme in ("postgresql", "postgres") and path:
        return _postgres(text)
    # Three slashes and a path: relative to where the server starts; four: from the root.
    if scheme != "sqlite" or not path.startswith("/") or path in ("/", "/:memory:"):
        raise ValueError(
            "sqlite:///relative.db, sqlite:////absolute/path.db"
            " or postgresql://user:password@host/database"
        )
    return Path(path[1:]).expanduser()


def _postgres(text: str) -> PostgresUrl:
    try:
        parts = urlsplit(text)
        right = parts.port != 0 and parts.path not in ("", "/") and not parts.fragment
    except ValueError:  # whose text would show a part of it
        right = False
    if not right:
        raise ValueError(
            "postgresql://user:password@host:port/database, with % escapes where a password has"
            " characters such as @ / # ?"
        )
    return PostgresUrl(text)


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        right = False
    if not right:
        raise ValueError("an http or https URL")
    return text


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = 0.0
    if not 0 < days < 100_000:
        raise ValueError("a number of days above 0")
    return days


def _signing_secret(text: str) -> str:
    try:
        sign_webhook(text, "msg_0", 0, b"")
    except SignatureError:
        raise ValueError("whsec_ and base64") from None
    return text


def _hosts(text: str) -> frozenset[str]:
    hosts = frozenset(filter(None, map(str.strip, text.split(","))))
    for host in hosts:
        if "/" in host or "*" in host or " " in host:
            raise ValueError("hosts with commas between them, such as hooks.local,10.0.0.5:9000")
    return hosts
