"""Reading requests: one, held until it is decided, pages of them, their events."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs

import pytest

from signoff.server.domain.errors import NotFound, Refusal
from signoff.server.domain.principal import Principal, Role
from signoff.server.operations import approval_reads
from signoff.server.operations.expiry import expire_due
from tests.server.operations.world import (
    ADMIN,
    AGENT,
    CLIENT,
    DEADLINE,
    HOUR,
    NODE,
    NOW,
    REVIEWER,
    World,
    seen,
)

OTHER_AGENT = Principal("key_other", Role.AGENT, nodes=frozenset({"other-agent"}))


async def get(
    world: World, request_id: str, principal: Principal = CLIENT, wait_seconds: float = 0
) -> Any:
    async with asyncio.timeout(DEADLINE):
        return seen(
            await approval_reads.get_approval_request(
                world.context, principal, request_id, wait_seconds=wait_seconds
            )
        )


async def listed(world: World, **filters: Any) -> list[str]:
    page = await approval_reads.list_approval_requests(world.context, **filters)
    return [item["id"] for item in seen(page)["items"]]


async def status_of(
    world: World, execution_id: str, principal: Principal = ADMIN, **more: Any
) -> Any:
    node_id = more.pop("node_id", NODE)
    return seen(
        await approval_reads.get_execution_approval_status(
            world.context, principal, node_id, execution_id, **more
        )
    )


async def test_a_request_is_read_by_its_id(world: World) -> None:
    standalone = await world.create()
    gate = await world.ask(await world.running())
    assert await get(world, standalone["id"]) == standalone
    assert await get(world, gate["id"], AGENT) == gate
    assert await get(world, gate["id"], REVIEWER) == gate
    with pytest.raises(NotFound, match=r"^there is no approval request apr_none$"):
        await get(world, "apr_none")


async def test_an_own_id_in_the_place_of_the_apr_id_is_told_where_it_is_found(
    world: World,
) -> None:
    asked = await world.create("draft review/1")
    with pytest.raises(NotFound) as unknown:
        await get(world, "draft review/1")
    _, query = unknown.value.detail.split("GET /api/v1/approval-requests?")
    filters = parse_qs(query.split()[0], strict_parsing=True)
    assert filters == {"approval_request_id": ["draft review/1"]}
    assert await listed(world, approval_request_id="draft review/1") == [asked["id"]]


async def test_an_agent_reads_the_requests_of_its_nodes_only(world: World) -> None:
    standalone = await world.create()
    gate = await world.ask(await world.running())
    for request, principal in ((standalone, AGENT), (gate, OTHER_AGENT)):
        with pytest.raises(Refusal) as caught:
            await get(world, request["id"], principal)
        assert caught.value.code == "forbidden"


async def test_a_wait_ends_with_the_decision(world: World) -> None:
    request = await world.create()
    waiting = asyncio.ensure_future(get(world, request["id"], wait_seconds=60))
    await world.clock.until_waiting()
    receipt = await world.decide(request["id"])
    assert await waiting == receipt["approval"]
    assert await get(world, request["id"], wait_seconds=60) == receipt["approval"]
    assert world.clock.waiting() == 0


async def test_a_wait_ends_with_the_expiry(world: World) -> None:
    request = await world.ask(await world.running(), expires_in_hours=1)
    waiting = asyncio.ensure_future(get(world, request["id"], wait_seconds=60))
    await world.clock.until_waiting()
    # Another request of the same execution says nothing about this one.
    await expire_due(world.context, NOW + HOUR)
    assert (await waiting)["status"] == "expired"


async def test_a_wait_ends_when_its_time_is_over(world: World) -> None:
    request = await world.create()
    waiting = asyncio.ensure_future(get(world, request["id"], wait_seconds=0.5))
    await world.clock.until_waiting()
    world.clock.advance(500)
    assert (await waiting)["status"] == "pending"


async def test_a_wait_ends_when_the_server_stops(world: World) -> None:
    request = await world.create()
    waiting = asyncio.ensure_future(get(world, request["id"], wait_seconds=60))
    await world.clock.until_waiting()
    world.context.stop()
    assert (await waiting)["status"] == "pending"


async def test_pages_run_newest_first_and_stay_stable(world: World) -> None:
    ids = [(await world.create(f"claim-{n}"))["id"] for n in range(5)]
    first = seen(await approval_reads.list_approval_requests(world.context, limit=2))
    await world.create("meanwhile")
    second = seen(
        await approval_reads.list_approval_requests(
            world.context, limit=3, cursor=first["next_cursor"]
        )
    )
    shown = [item["id"] for item in (*first["items"], *second["items"])]
    assert shown == ids[::-1]
    assert "next_cursor" not in second


async def test_a_cursor_of_another_list_is_refused(world: World) -> None:
    request = await world.create()
    await world.decide(request["id"])
    events = seen(
        await approval_reads.list_approval_request_events(world.context, request["id"], limit=1)
    )
    for cursor in (events["next_cursor"], "x"):
        with pytest.raises(Refusal) as caught:
            await approval_reads.list_approval_requests(world.context, cursor=cursor)
        assert caught.value.code == "invalid_cursor"
    page = seen(await approval_reads.list_approval_requests(world.context))
    assert page["items"][0]["event_head"]["seq"] == 2


async def test_each_filter_leaves_what_fits(world: World) -> None:
    execution_id = await world.running()
    await world.instance("i-9", node_id="other-agent")
    elsewhere = await world.running(node_id="other-agent")
    gate = (await world.ask(execution_id, "draft"))["id"]
    there = (await world.ask(elsewhere, "draft", node_id="other-agent"))["id"]
    alone = (await world.create("draft"))["id"]
    late = (await world.create("late"))["id"]
    await world.decide(gate, "rejected")
    world.clock.advance(1000)
    await world.decide(late, principal=ADMIN)
    assert await listed(world) == [late, alone, there, gate]
    assert await listed(world, approval_request_id="draft") == [alone, there, gate]
    assert await listed(world, execution_id=execution_id) == [gate]
    assert await listed(world, execution_id=f"{execution_id}~2") == [gate]
    assert await listed(world, execution_id="none") == [late, alone]
    assert await listed(world, execution_id="none", approval_request_id="draft") == [alone]
    assert await listed(world, execution_id="exec~0") == []
    assert await listed(world, status="pending") == [alone, there]
    assert await listed(world, node_id="other-agent") == [there]
    assert await listed(world, node_id="other-agent", status="pending") == [there]
    assert await listed(world, node_id="other-agent", status="rejected") == []
    assert await listed(world, execution_id=execution_id, status="rejected") == [gate]
    assert await listed(world, execution_id=execution_id, status="pending") == []
    assert await listed(world, execution_id="none", status="pending") == [alone]
    assert await listed(world, approval_request_id="draft", status="rejected") == [gate]
    assert await listed(world, approval_request_id="draft", status="pending") == [alone, there]
    assert await listed(world, reviewer=REVIEWER.id) == [gate]
    assert await listed(world, reviewer=ADMIN.id) == [late]
    assert await listed(world, decided_after=NOW) == [late, gate]
    assert await listed(world, decided_after=NOW + 1) == [late]
    assert await listed(world, decided_before=NOW + 1000) == [gate]
    assert await listed(world, decided_after=NOW, decided_before=NOW) == []


@pytest.mark.parametrize("decided", [1, 64, 65, 256, 257])
async def test_few_or_many_that_were_decided_in_a_time_are_listed_alike(
    world: World, decided: int
) -> None:
    ids = []
    for number in range(decided):
        world.clock.advance(1)
        request = await world.create(f"gate-{number}")
        await world.decide(request["id"])
        ids.append(request["id"])
    newest = [*reversed(ids)]
    times: Any = {"decided_after": NOW, "decided_before": NOW + 10_000}
    assert await listed(world, **times, limit=200) == newest[:200]
    assert await listed(world, **times, limit=200, status="approved") == newest[:200]
    assert await listed(world, **times, status="rejected") == []
    page = await approval_reads.list_approval_requests(world.context, **times, limit=1)
    if decided > 1:
        cursor = seen(page)["next_cursor"]
        assert await listed(world, **times, limit=200, cursor=cursor) == newest[1:201]
    assert await listed(world, decided_after=NOW + 10_000) == []


async def test_many_that_were_decided_before_many_others_came_are_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approval_reads, "FEW", 1)
    monkeypatch.setattr(approval_reads, "RECENT", 2)
    old = [(await world.create(f"gate-{number}"))["id"] for number in range(3)]
    for each in old:
        await world.decide(each)
    for waiting in range(3):
        assert await listed(world, decided_before=NOW + 1) == old[::-1]
        await world.create(f"late-{waiting}")
    page = await approval_reads.list_approval_requests(
        world.context, decided_before=NOW + 1, limit=2
    )
    cursor = seen(page)["next_cursor"]
    assert await listed(world, decided_before=NOW + 1, cursor=cursor) == old[:1]


async def test_the_events_of_a_request_are_those_about_it(world: World) -> None:
    execution_id = await world.running()
    one = await world.ask(execution_id, "one")
    two = await world.ask(execution_id, "two")
    await world.decide(two["id"])
    await world.decide(one["id"])
    page = seen(
        await approval_reads.list_approval_request_events(world.context, one["id"], limit=1)
    )
    rest = seen(
        await approval_reads.list_approval_request_events(
            world.context, one["id"], cursor=page["next_cursor"]
        )
    )
    events = [*page["items"], *rest["items"]]
    assert [event["type"] for event in events] == ["approval.requested", "approval.decided"]
    assert {event["approval_id"] for event in events} == {one["id"]}
    assert {event["execution_id"] for event in events} == {execution_id}
    with pytest.raises(NotFound):
        await approval_reads.list_approval_request_events(world.context, "apr_none")


async def test_the_status_of_a_gate_is_that_of_its_newest_request(world: World) -> None:
    execution_id = await world.running(own=False)
    url = "https://review.example.com/1"
    first = await world.ask(execution_id, "first", approval_request_url=url)
    world.clock.advance(1000)
    await world.decide(first["id"], response={"limit": 10**30})
    second = await world.ask(execution_id, "second")
    state = await status_of(world, execution_id)
    assert state == {
        "status": "pending",
        "requested_at": second["created_at"],
        "expires_at": second["expires_at"],
        "approval": second,
    }
    attempt_id = await world.again(execution_id)
    state = await status_of(world, attempt_id, AGENT, approval_request_id="first")
    assert state.pop("approval")["id"] == first["id"]
    assert state == {
        "status": "approved",
        "response": '{"limit":1000000000000000000000000000000}',
        "request_url": url,
        "requested_at": "2027-01-15T08:00:00.000Z",
        "responded_at": "2027-01-15T08:00:01.000Z",
        "expires_at": first["expires_at"],
    }


async def test_what_was_not_asked_has_no_status(world: World) -> None:
    execution_id = await world.running()
    for call in (
        status_of(world, execution_id),
        status_of(world, "exec_none"),
        status_of(world, execution_id, node_id="other-agent"),
    ):
        with pytest.raises(NotFound):
            await call
    await world.ask(execution_id, "one")
    with pytest.raises(NotFound):
        await status_of(world, execution_id, approval_request_id="two")
    with pytest.raises(Refusal) as caught:
        await status_of(world, execution_id, OTHER_AGENT)
    assert caught.value.code == "forbidden"
