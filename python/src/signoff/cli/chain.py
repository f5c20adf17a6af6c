"""Checks a chain of events: pure, so that a file is checked as the server's answer is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from signoff.canonical import GENESIS, digest, event_hash
from signoff.strict_json import InvalidJSON

REQUIRED: Final = ("seq", "type", "at", "actor", "data", "prev_hash", "hash")
"""What every event has."""

QUESTION: Final = "approval.requested"
"""Names the digest of a content that stands elsewhere: in the request itself."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest event of a chain, as somebody saw it."""

    seq: int
    hash: str

    @classmethod
    def read(cls, text: str) -> "Head":
        """A head as a person writes it: `7:9f86d081…`.

        Raises:
            ValueError: it is none.
        """
        seq, _, hash_ = text.partition(":")
        if not (seq.isascii() and seq.isdecimal() and _is_hash(hash_)):
            raise ValueError("a head is SEQ:HASH, such as 7: and 64 hex digits")
        return cls(int(seq), hash_)

    @classmethod
    def of(cls, value: object) -> "Head":
        """A head as the contract writes it: `{seq, hash}`.

        Raises:
            ValueError: it is none.
        """
        if isinstance(value, Mapping):
            seq, hash_ = value.get("seq"), value.get("hash")
            if type(seq) is int and isinstance(hash_, str) and _is_hash(hash_):
                return cls(seq, hash_)
        raise ValueError("event_head is not {seq, hash}")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: at which event (0: with the chain as a whole), and what."""

    seq: int
    what: str


def check(events: Iterable[Mapping[str, Any]], heads: Iterable[Head] = ()) -> list[Fault]:
    """Recompute a chain from its first event.

    Each event must follow the one before, have the hash that its members give, and carry the
    content whose digest it names. `heads` are what others have seen: each must be there.
    The first event that does not follow ends the check: what comes after it proves nothing.
    """
    faults: list[Fault] = []
    hashes = {0: GENESIS}
    prev_hash = GENESIS
    for seq, event in enumerate(events, 1):
        broken = _broken(event, seq, prev_hash)
        if broken is not None:
            return [*faults, Fault(seq, broken)]
        faults += [Fault(seq, what) for what in _content_faults(event)]
        prev_hash = hashes[seq] = event["hash"]
    faults += [fault for head in heads if (fault := _head_fault(head, hashes)) is not None]
    return faults


def shown_fault(
    event: Mapping[str, Any],
    execution: Mapping[str, Any] | None,
    request: Mapping[str, Any] | None,
) -> Fault | None:
    """Whether what is shown today is what happened: input, result, question, answer.

    `event` is of the chain of `execution`, or about `request`; all three as they are served.
    """
    kind, data = event["type"], event["data"]
    right: object = True
    if request is not None and kind == QUESTION:
        asked = {name: request.get(name) for name in ("title", "description", "payload")}
        right = digest(asked) == data.get("request_sha256")
    elif request is not None and kind == "approval.decided":
        words = {name: request[name] for name in ("feedback", "response") if name in request}
        said = event.get("content", {})
        right = digest(words) == digest(said) and request["status"] == data.get("status")
    elif execution is not None and "input_sha256" in data and kind == "execution.created":
        right = digest(execution["input"]) == data["input_sha256"]
    elif execution is not None and "result_sha256" in data and kind == "execution.succeeded":
        right = digest(execution.get("result")) == data["result_sha256"]
    return None if right else Fault(event["seq"], f"what is shown today is not this {kind}")


def _broken(event: Mapping[str, Any], seq: int, prev_hash: str) -> str | None:
    missing = [name for name in REQUIRED if name not in event]
    if missing:
        return f"it has no {', '.join(missing)}"
    if event["seq"] != seq:
        return f"event {seq} is not there; next comes {event['seq']}"
    if event["prev_hash"] != prev_hash:
        return "it does not follow the event before: one was changed, put in or taken out"
    try:
        fits = event_hash(event) == event["hash"]
    except (InvalidJSON, TypeError):
        fits = False
    return None if fits else f"{event['type']} was changed: its hash is not that of its members"


def _content_faults(event: Mapping[str, Any]) -> Iterable[str]:
    data = event["data"]
    named = data.get("content_sha256") if isinstance(data, Mapping) else None
    if "content" in event:
        if named is None:
            yield f"{event['type']} got a content that its data does not name"
        elif digest(event["content"]) != named:
            yield f"the content of {event['type']} was changed"
    elif named is not None and event["type"] != QUESTION:
        yield f"the content of {event['type']} was taken away"


def _head_fault(head: Head, hashes: Mapping[int, str]) -> Fault | None:
    last = max(hashes)
    if head.seq > last:
        cut = f"events {last + 1} to {head.seq}" if head.seq > last + 1 else f"event {head.seq}"
        return Fault(0, f"the tail was cut: {cut} of {head.seq} not there")
    if hashes.get(head.seq) != head.hash:
        return Fault(head.seq, "its hash is not the one that was seen before: the chain is another")
    return None


def _is_hash(text: str) -> bool:
    return len(text) == 64 and all(digit in "0123456789abcdef" for digit in text)
