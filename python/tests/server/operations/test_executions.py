"""Starting executions, once, and reading them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from signoff.server.domain.errors import Conflict, NotFound, Refusal
from signoff.server.domain.principal import Principal, Role
from signoff.server.operations import access, executions, starting
from signoff.server.operations.idempotency import KEPT_MS
from tests.server.operations.stage import TARGET, TICKET, Meanwhile, Stage, soon
from tests.server.operations.world import AGENT, CLIENT, NODE, NOW, REVIEWER, seen, together

STRANGER = Principal("key_other", Role.AGENT, nodes=frozenset({"other-agent"}))


async def test_a_new_execution_is_queued_and_due_at_once(stage: Stage) -> None:
    await stage.register()
    shape = await stage.start(input={"ticket": "x", "exact": 12345678901234567890123})
    row = await stage.execution(shape["execution_id"])
    assert shape["status"] == "queued"
    assert shape["input"] == {"ticket": "x", "exact": 12345678901234567890123}
    assert shape["workflow_id"] == shape["run_id"]
    assert (row["dispatch_at"], row["owner"], row["timeout_ms"]) == (NOW, CLIENT.id, 7_200_000)
    (event,) = await stage.events(shape["execution_id"])
    assert event["type"] == "execution.created"
    assert shape["event_head"] == {"seq": 1, "hash": event["hash"]}


async def test_an_absent_input_is_an_empty_object(stage: Stage) -> None:
    await stage.register()
    shape = await executions.execute_async(
        stage.context, CLIENT, target=f"{NODE}.free", body={"timeout_seconds": 1, "max_attempts": 2}
    )
    row = await stage.execution(shape["execution_id"])
    assert (row["input"], row["timeout_ms"], row["max_attempts"]) == ("{}", 1000, 2)


@pytest.mark.parametrize("target", ["nobody.decide_refund", f"{NODE}.nothing", f"{NODE}.free.er"])
async def test_an_unknown_target_is_refused(stage: Stage, target: str) -> None:
    await stage.register()
    with pytest.raises(NotFound) as refused:
        await stage.start(target)
    assert refused.value.code == "unknown_target"


async def test_skills_are_targets_too(stage: Stage) -> None:
    await stage.register()
    execution_id = (await stage.start(f"{NODE}.lookup"))["execution_id"]
    assert (await stage.claim_next(execution_id)).url == "http://127.0.0.1:8001/skills/lookup"


@pytest.mark.parametrize(
    "value, pointers",
    [
        ({}, ["/input/ticket"]),
        ({"ticket": 5, "amount": "much"}, ["/input/amount", "/input/ticket"]),
        ([], ["/input"]),
        (None, ["/input"]),
    ],
)
async def test_the_input_of_an_own_agent_fits_its_schema(
    stage: Stage, value: Any, pointers: list[str]
) -> None:
    await stage.register()
    with pytest.raises(Refusal) as refused:
        await stage.start(input=value)
    assert refused.value.code == "invalid_input"
    assert sorted(fault.pointer for fault in refused.value.errors) == pointers
    assert "much" not in str([*refused.value.errors, refused.value.detail])


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nothing that is a type"},
        {"$ref": "http://169.254.169.254/schema"},
        {"pattern": "("},
        5,
    ],
)
async def test_a_schema_that_is_none_is_ignored(stage: Stage, schema: Any) -> None:
    await stage.register(reasoners=[{"id": "decide_refund", "input_schema": schema}])
    assert (await stage.start(input={"anything": 1}))["status"] == "queued"


async def test_foreign_agents_check_their_input_themselves(stage: Stage) -> None:
    await stage.register(own=False)
    assert (await stage.start(input=[1, None]))["input"] == [1, None]


@pytest.mark.parametrize(
    "url, refused",
    [
        ("http://127.0.0.1/hook", True),
        ("http://localhost:9/hook", True),
        ("https://user:secret@hooks.example.com/", True),
        ("https://hooks.example.com/signoff", False),
        ("http://10.0.0.7/hook", False),
    ],
)
async def test_a_webhook_is_public_or_allowed(stage: Stage, url: str, refused: bool) -> None:
    stage = Stage(stage.store, allowed_hosts=frozenset({"10.0.0.7"}))
    await stage.register()
    if not refused:
        execution_id = (await stage.start(webhook={"url": url}))["execution_id"]
        assert (await stage.execution(execution_id))["webhook_url"] == url
        return
    with pytest.raises(Refusal) as answer:
        await stage.start(webhook={"url": url})
    assert answer.value.code == "invalid_webhook_url"
    assert [fault.pointer for fault in answer.value.errors] == ["/webhook/url"]


async def test_the_same_key_is_the_same_execution(stage: Stage) -> None:
    await stage.register()
    first = await stage.start(idempotency_key="order-1")
    stage.clock.advance(1000)
    again = await stage.start(idempotency_key="order-1")
    assert again == first
    other = await stage.start(idempotency_key="order-2")
    assert other["execution_id"] != first["execution_id"]


def test_an_empty_input_that_is_written_out_is_no_other_request() -> None:
    bodies: tuple[dict[str, Any], ...] = ({}, {"input": {}}, {"input": None})
    requests = [starting.Request("execute", TARGET, body, None, "order-1") for body in bodies]
    none, empty, null = [one.claim(CLIENT) for one in requests]
    assert none == empty != null


async def test_a_key_belongs_to_its_principal_and_operation(stage: Stage) -> None:
    await stage.register()
    first = await stage.start(idempotency_key="order-1")
    another = Principal("key_b", Role.CLIENT)
    assert (await stage.start(idempotency_key="order-1", principal=another)) != first
    waited = await executions.execute(
        stage.context,
        CLIENT,
        target=TARGET,
        body={"input": TICKET},
        idempotency_key="order-1",
        wait_seconds=0,
    )
    assert waited["execution_id"] != first["execution_id"]


async def test_a_key_stands_for_one_request(stage: Stage) -> None:
    await stage.register()
    await stage.start(idempotency_key="order-1")
    for change in ({"input": {"ticket": "other"}}, {"max_attempts": 3}, {"target": f"{NODE}.free"}):
        with pytest.raises(Conflict) as refused:
            await stage.start(idempotency_key="order-1", **change)
        assert refused.value.code == "idempotency_conflict"
    # The order of keys is no difference.
    await stage.start(idempotency_key="order-3", input={"ticket": "a", "amount": 1})
    await stage.start(idempotency_key="order-3", input={"amount": 1, "ticket": "a"})


async def test_a_key_is_kept_while_unfinished_and_for_a_day(stage: Stage) -> None:
    dispatch = await stage.at_work(idempotency_key="order-1")
    stage.clock.advance(KEPT_MS * 3)
    assert (await stage.start(idempotency_key="order-1"))["execution_id"] == dispatch.execution_id
    await stage.report(dispatch.attempt_id, result=1)
    fresh = await stage.start(idempotency_key="order-1", input={"ticket": "other"})
    assert fresh["execution_id"] != dispatch.execution_id
    again = await stage.start(idempotency_key="order-1", input={"ticket": "other"})
    assert again == fresh


async def test_concurrent_repeats_join_the_first(stage: Stage) -> None:
    await stage.register()
    answers = await together(*(stage.start(idempotency_key="order-1") for _ in range(20)))
    assert len({answer["execution_id"] for answer in answers}) == 1
    assert len(await stage.store.all("list_executions", limit=50)) == 1


async def test_a_repeat_in_another_process_joins_too(stage: Stage) -> None:
    await stage.register()
    elsewhere = Stage(stage.store)
    first: list[dict[str, Any]] = []

    async def act() -> None:
        first.append(await elsewhere.start(idempotency_key="order-1"))

    meanwhile = Meanwhile(stage, act)
    answer = await stage.start(idempotency_key="order-1")
    assert (answer["execution_id"], meanwhile.misses) == (first[0]["execution_id"], 1)


async def test_nothing_is_left_of_a_start_that_was_not_committed(stage: Stage) -> None:
    await stage.register()

    def crash() -> None:
        raise OSError("the disk is full")

    stage.store.fail_points.before_commit = crash  # type: ignore[attr-defined]
    with pytest.raises(Exception, match="does not answer"):
        await stage.start(idempotency_key="order-1")
    stage.store.fail_points.before_commit = lambda: None  # type: ignore[attr-defined]
    assert await stage.store.all("list_executions", limit=50) == []
    await stage.start(idempotency_key="order-1")


async def test_an_answer_that_was_lost_is_found_by_its_key(stage: Stage) -> None:
    await stage.register()

    def crash() -> None:
        raise OSError("gone after the commit")

    stage.store.fail_points.after_commit = crash  # type: ignore[attr-defined]
    with pytest.raises(Exception, match="does not answer"):
        await stage.start(idempotency_key="order-1")
    stage.store.fail_points.after_commit = lambda: None  # type: ignore[attr-defined]
    await stage.start(idempotency_key="order-1")
    assert len(await stage.store.all("list_executions", limit=50)) == 1


async def test_execute_waits_for_the_end(stage: Stage) -> None:
    await stage.register()
    waiting = asyncio.create_task(_execute(stage))
    await soon(stage.clock.until_waiting())
    (row,) = await stage.store.all("list_executions", limit=5)
    dispatch = await stage.claim_next(row["execution_id"])
    await stage.report(dispatch.attempt_id, result={"refunded": True})
    shape = await soon(waiting)
    assert (shape["status"], shape["result"]) == ("succeeded", {"refunded": True})
    assert "completed_at" in shape


async def test_execute_answers_at_a_gate(stage: Stage) -> None:
    await stage.register()
    waiting = asyncio.create_task(_execute(stage))
    await soon(stage.clock.until_waiting())
    (row,) = await stage.store.all("list_executions", limit=5)
    dispatch = await stage.claim_next(row["execution_id"])
    approval = await stage.ask(dispatch.attempt_id)
    shape = await soon(waiting)
    assert (shape["status"], shape["pending_approvals"]) == ("waiting", [approval["id"]])


async def test_execute_answers_when_the_wait_is_over(stage: Stage) -> None:
    await stage.register()
    waiting = asyncio.create_task(_execute(stage, 30.0))
    await soon(stage.clock.until_waiting())
    stage.clock.advance(29_999)
    assert not waiting.done()
    stage.clock.advance(1)
    assert (await soon(waiting))["status"] == "queued"


async def test_get_execution_waits_through_a_gate_until_the_end(stage: Stage) -> None:
    dispatch = await stage.at_work()
    await stage.ask(dispatch.attempt_id)
    waiting = asyncio.create_task(
        executions.get_execution(stage.context, CLIENT, dispatch.execution_id, wait_seconds=60)
    )
    await soon(stage.clock.until_waiting())
    await stage.report(dispatch.attempt_id, "failed", error="ValueError: no")
    shape = seen(await soon(waiting))
    assert (shape["status"], shape["error"]) == ("failed", "ValueError: no")


async def test_a_stopping_server_answers_with_the_present_state(stage: Stage) -> None:
    await stage.register()
    waiting = asyncio.create_task(_execute(stage))
    await soon(stage.clock.until_waiting())
    stage.context.stop()
    assert (await soon(waiting))["status"] == "queued"
    assert (await soon(_execute(stage)))["status"] == "queued"


async def test_attempts_are_read_by_their_id(stage: Stage) -> None:
    dispatch = await stage.at_work()
    for principal in (CLIENT, REVIEWER, AGENT):
        shape = await executions.get_execution(stage.context, principal, dispatch.attempt_id)
        assert shape["execution_id"] == dispatch.execution_id
    for unknown in (f"{dispatch.execution_id}~2", f"{dispatch.execution_id}~1", "exec_0", "~"):
        with pytest.raises(NotFound, match="there is no execution"):
            await executions.get_execution(stage.context, CLIENT, unknown)


async def test_agents_read_the_runs_that_they_take_part_in(stage: Stage) -> None:
    dispatch = await stage.at_work()
    with pytest.raises(Refusal) as refused:
        await executions.get_execution(stage.context, STRANGER, dispatch.execution_id)
    assert refused.value.code == "forbidden"
    await stage.register("o-1", node_id="other-agent", base_url="http://127.0.0.1:8002")
    await stage.start("other-agent.free", principal=AGENT, parent=dispatch.attempt_id)
    shape = await executions.get_execution(stage.context, STRANGER, dispatch.execution_id)
    assert shape["status"] == "running"


async def test_lists_run_newest_first_and_stay_stable(stage: Stage) -> None:
    await stage.register()
    started = [(await stage.start())["execution_id"] for _ in range(5)]
    page = await executions.list_executions(stage.context, CLIENT, limit=2)
    await stage.start()
    found = [item["execution_id"] for item in page["items"]]
    while "next_cursor" in page:
        page = await executions.list_executions(
            stage.context, CLIENT, limit=2, cursor=page["next_cursor"]
        )
        found += [item["execution_id"] for item in page["items"]]
    assert found == started[::-1]


async def test_lists_are_filtered(stage: Stage) -> None:
    dispatch = await stage.at_work()
    other = await stage.start()
    by_status = await executions.list_executions(stage.context, CLIENT, status="running")
    by_run = await executions.list_executions(stage.context, CLIENT, run_id=other["run_id"])
    by_node = await executions.list_executions(stage.context, CLIENT, node_id="nobody")
    assert [item["execution_id"] for item in by_status["items"]] == [dispatch.execution_id]
    assert [item["execution_id"] for item in by_run["items"]] == [other["execution_id"]]
    assert by_node == {"items": []}


@pytest.mark.parametrize("cursor", ["x", "bm90aGluZw", "ZXZlbnRzIDQ", "A" * 500, "ZXhlY3V0aW9ucyA"])
async def test_a_cursor_of_another_list_is_refused(stage: Stage, cursor: str) -> None:
    with pytest.raises(Refusal) as refused:
        await executions.list_executions(stage.context, CLIENT, cursor=cursor)
    assert refused.value.code == "invalid_cursor"


async def test_what_was_never_stored_is_not_found(stage: Stage) -> None:
    with pytest.raises(NotFound, match="there is no execution exec_0"):
        await access.stored(stage.context, "exec_0")


async def _execute(stage: Stage, wait_seconds: float = 90.0) -> dict[str, Any]:
    shape = await executions.execute(
        stage.context, CLIENT, target=TARGET, body={"input": TICKET}, wait_seconds=wait_seconds
    )
    shown: dict[str, Any] = seen(shape)
    return shown
