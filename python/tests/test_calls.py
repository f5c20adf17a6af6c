"""Which request is sent again after which fault: the table.

A server is imitated (by respx) for them: a real one has these faults too rarely.
"""

import json

import httpx
import pytest

from signoff import (
    InternalError,
    ProtocolError,
    Retry,
    StoreUnavailableError,
    TransportError,
    WaitTimeoutError,
    WebhookSecretMissingError,
)
from signoff.errors import ApiError, SignoffError
from signoff.retries import FOREVER, ONCE
from tests.contract import example, operations
from tests.imitation import Imitation, answer, problem
from tests.sdk_calls import CALLS, WITH_KEY

# What a test gets when a row says that a fault is not the end.
AGAIN, FINAL = True, False

UNSAFE = [
    "shutdownNode",
    "retryDelivery",
    "addNote",
    "appendExecutionEvent",
    "requestExecutionApproval",
]
STREAM = "streamExecutionEvents"
ROWS = [(name, call, name not in UNSAFE) for name, call in CALLS.items() if name != STREAM]
ROWS += [(name, call, True) for name, call in WITH_KEY.items()]


# fault, is it the end for what is safe to repeat, and for what is not, and the wait before.
FAULTS = [
    ("refused", httpx.ConnectError("refused"), AGAIN, AGAIN, 0.2),
    ("not connected", httpx.ConnectTimeout("too slow"), AGAIN, AGAIN, 0.2),
    ("no connection free", httpx.PoolTimeout("none"), AGAIN, AGAIN, 0.2),
    ("reply lost", httpx.ReadError("reset"), AGAIN, FINAL, 0.2),
    ("reply late", httpx.ReadTimeout("too slow"), AGAIN, FINAL, 0.2),
    ("reply cut", httpx.RemoteProtocolError("cut"), AGAIN, FINAL, 0.2),
    ("half sent", httpx.WriteError("reset"), AGAIN, FINAL, 0.2),
    ("429", httpx.Response(429, headers={"Retry-After": "7"}), AGAIN, FINAL, 7.0),
    ("502", httpx.Response(502, html="<p>Bad Gateway"), AGAIN, FINAL, 0.2),
    ("504", httpx.Response(504), AGAIN, FINAL, 0.2),
    ("503 stopping", problem(503, "shutting_down", {"Retry-After": "1"}), AGAIN, FINAL, 1.0),
    ("503 at a date", problem(503, "store_unavailable",
        {"Retry-After": "Mon, 05 Jan 2026 09:30:09 GMT"}), AGAIN, FINAL, 9.0),
    ("503 no secret", problem(503, "webhook_secret_missing", {"Retry-After": "1"}),
        FINAL, FINAL, 0.0),
    ("500", problem(500, "internal_error"), FINAL, FINAL, 0.0),
    ("409", problem(409, "already_decided"), FINAL, FINAL, 0.0),
    ("404 not yet", problem(404, "not_found", {"Retry-After": "2"}), FINAL, FINAL, 0.0),
    ("302", httpx.Response(302, headers={"Location": "https://elsewhere.example.com"}),
        FINAL, FINAL, 0.0),
]  # fmt: skip


def test_the_table_has_every_operation():
    assert list(CALLS) == list(operations())


@pytest.mark.parametrize(
    "name,call,safe", ROWS, ids=[f"{name}-{'safe' if safe else 'unsafe'}" for name, _, safe in ROWS]
)
async def test_a_request_is_sent_again_after_a_fault(kind, name, call, safe):
    wanted, found = {}, {}
    for fault, reply, if_safe, if_unsafe, wait in FAULTS:
        again = if_safe if safe else if_unsafe
        wanted[fault] = ("answered", 2, [wait]) if again else ("failed", 1, [])
        imitation = Imitation(kind)
        imitation.answers(reply, answer(name))
        try:
            await imitation.run(call)
            end = "answered"
        except SignoffError:
            end = "failed"
        found[fault] = (end, len(imitation.requests), imitation.clock.waits)
        sent = [c.request for c in imitation.requests]
        # To the byte: the same key, the same body.
        assert all(r.headers == sent[0].headers for r in sent)
        assert all((r.url, r.content) == (sent[0].url, sent[0].content) for r in sent)
    assert found == wanted


