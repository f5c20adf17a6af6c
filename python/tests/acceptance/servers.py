"""`signoff serve` as a process, and the requests that tests send to it."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx

from tests.acceptance.processes import (
    STARTED_SECONDS,
    Process,
    environment,
    free_port,
    listens,
    signoff_command,
    until,
)

SECRET: Final = "the reviewer service's secret"
TOKEN: Final = "test-control-of-this-test"

Json = dict[str, Any]


class Server(Process):
    """A control plane on a port and database of its own, which a restart keeps.

    Args:
        folder: for its database and log.
        secret: of the signed webhook; None: none is set.
        test_control: whether its clock stands still until the test moves it. By less than 300 s
            where agents of this project take part: they refuse what was not signed just now.
        key: sent with every request.
        env: instead of this process's environment.
        database_url: where its data is; None: in a SQLite file of its own.
    """

    def __init__(
        self,
        folder: Path,
        *,
        secret: str | None = SECRET,
        test_control: bool = False,
        key: str | None = None,
        env: Mapping[str, str] | None = None,
        database_url: str | None = None,
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = folder / "server.db"
        self.secret = secret
        self.key = key
        told = {"SIGNOFF_DATABASE_URL": database_url or f"sqlite:///{self.database}"}
        if secret is not None:
            told["SIGNOFF_APPROVAL_WEBHOOK_SECRET"] = secret
        command = [signoff_command(), "serve", "--port", str(self.port)]
        if test_control:
            command += ["--test-control", TOKEN]
        super().__init__("server", command, {**(env or environment()), **told}, folder)
        self.http = self._client()

    def _client(self) -> httpx.Client:
        headers = {"X-API-Key": self.key} if self.key else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=70)

    def spawn(self) -> None:
        """Start it; comes back at once. Connections to the process before it are of no use."""
        self.http.close()
        self.http = self._client()
        super().spawn()

    def close(self) -> None:
        super().close()
        self.http.close()

    def start(self) -> float:
        """Start it and wait until it answers; the seconds that took."""
        began = time.monotonic()
        self.spawn()
        until(self._answers, STARTED_SECONDS, "the server answers", every=0.005)
        return time.monotonic() - began

    def _answers(self) -> bool:
        assert self.alive, f"the server ended:\n{self.output()[-2000:]}"
        if not listens(self.port):
            return False
        try:
            return self.http.get("/api/v1/health").status_code == 200
        except httpx.TransportError:
            return False

    def get(self, path: str, **params: Any) -> Json:
        answer = self.http.get(f"/api/v1{path}", params=params)
        assert answer.status_code == 200, answer.text
        body: Json = answer.json()
        return body

    def post(self, path: str, body: Json | None = None, expect: int = 200) -> Json:
        answer = self.http.post(f"/api/v1{path}", json=body or {})
        assert answer.status_code == expect, answer.text
        told: Json = answer.json()
        return told

    def items(self, path: str, **params: Any) -> Iterator[Json]:
        """Everything that a list has, page by page."""
        page = self.get(path, limit=200, **params)
        while True:
            yield from page["items"]
            if "next_cursor" not in page:
                return
            page = self.get(path, limit=200, cursor=page["next_cursor"], **params)

    def begin(self, target: str, /, **given: Any) -> str:
        """Start an execution; its id. The arguments are the reasoner's."""
        execution_id = self.post(f"/execute/async/{target}", {"input": given}, 202)["execution_id"]
        assert isinstance(execution_id, str)
        return execution_id

    def execution(self, execution_id: str) -> Json:
        return self.get(f"/executions/{execution_id}")

    def waiting(self, execution_id: str, seconds: float = 10.0) -> Json:
        """The one request that an execution waits for, once it waits."""

        def pending() -> list[str] | None:
            execution = self.execution(execution_id)
            assert "completed_at" not in execution, execution
            if execution["status"] != "waiting" or not execution["pending_approvals"]:
                return None
            ids: list[str] = execution["pending_approvals"]
            return ids

        (approval_id,) = until(pending, seconds, f"{execution_id} waits for a person")
        return self.get(f"/approval-requests/{approval_id}")

    def finished(self, execution_id: str, seconds: float = 15.0) -> Json:
        """An execution once it is finished."""
        execution = self.get(f"/executions/{execution_id}", wait_seconds=seconds)
        assert "completed_at" in execution, f"not finished within {seconds} s: {execution}"
        return execution

    def succeeded(self, execution_id: str, seconds: float = 15.0) -> Any:
        """The result of an execution once it has succeeded."""
        execution = self.finished(execution_id, seconds)
        assert execution["status"] == "succeeded", execution
        return execution["result"]

    def decide(self, approval_id: str, decision: str, **more: Any) -> Json:
        return self.post(
            f"/approval-requests/{approval_id}/decision", {"decision": decision, **more}
        )

    def events(self, execution_id: str) -> list[str]:
        """The types of the events of an execution, oldest first."""
        return [event["type"] for event in self.items(f"/executions/{execution_id}/events")]

    def control(self, path: str, body: Json | None = None) -> Json:
        """Move the server's clock, or settle; see the contract's test control."""
        answer = self.http.post(
            f"/test-control/{path}",
            json=body or {},
            headers={"Authorization": f"Bearer {TOKEN}"},
        )
        assert answer.status_code == 200, answer.text
        told: Json = answer.json()
        return told


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """The headers of a signed decision, by the seed's rule: the hex HMAC-SHA256 of the body."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "X-Webhook-Signature": f"sha256={digest}"}


def response_body(request_id: str, decision: str, **more: Any) -> bytes:
    """The body of a signed decision."""
    return json.dumps({"requestId": request_id, "decision": decision, **more}).encode()
