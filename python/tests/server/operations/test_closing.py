"""What an execution still asks when it ends, and the messages that tell of it."""

from __future__ import annotations

import pytest

from signoff.server.domain.execution import CANCELLED, SUCCEEDED
from signoff.server.domain.node import AttemptId
from signoff.server.domain.store import Store
from signoff.server.operations import outbox
from signoff.server.operations.closing import close_pending
from signoff.server.operations.tree import Tree
from tests.server.operations.world import NOW, PERSON, World


async def finish(world: World, execution_id: str, *, clear_waiters: bool = False) -> None:
    tree = await Tree.load(world.context, execution_id)
    await close_pending(world.context, tree, PERSON, clear_waiters=clear_waiters)
    tree.extend([outbox.drop_callbacks(execution_id)])
    tree.move(CANCELLED if clear_waiters else SUCCEEDED, PERSON)
    tree.defer(lambda: outbox.execution_finished(world.context, tree.execution, now=tree.now))
    await world.store.apply(tree.change())


async def test_what_is_pending_is_cancelled_with_the_execution(store: Store) -> None:
    world = World(store, notify_url="https://hooks.example.com/")
    root = await world.running()
    execution_id = await world.running(root)
    one, two = [await world.ask(execution_id, own_id) for own_id in ("one", "two")]
    decided = await world.ask(execution_id, "three")
    await world.decide(decided["id"])
    await finish(world, execution_id)
    assert await world.statuses(root, execution_id) == ["running", "succeeded"]
    for request in (one, two):
        row = await world.request(request["id"])
        assert (row["status"], row["status_reason"]) == ("cancelled", "execution_finished")
    assert (await world.request(decided["id"]))["status"] == "approved"
    assert (await world.types(execution_id))[-3:] == [
        "approval.cancelled",
        "approval.cancelled",
        "execution.succeeded",
    ]
    told = await world.messages("approval.cancelled")
    assert [message["approval_id"] for message in told] == [one["id"], two["id"]]
    # The notification shows the end of the chain, which is the end of the execution.
    head = (await world.events(execution_id))[-1]
    assert told[0]["body"]["data"]["event_head"] == {"seq": head["seq"], "hash": head["hash"]}
    # Nobody is left to hear the decision that was on its way.
    [callback] = await world.messages("approvalCallback")
    assert (callback["approval_id"], callback["state"]) == (decided["id"], "dropped")


async def test_an_execution_that_asks_nothing_ends_as_it_is(world: World) -> None:
    execution_id = await world.running()
    await finish(world, execution_id)
    assert await world.messages() == []
    assert (await world.types(execution_id))[-1] == "execution.succeeded"


@pytest.mark.parametrize("own", [True, False])
async def test_the_waiters_that_a_cancelled_run_leaves_behind_are_cleared(
    world: World, own: bool
) -> None:
    execution_id = await world.running(own=own)
    request = await world.ask(execution_id)
    await finish(world, execution_id, clear_waiters=True)
    callbacks = await world.messages("approvalCallback")
    if own:
        assert callbacks == []
        return
    [callback] = callbacks
    assert callback["state"] == "pending"
    assert callback["body"]["execution_id"] == f"{execution_id}#{request['id']}"
    assert callback["body"]["decision"] == "error"
    assert callback["body"]["feedback"] == "execution_finished"
    assert callback["body"]["new_status"] == "cancelled"


async def test_a_waiter_without_a_lease_is_nowhere(world: World) -> None:
    execution_id = await world.running(own=False)
    await world.ask(execution_id)
    await world.release(execution_id)
    await finish(world, execution_id, clear_waiters=True)
    assert await world.messages() == []


async def test_a_callback_goes_where_the_leaseholder_listens(world: World) -> None:
    await world.instance("i-1", base_url="http://agent.example.com/refunds/")
    for url in (None, "http://agent.example.com:80/hear", "http://127.0.0.1:8002/hear"):
        await world.instance("i-2", base_url="http://127.0.0.1:8002")
        execution_id = await world.queued()
        await world.claim(execution_id)
        if url is None:
            request = await world.ask(execution_id)
        else:
            request = await world.ask(execution_id, callback_url=url)
        await world.decide(request["id"])
    heard = [message["url"] for message in await world.messages("approvalCallback")]
    usual = "http://agent.example.com/refunds/webhooks/approval"
    assert heard == [usual, "http://agent.example.com:80/hear", usual]


@pytest.mark.parametrize("reason", [None, "the order was withdrawn"])
async def test_a_cancel_notice_names_the_attempt(world: World, reason: str | None) -> None:
    execution_id = await world.running()
    attempt_id = await world.again(execution_id)
    tree = await Tree.load(world.context, execution_id)
    instance = await world.store.one("get_instance", node_id="refund-agent", instance_id="i-1")
    assert instance is not None
    attempt = AttemptId(execution_id, 2)
    notice = outbox.cancel_notice(world.context, attempt, instance, now=tree.now, reason=reason)
    tree.extend([notice])
    tree.move(CANCELLED, PERSON)
    await world.store.apply(tree.change())
    [message] = await world.messages()
    assert message["kind"] == "cancelAgentExecution"
    assert message["url"] == f"http://127.0.0.1:8001/_internal/executions/{attempt_id}/cancel"
    said = {} if reason is None else {"reason": reason}
    assert message["body"] == {"execution_id": attempt_id, **said}


@pytest.mark.parametrize("secret", [None, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
async def test_who_asked_for_the_execution_is_told_of_its_end(
    world: World, secret: str | None
) -> None:
    url = "https://hooks.example.com/signoff?token=1"
    execution_id = await world.running(webhook_url=url, webhook_secret=secret)
    await finish(world, execution_id)
    [message] = await world.messages()
    assert (message["kind"], message["url"]) == ("execution.finished", url)
    assert message["secret_ref"] == (None if secret is None else "execution")
    assert (message["next_at"], message["state"]) == (NOW, "pending")
    data = message["body"]["data"]
    assert (data["status"], data["input"]) == (
        "succeeded",
        {"exact": 12345678901234567890123},
    )
    head = (await world.events(execution_id))[-1]
    assert data["event_head"] == {"seq": head["seq"], "hash": head["hash"]}
