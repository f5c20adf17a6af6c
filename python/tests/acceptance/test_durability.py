"""What the server has acknowledged is there after SIGKILL; what it has not may be sent again."""

from __future__ import annotations

import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.acceptance.agent_processes import AgentProcess
from tests.acceptance.processes import environment, signoff_command, until
from tests.acceptance.servers import Server

SENDERS = 8
ACKNOWLEDGED = 400


class Senders:
    """Threads that start executions, each under a key of its own, until the server is gone."""

    def __init__(self, server: Server) -> None:
        self._url = server.url
        self._lock = threading.Lock()
        self.acknowledged: dict[str, str] = {}
        """Keys of requests that were answered, with the execution."""
        self.unanswered: set[str] = set()

    def send(self, sender: int) -> None:
        with httpx.Client(base_url=self._url, timeout=20) as http:
            for number in range(100_000):
                key = f"{sender}-{number}"
                try:
                    execution_id = start(http, key)
                except httpx.TransportError:
                    with self._lock:
                        self.unanswered.add(key)
                    return
                with self._lock:
                    self.acknowledged[key] = execution_id


def start(http: httpx.Client, key: str) -> str:
    answer = http.post(
        "/api/v1/execute/async/gates.just_ask",
        json={"input": {"own_id": key}},
        headers={"Idempotency-Key": key},
    )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["execution_id"])


@pytest.mark.usefixtures("fast")
def test_what_was_acknowledged_outlives_sigkill_and_the_rest_converges(
    server: Server, agent: AgentProcess
) -> None:
    senders = Senders(server)
    with ThreadPoolExecutor(SENDERS) as pool:
        work = [pool.submit(senders.send, sender) for sender in range(SENDERS)]
        until(lambda: len(senders.acknowledged) >= ACKNOWLEDGED, 60)
        server.kill()
        for each in work:
            each.result(30)
    assert len(senders.unanswered) == SENDERS
    server.start()

    stored = {each["execution_id"] for each in server.items("/executions")}
    assert set(senders.acknowledged.values()) <= stored

    # Sent again under its key, each is there once: whether it had been stored or not.
    repeated = {key: start(server.http, key) for key in senders.unanswered}
    for key in [*senders.acknowledged][-SENDERS:]:
        assert start(server.http, key) == senders.acknowledged[key]
    ids = [*senders.acknowledged.values(), *repeated.values()]
    assert len(set(ids)) == len(ids)
    assert {each["execution_id"] for each in server.items("/executions")} == {*ids}

    # Each comes to its gate, and the chains that the kill came nearest to have no hole.
    def all_wait() -> bool:
        return sum(1 for _ in server.items("/executions", status="waiting")) == len(ids)

    until(all_wait, 40, "every run waits", every=0.1)
    assert agent.alive
    for execution_id in ids[-SENDERS - 2 :: SENDERS]:
        verify(server, execution_id)


def verify(server: Server, execution_id: str) -> None:
    ran = subprocess.run(
        [signoff_command(), "audit", "verify", execution_id],
        env=environment(SIGNOFF_SERVER=server.url),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