@pytest.mark.parametrize("name", ["execute", "executeAsync"])
async def test_a_key_is_made_up_and_kept_over_the_tries_of_one_call(kind, name):
    imitation = Imitation(kind)
    lost = httpx.ReadError("reset")
    imitation.answers(lost, lost, answer(name), answer(name))
    await imitation.run(CALLS[name])
    await imitation.run(CALLS[name])
    keys = [c.request.headers["Idempotency-Key"] for c in imitation.requests]
    assert keys[0] == keys[1] == keys[2] != keys[3]
    assert all(len(key) == 32 for key in keys)


@pytest.mark.parametrize("verb", ["execute", "execute_async"])
async def test_a_key_of_the_callers_goes_before(kind, verb):
    imitation = Imitation(kind)
    imitation.answers(answer("execute"))
    await imitation.run(
        lambda c: getattr(c, verb)("n.r", idempotency_key="order-1", parent_execution_id="exec_9~2")
    )
    headers = imitation.requests.last.request.headers
    assert headers["Idempotency-Key"] == "order-1"
    assert headers["X-Parent-Execution-ID"] == "exec_9~2"


async def test_an_empty_key_is_no_key(kind):
    with pytest.raises(ValueError, match="Idempotency-Key"):
        await Imitation(kind).run(lambda c: c.execute("n.r", idempotency_key=""))


async def test_tries_come_to_an_end_and_the_last_error_tells_their_number(kind):
    imitation = Imitation(kind)
    imitation.answers(*[httpx.ConnectError("refused")] * 10)
    with pytest.raises(
        TransportError, match=r"^GET http://[a-z.:0-9]+/api/v1/health: ConnectError: refused"
    ) as raised:
        await imitation.run(CALLS["getHealth"])
    assert (raised.value.attempts, raised.value.sent) == (6, False)
    assert imitation.clock.waits == [0.2, 0.4, 0.8, 1.6, 3.2]


async def test_the_last_answer_is_the_error(kind):
    imitation = Imitation(kind, Retry(attempts=2))
    imitation.answers(httpx.ReadError("reset"), problem(503, "store_unavailable"))
    with pytest.raises(StoreUnavailableError):
        await imitation.run(CALLS["getHealth"])


async def test_a_wait_beyond_the_time_given_is_not_begun(kind):
    imitation = Imitation(kind, Retry(seconds=10))
    imitation.answers(problem(503, "shutting_down", {"Retry-After": "11"}))
    with pytest.raises(ApiError) as raised:
        await imitation.run(CALLS["getHealth"])
    assert raised.value.retry_after == 11.0
    assert imitation.clock.waits == []


async def test_options_are_of_the_copy_and_connections_are_shared(kind):
    imitation = Imitation(kind)
    imitation.answers(httpx.ConnectError("refused"), answer("getHealth"))
    once = imitation.client.with_options(retry=ONCE, timeout=1.0)
    with pytest.raises(TransportError):
        await imitation.run(lambda _: CALLS["getHealth"](once))
    assert (await imitation.run(CALLS["getHealth"])).status == "ok"
    read = [c.request.extensions["timeout"]["read"] for c in imitation.requests]
    assert read == [1.0, 30.0]


async def test_forever_has_no_end(kind):
    imitation = Imitation(kind, FOREVER)
    imitation.answers(*[httpx.ConnectError("refused")] * 500, answer("getHealth"))
    await imitation.run(CALLS["getHealth"])
    assert len(imitation.requests) == 501


@pytest.mark.parametrize(
    "reply,message",
    [
        (httpx.Response(200, text="<html>"), "no JSON"),
        (httpx.Response(200, content=b'{"status": "ok", "status": "no"}'), "twice"),
        (httpx.Response(200, json={"status": "ok"}), "no Health: version"),
        (httpx.Response(200, json=[]), "no Health"),
        (httpx.Response(204), "answers 204"),
        (httpx.Response(301, headers={"Location": "/"}), "redirects are not followed"),
    ],
)
async def test_an_answer_outside_the_contract_is_an_error_of_its_own(kind, reply, message):
    imitation = Imitation(kind)
    imitation.answers(reply)
    with pytest.raises(ProtocolError, match=message):
        await imitation.run(CALLS["getHealth"])
    assert len(imitation.requests) == 1


async def test_text_that_is_no_text_is_an_answer_outside_the_contract(kind):
    imitation = Imitation(kind)
    imitation.answers(httpx.Response(200, content=b"\xff"))
    with pytest.raises(ProtocolError, match="UTF-8"):
        await imitation.run(CALLS["getMetrics"])


