"""The rule of the events' chains, written anew from openapi.yaml ("Events")."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

from tests.chaos.records import Records, Row

FIRST: Final = "0" * 64


def faults(records: Records) -> Iterator[tuple[str, str]]:
    """Chain ids, and what is wrong with them."""
    heads = {row["execution_id"]: row for row in records.executions}
    heads |= {row["id"]: row for row in records.requests if row["event_seq"] is not None}
    chained = set()
    for chain_id, events in groupby(records.events, lambda row: row["chain_id"]):
        chained.add(chain_id)
        seq, prev_hash = 0, FIRST
        for event in events:
            seq += 1
            if event["seq"] != seq:
                yield chain_id, f"event {seq} is missing"
            elif event["prev_hash"] != prev_hash:
                yield chain_id, f"event {seq} does not follow the one before"
            elif event_hash(event) != event["hash"]:
                yield chain_id, f"event {seq} was changed"
            seq, prev_hash = event["seq"], event["hash"]
        if chain_id not in heads:
            yield chain_id, "has no head"
        elif (heads[chain_id]["event_seq"], heads[chain_id]["event_hash"]) != (seq, prev_hash):
            yield chain_id, f"its head is event {heads[chain_id]['event_seq']}, its last is {seq}"
    for chain_id in heads.keys() - chained:
        yield chain_id, "has no events"


def event_hash(row: Row) -> str:
    """SHA-256 of the previous hash and the event as it is served, without `hash` and `content`."""
    actor = {"id": row["actor_id"], "name": row["actor_name"], "source": row["actor_source"]}
    at = datetime.fromtimestamp(row["at"] // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    event = {
        **{name: row[name] for name in ("seq", "type", "execution_id", "approval_id", "prev_hash")},
        "at": f"{at}.{row['at'] % 1000:03}Z",
        "actor": {name: value for name, value in actor.items() if value is not None},
        "data": json.loads(row["data"]),
    }
    shown = {name: value for name, value in event.items() if value is not None}
    # Ids, words and small integers: for those this is the RFC 8785 form.
    text = json.dumps(shown, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(row["prev_hash"].encode("ascii") + text.encode()).hexdigest()
