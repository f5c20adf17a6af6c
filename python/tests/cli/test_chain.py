"""The check of a chain finds every single thing that can be done to one."""

from collections.abc import Callable
from typing import Any

import pytest

from signoff.canonical import GENESIS, digest, event_hash
from signoff.cli.chain import Fault, Head, check, shown_fault

Event = dict[str, Any]
WORDS = {"feedback": "fine", "response": {"n": 2**70}}


def sealed(event: Event, prev_hash: str) -> Event:
    event = event | {"prev_hash": prev_hash}
    return event | {"hash": event_hash(event)}


def chain(length: int = 4) -> list[Event]:
    events: list[Event] = []
    for seq in range(1, length + 1):
        event: Event = {
            "seq": seq,
            "type": "approval.decided" if seq == 3 else "note",
            "execution_id": "exec_1",
            "at": "2026-01-05T09:30:00.000Z",
            "actor": {"id": "local", "source": "open"},
            "data": {"attempt": 1},
        }
        if seq == 3:
            event |= {"content": WORDS, "data": {"content_sha256": digest(WORDS)}}
        events.append(sealed(event, events[-1]["hash"] if events else GENESIS))
    return events


def head(events: list[Event], seq: int = 0) -> Head:
    event = events[seq - 1]
    return Head(event["seq"], event["hash"])


def test_a_whole_chain_has_no_faults():
    events = chain()
    assert check(events, [head(events), head(events, 2)]) == []
    assert check([]) == []


def change(events: list[Event]) -> None:
    events[1]["data"] = {"attempt": 2}


def change_and_seal(events: list[Event]) -> None:
    events[1] = sealed(events[1] | {"data": {"attempt": 2}}, events[0]["hash"])


def take_out(events: list[Event]) -> None:
    del events[1]


def take_out_and_number(events: list[Event]) -> None:
    del events[1]
    events[1]["seq"] = 2


def put_in(events: list[Event]) -> None:
    events.insert(1, dict(events[1]))


def swap(events: list[Event]) -> None:
    events[1], events[2] = events[2], events[1]


def cut_the_tail(events: list[Event]) -> None:
    del events[2:]


def cut_one(events: list[Event]) -> None:
    del events[3:]


def forge_all(events: list[Event]) -> None:
    events[0] = sealed(events[0] | {"type": "agent.other"}, GENESIS)
    for place in range(1, len(events)):
        events[place] = sealed(events[place], events[place - 1]["hash"])


def change_the_content(events: list[Event]) -> None:
    events[2]["content"] = {"feedback": "no"}


def take_the_content(events: list[Event]) -> None:
    del events[2]["content"]


def add_a_content(events: list[Event]) -> None:
    events[0]["content"] = "hello"


def lose_a_member(events: list[Event]) -> None:
    del events[1]["actor"], events[1]["at"]


def spoil_a_member(events: list[Event]) -> None:
    events[1]["data"] = {"n": float("nan")}


def spoil_the_data(events: list[Event]) -> None:
    events[1] = sealed(events[1] | {"data": "none", "content": 1}, events[0]["hash"])


DONE: list[tuple[Callable[[list[Event]], None], int, str]] = [
    (change, 2, "note was changed: its hash is not that of its members"),
    (change_and_seal, 3, "it does not follow the event before"),
    (take_out, 2, "event 2 is not there; next comes 3"),
    (take_out_and_number, 2, "it does not follow the event before"),
    (put_in, 3, "event 3 is not there; next comes 2"),
    (swap, 2, "event 2 is not there; next comes 3"),
    (cut_the_tail, 0, "the tail was cut: events 3 to 4 of 4 not there"),
    (cut_one, 0, "the tail was cut: event 4 of 4 not there"),
    (forge_all, 4, "the chain is another"),
    (change_the_content, 3, "the content of approval.decided was changed"),
    (take_the_content, 3, "the content of approval.decided was taken away"),
    (add_a_content, 1, "note got a content that its data does not name"),
    (lose_a_member, 2, "it has no at, actor"),
    (spoil_a_member, 2, "note was changed"),
    (spoil_the_data, 2, "note got a content that its data does not name"),
]


@pytest.mark.parametrize("do, seq, what", DONE)
def test_whatever_is_done_to_a_chain_is_found_and_named(
    do: Callable[[list[Event]], None], seq: int, what: str
):
    events = chain()
    seen = head(events)
    do(events)
    first = check(events, [seen])[0]
    assert first.seq == seq
    assert what in first.what


def said(kind: str, data: Event, **members: object) -> Event:
    return {"seq": 2, "type": kind, "data": data} | members


REQUEST = {"id": "apr_1", "title": "Refund", "payload": {"n": 1}, "status": "approved"} | WORDS
EXECUTION = {"input": {"n": 2**70}, "result": None}
SHOWN = [
    said(
        "approval.requested",
        {"request_sha256": digest({"title": "Refund", "description": None, "payload": {"n": 1}})},
    ),
    said("approval.decided", {"status": "approved"}, content=WORDS),
    said("execution.created", {"input_sha256": digest({"n": 2**70})}),
    said("execution.succeeded", {"result_sha256": digest(None)}),
]
CHANGES: list[tuple[int, Event, Event]] = [
    (0, {}, {"title": "Refund of $1"}),
    (0, {}, {"description": "new"}),
    (1, {}, {"status": "rejected"}),
    (1, {}, {"feedback": "no"}),
    (2, {"input": {}}, {}),
    (3, {"result": 0}, {}),
]


def test_what_is_shown_today_is_what_happened():
    assert [shown_fault(event, EXECUTION, REQUEST) for event in SHOWN] == [None] * 4
    assert [shown_fault(event, None, None) for event in SHOWN] == [None] * 4


@pytest.mark.parametrize("place, execution, request_", CHANGES)
def test_what_is_shown_otherwise_today_is_found(place: int, execution: Event, request_: Event):
    event = SHOWN[place]
    fault = shown_fault(event, EXECUTION | execution, REQUEST | request_)
    assert fault == Fault(2, f"what is shown today is not this {event['type']}")


def test_a_question_names_a_content_that_stands_in_the_request():
    event = {
        "seq": 1,
        "type": "approval.requested",
        "approval_id": "apr_1",
        "at": "2026-01-05T09:30:00.000Z",
        "actor": {"id": "local", "source": "open"},
        "data": {"request_sha256": digest({})},
    }
    assert check([sealed(event, GENESIS)]) == []


def test_a_head_is_read_as_people_and_as_programs_write_it():
    assert Head.read(f"7:{'a' * 64}") == Head(7, "a" * 64)
    assert Head.of({"seq": 7, "hash": "a" * 64, "more": 1}) == Head(7, "a" * 64)
    for text in ("", "7", "7:", f"x:{'a' * 64}", f"7:{'A' * 64}", f"٧:{'a' * 64}"):
        with pytest.raises(ValueError, match="SEQ:HASH"):
            Head.read(text)
    values: list[object] = [None, [], {}, {"seq": True, "hash": "a" * 64}, {"seq": 1, "hash": 1}]
    for value in values:
        with pytest.raises(ValueError, match="event_head"):
            Head.of(value)
