"""Skeletons of adapters run as they are written, and are believed."""

import shutil
import sys

import pytest
from typer.testing import CliRunner

from signoff_conformance import probes
from signoff_conformance.cli import app
from signoff_conformance.client_bench import Bench
from tests.test_adapter import CONTRACT, Stub

COMMANDS = {
    "python": ([sys.executable, "adapter.py"], "python3"),
    "go": (["go", "run", "main.go"], "go"),
    "typescript": (["node", "adapter.mjs"], "node"),
}


@pytest.mark.parametrize("lang", COMMANDS)
async def test_a_skeleton_runs_as_it_is_and_is_believed(lang, tmp_path):
    (*start, name), tool = COMMANDS[lang]
    if shutil.which(tool) is None:
        pytest.skip(f"there is no {tool}")
    done = CliRunner().invoke(app, ["init", "--lang", lang, "--into", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert "is not conformant" in done.output
    assert "`lacks`" in done.output
    stub = Stub()
    await stub.start()
    bench = Bench([*start, str(tmp_path / name)], stub, CONTRACT)
    try:
        await bench.start()
        await probes.probe(bench)
    finally:
        await bench.stop()


@pytest.mark.parametrize(
    "lang,names",
    [("python", {"agent.py"}), ("go", {"main.go", "verbs.go"}), ("typescript", {"agent.mjs"})],
)
def test_the_skeleton_of_an_agent_is_that_of_the_sdk(lang, names, tmp_path):
    into = ["--into", str(tmp_path)]
    done = CliRunner().invoke(app, ["init", "--lang", lang, "--of", "agent", *into])
    assert done.exit_code == 0, done.output
    assert {path.name for path in tmp_path.iterdir()} == names
    assert "check --agent" in done.output
    assert CliRunner().invoke(app, ["init", "--lang", lang, "--of", "agent", *into]).exit_code == 2


def test_what_is_there_is_not_written_over(tmp_path):
    (tmp_path / "adapter.py").write_text("mine")
    done = CliRunner().invoke(app, ["init", "--lang", "python", "--into", str(tmp_path)])
    assert done.exit_code == 2
    assert (tmp_path / "adapter.py").read_text() == "mine"
    assert CliRunner().invoke(app, ["init", "--lang", "cobol"]).exit_code == 2
