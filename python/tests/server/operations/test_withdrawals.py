"""Withdrawing: by whom, and what whoever waits hears of it."""

from __future__ import annotations

from typing import Any

import pytest

from signoff.server.domain.errors import Conflict, NotFound, Refusal
from signoff.server.domain.principal import Principal, Role
from signoff.server.domain.store import Store
from signoff.server.operations.withdrawals import cancel_approval_request
from tests.server.operations.world import ADMIN, AGENT, CLIENT, HOUR, World, seen, together

STRANGER = Principal("key_other", Role.CLIENT)
OTHER_AGENT = Principal("key_other", Role.AGENT, nodes=frozenset({"other-agent"}))


async def withdraw(
    world: World, request_id: str, principal: Principal = ADMIN, **body: Any
) -> dict[str, Any]:
    shown: dict[str, Any] = seen(
        await cancel_approval_request(world.context, principal, request_id, body)
    )
    return shown


async def test_an_unknown_request_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        await withdraw(world, "apr_none")


async def test_whoever_waits_is_told_error_and_the_reason(store: Store) -> None:
    world = World(store, notify_url="https://hooks.example.com/")
    execution_id = await world.running()
    request = await world.ask(execution_id)
    approval = await withdraw(world, request["id"], AGENT, reason="the order was withdrawn")
    assert (approval["status"], approval["decision"]) == ("cancelled", "error")
    assert approval["status_reason"] == "the order was withdrawn"
    assert "reviewer" not in approval
    assert await world.statuses(execution_id) == ["running"]
    cancelled, _ = (await world.events(execution_id))[-2:]
    assert (cancelled["type"], cancelled["actor_id"]) == ("approval.cancelled", AGENT.id)
    assert cancelled["content"] == '{"reason":"the order was withdrawn"}'
    _, callback, notification = await world.messages()
    assert callback["body"]["decision"] == "error"
    assert callback["body"]["feedback"] == "the order was withdrawn"
    assert notification["kind"] == "approval.cancelled"


async def test_without_a_reason_it_is_withdrawn(world: World) -> None:
    request = await world.create()
    approval = await withdraw(world, request["id"], CLIENT)
    assert approval["status_reason"] == "withdrawn"
    assert await world.types(request["id"]) == ["approval.requested", "approval.cancelled"]


async def test_withdrawing_again_changes_nothing(world: World) -> None:
    request = await world.create()
    first = await withdraw(world, request["id"], CLIENT, reason="one")
    assert await withdraw(world, request["id"], CLIENT, reason="two") == first


async def test_a_decided_request_is_not_withdrawn(world: World) -> None:
    request = await world.create()
    await world.decide(request["id"])
    with pytest.raises(Conflict) as caught:
        await withdraw(world, request["id"], CLIENT)
    assert caught.value.code == "already_decided"
    assert seen(caught.value.extra["approval"])["status"] == "approved"


async def test_a_withdrawal_that_comes_late_performs_the_expiry(world: World) -> None:
    request = await world.create(expires_in_hours=1)
    world.clock.advance(HOUR)
    with pytest.raises(Conflict) as caught:
        await withdraw(world, request["id"], CLIENT)
    assert seen(caught.value.extra["approval"])["status"] == "expired"
    assert await world.types(request["id"]) == ["approval.requested", "approval.expired"]


@pytest.mark.parametrize("principal", [STRANGER, AGENT])
async def test_a_standalone_request_is_withdrawn_by_who_asked_only(
    world: World, principal: Principal
) -> None:
    request = await world.create()
    with pytest.raises(Refusal) as caught:
        await withdraw(world, request["id"], principal)
    assert caught.value.code == "forbidden"
    assert (await withdraw(world, request["id"]))["status"] == "cancelled"  # an admin may


@pytest.mark.parametrize("principal", [CLIENT, OTHER_AGENT])
async def test_a_request_of_an_execution_is_withdrawn_by_its_agent_only(
    world: World, principal: Principal
) -> None:
    request = await world.ask(await world.running())
    with pytest.raises(Refusal) as caught:
        await withdraw(world, request["id"], principal)
    assert caught.value.code == "forbidden"


async def test_a_withdrawal_and_a_decision_at_once_have_one_winner(world: World) -> None:
    for _ in range(20):
        request = await world.ask(await world.running())
        answers = await together(world.decide(request["id"]), withdraw(world, request["id"]))
        assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "dict"]
