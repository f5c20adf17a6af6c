"""Event chains: what the hash covers, and that any change shows."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.canonical import GENESIS, canonical, event_hash
from signoff.server.domain.event import SERVER, Actor, first_break, shown
from signoff.server.domain.execution import Execution
from signoff.server.domain.store import Change, Row
from tests.server.rows import NOW, PERSON
from tests.server.test_execution import row


def chain(length: int = 5) -> list[Row]:
    execution = Execution(row(event_seq=0, event_hash=GENESIS))
    return [
        execution.append("note", at=NOW + n, actor=PERSON, data={"n": n}) for n in range(length)
    ]


def test_the_hash_is_the_one_that_the_contract_describes() -> None:
    execution = Execution(row(event_seq=0, event_hash=GENESIS))
    event = execution.append(
        "note", at=NOW, actor=Actor("local", None, "open"), content='{"tags": [], "message": "é"}'
    )
    digest = hashlib.sha256('{"message":"é","tags":[]}'.encode()).hexdigest()
    assert shown(event) == {
        "seq": 1,
        "type": "note",
        "execution_id": "exec_1",
        "at": "2027-01-15T08:00:00.000Z",
        "actor": {"id": "local", "source": "open"},
        "data": {"content_sha256": digest},
        "prev_hash": GENESIS,
        "hash": event["hash"],
    }
    covered = (
        '{"actor":{"id":"local","source":"open"},"at":"2027-01-15T08:00:00.000Z",'
        f'"data":{{"content_sha256":"{digest}"}},"execution_id":"exec_1",'
        f'"prev_hash":"{GENESIS}","seq":1,"type":"note"}}'
    )
    assert event["hash"] == hashlib.sha256((GENESIS + covered).encode()).hexdigest()
    assert event_hash(shown(event) | {"content": {"message": "é", "tags": []}}) == event["hash"]


words = st.text(st.characters(exclude_categories=["Cs"]))
scalars = st.none() | words | st.integers(-(2**53), 2**53) | st.booleans()
values = scalars | st.floats(allow_nan=False, allow_infinity=False) | st.lists(scalars)


@given(st.dictionaries(words, values), st.dictionaries(words, scalars), words)
def test_whatever_an_event_holds_its_hash_is_canonical(
    anything: dict[str, object], plain: dict[str, object], name: str
) -> None:
    execution = Execution(row(event_seq=0, event_hash=GENESIS))
    for data in (anything, plain):
        event = execution.append("note", at=NOW, actor=Actor(name, name, "key"), data=data)
        assert event["data"] == canonical(data).decode()
        assert event_hash(shown(event)) == event["hash"]


def test_a_chain_is_whole() -> None:
    events = chain()
    assert first_break(events) is None
    assert first_break([]) is None
    rest = events[2:]
    assert first_break(rest, prev_hash=str(events[1]["hash"]), seq=2) is None
    assert first_break(rest) == 1


@pytest.mark.parametrize(
    "name, value",
    [
        ("type", "agent.note"),
        ("execution_id", "exec_2"),
        ("approval_id", "apr_1"),
        ("at", NOW),
        ("actor_id", "mallory"),
        ("actor_name", None),
        ("actor_source", "open"),
        ("data", '{"n":9}'),
        ("prev_hash", GENESIS),
        ("hash", "0" * 64),
        ("seq", 9),
    ],
)
def test_any_change_of_an_event_shows(name: str, value: str | int | None) -> None:
    events = chain()
    events[2] = {**events[2], name: value}
    assert first_break(events) == 3


def test_a_missing_or_moved_event_shows() -> None:
    events = chain()
    assert first_break(events[:2] + events[3:]) == 3
    assert first_break([events[1], events[0], *events[2:]]) == 1


def test_content_is_beside_the_hash_but_its_digest_is_in_it() -> None:
    execution = Execution(row())
    first = execution.append("note", at=NOW, actor=SERVER, content='{"a": 123456789012345678901}')
    assert list(json.loads(str(first["data"]))) == ["content_sha256"]
    assert first["content"] == '{"a": 123456789012345678901}'
    assert execution.head == {"seq": 3, "hash": first["hash"]}


def test_heads_come_first_and_in_one_order() -> None:
    change = Change()
    change.add("put_fact", name="n", value="v")
    chains = [Execution(row(execution_id=f"exec_{name}")) for name in "bca"]
    for execution in chains:
        execution.append("note", at=NOW, actor=SERVER)
        execution.append("note", at=NOW, actor=SERVER)
    change.add_chains(*chains)
    assert [statement.query for statement in change.statements] == (
        ["move_execution"] * 3 + ["insert_event"] * 6 + ["put_fact"]
    )
    assert [statement.params["execution_id"] for statement in change.statements[:3]] == [
        "exec_a",
        "exec_b",
        "exec_c",
    ]
