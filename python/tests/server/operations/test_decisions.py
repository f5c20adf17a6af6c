"""Deciding: the first decision wins, in time, and whoever waits hears it."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from signoff.canonical import digest
from signoff.server.domain.errors import Conflict, NotFound
from signoff.server.domain.store import Store
from tests.server.operations.world import ADMIN, HOUR, NOW, REVIEWER, World, seen, together

NOTIFIED = "https://hooks.example.com/approvals"
REVIEWED = {"id": REVIEWER.id, "name": REVIEWER.name, "source": "key"}


async def lost(world: World, request_id: str, decision: str = "approved") -> Any:
    """The request that a refused decision is shown."""
    with pytest.raises(Conflict) as caught:
        await world.decide(request_id, decision)
    assert caught.value.code == "already_decided"
    approval = seen(caught.value.extra["approval"])
    assert caught.value.detail == f"the request is {approval['status']}"
    return approval


async def test_an_unknown_request_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        await world.decide("apr_none")


@pytest.mark.parametrize("decision", ["approved", "rejected", "request_changes"])
async def test_a_decision_takes_the_execution_back_to_running(world: World, decision: str) -> None:
    root = await world.running()
    middle = await world.running(root)
    execution_id = await world.running(middle)
    request = await world.ask(execution_id)
    assert await world.statuses(root, middle, execution_id) == ["waiting"] * 3
    world.clock.advance(1000)
    receipt = await world.decide(
        request["id"], decision, feedback="as agreed", response={"limit": 10**30, "n": None}
    )
    assert receipt["status"] == "processed"
    approval = receipt["approval"]
    assert (approval["status"], approval["decision"]) == (decision, decision)
    assert approval["reviewer"] == REVIEWED
    assert approval["feedback"] == "as agreed"
    assert approval["response"] == {"limit": 10**30, "n": None}
    assert approval["decided_at"] == "2027-01-15T08:00:01.000Z"
    assert await world.statuses(root, middle, execution_id) == ["running"] * 3
    decided, resumed = (await world.events(execution_id))[-2:]
    assert (decided["type"], resumed["type"]) == ("approval.decided", "execution.resumed")
    assert (decided["actor_id"], decided["approval_id"]) == (REVIEWER.id, request["id"])
    content = {"feedback": "as agreed", "response": {"limit": 10**30, "n": None}}
    assert json.loads(decided["content"]) == content
    assert json.loads(decided["data"]) == {"status": decision, "content_sha256": digest(content)}
    assert approval["event_head"] == {"seq": resumed["seq"], "hash": resumed["hash"]}
    for ancestor in (root, middle):
        assert (await world.types(ancestor))[-1] == "execution.resumed"


async def test_the_leaseholder_is_sent_the_decision(store: Store) -> None:
    world = World(store, notify_url=NOTIFIED)
    execution_id = await world.running()
    request = await world.ask(execution_id)
    receipt = await world.decide(request["id"], "rejected", response=None)
    _, callback, notification = await world.messages()
    assert (callback["kind"], callback["url"]) == (
        "approvalCallback",
        "http://127.0.0.1:8001/webhooks/approval",
    )
    assert (callback["execution_id"], callback["approval_id"]) == (execution_id, request["id"])
    assert (callback["node_id"], callback["instance_id"]) == ("refund-agent", "i-1")
    assert callback["body"] == {
        "execution_id": execution_id,
        "id": request["id"],
        "approval_request_id": "req-abc-123",
        "decision": "rejected",
        "new_status": "running",
        "response": None,
        "reviewer": REVIEWED,
        "event_head": receipt["approval"]["event_head"],
    }
    assert notification["kind"] == "approval.decided"
    assert notification["body"]["data"] == receipt["approval"]
    row = await world.execution(execution_id)
    assert (row["dispatch_at"], row["lease_instance"]) == (None, "i-1")
    assert (await world.request(request["id"]))["delivered_at"] is None


async def test_while_another_request_is_pending_the_callback_says_waiting(world: World) -> None:
    execution_id = await world.running()
    one = await world.ask(execution_id, "one")
    await world.ask(execution_id, "two")
    await world.decide(one["id"])
    [callback] = await world.messages("approvalCallback")
    assert callback["body"]["new_status"] == "waiting"
    assert "execution.resumed" not in await world.types(execution_id)


async def test_without_a_lease_the_execution_is_due_for_dispatch(world: World) -> None:
    execution_id = await world.running()
    request = await world.ask(execution_id)
    await world.release(execution_id)
    assert (await world.execution(execution_id))["dispatch_at"] is None
    world.clock.advance(5)
    await world.decide(request["id"])
    row = await world.execution(execution_id)
    assert (row["status"], row["dispatch_at"]) == ("running", NOW + 5)
    assert await world.messages("approvalCallback") == []


async def test_a_decision_starts_the_count_of_idle_attempts_anew(world: World) -> None:
    execution_id = await world.running(idle_attempts=0)
    request = await world.ask(execution_id)
    await world.again(execution_id)
    await world.decide(request["id"])
    assert (await world.execution(execution_id))["idle_attempts"] == 0


async def test_the_same_decision_again_is_already_processed(world: World) -> None:
    execution_id = await world.running()
    request = await world.ask(execution_id)
    first = await world.decide(request["id"], feedback="fine")
    events = await world.types(execution_id)
    again = await world.decide(request["id"], feedback="otherwise", principal=ADMIN)
    assert again == {"status": "already_processed", "approval": first["approval"]}
    assert await world.types(execution_id) == events


async def test_another_decision_is_refused_with_what_won(world: World) -> None:
    request = await world.ask(await world.running())
    first = await world.decide(request["id"], "rejected")
    assert await lost(world, request["id"], "approved") == first["approval"]


@pytest.mark.parametrize("standalone", [True, False])
async def test_a_decision_counts_until_the_millisecond_before_the_end(
    world: World, standalone: bool
) -> None:
    async def ask() -> str:
        if standalone:
            return str((await world.create(world.context.ids.run(), expires_in_hours=1))["id"])
        return str((await world.ask(await world.running(), expires_in_hours=1))["id"])

    in_time = await ask()
    world.clock.set(NOW + HOUR - 1)
    assert (await world.decide(in_time))["status"] == "processed"
    for late in (0, 1):
        world.clock.set(NOW)
        request_id = await ask()
        world.clock.set(NOW + HOUR + late)
        approval = await lost(world, request_id)
        assert (approval["status"], approval["decision"]) == ("expired", "expired")
        assert "reviewer" not in approval
        # It has performed the expiry: another one finds it done.
        assert (await lost(world, request_id, "rejected"))["status"] == "expired"


async def test_a_late_decision_lets_the_execution_hear_of_the_expiry(store: Store) -> None:
    world = World(store, notify_url=NOTIFIED)
    execution_id = await world.running()
    request = await world.ask(execution_id, expires_in_hours=1)
    world.clock.advance(HOUR)
    await lost(world, request["id"])
    assert await world.statuses(execution_id) == ["running"]
    assert (await world.types(execution_id))[-2:] == ["approval.expired", "execution.resumed"]
    assert (await world.events(execution_id))[-2]["actor_source"] == "system"
    kinds = [message["kind"] for message in await world.messages()]
    assert kinds == ["approval.requested", "approvalCallback", "approval.expired"]
    [callback] = await world.messages("approvalCallback")
    assert callback["body"]["decision"] == "expired"


async def test_a_standalone_decision_has_its_own_chain(store: Store) -> None:
    world = World(store, notify_url=NOTIFIED)
    request = await world.create()
    receipt = await world.decide(request["id"], "request_changes")
    assert await world.types(request["id"]) == ["approval.requested", "approval.decided"]
    head = (await world.events(request["id"]))[-1]
    assert receipt["approval"]["event_head"] == {"seq": 2, "hash": head["hash"]}
    assert head["execution_id"] is None
    kinds = [message["kind"] for message in await world.messages()]
    assert kinds == ["approval.requested", "approval.decided"]


async def test_of_two_opposite_decisions_exactly_one_wins_each_time(world: World) -> None:
    rounds = 1000
    executions = [await world.running() for _ in range(25)]
    standalone = await together(*(world.create(f"claim-{n}") for n in range(rounds // 2)))
    gates = await together(
        *(world.ask(executions[n % 25], f"gate-{n}") for n in range(rounds // 2))
    )
    ids = [request["id"] for request in (*standalone, *gates)]
    pair = ("approved", "rejected")
    calls = [
        world.decide(request_id, decision)
        for n, request_id in enumerate(ids)
        # Who comes first changes from request to request.
        for decision in (pair if n % 2 else reversed(pair))
    ]
    answers = await together(*calls)
    winners: Counter[str] = Counter()
    for n, request_id in enumerate(ids):
        both = answers[2 * n : 2 * n + 2]
        [receipt] = [answer for answer in both if isinstance(answer, dict)]
        [conflict] = [answer for answer in both if isinstance(answer, Conflict)]
        won = (await world.request(request_id))["status"]
        assert receipt["approval"]["status"] == won
        assert seen(conflict.extra["approval"])["status"] == won
        winners[won] += 1
    assert winners.total() == rounds
    assert min(winners["approved"], winners["rejected"]) >= rounds // 10
    assert await world.statuses(*executions) == ["running"] * 25
    assert len(await world.messages("approvalCallback")) == len(gates)
    for execution_id in executions:
        assert (await world.types(execution_id)).count("approval.decided") == len(gates) // 25


async def test_many_of_the_same_decision_at_once_are_one(world: World) -> None:
    request = await world.ask(await world.running())
    answers = await together(*(world.decide(request["id"]) for _ in range(50)))
    assert Counter(answer["status"] for answer in answers) == {
        "processed": 1,
        "already_processed": 49,
    }


async def test_two_servers_on_one_store_agree_on_the_winner(world: World) -> None:
    """Without the locks of one process, the guards alone decide."""
    other = World(world.store)
    root = await world.running()
    executions = [await world.running(root) for _ in range(4)]
    for n in range(25):
        ids = [(await world.ask(execution_id, f"gate-{n}"))["id"] for execution_id in executions]
        answers = await together(
            *(
                server.decide(request_id, decision)
                for request_id in ids
                for server, decision in ((world, "approved"), (other, "rejected"))
            )
        )
        for pair, request_id in zip(zip(*[iter(answers)] * 2, strict=True), ids, strict=True):
            [receipt] = [answer for answer in pair if isinstance(answer, dict)]
            assert {type(answer) for answer in pair} == {dict, Conflict}
            assert (await world.request(request_id))["status"] == receipt["approval"]["status"]
    assert await world.statuses(root, *executions) == ["running"] * 5
    for execution_id in executions:
        assert (await world.types(execution_id)).count("approval.decided") == 25
    await world.events(root)
