"""Standalone requests: one own id of one owner is one question, until it expires."""

from __future__ import annotations

from typing import Any

import pytest

from signoff.server.domain.errors import Conflict
from signoff.server.domain.principal import Principal, Role
from signoff.server.domain.store import Store
from signoff.server.operations.approvals import create_approval_request
from signoff.server.operations.withdrawals import cancel_approval_request
from tests.server.operations.world import CLIENT, HOUR, NOW, World, seen, together

ANOTHER = Principal("key_other", Role.CLIENT)

CONTENT: dict[str, Any] = {
    "title": "Claim 4711",
    "description": "A claim of $2,000,000.",
    "payload": {"z": 1, "a": 12345678901234567890123},
    "approval_request_url": "https://dashboard.example.com/claims/4711",
}


async def test_a_new_request_is_stored(store: Store) -> None:
    world = World(store, notify_url="https://hooks.example.com/")
    body = {"approval_request_id": "claim-4711", "expires_in_hours": 24, **CONTENT}
    approval, is_new = await create_approval_request(world.context, CLIENT, body)
    shown = seen(approval)
    [event] = await world.events(shown["id"])
    assert is_new
    assert shown.pop("id") == event["approval_id"]
    assert shown == {
        "approval_request_id": "claim-4711",
        **CONTENT,
        "status": "pending",
        "expires_at": "2027-01-16T08:00:00.000Z",
        "created_at": "2027-01-15T08:00:00.000Z",
        "event_head": {"seq": 1, "hash": event["hash"]},
    }
    [message] = await world.messages()
    assert (message["kind"], message["execution_id"]) == ("approval.requested", None)
    assert (await world.request(event["approval_id"]))["owner"] == CLIENT.id


async def test_the_same_content_is_the_same_request_pending_or_decided(world: World) -> None:
    first = await world.create(**CONTENT, expires_in_hours=1)
    assert await world.create(**CONTENT, expires_in_hours=9) == first
    receipt = await world.decide(first["id"])
    assert await world.create(**CONTENT) == receipt["approval"]
    body = {"approval_request_id": "claim-4711", **CONTENT}
    assert not (await create_approval_request(world.context, CLIENT, body)).is_new
    world.clock.set(NOW + HOUR - 1)
    assert await world.create(**CONTENT) == receipt["approval"]


@pytest.mark.parametrize(
    "changed, pointers",
    [
        ({"title": "Claim 4712"}, ["/title"]),
        ({"description": None}, ["/description"]),
        ({"payload": {"z": 1, "a": 12345678901234567890124}}, ["/payload"]),
        ({"approval_request_url": "https://dashboard.example.com/"}, ["/approval_request_url"]),
        ({"title": "", "payload": {}}, ["/title", "/payload"]),
    ],
)
async def test_other_content_is_a_conflict_that_names_what_differs(
    world: World, changed: dict[str, Any], pointers: list[str]
) -> None:
    first = await world.create(**CONTENT)
    given = {name: value for name, value in (CONTENT | changed).items() if value is not None}
    with pytest.raises(Conflict) as caught:
        await world.create(**given)
    assert caught.value.code == "request_conflict"
    assert [fault.pointer for fault in caught.value.errors] == pointers
    assert seen(caught.value.extra["approval"]) == first


async def test_equal_payloads_are_equal_in_any_order_of_keys(world: World) -> None:
    first = await world.create(payload={"a": 1, "b": [1.0, {"c": None}]})
    assert (await world.create(payload={"b": [1, {"c": None}], "a": 1}))["id"] == first["id"]


async def test_another_owner_asks_another_question(world: World) -> None:
    first = await world.create()
    assert (await world.create(principal=ANOTHER, title="x"))["id"] != first["id"]


@pytest.mark.parametrize("decided", [True, False])
async def test_after_its_end_the_id_asks_anew(store: Store, decided: bool) -> None:
    world = World(store, notify_url="https://hooks.example.com/")
    first = await world.create(expires_in_hours=1)
    if decided:
        await world.decide(first["id"])
    world.clock.set(NOW + HOUR)
    second = await world.create(title="something else")
    assert second["id"] != first["id"]
    assert second["status"] == "pending"
    assert (await world.request(second["id"]))["occurrence"] == 2
    # What nobody had closed yet is expired with that.
    last = "approval.decided" if decided else "approval.expired"
    assert await world.types(first["id"]) == ["approval.requested", last]
    assert await world.types(second["id"]) == ["approval.requested"]
    kinds = [message["kind"] for message in await world.messages()]
    assert kinds == ["approval.requested", last, "approval.requested"]


async def test_a_withdrawn_request_stands_for_its_id_too(world: World) -> None:
    first = await world.create(expires_in_hours=1)
    await cancel_approval_request(world.context, CLIENT, first["id"], {})
    again = await world.create()
    assert (again["id"], again["status"]) == (first["id"], "cancelled")


async def test_many_that_ask_at_once_ask_one_question(world: World) -> None:
    await world.create("old", expires_in_hours=1)
    world.clock.advance(HOUR)
    for own_id in ("new", "old"):
        body = {"approval_request_id": own_id}
        answers = await together(
            *(create_approval_request(world.context, CLIENT, body) for _ in range(50))
        )
        assert len({seen(answer.approval)["id"] for answer in answers}) == 1
        assert sum(answer.is_new for answer in answers) == 1


async def test_two_servers_that_ask_at_once_ask_one_question(world: World) -> None:
    """Without the locks of one process, the guards alone make it one."""
    other = World(world.store)
    body = {"approval_request_id": "claim-4711"}
    answers = await together(
        *(
            create_approval_request(server.context, CLIENT, body)
            for server in (world, other)
            for _ in range(10)
        )
    )
    assert len({seen(answer.approval)["id"] for answer in answers}) == 1
    assert sum(answer.is_new for answer in answers) == 1
