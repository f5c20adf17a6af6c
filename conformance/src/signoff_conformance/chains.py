"""Event chains, checked from the contract alone: no gap, each hash over the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

GENESIS = "0" * 64


def faults(events: Sequence[Mapping[str, Any]], head: Mapping[str, Any] | None = None) -> list[str]:
    """What is wrong with a whole chain, oldest first; ``head`` is an ``event_head`` to end at."""
    return list(_faults(events, head))


def canonical(value: Any) -> str:
    """RFC 8785 for what the hashed part of an event may hold: no numbers but integers."""
    if isinstance(value, Mapping):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{_text(name)}:{canonical(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        raise ValueError(f"{value}: the hashed part of an event has no fractions")
    return json.dumps(value)


def event_hash(event: Mapping[str, Any]) -> str:
    """What the hash of an event must be."""
    covered = {name: event[name] for name in event if name not in ("hash", "content")}
    return hashlib.sha256((event["prev_hash"] + canonical(covered)).encode()).hexdigest()


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\x7f")


def _faults(events: Sequence[Mapping[str, Any]], head: Mapping[str, Any] | None) -> Iterator[str]:
    before = GENESIS
    for place, event in enumerate(events, 1):
        if event["seq"] != place:
            yield f"event {place} of the chain has the seq {event['seq']}"
        if event["prev_hash"] != before:
            yield f"event {place} does not name the hash of the one before"
        try:
            right = event_hash(event)
        except ValueError as error:
            yield f"event {place}: {error}"
        else:
            if event["hash"] != right:
                yield f"event {place} ({event['type']}) has the hash {event['hash']}, not {right}"
        before = event["hash"]
    if head is not None and (head["seq"], head["hash"]) != (len(events), before):
        yield f"event_head is {dict(head)}, but the chain ends with {len(events)}, {before}"
