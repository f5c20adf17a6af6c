"""The reviewer of examples/webhook: told of questions, it answers refunds by a limit."""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.acceptance.conftest import ended
from tests.acceptance.processes import Process, environment, free_port, until
from tests.acceptance.seeds import EXAMPLES
from tests.acceptance.servers import SECRET, Json, Server

NOTIFY_SECRET = "whsec_" + base64.b64encode(b"a secret of the tests, 32 bytes!").decode()
WEBHOOK = EXAMPLES / "webhook"


class Desk:
    """A server, and the reviewer that it tells of every question."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/notifications"
        told = {"SIGNOFF_NOTIFY_URL": self.url, "SIGNOFF_NOTIFY_SECRET": NOTIFY_SECRET}
        self.server = Server(folder, env=environment(**told))
        told |= {
            "SIGNOFF_SERVER": self.server.url,
            "SIGNOFF_APPROVAL_WEBHOOK_SECRET": SECRET,
            "PORT": str(port),
        }
        command = [sys.executable, str(WEBHOOK / "main.py")]
        self.reviewer = Process("reviewer", command, environment(**told), folder)

    def start_reviewer(self) -> None:
        listening = self.reviewer.output().count("listens on")
        self.reviewer.spawn()
        until(
            lambda: self.reviewer.output().count("listens on") > listening,
            what="the reviewer listens",
        )

    def ask(self, own_id: str, **payload: object) -> Json:
        asked = {"approval_request_id": own_id, "payload": payload}
        return self.server.post("/approval-requests", asked, 201)

    def decided(self, request: Json) -> Json:
        path = f"/approval-requests/{request['id']}"

        def ended() -> Json | None:
            found = self.server.get(path)
            return None if found["status"] == "pending" else found

        return until(ended, seconds=20, what=f"{request['id']} is decided")


@pytest.fixture(scope="module")
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    with ended(request.node) as started:
        made = Desk(tmp_path_factory.mktemp("desk"))
        started += [made.server, made.reviewer]
        made.server.start()
        made.start_reviewer()
        yield made


def test_it_has_all_its_files_and_is_short() -> None:
    for file in ("main.py", "requirements.txt", "README.md", "Dockerfile"):
        assert (WEBHOOK / file).is_file(), file
    assert len((WEBHOOK / "main.py").read_text().splitlines()) <= 60


@pytest.mark.parametrize(
    "amount, decision", [(40, "approved"), (100, "approved"), (101, "rejected")]
)
def test_refunds_are_answered_by_the_limit(desk: Desk, amount: int, decision: str) -> None:
    found = desk.decided(desk.ask(f"refund-{amount}", amount_usd=amount))
    assert found["status"] == decision
    assert found["reviewer"] == {"id": "refund-limit", "name": "Refund limit", "source": "webhook"}


def test_what_is_no_refund_is_left_to_people(desk: Desk) -> None:
    others = [desk.ask("deploy-1", version="2.0"), desk.ask("refund-x", amount_usd=True)]
    # What was asked after them has been answered: they were heard, too.
    desk.decided(desk.ask("refund-after", amount_usd=1))
    until(
        lambda: not [*desk.server.items("/deliveries", state="pending")], what="all was delivered"
    )
    for request in others:
        assert desk.server.get(f"/approval-requests/{request['id']}")["status"] == "pending"


def test_it_is_told_again_after_it_was_away(desk: Desk) -> None:
    desk.reviewer.kill()
    request = desk.ask("refund-later", amount_usd=5)
    desk.start_reviewer()
    assert desk.decided(request)["status"] == "approved"


def test_nobody_else_can_tell_it_anything(desk: Desk) -> None:
    forged = {"type": "approval.requested", "data": {"id": "apr_x", "payload": {"amount_usd": 1}}}
    assert httpx.post(desk.url, json=forged).status_code == 401
    connection = HTTPConnection("127.0.0.1", urlsplit(desk.url).port, timeout=10)
    connection.putrequest("POST", "/notifications")
    connection.putheader("Content-Length", "9999999")
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
