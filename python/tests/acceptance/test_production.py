"""The page on running it in production: its proxy in front of a real server."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from signoff.server.store.postgres_connections import MOST
from tests.acceptance.conftest import ended
from tests.acceptance.processes import Process, environment, free_port, signoff_command, until
from tests.acceptance.servers import Server
from tests.postgres import run

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


@needs("nginx")
def test_a_load_balancer_needs_no_key(proxied: Proxied) -> None:
    for path in ("health", "ready"):
        assert httpx.get(f"{proxied.server.url}/api/v1/{path}").status_code == 200
        behind = httpx.get(
            f"{proxied.client.base_url}{path}",
            headers={"Host": "signoff.example.com"},
            verify=False,
        )
        assert behind.status_code == 200


SYSTEMCTL = """
systemctl() {
    test "$1" = restart
    local at=${2#signoff@}
    kill -TERM "$(cat "$at.pid")"
    while kill -0 "$(cat "$at.pid")" 2> /dev/null; do sleep 0.05; done
    start "$at"
}
start() {
    setsid "$SIGNOFF" serve --port "$1" < /dev/null > /dev/null 2>> "$1.log" &
    echo $! > "$1.pid"
    disown
}
ready() { until curl -fs "http://127.0.0.1:$1/api/v1/ready" > /dev/null; do sleep 0.1; done; }
runuser() { test "$1 $2 $3" = "-u signoff --"; "${@:4}"; }
"""
"""What stands in for systemd, on real servers."""


def console(heading: str) -> str:
    """The first console block under a heading, without its prompts."""
    (section,) = re.findall(rf"^### {heading}$(.*?)^###? ", README.read_text(), re.M | re.S)
    lines = re.findall(r"^```console\n(.*?)^```", section, re.M | re.S)[0].splitlines()
    return "\n".join(line[2:] for line in lines if line[:2] in ("# ", "> "))


@pytest.fixture
def database(postgres_server: str) -> Iterator[str]:
    """A database made as the page says, by a role of its own; its URL."""
    name = f"page_{os.getpid()}"
    sql = block("sql").replace("signoff", name)
    run(postgres_server, *filter(str.strip, sql.split(";")))
    try:
        yield page_url(postgres_server, name)
    finally:
        run(postgres_server, f"DROP DATABASE {name} WITH (FORCE)", f"DROP ROLE {name}")


def page_url(server: str, name: str) -> str:
    """The URL of the page, with the address of the server of the tests."""
    (url,) = re.findall(r"`SIGNOFF_DATABASE_URL=(\S+)`", README.read_text())
    at = urlsplit(server)
    password = urlsplit(url).password
    return f"postgresql://{name}:{password}@{at.hostname}:{at.port}/{name}"


def test_the_page_counts_the_connections_of_a_server() -> None:
    listening = 1
    assert f"`max_connections`: {MOST + listening} for each server" in README.read_text()


@needs("curl")
@pytest.mark.postgres
def test_servers_are_restarted_one_after_the_other(database: str, tmp_path: Path) -> None:
    ports = [str(free_port()), str(free_port())]
    script = console("Rolling restarts")
    upgrade, script = script.split("\n", 1)
    assert upgrade.startswith("/opt/signoff/bin/pip install --upgrade ")
    assert script.count("8080 8081") == 1
    script = script.replace("8080 8081", " ".join(ports))
    script = script.replace("/opt/signoff/bin/signoff", signoff_command())
    start = "\n".join(f"start {port}; ready {port}" for port in ports)
    env = {**environment(), "SIGNOFF_DATABASE_URL": database, "SIGNOFF": signoff_command()}
    try:
        bash(f"{SYSTEMCTL}\n{signoff_command()} migrate\n{start}", env, tmp_path)
        before = pids(tmp_path, ports)
        asked = httpx.post(
            f"http://127.0.0.1:{ports[1]}/api/v1/approval-requests",
            json={"approval_request_id": "deploy-42"},
        ).json()
        bash(f"{SYSTEMCTL}\n{script}", env, tmp_path)
        after = pids(tmp_path, ports)
        assert set(before).isdisjoint(after)
        for port in ports:
            path = f"http://127.0.0.1:{port}/api/v1/approval-requests/{asked['id']}"
            assert httpx.get(path).json()["status"] == "pending"
    finally:
        for pid in pids(tmp_path, ports):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def bash(script: str, env: Mapping[str, str], folder: Path) -> None:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env=env,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def pids(folder: Path, ports: list[str]) -> list[int]:
    files = [folder / f"{port}.pid" for port in ports]
    return [int(file.read_text()) for file in files if file.exists()]


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
