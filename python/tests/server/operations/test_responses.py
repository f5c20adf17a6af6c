"""Signed decisions: the order of the checks, whom an id means, and messages that come twice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

import pytest

from signoff.server.domain.errors import Conflict, NotFound, Refusal
from signoff.server.domain.store import Store
from signoff.server.operations.responses import (
    RECEIPT_MS,
    receive_approval_response,
    require_secret,
)
from signoff.webhook import sign_approval_response, sign_webhook
from tests.server.operations.world import HOUR, NOW, World, seen, together

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PREVIOUS = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


@pytest.fixture
def world(store: Store) -> World:
    return World(store, webhook_secrets=(SECRET, PREVIOUS))


def body_form(raw: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"X-Webhook-Signature": sign_approval_response(secret, raw)}


def timestamped(world: World, raw: bytes, webhook_id: str = "msg_1") -> dict[str, str]:
    return sign_webhook(SECRET, webhook_id, world.clock.now() // 1000, raw)


async def send(world: World, headers: Mapping[str, str], raw: bytes) -> dict[str, Any]:
    shown: dict[str, Any] = seen(
        await receive_approval_response(world.context, headers, raw, json.loads)
    )
    return shown


async def respond(
    world: World,
    request_id: str,
    decision: str = "approved",
    *,
    webhook_id: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A signed response; in the timestamped form when it has an id."""
    raw = json.dumps({"requestId": request_id, "decision": decision, **more}).encode()
    headers = body_form(raw) if webhook_id is None else timestamped(world, raw, webhook_id)
    return await send(world, headers, raw)


