"""The session that the product was promised with runs as it was published."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path

import pytest

from signoff.server.main import key_ring
from signoff.server.settings import Settings
from tests.acceptance.conftest import StartAgent, StartServer
from tests.acceptance.processes import environment, until
from tests.acceptance.seeds import EXAMPLES, HOST, REQUEST_ID, SEEDS, shell_steps
from tests.acceptance.servers import SECRET, Server

# The published lines read at once; what they read needs a moment to come about.
READ_SECONDS = 2.0


class Shell:
    """Runs pieces of the session by bash, each with the variables of those before."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.variables = {"AGENTFIELD_APPROVAL_WEBHOOK_SECRET": SECRET}

    def run(self, piece: str) -> str:
        """What a piece prints, with the host (and the key, where there is one) filled in."""
        piece = piece.replace(HOST, self._server.url)
        if self._server.key:
            piece = piece.replace("curl -sS", f"curl -sS -H 'X-API-Key: {self._server.key}'")
        ran = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", piece],
            env=environment(**self.variables),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        assert ran.stderr == ""
        return ran.stdout


def start_refund_agent(server: Server, start_agent: StartAgent, tmp_path: Path) -> Path:
    """The example without a provider; gives the file that its `create_review` writes to."""
    reviews = tmp_path / "reviews.log"
    told = {"SIGNOFF_API_KEY": server.key} if server.key else {}
    script = EXAMPLES / "refund" / "scripted.py"
    start_agent(server, "refund-agent", script, REVIEWS_LOG=str(reviews), **told)
    return reviews


def play(server: Server, reviews: Path) -> None:
    start, look, approve, end = shell_steps("session.sh")
    shell = Shell(server)
    shell.variables["EXEC"] = shell.run(f'{start}\nprintf %s "$EXEC"')
    assert shell.variables["EXEC"].startswith("exec_")

    until(lambda: shell.run(look) == '"waiting"\n', READ_SECONDS, look)

    (review,) = reviews.read_text().splitlines()
    receipt = json.loads(shell.run(approve.replace(REQUEST_ID, review.split()[0])))
    assert receipt["status"] == "processed"
    assert receipt["approval"]["feedback"] == "confirmed"

    until(lambda: shell.run(end).startswith('"succeeded"\n'), READ_SECONDS, end)
    status, result = shell.run(end).split("\n", 1)
    assert status == '"succeeded"'
    assert json.loads(result) == {
        "status": "approved",
        "feedback": "confirmed",
        "decision": {
            "approve": True,
            "amount_usd": 4000.0,
            "reason": "The annual plan was charged twice.",
            "confidence": 0.82,
        },
    }
    assert len(reviews.read_text().splitlines()) == 1


def test_the_published_session_runs_as_it_stands(
    server: Server, start_agent: StartAgent, tmp_path: Path
) -> None:
    play(server, start_refund_agent(server, start_agent, tmp_path))


def test_the_published_session_runs_with_a_key_filled_in(
    start_server: StartServer, start_agent: StartAgent, tmp_path: Path
) -> None:
    key = asyncio.run(make_admin_key(tmp_path / "server.db"))
    server = start_server(key=key)
    play(server, start_refund_agent(server, start_agent, tmp_path))


async def make_admin_key(database: Path) -> str:
    async with key_ring(Settings(database=database)) as keys:
        return (await keys.create("owner", "admin")).token


@pytest.mark.usefixtures("agent")
def test_the_published_approval_decides_a_request_of_that_id(server: Server) -> None:
    execution_id = server.begin("gates.just_ask", own_id=REQUEST_ID)
    server.waiting(execution_id)
    receipt = json.loads(Shell(server).run((SEEDS / "approve.sh").read_text()))
    assert receipt["status"] == "processed"
    assert server.succeeded(execution_id) == "approved"
