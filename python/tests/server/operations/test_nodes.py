"""Agents register, give signs of life and go."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from signoff.server.domain.errors import NotFound, Refusal
from signoff.server.domain.node import AttemptId, digest_in_hand
from signoff.server.domain.principal import Principal, Role
from signoff.server.domain.store import Change
from signoff.server.operations import dispatching, leases, nodes
from signoff.server.operations.context import InstanceKey
from tests.server.operations.stage import Stage
from tests.server.operations.world import ADMIN, AGENT, CLIENT, NODE, seen

KEY = InstanceKey(NODE, "i-1")
BODY: dict[str, Any] = {
    "id": NODE,
    "base_url": "http://127.0.0.1:8001",
    "instance_id": "i-1",
    "version": "1.0.0",
    "features": {"signoff": 1},
}

several_servers = pytest.mark.parametrize(
    "store", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
"""One SQLite file has one server."""


async def _beat(stage: Stage, by: Principal = AGENT, **body: Any) -> dict[str, Any]:
    shape = await nodes.heartbeat_node(stage.context, by, NODE, {"instance_id": "i-1", **body})
    shown: dict[str, Any] = seen(shape)
    return shown


def _in_hand(*ids: str, listed: bool = False) -> dict[str, Any]:
    attempts = [AttemptId(one, 1) for one in ids]
    said = {"count": len(ids), "digest": digest_in_hand(attempts)}
    return said | ({"executions": sorted(ids), "page": 1, "pages": 1} if listed else {})


async def test_the_first_registration_makes_the_node(stage: Stage) -> None:
    shape, new = await nodes.register_node(stage.context, AGENT, BODY)
    assert new
    assert shape["webhook_secret"].startswith("whsec_")
    assert (shape["heartbeat_seconds"], shape["lease_seconds"]) == (1.0, 30.0)
    again, new = await nodes.register_node(stage.context, AGENT, BODY)
    assert (again, new) == (shape, False)


async def test_each_instance_has_its_own_secret(stage: Stage) -> None:
    first, _ = await nodes.register_node(stage.context, AGENT, BODY)
    other, new = await nodes.register_node(stage.context, AGENT, BODY | {"instance_id": "i-2"})
    assert not new
    assert other["webhook_secret"] != first["webhook_secret"]
    assert other["instance_id"] == "i-2"


async def test_a_process_without_a_name_is_known_by_its_address(stage: Stage) -> None:
    nameless = BODY | {"instance_id": ""}
    first, _ = await nodes.register_node(stage.context, AGENT, nameless)
    del nameless["instance_id"]
    again, _ = await nodes.register_node(
        stage.context, AGENT, nameless | {"base_url": "http://127.0.0.1:8001/"}
    )
    moved, _ = await nodes.register_node(
        stage.context, AGENT, nameless | {"base_url": "http://127.0.0.1:8002"}
    )
    assert first["instance_id"] == again["instance_id"] != moved["instance_id"]
    assert first["webhook_secret"] == again["webhook_secret"]


@pytest.mark.parametrize(
    "features, seconds",
    [({"signoff": 1}, 1.0), ({"signoff": 1.0}, 1.0), ({"signoff": 2}, 2.0), ({}, 2.0)],
)
async def test_own_agents_say_so(stage: Stage, features: dict[str, Any], seconds: float) -> None:
    shape, _ = await nodes.register_node(stage.context, AGENT, BODY | {"features": features})
    assert shape["heartbeat_seconds"] == seconds
    node = await stage.store.one("get_node", node_id=NODE)
    assert node is not None
    assert node["own"] == (seconds == 1.0)


async def test_an_agent_registers_its_own_nodes_only(stage: Stage) -> None:
    with pytest.raises(Refusal) as refused:
        await nodes.register_node(stage.context, AGENT, BODY | {"id": "other-agent"})
    assert refused.value.code == "forbidden"
    stranger = Principal("key_other", Role.AGENT, nodes=frozenset({"other-agent"}))
    await stage.register()
    for call in (nodes.heartbeat_node, nodes.shutdown_node):
        with pytest.raises(Refusal) as refused:
            await call(stage.context, stranger, NODE, {})
        assert refused.value.code == "forbidden"
    assert (await _beat(stage, ADMIN))["resync"] is False


async def test_the_server_does_not_connect_everywhere(stage: Stage) -> None:
    with pytest.raises(Refusal) as refused:
        await nodes.register_node(
            stage.context, AGENT, BODY | {"base_url": "http://169.254.169.254/"}
        )
    assert refused.value.code == "invalid_base_url"
    assert [fault.pointer for fault in refused.value.errors] == ["/base_url"]
    assert await stage.store.one("get_node", node_id=NODE) is None


async def test_what_is_offered_is_shown_without_what_is_foreign(stage: Stage) -> None:
    offered = {
        "id": "decide_refund",
        "input_schema": {"type": "object"},
        "output_schema": None,
        "tags": ["entry"],
        "did": "did:key:1",
    }
    await nodes.register_node(stage.context, AGENT, BODY | {"reasoners": [offered]})
    shape = seen(await nodes.get_node(stage.context, CLIENT, NODE))
    assert shape["reasoners"] == [
        {"id": "decide_refund", "input_schema": {"type": "object"}, "tags": ["entry"]}
    ]
    assert (shape["skills"], shape["version"]) == ([], "1.0.0")
    # A later registration says what holds.
    await nodes.register_node(stage.context, AGENT, BODY | {"version": "2.0.0"})
    shape = seen(await nodes.get_node(stage.context, CLIENT, NODE))
    assert (shape["reasoners"], shape["version"]) == ([], "2.0.0")


async def test_instances_are_shown_newest_first_with_their_state(stage: Stage) -> None:
    await stage.register("i-1")
    stage.clock.advance(5)
    await stage.register("i-2", base_url="http://127.0.0.1:8002")
    stage.clock.advance_monotonic(30_000)
    await _beat(stage, instance_id="i-2")
    shape = seen(await nodes.get_node(stage.context, CLIENT, NODE))
    states = [(one["instance_id"], one["state"]) for one in shape["instances"]]
    assert states == [("i-2", "live"), ("i-1", "away")]
    with pytest.raises(NotFound, match="there is no node nobody"):
        await nodes.get_node(stage.context, CLIENT, "nobody")


async def test_nodes_are_listed_newest_first(stage: Stage) -> None:
    for name in ("zebra", "ant", "mole"):
        await stage.register(node_id=name)
        stage.clock.advance(1)
    await stage.register(node_id="bee")
    page = await nodes.list_nodes(stage.context, CLIENT, limit=3)
    assert [item["node_id"] for item in page["items"]] == ["bee", "mole", "ant"]
    rest = await nodes.list_nodes(stage.context, CLIENT, cursor=page["next_cursor"])
    assert [item["node_id"] for item in rest["items"]] == ["zebra"]
    assert "next_cursor" not in rest
    for cursor in ("x", "bm9kZXMgeCBub2Rl"):
        with pytest.raises(Refusal, match="not a cursor of this list"):
            await nodes.list_nodes(stage.context, CLIENT, cursor=cursor)


async def test_a_heartbeat_renews_the_leases(stage: Stage) -> None:
    await stage.register()
    stage.clock.advance(7)
    stage.clock.advance_monotonic(29_000)
    assert stage.liveness.lease_left_ms(KEY) == 1_000
    assert await _beat(stage) == {"node_id": NODE, "lease_seconds": 30.0, "resync": False}
    row = await stage.store.one("get_instance", **KEY._asdict())
    assert row is not None
    assert row["last_heartbeat_at"] == stage.clock.now()


async def test_who_is_not_known_registers_again(stage: Stage) -> None:
    for body in ({}, {"instance_id": "i-1"}):
        with pytest.raises(NotFound):
            await nodes.heartbeat_node(stage.context, ADMIN, NODE, body)
    await stage.register()
    with pytest.raises(NotFound, match="no instance i-9"):
        await _beat(stage, instance_id="i-9")
    with pytest.raises(NotFound):
        await nodes.shutdown_node(stage.context, AGENT, NODE, {"instance_id": "i-9"})
    bare = stage.store
    await Stage(bare).instance("only", node_id="bare")
    with pytest.raises(NotFound):
        await nodes.heartbeat_node(stage.context, ADMIN, "bare", {"instance_id": "other"})


async def test_a_node_without_an_instance_has_no_heartbeat(stage: Stage) -> None:
    await stage.node_alone("ghost")
    with pytest.raises(NotFound, match="ghost has no instance"):
        await nodes.heartbeat_node(stage.context, ADMIN, "ghost", {})


async def test_without_an_id_the_newest_instance_is_meant(stage: Stage) -> None:
    await stage.register("i-1")
    stage.clock.advance(1)
    await stage.register("i-2", base_url="http://127.0.0.1:8002")
    stage.clock.advance(1)
    await nodes.heartbeat_node(stage.context, AGENT, NODE, {"instance_id": ""})
    await nodes.shutdown_node(stage.context, AGENT, NODE, {})
    shape = seen(await nodes.get_node(stage.context, CLIENT, NODE))
    states = {one["instance_id"]: one["state"] for one in shape["instances"]}
    assert states == {"i-2": "draining", "i-1": "live"}


async def test_what_waited_for_an_instance_is_sent_when_it_is_back(stage: Stage) -> None:
    dispatch = await stage.at_work()
    approval = await stage.ask(dispatch.attempt_id)
    await stage.decide(approval["id"])
    (message,) = await stage.messages("approvalCallback")
    await stage.put_off(message["id"], 60_000)
    await _beat(stage)
    assert (await stage.message(message["id"]))["next_at"] == stage.clock.now() + 60_000
    stage.clock.advance_monotonic(5_000)
    await _beat(stage)
    assert (await stage.message(message["id"]))["next_at"] == stage.clock.now()


async def test_a_shutdown_drains(stage: Stage) -> None:
    dispatch = await stage.at_work()
    stage.clock.advance_monotonic(1_000)
    body = {"instance_id": "i-1", "reason": "deploy", "timeout_seconds": 2.5}
    shape = seen(await nodes.shutdown_node(stage.context, AGENT, NODE, body))
    assert shape["instances"][0]["state"] == "draining"
    assert not stage.liveness.takes_work(KEY)
    assert stage.liveness.lease_left_ms(KEY) == 12_500
    # A heartbeat says no more than that it still drains.
    stage.clock.advance_monotonic(2_000)
    assert (await _beat(stage, status="ready"))["lease_seconds"] == 10.5
    assert (await _beat(stage, status="offline"))["lease_seconds"] == 10.5
    row = await stage.store.one("get_instance", **KEY._asdict())
    assert row is not None
    assert (row["state"], row["drain_ms"]) == ("draining", 2_500)
    assert await stage.statuses(dispatch.execution_id) == ["running"]


async def test_a_heartbeat_may_say_that_it_goes(stage: Stage) -> None:
    await stage.register()
    assert (await _beat(stage, status="offline"))["lease_seconds"] == 10.0
    assert not stage.liveness.takes_work(KEY)


async def test_who_registers_again_drains_no_more(stage: Stage) -> None:
    await stage.register()
    await nodes.shutdown_node(stage.context, AGENT, NODE, {})
    await stage.register()
    shape = seen(await nodes.get_node(stage.context, CLIENT, NODE))
    assert shape["instances"][0]["state"] == "live"
    assert stage.liveness.takes_work(KEY)


async def test_a_new_process_at_the_same_address_ends_no_lease(stage: Stage) -> None:
    dispatch = await stage.at_work()
    await stage.register("i-2")
    row = await stage.execution(dispatch.execution_id)
    assert (row["lease_instance"], row["status"]) == ("i-1", "running")
    # But its silence does, sooner.
    assert stage.liveness.lease_left_ms(KEY) == 3_000


async def test_what_an_agent_has_lost_is_dispatched_again(stage: Stage) -> None:
    kept = await stage.at_work()
    lost = await stage.claim_next((await stage.start())["execution_id"])
    has = kept.execution_id
    assert await _resync(stage, _in_hand(has, lost.execution_id)) is False
    assert await _resync(stage, _in_hand(has)) is True
    assert await _resync(stage, _in_hand(has, listed=True)) is True
    assert await stage.statuses(lost.execution_id) == ["running"]
    assert await _resync(stage, _in_hand(has, listed=True)) is True
    assert await stage.statuses(kept.execution_id, lost.execution_id) == ["running", "queued"]
    assert await _resync(stage, _in_hand(has)) is False
    again = await stage.claim_next(lost.execution_id)
    assert again.attempt == 2


async def test_what_an_agent_runs_in_vain_it_is_told_to_stop_once(stage: Stage) -> None:
    """The notice of a cancellation was lost, or the lease ended while the agent was cut off."""
    has = (await stage.at_work()).execution_id
    stray = await stage.claim_next((await stage.start())["execution_id"])
    await leases.end_lease(stage.context, stray.execution_id, 1)
    ids = (has, stray.attempt_id, "exec_no~no")
    assert [await _resync(stage, _in_hand(*ids, listed=True)) for _ in range(3)] == [
        True,
        False,
        False,
    ]
    [notice] = await stage.messages("cancelAgentExecution")
    assert notice["body"] == {"execution_id": stray.attempt_id, "reason": "not_leased"}
    assert notice["instance_id"] == "i-1"
    assert await stage.statuses(has, stray.execution_id) == ["running", "queued"]


async def test_what_is_on_its_way_is_not_lost(stage: Stage) -> None:
    await stage.register()
    execution_id = (await stage.start())["execution_id"]
    dispatch = await dispatching.claim(stage.context, execution_id, KEY)
    assert dispatch is not None
    for _ in range(3):
        await _resync(stage, _in_hand(listed=True))
    assert await stage.statuses(execution_id) == ["running"]
    dispatching.sent(stage.context, dispatch)
    for _ in range(2):
        await _resync(stage, _in_hand(listed=True))
    assert await stage.statuses(execution_id) == ["queued"]


async def test_nothing_in_hand_has_the_digest_of_nothing(stage: Stage) -> None:
    await stage.register()
    empty = {"count": 0, "digest": hashlib.sha256(b"").hexdigest()}
    assert await _resync(stage, empty) is False


async def _resync(stage: Stage, in_hand: dict[str, Any]) -> bool:
    resync: bool = (await _beat(stage, in_hand=in_hand))["resync"]
    return resync


@several_servers
async def test_the_pages_of_a_list_may_come_to_different_servers(stage: Stage) -> None:
    kept = [await stage.at_work()]
    kept += [await stage.claim_next((await stage.start())["execution_id"]) for _ in range(3)]
    lost = await stage.claim_next((await stage.start())["execution_id"])
    whole = _in_hand(*(one.execution_id for one in kept), listed=True)
    ids = whole["executions"]
    pages = [{**whole, "executions": ids[n : n + 1], "page": n + 1, "pages": 4} for n in range(4)]
    servers = [stage, Stage(stage.store)]
    for server in servers:  # they hear the instance by now
        server.liveness.registered(KEY, base_url="http://127.0.0.1:8001", own=True)
    for number, order in enumerate(([0, 1, 2, 3], [1, 0, 0, 3, 2])):
        for at, page in enumerate(order):
            assert await stage.statuses(lost.execution_id) == ["running"]
            await _resync(servers[(at + number) % 2], pages[page])
    # The same one got the last page of both, and believes two whole lists.
    assert await stage.statuses(lost.execution_id) == ["queued"]
    assert await stage.statuses(*(one.execution_id for one in kept)) == ["running"] * 4
    assert (
        await stage.store.all("list_in_hand_pages", **KEY._asdict(), digest=whole["digest"]) == []
    )


@several_servers
async def test_a_list_that_another_server_has_taken_meanwhile_proves_nothing(
    stage: Stage,
) -> None:
    """A page that was sent again, as its answer was lost, makes both find that all are there."""
    kept = [await stage.at_work(), await stage.claim_next((await stage.start())["execution_id"])]
    whole = _in_hand(*(one.execution_id for one in kept), "exec_other", listed=True)
    read = stage.store.all

    async def late(query: str, **params: Any) -> Any:
        if query == "list_in_hand_pages":
            change = Change()
            change.add("delete_in_hand_pages", expect=None, **KEY._asdict())
            await stage.store.apply(change)
        return await read(query, **params)

    stage.store.all = late  # type: ignore[method-assign]
    for _ in range(3):
        for page in (1, 2):
            assert await _resync(stage, {**whole, "page": page, "pages": 2})
    assert await stage.statuses(*(one.execution_id for one in kept)) == ["running"] * 2


@several_servers
async def test_pages_of_different_lists_make_none(stage: Stage) -> None:
    first = await stage.at_work()
    second = await stage.claim_next((await stage.start())["execution_id"])
    long = _in_hand(first.execution_id, "exec_other", listed=True)
    short = _in_hand(second.execution_id, "exec_other", listed=True)
    for _ in range(3):
        for which, page in ((long, 1), (short, 2)):
            part = {**which, "executions": which["executions"][:1], "page": page, "pages": 2}
            assert await _resync(stage, part)
    assert await stage.statuses(first.execution_id, second.execution_id) == ["running"] * 2


async def test_what_another_server_has_just_claimed_is_not_lost(stage: Stage) -> None:
    claimed = await stage.at_work()
    stage.context.peers.add("srv_other")
    for _ in range(3):
        await _resync(stage, _in_hand(listed=True))
    assert (await stage.execution(claimed.execution_id))["lease_instance"] == "i-1"
    stage.clock.advance(nodes.OFFER_MS)
    for _ in range(2):
        await _resync(stage, _in_hand(listed=True))
    row = await stage.execution(claimed.execution_id)
    assert (row["lease_instance"], row["status"]) == (None, "queued")
