"""Structured logs: one line of JSON per record, or plain text for a terminal.

Records name operations, ids and times; never secrets and never users' JSON.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, Final, TextIO

import orjson

from signoff.server.domain import timestamp

_KNOWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}


class JsonFormatter(logging.Formatter):
    """One line of JSON: at, level, logger, message, and what was given as ``extra``."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "at": timestamp.render(int(record.created * 1000)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update(_extra(record))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


class TextFormatter(logging.Formatter):
    """The same for people: time, level, message, and the rest as name=value."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and the lines of an exception."""
        at = timestamp.render(int(record.created * 1000))
        extra = "".join(f" {name}={value}" for name, value in _extra(record).items())
        line = f"{at} {record.levelname.lower():7} {record.getMessage()}{extra}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def configure(level: str = "info", style: str | None = None, stream: TextIO | None = None) -> None:
    """Send all records of this process to one stream.

    Args:
        level: the least level of the server's own records; of libraries, warnings.
        style: ``json`` or ``text``; None: text on a terminal, else json.
        stream: None for standard error.
    """
    stream = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(stream)
    plain = stream.isatty() if style is None else style == "text"
    handler.setFormatter(TextFormatter() if plain else JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("signoff").setLevel(level.upper())
    # It warns of each request that is no HTTP and each that asks for a web socket: anybody can.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _KNOWN}
