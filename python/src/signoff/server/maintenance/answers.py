"""What an agent's answer to a dispatch means. Pure."""

from __future__ import annotations

import re
from enum import StrEnum

from signoff.server.maintenance.http_client import Answer
from signoff.strict_json import InvalidJSON, loads_strict

MOST_WORDS = 2_000
"""Characters of an agent's words that are kept."""

MOST_RETRY_AFTER_MS = 300_000


class Fate(StrEnum):
    """What became of an attempt that was sent."""

    ACCEPTED = "accepted"
    """202: in hand, a report follows."""
    RESULT = "finished"
    """Another of the 200s: the body is the result."""
    REFUSED = "refused"
    """It was not taken, and may be another time or elsewhere."""
    FAILED = "failed"
    """It was not taken and never will be, or went wrong."""
    LOST = "lost"
    """Nobody knows."""


# 401: our clocks differ, or it has forgotten its secret and will register again. Redirects are
# not followed. 502 comes from something between, which has not reached it.
_REFUSED = frozenset({401, 403, 407, 408, 409, 421, 425, 429, 502, 503})


def judge(status: int) -> Fate:
    """What the status of an answer says."""
    if status == 202:
        return Fate.ACCEPTED
    if 200 <= status < 300:
        return Fate.RESULT
    if status in _REFUSED or 300 <= status < 400:
        return Fate.REFUSED
    return Fate.LOST if status == 504 else Fate.FAILED


def reason_of(status: int) -> str:
    """The ``status_reason`` of an execution that failed by this answer to its dispatch."""
    if status in (400, 422):
        return "invalid_input"
    return "unknown_reasoner" if status == 404 else "bad_answer"


def words_of(answer: Answer) -> str:
    """What the agent said, for a person: the detail of a problem document, else its text."""
    said = (answer.body or b"").decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    try:
        document = loads_strict(said)
    except InvalidJSON:
        document = None
    if isinstance(document, dict) and isinstance(document.get("detail"), str):
        said = document["detail"].replace("\0", "\N{REPLACEMENT CHARACTER}")
    said = said.strip()[:MOST_WORDS]
    status = f"the agent answered {answer.status}"
    return f"{status}: {said}" if said else status


def retry_after_ms(answer: Answer) -> int:
    """What its ``Retry-After`` asks for in seconds, up to 5 minutes; 0 without one."""
    text = answer.retry_after or ""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        return 0
    return min(MOST_RETRY_AFTER_MS, int(text) * 1000)
