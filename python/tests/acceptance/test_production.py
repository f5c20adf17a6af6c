"""The page on running it in production: its proxy in front of a real server."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.acceptance.conftest import ended
from tests.acceptance.processes import Process, environment, free_port, signoff_command, until
from tests.acceptance.servers import Server

README = Path(__file__).parents[2] / "README.md"


def needs(tool: str) -> pytest.MarkDecorator:
    """Skip without it, except where nobody would see that: there it is a failure."""
    missing = shutil.which(tool) is None and not os.environ.get("CI")
    return pytest.mark.skipif(missing, reason=f"{tool} is not installed")


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", README.read_text(), re.M | re.S)
    return str(found)


class Proxied:
    """A server with a key, behind nginx with the configuration of the README."""

    def __init__(self, folder: Path) -> None:
        self.server = Server(folder)
        self.port = free_port()
        self.folder = folder
        self.certificate = folder / "signoff.pem"
        config = folder / "nginx.conf"
        config.write_text(self._config())
        command = [str(shutil.which("nginx")), "-p", str(folder), "-c", str(config)]
        self.nginx = Process("nginx", command, environment(), folder)

    def _config(self) -> str:
        site = block("nginx")
        for published, here in {
            "127.0.0.1:8080": f"127.0.0.1:{self.server.port}",
            "127.0.0.1:8081": f"127.0.0.1:{free_port()}",  # the one that is being restarted
            "listen 443 ssl": f"listen 127.0.0.1:{self.port} ssl",
            "/etc/ssl/certs/signoff.pem": str(self.certificate),
            "/etc/ssl/private/signoff.key": str(self.folder / "signoff.key"),
        }.items():
            assert site.count(published) == 1, published
            site = site.replace(published, here)
        temporary = "".join(
            f"{name}_temp_path {self.folder}/{name};\n"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        # Its workers write below the folder of the test, which is for one account only.
        account = f"user {pwd.getpwuid(0).pw_name};\n" if os.geteuid() == 0 else ""
        return (
            f"{account}daemon off; pid {self.folder}/nginx.pid; error_log stderr;\n"
            f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{site}}}\n"
        )

    def start(self) -> None:
        self.server.start()
        database = f"sqlite:///{self.server.database}"
        command = [signoff_command(), "keys", "create", "--role", "admin", "--name", "ops"]
        made = subprocess.run(
            [*command, "--database", database], capture_output=True, text=True, check=True
        )
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
                *("-subj", "/CN=signoff.example.com", "-out", str(self.certificate)),
                *("-keyout", str(self.folder / "signoff.key")),
            ],
            capture_output=True,
            check=True,
        )
        self.nginx.spawn()
        self.client = httpx.Client(
            base_url=f"https://127.0.0.1:{self.port}/api/v1",
            headers={"Host": "signoff.example.com", "X-API-Key": made.stdout.strip()},
            verify=False,  # signed by itself
            timeout=30,
        )
        until(self._answers, what="nginx answers")

    def _answers(self) -> bool:
        try:
            return self.client.get("/health").status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture(scope="module")
def proxied(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxied]:
    with ended(request.node) as started:
        made = Proxied(tmp_path_factory.mktemp("proxied"))
        started += [made.server, made.nginx]
        made.start()
        yield made
        made.client.close()


@needs("nginx")
def test_a_decision_ends_a_long_poll_behind_the_proxy(proxied: Proxied) -> None:
    asked = proxied.client.post(
        "/approval-requests", json={"approval_request_id": "deploy-42", "payload": {"n": 1}}
    )
    assert asked.status_code == 201, asked.text
    path = f"/approval-requests/{asked.json()['id']}"
    heard: list[str] = []

    def wait() -> None:
        heard.append(proxied.client.get(path, params={"wait_seconds": 20}).json()["status"])

    waiting = threading.Thread(target=wait)
    waiting.start()
    decided = proxied.client.post(f"{path}/decision", json={"decision": "approved"})
    assert decided.status_code == 200, decided.text
    waiting.join(10)
    assert heard == ["approved"]


@needs("nginx")
def test_events_are_streamed_through_the_proxy(proxied: Proxied) -> None:
    node = {"id": "shop", "base_url": "http://127.0.0.1:9", "reasoners": [{"id": "sell"}]}
    assert proxied.client.post("/nodes/register", json={**node, "instance_id": "i"}).is_success
    execution = proxied.client.post("/execute/async/shop.sell", json={"input": {}}).json()
    path = f"/executions/{execution['execution_id']}"
    with proxied.client.stream("GET", f"{path}/events/stream") as stream:
        lines = stream.iter_lines()
        # The first is there while the run goes on; then what happens next.
        assert "execution.created" in next(line for line in lines if line.startswith("data"))
        assert proxied.client.post(f"{path}/cancel", json={}).status_code == 200
        assert any("execution.cancelled" in line for line in lines)


@needs("nginx")
def test_the_limits_and_the_keys_are_the_servers(proxied: Proxied) -> None:
    assert httpx.get(f"{proxied.client.base_url}nodes", verify=False).status_code == 401
    large = {"approval_request_id": "x", "description": "x" * 2_000_000}
    refused = proxied.client.post("/approval-requests", json=large)
    assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")
    assert proxied.client.get("/metrics").status_code == 200


@needs("systemd-analyze")
def test_the_unit_is_one(tmp_path: Path) -> None:
    unit = tmp_path / "signoff@8080.service"
    text = block("ini").replace("/opt/signoff/bin/signoff", signoff_command())
    unit.write_text(text.replace("User=signoff", "User=daemon"))
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert [line for line in checked.stderr.splitlines() if "signoff@8080" in line] == []