# Streams.

FOLLOW = CALLS["streamExecutionEvents"]


def event(seq):
    return example("appendExecutionEvent") | {"seq": seq, "content": {"text": "a\u2028b"}}


def stream(*seqs, end=None):
    frames = "".join(
        f"id: {seq}\nevent: note\ndata: {json.dumps(event(seq), ensure_ascii=False)}\n\n"
        for seq in seqs
    )

    class Body(httpx.AsyncByteStream, httpx.SyncByteStream):
        def __iter__(self):
            yield frames.encode()
            if end is not None:
                raise end

        async def __aiter__(self):
            for chunk in iter(self):
                yield chunk

    return httpx.Response(200, stream=Body(), headers={"Content-Type": "text/event-stream"})


DONE = httpx.Response(204)


async def test_a_stream_is_taken_up_where_it_broke(kind):
    imitation = Imitation(kind)
    imitation.answers(
        stream(1, 2, end=httpx.ReadError("reset")),
        httpx.ConnectError("refused"),
        problem(503, "shutting_down", {"Retry-After": "3"}),
        stream(3),
        stream(),
        DONE,
    )
    found = await imitation.all(FOLLOW)
    assert [e.seq for e in found] == [1, 2, 3]
    assert found[0].content == {"text": "a\u2028b"}
    sent = [c.request.headers.get("Last-Event-ID") for c in imitation.requests]
    assert sent == [None, "2", "2", "2", "3", "3"]
    # Counting begins anew with each event that comes.
    assert imitation.clock.waits == [0.2, 0.4, 3.0, 0.2, 0.4]


async def test_a_stream_begins_after_the_event_that_was_seen(kind):
    imitation = Imitation(kind)
    imitation.answers(DONE)
    assert await imitation.all(lambda c: c.stream_execution_events("exec_1", last_event_id=7)) == []
    assert imitation.requests.last.request.headers["Last-Event-ID"] == "7"


async def test_a_stream_that_brings_nothing_for_long_is_an_error(kind):
    imitation = Imitation(kind)
    imitation.answers(*[stream()] * 100)
    with pytest.raises(TransportError, match="the stream has ended"):
        await imitation.all(FOLLOW)
    assert 50 < sum(imitation.clock.waits) <= 60


@pytest.mark.parametrize("timeout,reads", [(10, [10]), (40, [40, 25, 10])])
async def test_a_quiet_stream_ends_at_its_deadline(kind, timeout, reads):
    imitation = Imitation(kind)
    began = imitation.clock.at
    found = []

    class Quiet(httpx.AsyncByteStream, httpx.SyncByteStream):
        """A comment every 15 seconds, unless the reader has no more patience before."""

        def __init__(self, patience):
            self.patience = patience

        def __iter__(self):
            while self.patience >= 15:
                imitation.clock.at += 15
                yield b": still here\n\n"
            imitation.clock.at += self.patience
            raise httpx.ReadTimeout("too quiet")

        async def __aiter__(self):
            for chunk in iter(self):
                yield chunk

    def behave(request):
        found.append(request.extensions["timeout"]["read"])
        return httpx.Response(200, stream=Quiet(found[-1]))

    imitation.behaves(behave)
    with pytest.raises(WaitTimeoutError):
        await imitation.all(lambda c: c.stream_events("exec_1", timeout=timeout))
    assert found == reads
    assert imitation.clock.at == began + timeout


@pytest.mark.parametrize(
    "reply,error",
    [
        (problem(500, "internal_error"), InternalError),
        (problem(503, "webhook_secret_missing"), WebhookSecretMissingError),
        (httpx.Response(200, text="data: {}\n\n"), ProtocolError),
        (httpx.Response(302, headers={"Location": "/"}), ProtocolError),
    ],
)
async def test_a_stream_ends_with_an_error_that_waiting_does_not_mend(kind, reply, error):
    imitation = Imitation(kind)
    imitation.answers(reply)
    with pytest.raises(error):
        await imitation.all(FOLLOW)
    assert len(imitation.requests) == 1


async def test_a_stream_that_may_be_tried_once_is_not_taken_up(kind):
    imitation = Imitation(kind, ONCE)
    imitation.answers(stream(1, end=httpx.ReadError("reset")))
    with pytest.raises(TransportError, match="reset"):
        await imitation.all(FOLLOW)
    assert len(imitation.requests) == 1
