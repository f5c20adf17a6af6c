"""Asking from within an execution: what is new, what is the same, what is replayed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from signoff.server.domain.errors import Conflict, NotFound, Refusal
from signoff.server.domain.event import SERVER
from signoff.server.domain.execution import CANCELLED
from signoff.server.domain.store import Store
from signoff.server.operations.approval_reads import list_approval_requests
from signoff.server.operations.approvals import expires_at
from signoff.server.operations.tree import Tree
from tests.server.operations.world import (
    AGENT,
    HOUR,
    NODE,
    NOW,
    REVIEWER,
    World,
    seen,
    together,
)

NOTIFIED = "https://hooks.example.com/approvals"


async def refused(world: World, execution_id: str, *args: Any, **body: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await world.ask(execution_id, *args, **body)
    return caught.value


async def test_a_new_request_is_stored_and_its_execution_waits(store: Store) -> None:
    world = World(store, notify_url=NOTIFIED)
    root = await world.running()
    execution_id = await world.running(root)
    approval = await world.ask(
        execution_id,
        principal=AGENT,
        title="Refund of $4,000",
        description="Billed twice.",
        payload={"amount": 12345678901234567890123, "z": None},
        approval_request_url="https://review.example.com/1",
        expires_in_hours=48.0,
        callback_url="http://127.0.0.1:8001/webhooks/approval",
        step_key="pause.1",
    )
    row = await world.execution(execution_id)
    assert approval.pop("id").startswith("apr_")
    assert approval == {
        "approval_request_id": "req-abc-123",
        "approval_request_url": "https://review.example.com/1",
        "title": "Refund of $4,000",
        "description": "Billed twice.",
        "payload": {"amount": 12345678901234567890123, "z": None},
        "execution_id": execution_id,
        "node_id": NODE,
        "run_id": row["run_id"],
        "status": "pending",
        "expires_at": "2027-01-17T08:00:00.000Z",
        "created_at": "2027-01-15T08:00:00.000Z",
        "callback_url": "http://127.0.0.1:8001/webhooks/approval",
        "event_head": {"seq": row["event_seq"], "hash": row["event_hash"]},
    }
    assert await world.statuses(root, execution_id) == ["waiting", "waiting"]
    assert (await world.types(execution_id))[-2:] == ["approval.requested", "execution.waiting"]
    asked = (await world.events(execution_id))[-2]
    assert (asked["actor_id"], asked["actor_name"]) == (AGENT.id, AGENT.name)
    [message] = await world.messages()
    assert (message["kind"], message["url"]) == ("approval.requested", NOTIFIED)
    assert (message["secret_ref"], message["next_at"]) == ("notify", NOW)
    assert message["body"]["type"] == "approval.requested"
    assert message["body"]["timestamp"] == "2027-01-15T08:00:00.000Z"
    told = message["body"]["data"]
    assert told.pop("id") == asked["approval_id"]
    assert told == approval


async def test_without_a_subscriber_nothing_is_notified(world: World) -> None:
    await world.ask(await world.running())
    assert await world.messages() == []


async def test_an_older_attempt_is_fenced_off(world: World) -> None:
    execution_id = await world.running()
    attempt_id = await world.again(execution_id)
    assert attempt_id == f"{execution_id}~2"
    assert (await refused(world, execution_id)).code == "stale_attempt"
    assert (await world.ask(attempt_id))["execution_id"] == execution_id


@pytest.mark.parametrize("suffix", ["~3", "~1", "~x", "~2~2"])
async def test_an_attempt_that_is_none_is_not_found(world: World, suffix: str) -> None:
    execution_id = await world.running()
    await world.again(execution_id)
    assert (await refused(world, execution_id + suffix)).code == "not_found"


async def test_the_node_in_the_path_is_that_of_the_execution(world: World) -> None:
    execution_id = await world.running()
    await world.instance("i-9", node_id="other-agent")
    assert isinstance(await refused(world, execution_id, node_id="other-agent"), NotFound)
    refusal = await refused(world, execution_id, node_id="other-agent", principal=AGENT)
    assert refusal.code == "forbidden"


async def test_a_finished_execution_asks_nothing_and_is_shown(world: World) -> None:
    execution_id = await world.running()
    tree = await Tree.load(world.context, execution_id)
    tree.move(CANCELLED, SERVER)
    await world.store.apply(tree.change())
    refusal = await refused(world, execution_id)
    assert refusal.code == "execution_finished"
    assert seen(refusal.extra["execution"])["status"] == "cancelled"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8002/webhooks/approval",
        "https://127.0.0.1:8001/webhooks/approval",
        "http://localhost:8001/webhooks/approval",
        "http://127.0.0.1:8001@evil.example.com/",
        "http://127.0.0.1:99999/",
        "http://[::1/",
        "http://:8001/",
    ],
)
async def test_a_callback_goes_to_the_origin_of_an_instance_only(world: World, url: str) -> None:
    refusal = await refused(world, await world.running(), callback_url=url)
    assert refusal.code == "invalid_callback_url"
    assert [fault.pointer for fault in refusal.errors] == ["/callback_url"]


async def test_the_default_port_is_a_port_of_the_origin(world: World) -> None:
    await world.instance("i-1", base_url="http://agent.example.com/refunds")
    execution_id = await world.queued()
    await world.claim(execution_id)
    url = "http://Agent.example.com:80/refunds/hear"
    assert (await world.ask(execution_id, callback_url=url))["callback_url"] == url


async def test_a_repeat_while_pending_is_the_same_request(world: World) -> None:
    execution_id = await world.running()
    first = await world.ask(execution_id)
    again = await world.ask(execution_id, expires_in_hours=1)
    assert again == first
    assert (await world.types(execution_id)).count("approval.requested") == 1


async def test_a_repeat_with_other_content_while_pending_is_a_conflict(world: World) -> None:
    execution_id = await world.running()
    first = await world.ask(execution_id, title="4,000", payload={"a": 1})
    refusal = await refused(world, execution_id, title="9,000", payload={"a": 2})
    assert refusal.code == "request_conflict"
    assert [fault.pointer for fault in refusal.errors] == ["/title", "/payload"]
    assert seen(refusal.extra["approval"]) == first


async def test_a_reply_that_was_lost_is_found_again_by_its_step_key(world: World) -> None:
    execution_id = await world.running()
    first = await world.ask(execution_id, step_key="pause.1")
    await world.decide(first["id"])
    again = await world.ask(execution_id, step_key="pause.1")
    assert (again["id"], again["status"]) == (first["id"], "approved")
    assert await world.statuses(execution_id) == ["running"]
    refusal = await refused(world, execution_id, step_key="pause.1", title="else")
    assert refusal.code == "request_conflict"


async def test_a_gate_in_a_loop_asks_every_time(world: World) -> None:
    execution_id = await world.running(own=False)
    ids = []
    for _ in range(3):
        approval = await world.ask(execution_id, "draft-review")
        assert approval["status"] == "pending"
        ids.append(approval["id"])
        await world.decide(approval["id"], "request_changes")
    assert len(set(ids)) == 3
    occurrences = [(await world.request(request_id))["occurrence"] for request_id in ids]
    assert occurrences == [1, 2, 3]


async def test_requests_of_two_executions_under_one_own_id_are_two(world: World) -> None:
    one = await world.ask(await world.running(), "draft-review")
    two = await world.ask(await world.running(), "draft-review")
    assert one["id"] != two["id"]


async def test_several_requests_of_one_execution_may_be_pending(world: World) -> None:
    execution_id = await world.running()
    one = await world.ask(execution_id, "one", step_key="pause.1")
    two = await world.ask(execution_id, "two", step_key="pause.2")
    assert (await world.execution(execution_id))["pending_own"] == 2
    await world.decide(one["id"])
    assert await world.statuses(execution_id) == ["waiting"]
    await world.decide(two["id"])
    assert await world.statuses(execution_id) == ["running"]


async def test_many_requests_at_once_get_one_occurrence_each(world: World) -> None:
    execution_id = await world.running()
    asked = await together(
        *(world.ask(execution_id, "same", step_key=f"pause.{n}", title=f"{n}") for n in range(20))
    )
    # While one is pending, another content under its id is no repeat of it.
    accepted = [answer for answer in asked if not isinstance(answer, BaseException)]
    assert len(accepted) == 1
    assert {type(answer) for answer in asked if isinstance(answer, BaseException)} == {Conflict}
    assert (await world.execution(execution_id))["pending_own"] == 1


async def test_a_later_attempt_meets_the_pending_request(world: World) -> None:
    execution_id = await world.running()
    first = await world.ask(execution_id, step_key="pause.1")
    attempt_id = await world.again(execution_id)
    assert await world.statuses(execution_id) == ["waiting"]
    again = await world.ask(attempt_id, step_key="pause.1")
    assert (again["id"], again["status"]) == (first["id"], "pending")
    row = await world.request(first["id"])
    assert (row["attempt"], row["seen_attempt"], row["delivered_at"]) == (1, 2, None)
    assert (await world.execution(execution_id))["pending_own"] == 1
    assert "approval.replayed" not in await world.types(execution_id)
    assert await world.messages() == []


async def test_a_decided_replay_answers_at_once_and_leaves_the_run_running(world: World) -> None:
    execution_id = await world.running()
    first = await world.ask(execution_id, step_key="pause.1")
    await world.release(execution_id)
    await world.decide(first["id"], feedback="fine")
    attempt_id = await world.claim(execution_id)
    again = await world.ask(attempt_id, step_key="pause.1")
    assert (again["id"], again["status"], again["feedback"]) == (first["id"], "approved", "fine")
    assert await world.statuses(execution_id) == ["running"]
    replayed = (await world.events(execution_id))[-1]
    assert replayed["type"] == "approval.replayed"
    assert (replayed["data"], replayed["approval_id"]) == ('{"attempt":2}', first["id"])
    assert again["event_head"]["seq"] == replayed["seq"]
    assert (await world.request(first["id"]))["delivered_at"] == NOW
    assert await world.messages("approvalCallback") == []


async def test_the_kth_request_under_an_id_meets_the_kth_stored_one(world: World) -> None:
    execution_id = await world.running(own=False)
    stored = []
    for decision in ("request_changes", "rejected"):
        approval = await world.ask(execution_id, "draft-review", title="A draft")
        stored.append(approval["id"])
        await world.decide(approval["id"], decision)
    third = await world.ask(execution_id, "draft-review", title="A draft")
    attempt_id = await world.again(execution_id)
    met = [await world.ask(attempt_id, "draft-review", title="A draft") for _ in range(3)]
    assert [approval["id"] for approval in met] == [*stored, third["id"]]
    assert [approval["status"] for approval in met] == ["request_changes", "rejected", "pending"]


async def test_a_replay_with_other_content_or_url_is_a_conflict(world: World) -> None:
    execution_id = await world.running()
    first = await world.ask(execution_id, title="4,000", approval_request_url="https://a.example/1")
    await world.decide(first["id"])
    attempt_id = await world.again(execution_id)
    one, other = "https://a.example/1", "https://a.example/2"
    refusal = await refused(world, attempt_id, title="9,000", approval_request_url=one)
    assert [fault.pointer for fault in refusal.errors] == ["/title"]
    refusal = await refused(world, attempt_id, title="4,000", approval_request_url=other)
    assert [fault.pointer for fault in refusal.errors] == ["/approval_request_url"]
    again = await world.ask(attempt_id, title="4,000", approval_request_url=one)
    assert again["status"] == "approved"


async def test_a_fresh_id_at_the_same_place_meets_the_stored_one_for_own_agents(
    world: World,
) -> None:
    execution_id = await world.running()
    first = await world.ask(execution_id, "req-1", step_key="pause.1", title="4,000")
    await world.decide(first["id"])
    attempt_id = await world.again(execution_id)
    refusal = await refused(world, attempt_id, "req-2", step_key="pause.1", title="9,000")
    assert refusal.code == "request_conflict"
    again = await world.ask(attempt_id, "req-2", step_key="pause.1", title="4,000")
    assert (again["id"], again["approval_request_id"]) == (first["id"], "req-1")


async def test_a_foreign_agent_gets_its_replayed_decision_as_a_callback(world: World) -> None:
    execution_id = await world.running(own=False)
    first = await world.ask(execution_id, callback_url="http://127.0.0.1:8001/webhooks/approval")
    await world.release(execution_id)
    await world.decide(first["id"], feedback="fine", response={"limit": 10**30})
    await world.instance("i-2", base_url="http://127.0.0.1:8002", own=False)
    attempt_id = await world.claim(execution_id, "i-2")
    again = await world.ask(attempt_id, callback_url="http://127.0.0.1:8002/webhooks/approval")
    assert again["status"] == "approved"
    assert again["callback_url"] == "http://127.0.0.1:8002/webhooks/approval"
    [message] = await world.messages("approvalCallback")
    assert message["url"] == "http://127.0.0.1:8002/webhooks/approval"
    assert (message["instance_id"], message["secret_ref"]) == ("i-2", "instance")
    body = message["body"]
    assert body.pop("event_head") == again["event_head"]
    assert body == {
        "execution_id": f"{attempt_id}#{first['id']}",
        "id": first["id"],
        "approval_request_id": "req-abc-123",
        "decision": "approved",
        "new_status": "running",
        "feedback": "fine",
        "response": {"limit": 10**30},
        "reviewer": {"id": REVIEWER.id, "name": REVIEWER.name, "source": "key"},
    }
    # Only its 2xx says that the agent took it.
    assert (await world.request(first["id"]))["delivered_at"] is None


async def test_a_foreign_replay_from_an_attempt_without_a_lease_is_dispatched(
    world: World,
) -> None:
    execution_id = await world.running(own=False)
    first = await world.ask(execution_id)
    await world.decide(first["id"])
    attempt_id = await world.again(execution_id)
    await world.release(execution_id)
    again = await world.ask(attempt_id)
    assert again["status"] == "approved"
    assert (await world.execution(execution_id))["dispatch_at"] == NOW
    assert [message["instance_id"] for message in await world.messages("approvalCallback")] == [
        "i-1"  # of the first attempt; not of this one
    ]


@pytest.mark.parametrize("own", [True, False])
async def test_where_decisions_are_not_replayed_a_foreign_agent_asks_anew(
    store: Store, own: bool
) -> None:
    world = World(store, replay_decisions=False)
    execution_id = await world.running(own=own)
    first = await world.ask(execution_id)
    await world.decide(first["id"])
    attempt_id = await world.again(execution_id)
    again = await world.ask(attempt_id)
    assert (again["id"] == first["id"]) is own
    assert again["status"] == ("approved" if own else "pending")
    # One that is pending is the same question for both.
    if not own:
        later = await world.ask(await world.again(execution_id))
        assert later["id"] == again["id"]


async def test_before_its_first_dispatch_an_execution_may_ask_through_an_admin(
    world: World,
) -> None:
    await world.instance()
    execution_id = await world.queued()
    approval = await world.ask(execution_id)
    row = await world.execution(execution_id)
    assert (row["status"], row["dispatch_at"]) == ("waiting", NOW)
    await world.decide(approval["id"])
    row = await world.execution(execution_id)
    assert (row["status"], row["dispatch_at"]) == ("running", NOW)
    again = await world.ask(await world.claim(execution_id))
    assert (again["id"], again["status"]) == (approval["id"], "approved")


async def test_a_decision_that_comes_while_an_attempt_asks_again_is_not_lost(
    world: World,
) -> None:
    execution_id = await world.running()
    first = await world.ask(execution_id)
    attempt_id = await world.again(execution_id)
    answers = await together(world.ask(attempt_id), world.decide(first["id"]))
    assert [type(answer) for answer in answers] == [dict, dict]
    assert await world.statuses(execution_id) == ["running"]
    row = await world.request(first["id"])
    assert (row["status"], row["seen_attempt"]) == ("approved", 2)
    # It met the request while that was pending: so the callback tells.
    assert answers[0]["status"] == "pending"
    [message] = await world.messages("approvalCallback")
    assert message["body"]["execution_id"] == attempt_id


@pytest.mark.parametrize(
    "hours, ms",
    [
        (72, 72 * HOUR),
        (0.5, HOUR // 2),
        (1.1, 3_960_000),
        (1e-9, 1),
        (5e-324, 1),
        (2.5e-7, 1),
        (4e-7, 2),
        (87600, 87600 * HOUR),
    ],
)
def test_hours_count_as_they_are_written(hours: float, ms: int) -> None:
    assert expires_at(NOW, hours) == NOW + ms


async def test_without_hours_it_is_three_days(world: World) -> None:
    approval = await world.ask(await world.running())
    assert (await world.request(approval["id"]))["expires_at"] == NOW + 72 * HOUR


async def test_a_pending_request_is_listed_with_the_head_of_its_execution(world: World) -> None:
    execution_id = await world.running()
    approval = await world.ask(execution_id)
    page = seen(await list_approval_requests(world.context, execution_id=execution_id))
    assert page == {"items": [approval]}
    assert json.loads((await world.events(execution_id))[-2]["data"]) == {
        "request_sha256": (await world.request(approval["id"]))["content_sha256"],
        "expires_at": NOW + 72 * HOUR,
    }
