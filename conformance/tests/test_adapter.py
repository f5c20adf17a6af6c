"""Adapters that lie, and those that do not: what the runner makes of each."""

import asyncio
import json
import socket
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from signoff_conformance import adapter, probes, runner
from signoff_conformance.adapter import Adapter, AdapterFault
from signoff_conformance.cases import Case, Variant
from signoff_conformance.client_bench import Bench
from signoff_conformance.client_performer import ClientPerformer
from signoff_conformance.contract import Contract
from signoff_conformance.control import Control
from signoff_conformance.http1 import Connection, Gone, Message
from signoff_conformance.verdicts import Verdict

CONTRACT = Contract.load()
LIAR = Path(__file__).with_name("lying_adapter.py")


class Stub:
    """A server that gives back what it is sent."""

    control: Control | None = None
    is_process = False
    is_emptied = False

    def __init__(self):
        self.keys: dict[str, str] = {}
        self.url = ""

    async def start(self):
        if not self.url:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self, *, kill=False):
        self._server.close()

    async def renew(self):
        pass

    async def _serve(self, reader, writer):
        connection = Connection(reader, writer)
        try:
            request = await connection.message()
            body = {**(request.json() or {}), "id": "apr_1", "status": "pending"}
            reply = Message("HTTP/1.1 200 OK", (("content-type", "application/json"),))
            whole = reply.having(json.dumps(body).encode())
            await connection.send(whole.head(), whole.body)
        except Gone:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def bench_of(way):
    stub = Stub()
    await stub.start()
    bench = Bench([sys.executable, str(LIAR), way], stub, CONTRACT)
    try:
        await bench.start()
        yield bench
    finally:
        await bench.stop()


async def test_an_honest_adapter_is_believed():
    async with bench_of("honest") as bench:
        await probes.probe(bench)


@pytest.mark.parametrize(
    "way,told",
    [
        ("answers another id", "a reply to message 1004, which was never sent"),
        ("answers twice", "two replies to message"),
        ("writes chatter", "no line of the protocol: b'calling"),
        ("dies in the middle of a line", r"(?s)died in the middle of a line.*\(exit 1\).*out of"),
        ("dies", r"it died \(exit 7\)"),
        ("hangs", "no reply to noSuchVerb"),
        ("invents a kind", "no line of the protocol: .*bad_luck"),
        ("answers in two ways at once", "no line of the protocol"),
        ("speaks another protocol", "hello:/protocol"),
        ("has an ability of its own", "telepathy"),
        ("knows every verb", "answers the verb noSuchVerb"),
        ("answers without the network", "was never on the wire"),
        ("claims exact integers", "JSON does not survive; what it sends is"),
        ("claims the order of keys", "JSON does not survive; what it sends is"),
        ("is well when nobody listens", "must give an error of kind transport"),
        ("takes nobody for a server", "must give an error of kind transport"),
    ],
)
async def test_an_adapter_that_lies_is_not_believed(way, told, monkeypatch):
    if way == "hangs":
        monkeypatch.setattr(probes, "PATIENCE_SECONDS", 0.02)
        monkeypatch.setattr(adapter, "PATIENCE_SECONDS", 1.0)
    with pytest.raises(AdapterFault, match=told):  # noqa: PT012 - it may show late
        async with bench_of(way) as bench:
            await probes.probe(bench)
            bench.adapter.check()


async def test_before_a_case_the_adapter_has_heard_that_older_connections_are_closed():
    async with bench_of("honest") as bench:
        address = ("127.0.0.1", int(bench.proxy.url.rpartition(":")[2]))
        with socket.create_connection(address) as kept:
            kept.setblocking(False)
            kept.sendall(b"GET /api/v1/health HTTP/1.1\r\nhost: stub\r\n\r\n")
            answer = await asyncio.get_running_loop().sock_recv(kept, 2**16)
            assert answer.startswith(b"HTTP/1.1 200")
            heard, ask = [], bench.adapter.ask

            async def asked(do, **members):
                heard.append((do, is_open(kept)))
                return await ask(do, **members)

            bench.adapter.ask = asked
            await bench.clean()
            bench.adapter.ask = ask
            assert heard == [("open", True), ("hello", False)]


def is_open(connection):
    """Whether the other side has not closed it."""
    try:
        return connection.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
    except ConnectionError:
        return False


async def test_a_command_that_there_is_not_is_no_adapter():
    with pytest.raises(AdapterFault, match="no-such-adapter cannot be started"):
        await Adapter(["no-such-adapter"]).start()


async def result_of(bench, steps):
    performer = ClientPerformer(bench, patience=1.0)
    case = Case("CLI-TEST-001", "A rule of this test", "CLI-R-NAMES", steps)
    return await runner.run_one(runner.Item(case, Variant()), performer)


ASK = {"call": "createApprovalRequest", "args": {"approval_request_id": "gate"}}
HEALTH = {"call": "getHealth"}


@pytest.mark.parametrize(
    "steps,verdict,reason",
    [
        ([ASK, {"returns": {"id": "apr_1"}}], Verdict.PASS, ""),
        ([ASK, {"returns": {"id": "apr_2"}}], Verdict.FAIL, 'want "apr_2", is "apr_1"'),
        ([ASK, {"raises": {"kind": "server"}}], Verdict.FAIL, "instead of an error"),
        ([HEALTH, {"sleeps": 1}], Verdict.FAIL, "it is not sleeping, it is done"),
        ([{"call": "pause"}, {"returns": {}}], Verdict.FAIL, "does not say that it lacks pause"),
        ([ASK, {"wired": {"of": "getHealth", "count": 1}}], Verdict.FAIL, "requests of getHealth"),
        ([HEALTH, {"arrives": "getNode"}], Verdict.FAIL, "getNode came 0 times, not 1"),
        (
            [{"wire": [{"do": "drop", "of": "getNode"}]}, HEALTH, {"returns": {}}],
            Verdict.FAIL,
            "no request came that drop was armed for",
        ),
        (
            [{"wire": [{"do": "redirect", "of": "getHealth"}]}, HEALTH, {"returns": {}}],
            Verdict.HARNESS_ERROR,
            "died",
        ),
        (
            [{"call": "createApprovalRequest", "args": {}}, {"returns": {}}],
            Verdict.FAIL,
            'the contract forbids the body: /: "approval_request_id" is a required property',
        ),
        ([{"control": "kill"}], Verdict.UNTESTABLE, "not started by the suite"),
    ],
)
async def test_a_case_says_what_became_of_it(steps, verdict, reason):
    async with bench_of("honest") as bench:
        result = await result_of(bench, steps)
        assert (result.verdict, reason in result.reason) == (verdict, True), result.reason


async def test_after_a_fault_the_next_case_has_a_new_adapter():
    async with bench_of("dies") as bench:
        first = await result_of(bench, [ASK, {"returns": {}}])
        second = await result_of(bench, [ASK, {"returns": {}}])
        assert [first.verdict, second.verdict] == [Verdict.HARNESS_ERROR] * 2


async def test_a_case_that_fails_leaves_a_transcript_of_both_sides():
    async with bench_of("honest") as bench:
        result = await result_of(bench, [ASK, {"returns": {"id": "apr_2"}}])
        kinds = {name for line in result.transcript for name in line}
        assert kinds == {"wire", "adapter"}