async def refused(world: World, *args: Any, **more: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await respond(world, *args, **more)
    return caught.value


def never(raw: bytes) -> dict[str, Any]:
    raise AssertionError("parsed before the signature was checked")


async def test_without_a_secret_nothing_is_looked_at(store: Store) -> None:
    world = World(store)
    for call in (
        lambda: require_secret(world.context),
        lambda: receive_approval_response(world.context, {}, b"", never).send(None),
    ):
        with pytest.raises(Refusal) as caught:
            call()
        assert caught.value.code == "webhook_secret_missing"
    require_secret(World(store, webhook_secrets=(SECRET,)).context)


async def test_nothing_is_parsed_before_the_signature_is_good(world: World) -> None:
    raw = b'{"requestId": "x", "decision": "approved"}'
    good = timestamped(world, raw)
    for headers in (
        {},
        body_form(raw + b" "),
        body_form(raw, "whsec_AAAA"),
        {"X-Webhook-Signature": "sha256=00"},
        good | {"webhook-timestamp": str(NOW // 1000 - 301)},
        good | {"webhook-id": "msg_2"},
    ):
        with pytest.raises(Refusal) as caught:
            await receive_approval_response(world.context, headers, raw, never)
        assert caught.value.code == "invalid_signature"


async def test_what_the_parser_refuses_is_refused_before_the_request_is_looked_up(
    world: World,
) -> None:
    def parse(raw: bytes) -> dict[str, Any]:
        raise Refusal("invalid_request", "no")

    with pytest.raises(Refusal) as caught:
        await receive_approval_response(world.context, body_form(b"{}"), b"{}", parse)
    assert caught.value.code == "invalid_request"


@pytest.mark.parametrize("secret", [SECRET, PREVIOUS])
async def test_both_secrets_count_while_one_is_replaced(world: World, secret: str) -> None:
    request = await world.create()
    raw = json.dumps({"requestId": request["id"], "decision": "approved"}).encode()
    assert (await send(world, body_form(raw, secret), raw))["status"] == "processed"


async def test_a_response_decides_and_names_the_reviewer(world: World) -> None:
    execution_id = await world.running()
    request = await world.ask(execution_id)
    receipt = await respond(
        world,
        "req-abc-123",
        "rejected",
        feedback="no",
        response={"n": 10**30},
        reviewer={"id": "42", "name": "duty officer", "team": "x"},
        anything="else",
    )
    assert receipt["status"] == "processed"
    approval = receipt["approval"]
    assert (approval["id"], approval["status"]) == (request["id"], "rejected")
    assert (approval["feedback"], approval["response"]) == ("no", {"n": 10**30})
    assert approval["reviewer"] == {"id": "42", "name": "duty officer", "source": "webhook"}
    assert await world.statuses(execution_id) == ["running"]
    decided = (await world.events(execution_id))[-2]
    assert (decided["actor_id"], decided["actor_source"]) == ("42", "webhook")


async def test_without_a_reviewer_it_is_the_webhook(world: World) -> None:
    request = await world.create()
    receipt = await respond(world, request["id"])
    assert receipt["approval"]["reviewer"] == {"id": "webhook", "source": "webhook"}


async def test_the_same_again_is_already_processed_and_the_opposite_is_refused(
    world: World,
) -> None:
    request = await world.create()
    first = await respond(world, request["id"])
    again = await respond(world, request["id"])
    assert again == {"status": "already_processed", "approval": first["approval"]}
    refusal = await refused(world, request["id"], "rejected")
    assert refusal.code == "already_decided"
    assert seen(refusal.extra["approval"]) == first["approval"]


async def test_an_unknown_request_may_be_on_its_way(world: World) -> None:
    for request_id in ("req-abc-123", "apr_none"):
        assert isinstance(await refused(world, request_id), NotFound)


async def test_the_execution_must_be_that_of_the_request(world: World) -> None:
    execution_id = await world.running()
    other = await world.running()
    request = await world.ask(execution_id)
    for request_id in (request["id"], "req-abc-123"):
        assert isinstance(await refused(world, request_id, execution_id=other), NotFound)
    receipt = await respond(world, request["id"], execution_id=f"{execution_id}~7")
    assert receipt["status"] == "processed"


async def test_an_own_id_that_has_named_several_is_ambiguous(world: World) -> None:
    one, two = await world.running(), await world.running()
    first = await world.ask(one, "draft-review")
    second = await world.ask(two, "draft-review")
    standalone = await world.create("draft-review")
    await world.decide(first["id"])
    refusal = await refused(world, "draft-review")
    assert refusal.code == "ambiguous_request_id"
    assert refusal.detail.startswith("draft-review has named 3 requests")
    assert seen(refusal.extra["candidates"]) == [
        {"id": standalone["id"], "status": "pending"},
        {"id": second["id"], "execution_id": two, "status": "pending"},
        {"id": first["id"], "execution_id": one, "status": "approved"},
    ]
    # The execution narrows it to one; so it is one that is decided already.
    receipt = await respond(world, "draft-review", execution_id=one)
    assert receipt["status"] == "already_processed"


async def test_at_most_fifty_candidates_are_named(world: World) -> None:
    execution_id = await world.running(own=False)
    for _ in range(52):
        request = await world.ask(execution_id, "draft-review")
        await world.decide(request["id"], "request_changes")
    refusal = await refused(world, "draft-review")
    candidates = seen(refusal.extra["candidates"])
    assert len(candidates) == 50
    assert candidates[0]["id"] == request["id"]
    assert "more than 50" in refusal.detail


async def test_a_replayed_body_never_decides_a_later_request(world: World) -> None:
    execution_id = await world.running(own=False)
    await world.ask(execution_id, "draft-review")
    raw = b'{"requestId": "draft-review", "decision": "approved"}'
    assert (await send(world, body_form(raw), raw))["status"] == "processed"
    later = await world.ask(execution_id, "draft-review")
    with pytest.raises(Conflict) as caught:
        await send(world, body_form(raw), raw)
    assert caught.value.code == "ambiguous_request_id"
    assert (await world.request(later["id"]))["status"] == "pending"


async def test_a_message_with_a_time_in_it_means_the_one_that_is_pending(world: World) -> None:
    execution_id = await world.running(own=False)
    first = await world.ask(execution_id, "draft-review")
    await world.decide(first["id"], "request_changes")
    second = await world.ask(execution_id, "draft-review")
    receipt = await respond(world, "draft-review", webhook_id="msg_1")
    assert (receipt["status"], receipt["approval"]["id"]) == ("processed", second["id"])
    # None is pending, then two are: neither is exactly one.
    assert (await refused(world, "draft-review", webhook_id="msg_2")).code == "ambiguous_request_id"
    for other in (execution_id, await world.running()):
        await world.ask(other, "draft-review")
    assert (await refused(world, "draft-review", webhook_id="msg_3")).code == "ambiguous_request_id"
    narrowed = await respond(world, "draft-review", webhook_id="msg_4", execution_id=execution_id)
    assert narrowed["status"] == "processed"


async def test_a_message_that_comes_twice_is_answered_as_before(world: World) -> None:
    execution_id = await world.running(own=False)
    await world.ask(execution_id, "draft-review")
    first = await respond(world, "draft-review", webhook_id="msg_1", response=10**30)
    # By now the id is ambiguous, and the chain longer.
    await world.ask(execution_id, "draft-review")
    assert await respond(world, "draft-review", webhook_id="msg_1", response=10**30) == first
    assert first["status"] == "processed"
    assert first["approval"]["response"] == 10**30


async def test_a_refusal_that_comes_twice_is_answered_as_before(world: World) -> None:
    request = await world.create()
    winner = await world.decide(request["id"], "rejected")
    for _ in range(2):
        refusal = await refused(world, request["id"], webhook_id="msg_1")
        assert refusal.code == "already_decided"
        assert refusal.detail == "the request is rejected"
        assert seen(refusal.extra["approval"]) == winner["approval"]
    row = await world.store.one("get_receipt", webhook_id="msg_1")
    assert row is not None
    assert row["status_code"] == 409


async def test_a_late_response_is_remembered_with_the_expiry(world: World) -> None:
    request = await world.create(expires_in_hours=1)
    world.clock.advance(HOUR)
    for _ in range(2):
        refusal = await refused(world, request["id"], webhook_id="msg_1")
        assert seen(refusal.extra["approval"])["status"] == "expired"


async def test_what_may_be_different_next_time_is_not_remembered(world: World) -> None:
    assert (await refused(world, "draft-review", webhook_id="msg_1")).code == "not_found"
    await world.create("draft-review")
    assert (await respond(world, "draft-review", webhook_id="msg_1"))["status"] == "processed"


async def test_an_id_that_comes_with_another_body_is_judged_and_not_remembered(
    world: World,
) -> None:
    one, two = await world.create("one"), await world.create("two")
    first = await respond(world, one["id"], webhook_id="msg_1")
    other = await respond(world, two["id"], webhook_id="msg_1")
    assert (other["status"], other["approval"]["id"]) == ("processed", two["id"])
    again = await respond(world, two["id"], webhook_id="msg_1")
    assert again["status"] == "already_processed"
    assert await respond(world, one["id"], webhook_id="msg_1") == first


async def test_an_answer_is_remembered_for_a_day_whether_or_not_somebody_cleans_up(
    world: World,
) -> None:
    request = await world.create()
    first = await respond(world, request["id"], webhook_id="msg_1")
    world.clock.advance(RECEIPT_MS - 1)
    assert await respond(world, request["id"], webhook_id="msg_1") == first
    world.clock.advance(1)
    second = await respond(world, request["id"], webhook_id="msg_1")
    assert second["status"] == "already_processed"
    world.clock.advance(RECEIPT_MS - 1)  # the later answer has taken its place
    assert await respond(world, request["id"], webhook_id="msg_1") == second


async def test_an_id_whose_day_is_over_is_that_of_another_body(world: World) -> None:
    one, two = await world.create("one"), await world.create("two")
    await respond(world, one["id"], webhook_id="msg_1")
    world.clock.advance(RECEIPT_MS)
    first = await respond(world, two["id"], webhook_id="msg_1")
    assert await respond(world, two["id"], webhook_id="msg_1") == first


async def test_the_body_form_is_not_remembered(world: World) -> None:
    request = await world.create()
    raw = json.dumps({"requestId": request["id"], "decision": "approved"}).encode()
    headers = body_form(raw) | {"webhook-id": "msg_1"}
    statuses = [(await send(world, headers, raw))["status"] for _ in range(2)]
    assert statuses == ["processed", "already_processed"]


async def test_one_message_at_once_many_times_gets_one_answer(world: World) -> None:
    request = await world.create()
    async with AsyncExitStack() as gate:
        # All of them have looked for an earlier answer before the first is let in.
        await gate.enter_async_context(world.context.locks.hold(request["id"]))
        calls = [respond(world, request["id"], webhook_id="msg_1") for _ in range(20)]
        answers = await together(*calls, gate.aclose())
    assert [answer["status"] for answer in answers[:20]] == ["processed"] * 20
    assert len(await world.events(request["id"])) == 2


async def test_a_message_that_was_forgotten_is_too_old_to_be_played_again(world: World) -> None:
    approval = await world.create(expires_in_hours=100)
    raw = json.dumps({"requestId": approval["id"], "decision": "approved"}).encode()
    headers = timestamped(world, raw)
    first = await send(world, headers, raw)
    world.clock.advance(300_000)
    assert await send(world, headers, raw) == first
    # Long before it is forgotten, what it is signed for is over.
    assert RECEIPT_MS > 2 * 300_000
    for later in (1_000, RECEIPT_MS):
        world.clock.advance(later)
        with pytest.raises(Refusal) as refusal:
            await send(world, headers, raw)
        assert refusal.value.code == "invalid_signature"
