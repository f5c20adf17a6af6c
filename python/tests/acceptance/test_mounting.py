"""An agent lives in an application that was there before."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.acceptance.agent_processes import AGENTS, AgentProcess
from tests.acceptance.conftest import StartAgent
from tests.acceptance.processes import Process, until
from tests.acceptance.servers import Server

SCRIPT = AGENTS / "mounted.py"


def test_a_mounted_agent_pauses_and_is_resumed(server: Server, start_agent: StartAgent) -> None:
    application = start_agent(server, "mounted", SCRIPT)
    execution_id = server.begin("mounted.ask", own_id="mounted-1")
    request = server.waiting(execution_id)
    assert request["title"] == "Question mounted-1"

    hello = httpx.get(f"http://127.0.0.1:{application.port}/hello")
    assert hello.text == "hello from the application"

    server.decide(request["id"], "approved", feedback="fine")
    assert server.succeeded(execution_id) == {"decision": "approved", "feedback": "fine"}


def test_a_mounted_agent_goes_on_after_a_crash_of_its_application(
    server: Server, start_agent: StartAgent
) -> None:
    application = start_agent(server, "mounted", SCRIPT)
    execution_id = server.begin("mounted.ask", own_id="mounted-2")
    request = server.waiting(execution_id)
    application.kill()
    server.decide(request["id"], "approved")
    application.start()
    assert server.succeeded(execution_id)["decision"] == "approved"


def test_a_mounted_agent_without_its_lifespan_says_what_is_missing(
    server: Server, processes: list[Process], tmp_path: Path
) -> None:
    application = AgentProcess(server, "mounted", SCRIPT, tmp_path, LIFESPAN="without")
    processes.append(application)
    application.spawn()
    url = f"http://127.0.0.1:{application.port}/api/agent/reasoners/ask"

    def answered() -> httpx.Response | None:
        try:
            return httpx.post(url, json={"own_id": "mounted-3"})
        except httpx.TransportError:
            return None

    answer = until(answered, 15, "the application answers")
    assert answer.status_code == 503
    assert answer.json()["code"] == "not_running"
    assert "give app.lifespan to the application" in answer.json()["detail"]
