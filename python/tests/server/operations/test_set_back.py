"""What is due by a clock that was set back since."""

from __future__ import annotations

from dataclasses import replace

from signoff.server.domain.clock import ManualClock
from signoff.server.operations import expiry, set_back
from signoff.server.operations.claims import SEND_MS
from signoff.server.operations.waiting import wait_for
from tests.server.operations.stage import Stage, soon
from tests.server.operations.world import HOUR, NODE, NOW

BACK = NOW - HOUR


async def _message_at(stage: Stage) -> int | None:
    [message] = await stage.messages()
    at: int | None = message["next_at"]
    return at


async def test_what_was_due_is_due_again_and_claims_are_dropped(stage: Stage) -> None:
    await stage.register()
    execution_id = (await stage.start())["execution_id"]
    await stage.message_to("https://example.com/hook", execution_id=execution_id)
    await _take(stage)
    stage.clock.set(BACK)
    await set_back.hasten(stage.context)
    row = await stage.execution(execution_id)
    assert (row["dispatch_at"], row["claimed_until"]) == (BACK, None)
    assert await _message_at(stage) == BACK
    assert (await stage.claim_next(execution_id)).attempt == 1


async def test_a_claim_is_dropped_though_its_row_is_long_due(stage: Stage) -> None:
    stage.clock.set(BACK - HOUR)
    held = await stage.at_work()
    queued = (await stage.start())["execution_id"]
    stage.clock.set(NOW)
    await _take(stage)
    stage.clock.set(BACK)
    await set_back.hasten(stage.context)
    rows = [await stage.execution(each) for each in (held.execution_id, queued)]
    assert [row["dispatch_at"] for row in rows] == [None, BACK - HOUR]
    assert [row["claimed_until"] for row in rows] == [None, None]


async def test_a_claim_of_an_expiry_is_dropped_too(stage: Stage) -> None:
    """Its server died while the clock was ahead; now the hour comes by once more."""
    dispatch = await stage.at_work()
    stage.clock.set(BACK)
    request = await stage.ask(dispatch.attempt_id, expires_in_hours=0.5)
    stage.clock.set(NOW)
    await _take(stage)
    stage.clock.set(BACK)
    await set_back.hasten(stage.context)
    stage.context.peers.add("srv_other")
    stage.clock.advance(HOUR // 2)
    await expiry.expire_due(stage.context, stage.clock.now())
    assert (await stage.request(request["id"]))["status"] == "expired"


async def test_what_is_put_off_by_the_same_clock_stays(stage: Stage) -> None:
    await stage.register()
    dispatch = await stage.claim_next((await stage.start())["execution_id"])
    later = {"execution_id": dispatch.execution_id, "next_at": NOW + set_back.LONGEST_MS}
    await stage.message_to("https://example.com/hook", **later)
    await _take(stage)
    before = await stage.execution(dispatch.execution_id)
    await set_back.hasten(stage.context)
    assert await stage.execution(dispatch.execution_id) == before
    assert await _message_at(stage) == NOW + set_back.LONGEST_MS
    await set_back.hasten(stage.context, beyond_ms=0)
    assert await _message_at(stage) == NOW


async def test_deadlines_and_what_is_not_due_stay(stage: Stage) -> None:
    dispatch = await stage.at_work()
    request = await stage.ask(dispatch.attempt_id)
    before = await stage.execution(dispatch.execution_id), await stage.request(request["id"])
    stage.clock.set(BACK)
    await set_back.hasten(stage.context, beyond_ms=0)
    row = await stage.execution(dispatch.execution_id)
    assert (row, await stage.request(request["id"])) == before


async def test_a_long_poll_ends_in_its_time_though_the_clock_is_set_back(stage: Stage) -> None:
    class Clock(ManualClock):
        waits = 0

        async def wait_until(self, at: int | None, wake: object = None) -> None:
            self.waits += 1
            assert self.waits == 1
            self.set(BACK)

    context = replace(stage.context, clock=Clock(NOW))

    async def look() -> bool:
        return False

    assert not await soon(wait_for(context, "exec:x", look, bool, 60))


async def _take(stage: Stage) -> None:
    """Another server takes what there is, where there may be others."""
    if not stage.store.shared:
        return
    taken = {"now": stage.clock.now(), "until": stage.clock.now() + SEND_MS, "limit": 10}
    await stage.store.take("claim_due_dispatch_ids", node_id=NODE, **taken)
    await stage.store.take("claim_held_attempts", node_id=NODE, instance_id="i-1", **taken)
    await stage.store.take("claim_due_messages", **taken)
    await stage.store.take("claim_due_expiries", **taken)
