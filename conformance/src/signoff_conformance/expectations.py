"""What a case expects of an answer: status, code and pointer of a problem, body, headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from signoff_conformance import matching
from signoff_conformance.runner import Failed
from signoff_conformance.stage import Stage
from signoff_conformance.traffic import Exchange


def check(stage: Stage, expect: Mapping[str, Any] | int | None, exchange: Exchange) -> None:
    """Compare an answer with what is expected; any in the 200s where nothing is said.

    Raises:
        Failed: with the answer.
    """
    wanted: Mapping[str, Any] = {"status": expect} if isinstance(expect, int) else expect or {}
    stage.checks += 1
    found = _differences(wanted, exchange)
    if found:
        raise Failed(f"{'; '.join(found)}. {said(exchange)}")


def said(exchange: Exchange) -> str:
    """What was answered, in a line."""
    if not exchange.status:
        return exchange.note
    body = exchange.json()
    text = exchange.answer[:300].decode(errors="replace") if body is None else matching.shown(body)
    return f"The answer: {exchange.status} {text}"


def _differences(wanted: Mapping[str, Any], exchange: Exchange) -> list[str]:
    if not exchange.status:
        return ["there is no answer"]
    right = wanted.get("status")
    if right is None and exchange.status >= 300:
        return [f"status: want one in the 200s, is {exchange.status}"]
    if right is not None and matching.differences(right, exchange.status):
        return [f"status: want {matching.shown(right)}, is {exchange.status}"]
    body = exchange.json()
    lines = []
    if "code" in wanted:
        code = body.get("code", matching.ABSENT) if isinstance(body, Mapping) else matching.ABSENT
        lines += matching.differences(wanted["code"], code, "code")
    if "pointer" in wanted:
        lines += _pointer(wanted["pointer"], wanted.get("in"), body)
    if "body" in wanted:
        lines += matching.differences(wanted["body"], body)
    if "text" in wanted:
        text = exchange.answer.decode(errors="replace")
        lines += matching.differences(wanted["text"], text, "the text")
    for name, one in wanted.get("headers", {}).items():
        value = exchange.answer_headers.get(name.lower(), matching.ABSENT)
        lines += matching.differences(one, value, name)
    return lines


def _pointer(pointer: str, place: str | None, body: Any) -> list[str]:
    errors = body.get("errors", []) if isinstance(body, Mapping) else []
    named = [(one.get("in"), one.get("pointer")) for one in errors if isinstance(one, Mapping)]
    for kind, where in named:
        # The names of headers have no case.
        same = str(where).lower() == pointer.lower() if kind == "header" else where == pointer
        if same and place in (None, kind):
            return []
    return [f"pointer: want {pointer}{f' in {place}' if place else ''}, is {named}"]
