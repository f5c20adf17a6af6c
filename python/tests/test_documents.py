"""What the documents show is what runs."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from signoff import Agent, Client
from signoff.testing import control_plane

ROOT = Path(__file__).parents[2]


def blocks(path: str, language: str = "python") -> list[str]:
    text = (ROOT / path).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Calls of `app.run()`, which does nothing here."""
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(Agent, "run", lambda self, **arguments: calls.append(arguments))
    return calls


def test_code_stands_by_line_20_and_is_an_agent(ran: list[dict[str, Any]]):
    (code,) = blocks("README.md")
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert "app.pause(" in "\n".join(lines[:20])

    class RefundDecision(BaseModel):
        approve: bool

    names: dict[str, Any] = {"RefundDecision": RefundDecision}
    exec(code, names)
    assert isinstance(names["app"], Agent)
    assert ran == [{"port": 8001}]


async def test_the_agent_and_its_test_in_the_packages_readme_work(ran: list[dict[str, Any]]):
    agent, waiting, _, _, test = blocks("python/README.md")
    names: dict[str, Any] = {}
    exec(agent, names)
    exec(waiting, dict(names))
    exec(test, names)
    await names["test_a_rejected_deploy_rolls_nothing_out"]()
    assert ran


async def test_a_program_runs_a_reasoner_as_the_packages_readme_says(
    ran: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
):
    agent, _, _, program, _ = blocks("python/README.md")
    names: dict[str, Any] = {}
    exec(agent, names)
    async with control_plane() as plane, plane.serving(names["app"]):
        monkeypatch.setenv("SIGNOFF_SERVER", plane.url)
        following = asyncio.create_task(asyncio.to_thread(exec, program, names))
        request = await plane.next_request()
        await plane.client.decide_approval_request(request.id, "approved")
        await following
    assert names["finished"].status == "succeeded"


async def test_a_program_asks_as_the_packages_readme_says(monkeypatch: pytest.MonkeyPatch):
    _, _, program, _, _ = blocks("python/README.md")
    deployed: list[str] = []
    async with control_plane() as plane:
        monkeypatch.setenv("SIGNOFF_SERVER", plane.url)
        asked = await plane.client.create_approval_request(
            "deploy-42", title="Deploy 42 to production", expires_in_hours=4
        )
        await plane.client.decide_approval_request(asked.id, "approved")
        # It crashed after asking, and asks the same again.
        names = {"deploy": lambda: deployed.append("42"), "Client": Client}
        await asyncio.to_thread(exec, program, names)
    assert deployed == ["42"]


def test_the_session_has_every_line_of_the_published_one():
    (session,) = blocks("README.md", "bash")
    seed = Path(__file__).with_name("fixtures") / "seeds" / "session.sh"

    def bare(text: str) -> list[str]:
        lines = map(str.strip, text.replace("AGENTFIELD_", "SIGNOFF_").splitlines())
        return [line for line in lines if line and not line.startswith("#")]

    published = [re.sub("req-[a-z0-9-]+", "REQ", line) for line in bare(seed.read_text())]
    assert [re.sub("req-[a-z0-9-]+", "REQ", line) for line in bare(session)] == published


def test_the_state_machines_in_contributing_are_those_of_the_tables():
    command = [sys.executable, str(ROOT / "tools" / "diagrams.py")]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "path",
    [
        *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "python/README.md", "go/README.md"),
        *(str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("examples/*/README.md"))),
        "typescript/sdk/README.md",
    ],
)
def test_links_lead_somewhere(path: str):
    text = (ROOT / path).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if not target.startswith("http"):
            assert ((ROOT / path).parent / target).exists(), target


@pytest.mark.parametrize("package", ["python", "typescript/sdk"])
def test_what_is_published_carries_the_license(package: str):
    # The go command takes the file at the repository's root into the module by itself.
    assert (ROOT / package / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_every_example_is_short():
    files = [path for kind in ("py", "ts", "go") for path in ROOT.glob(f"examples/**/main.{kind}")]
    own = {path for path in files if not {"node_modules", "dist"} & set(path.parts)}
    assert len(own) == 13
    long = {
        str(path.relative_to(ROOT)): lines
        for path in own
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 60
    }
    # The published code as it is, with two reasoners; its README says so.
    assert list(long) == ["examples/claim/main.py"]


def test_every_make_target_that_is_named_is_there():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    for path in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / path).read_text(encoding="utf-8")
        assert set(re.findall(r"make ([a-z-]+)`", text)) <= targets
