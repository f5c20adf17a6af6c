"""Events and notes of a run: appended once, listed, followed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from signoff.canonical import digest
from signoff.server.domain.errors import Conflict, NotFound, Refusal
from signoff.server.domain.principal import Principal, Role
from signoff.server.operations import events, leases, notes
from signoff.server.operations.dispatching import Dispatch
from tests.server.operations.stage import Meanwhile, Stage, soon
from tests.server.operations.world import AGENT, CLIENT, seen, together

STRANGER = Principal("key_other", Role.AGENT, nodes=frozenset({"other-agent"}))


async def _note(stage: Stage, attempt_id: str, message: str, **body: Any) -> dict[str, Any]:
    shape = await notes.add_note(stage.context, AGENT, attempt_id, {"message": message, **body})
    shown: dict[str, Any] = seen(shape)
    return shown


async def _event(
    stage: Stage, attempt_id: str, by: Principal = AGENT, **body: Any
) -> tuple[dict[str, Any], bool]:
    shape, new = await events.append_execution_event(
        stage.context, by, attempt_id, {"type": "agent.tool_call", **body}
    )
    return seen(shape), new


async def _stream(
    stage: Stage, execution_id: str, after: int = 0
) -> AsyncIterator[dict[str, Any] | None]:
    stream = await events.stream_execution_events(
        stage.context, CLIENT, execution_id, last_event_id=after
    )
    assert stream is not None
    return stream


async def test_a_note_is_an_event_with_content(stage: Stage) -> None:
    dispatch = await stage.at_work()
    note = await _note(stage, dispatch.attempt_id, "Risk score: 82/100", tags=["assessment"])
    content = {"message": "Risk score: 82/100", "tags": ["assessment"]}
    assert (note["type"], note["content"]) == ("note", content)
    assert note["data"] == {"attempt": 1, "content_sha256": digest(content)}
    await stage.events(dispatch.execution_id)


async def test_a_note_with_a_key_is_taken_once(stage: Stage) -> None:
    dispatch = await stage.at_work()
    first = await _note(stage, dispatch.attempt_id, "a", key="note.1")
    await leases.end_lease(stage.context, dispatch.execution_id, 1)
    later = await stage.claim_next(dispatch.execution_id)
    assert await _note(stage, later.attempt_id, "b", key="note.1") == first
    # Without a key it is said as often as it is sent.
    seqs = {(await _note(stage, later.attempt_id, "c"))["seq"] for _ in range(2)}
    assert len(seqs) == 2


async def test_an_agent_appends_its_own_events(stage: Stage) -> None:
    dispatch = await stage.at_work()
    content = {"tool": "refund", "big": 12345678901234567890123, "none": None}
    event, new = await _event(stage, dispatch.attempt_id, content=content, key="tool.1")
    assert (event["type"], event["content"], new) == ("agent.tool_call", content, True)
    assert await _event(stage, dispatch.attempt_id, key="tool.1") == (event, False)
    bare, _ = await _event(stage, dispatch.attempt_id)
    assert ("content" in bare, "content_sha256" in bare["data"]) == (False, False)
    null, _ = await _event(stage, dispatch.attempt_id, content=None)
    assert null["content"] is None


async def test_concurrent_repeats_of_a_key_are_one(stage: Stage) -> None:
    dispatch = await stage.at_work()
    elsewhere = Stage(stage.store)
    answers = await together(
        *(_event(one, dispatch.attempt_id, key="k") for one in (stage, elsewhere) * 5)
    )
    assert sorted(new for _, new in answers) == [False] * 9 + [True]
    assert len({event["seq"] for event, _ in answers}) == 1


async def test_what_is_settled_takes_no_more_events(stage: Stage) -> None:
    dispatch = await stage.at_work()
    known, _ = await _event(stage, dispatch.attempt_id, key="k")
    await stage.report(dispatch.attempt_id)
    with pytest.raises(Conflict) as refused:
        await _event(stage, dispatch.attempt_id)
    assert refused.value.code == "execution_finished"
    assert await _event(stage, dispatch.attempt_id, key="k") == (known, False)


async def test_a_note_that_the_report_overtook_is_kept(stage: Stage) -> None:
    dispatch = await stage.at_work()
    await stage.report(dispatch.attempt_id)
    note = await _note(stage, dispatch.attempt_id, "heard approved")
    listed = await stage.events(dispatch.execution_id)
    assert [event["type"] for event in listed][-2:] == ["execution.succeeded", "note"]
    assert listed[-1]["hash"] == note["hash"]


async def test_an_older_attempt_says_nothing_more(stage: Stage) -> None:
    dispatch = await stage.at_work()
    await leases.end_lease(stage.context, dispatch.execution_id, 1)
    await stage.claim_next(dispatch.execution_id)
    with pytest.raises(Conflict) as refused:
        await _note(stage, dispatch.attempt_id, "from the grave")
    assert refused.value.code == "stale_attempt"


async def test_an_end_meanwhile_is_seen(stage: Stage) -> None:
    dispatch = await stage.at_work()
    elsewhere = Stage(stage.store)
    meanwhile = Meanwhile(stage, lambda: elsewhere.report(dispatch.attempt_id))
    with pytest.raises(Conflict) as refused:
        await _event(stage, dispatch.attempt_id)
    assert (refused.value.code, meanwhile.misses) == ("execution_finished", 1)


async def test_only_the_agent_of_the_node_appends(stage: Stage) -> None:
    dispatch = await stage.at_work()
    for who in (STRANGER, CLIENT):
        with pytest.raises(Refusal) as refused:
            await _event(stage, dispatch.attempt_id, who)
        assert refused.value.code == "forbidden"
    for read in (events.list_execution_events, events.stream_execution_events):
        with pytest.raises(Refusal) as refused:
            await read(stage.context, STRANGER, dispatch.execution_id)
        assert refused.value.code == "forbidden"


async def test_events_are_listed_oldest_first(stage: Stage) -> None:
    dispatch = await stage.at_work()
    for n in range(4):
        await _note(stage, dispatch.attempt_id, str(n))
    page = await events.list_execution_events(stage.context, AGENT, dispatch.attempt_id, limit=4)
    assert [event["seq"] for event in page["items"]] == [1, 2, 3, 4]
    rest = await events.list_execution_events(
        stage.context, CLIENT, dispatch.execution_id, cursor=page["next_cursor"]
    )
    assert [event["content"]["message"] for event in seen(rest)["items"]] == ["2", "3"]
    for cursor in ("x", "ZXZlbnRzIHg", "ZXhlY3V0aW9ucyA0"):
        with pytest.raises(Refusal, match="not a cursor of this list"):
            await events.list_execution_events(
                stage.context, CLIENT, dispatch.execution_id, cursor=cursor
            )
    with pytest.raises(NotFound):
        await events.list_execution_events(stage.context, CLIENT, "exec_0")


async def test_a_stream_says_what_was_and_what_comes_and_ends(stage: Stage) -> None:
    dispatch = await stage.at_work()
    stream = await _stream(stage, dispatch.execution_id)
    assert [await _type(stream) for _ in range(2)] == ["execution.created", "execution.dispatched"]
    following = asyncio.ensure_future(_type(stream))
    await soon(stage.clock.until_waiting())
    await _note(stage, dispatch.attempt_id, "now")
    assert await soon(following) == "note"
    await stage.report(dispatch.attempt_id)
    assert await soon(_type(stream)) == "execution.succeeded"
    with pytest.raises(StopAsyncIteration):
        await soon(anext(stream))


async def test_a_stream_resumes_after_what_was_seen(stage: Stage) -> None:
    dispatch = await _finished(stage)
    stream = await _stream(stage, dispatch.execution_id, 2)
    assert [event["seq"] async for event in stream if event is not None] == [3]


async def test_a_finished_run_that_was_seen_whole_has_no_stream(stage: Stage) -> None:
    dispatch = await _finished(stage)
    for seen_last, over in ((2, False), (3, True), (99, True)):
        stream = await events.stream_execution_events(
            stage.context, CLIENT, dispatch.execution_id, last_event_id=seen_last
        )
        assert (stream is None) is over


async def test_a_long_chain_is_said_whole(stage: Stage) -> None:
    dispatch = await stage.at_work()
    await together(*(_note(stage, dispatch.attempt_id, "x") for _ in range(230)))
    await stage.report(dispatch.attempt_id)
    stream = await _stream(stage, dispatch.execution_id)
    seqs = [event["seq"] async for event in stream if event is not None]
    assert seqs == list(range(1, 234))


async def test_a_silent_stream_says_that_it_is_there(stage: Stage) -> None:
    dispatch = await stage.at_work()
    stream = await _stream(stage, dispatch.execution_id, 2)
    for _ in range(2):
        alive = asyncio.ensure_future(anext(stream))
        await soon(stage.clock.until_waiting())
        stage.clock.advance(events.KEEP_ALIVE_MS)
        assert await soon(alive) is None


async def test_a_stopping_server_ends_its_streams(stage: Stage) -> None:
    dispatch = await stage.at_work()
    stream = await _stream(stage, dispatch.execution_id, 2)
    following = asyncio.ensure_future(anext(stream))
    await soon(stage.clock.until_waiting())
    stage.context.stop()
    with pytest.raises(StopAsyncIteration):
        await soon(following)


async def _finished(stage: Stage) -> Dispatch:
    dispatch = await stage.at_work()
    await stage.report(dispatch.attempt_id)
    return dispatch


async def _type(stream: AsyncIterator[dict[str, Any] | None]) -> str:
    event = await anext(stream)
    assert event is not None
    return str(event["type"])
