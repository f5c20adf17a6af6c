"""A line in the log for each change of state that was committed: ids and words, no user's text."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable
from typing import Any, Final

from signoff.server.domain.store import Statement

_log: Final = logging.getLogger("signoff.state")

_STATES: Final = ("execution.", "approval.")
"""Of all events these tell of a state; steps, notes and agents' own events are work."""

_WORD: Final = re.compile(r"[a-z_]{1,40}")


def tell(statements: Iterable[Statement]) -> None:
    """Log the changes of state among the statements of a change that is committed.

    The event's type is the message; with it come execution_id, approval_id, seq, who did it, and
    the attempt, status and reason where the event has them. Who signed a message named its
    reviewer as it liked, so only that it was one by webhook is said.
    """
    if not _log.isEnabledFor(logging.INFO):
        return
    for statement in statements:
        if statement.query == "insert_event":
            event = statement.params
            if str(event["type"]).startswith(_STATES):
                _log.handle(_record(str(event["type"]), _facts(event)))


def _record(message: str, facts: dict[str, Any]) -> logging.LogRecord:
    """What `_log.info` makes, but it does not look for its caller: that costs as much again."""
    return _log.makeRecord(_log.name, logging.INFO, "", 0, message, (), None, extra=facts)


def _facts(event: Any) -> dict[str, Any]:
    by_webhook = event["actor_source"] == "webhook"
    facts = {
        "execution_id": event["execution_id"],
        "approval_id": event["approval_id"],
        "seq": event["seq"],
        "by": "webhook" if by_webhook else event["actor_id"],
    }
    data = json.loads(event["data"])
    facts["attempt"] = data.get("attempt")
    for name in ("status", "reason"):
        word = data.get(name)
        facts[name] = word if isinstance(word, str) and _WORD.fullmatch(word) else None
    return {name: fact for name, fact in facts.items() if fact is not None}
