"""The server itself: whether it is there, what it can do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from signoff_conformance.oracle.answers import ANYTHING, Answer
from signoff_conformance.oracle.calls import Call, Handler


def _health(call: Call) -> Answer:
    del call
    return Answer(200, {"status": "ok", "version": ANYTHING}, sentence="It does.")


def _ready(call: Call) -> Answer:
    del call
    told = {"status": "ready", "checks": ANYTHING}
    return Answer(200, told, sentence="The store can be read and written.")


def _text(call: Call) -> Answer:
    del call
    told: Any = None
    return Answer(200, told)


HANDLERS: Mapping[str, Handler] = {
    "getHealth": _health,
    "getReadiness": _ready,
    "getOpenapi": _text,
    "getMetrics": _text,
}
