"""Agents that lie are found out, or fail the cases that they break; an honest one is believed."""

import re
import sys
from pathlib import Path

import pytest

from signoff_conformance import runner
from signoff_conformance.adapter import AdapterFault
from signoff_conformance.agent import bench as benches
from signoff_conformance.agent import probes
from signoff_conformance.agent.bench import Bench
from signoff_conformance.agent.check import agent_cases, check
from signoff_conformance.agent.performer import AgentPerformer
from signoff_conformance.contract import Contract
from signoff_conformance.verdicts import Verdict

CONTRACT = Contract.load()
LIAR = [sys.executable, str(Path(__file__).parent / "lying_agent.py")]
SOON = 3.0


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(benches, "START_SECONDS", SOON)
    monkeypatch.setattr(probes, "PATIENCE_SECONDS", SOON)


async def believed(lie, folder):
    bench = Bench([*LIAR, lie], folder, CONTRACT)
    try:
        await bench.start()
        await probes.probe(bench)
    finally:
        await bench.stop()


async def test_an_honest_agent_is_believed(tmp_path):
    await believed("", tmp_path)


@pytest.mark.parametrize(
    "lie,found",
    [
        ("ends", r"ended \(exit 1\)\n  no such option"),
        ("never registers", "does not register"),
        ("never beats", "sends no heartbeat"),
        ("no hello", "without a hello"),
        ("other protocol", "protocol: 1 was expected"),
        ("wrong node", "registers as somebody"),
        ("no script", "no reasoner script"),
        ("serves anything", "a reasoner that there is not by 202"),
        ("never reports", "did not report"),
        ("does nothing", "its log does not say"),
        ("changes values", "JSON does not survive"),
        ("bad log", "a line of its log is none"),
        ("answers garbage", "a reasoner that there is not by|refuses signed work"),
        ("dies", "the agent has ended"),
    ],
)
async def test_an_agent_that_lies_is_not_believed(lie, found, tmp_path):
    with pytest.raises(AdapterFault, match=found):
        await believed(lie, tmp_path)


async def test_nothing_is_said_of_an_agent_that_is_not_believed(tmp_path):
    rows = await check([" ".join([*LIAR, "ends"])], tmp_path, only=["AGT-SIGN-002"])
    assert rows[0].verdict is Verdict.HARNESS_ERROR
    assert {row.verdict for row in rows[1:]} == {Verdict.NOT_RUN}


async def run(lie, case_id, folder):
    bench = Bench([*LIAR, lie], folder, CONTRACT)
    try:
        await bench.start()
        items = runner.select([agent_cases()[case_id]])[:1]
        return (await runner.run(items, [AgentPerformer(bench, SOON)]))[0]
    finally:
        await bench.stop()


@pytest.mark.parametrize(
    "lie,case_id,reason",
    [
        ("accepts unsigned", "AGT-SIGN-004", "want 401, is 202"),
        ("never reports", "AGT-DISPATCH-001", "does not report"),
        ("changes values", "AGT-DISPATCH-001", "result"),
        ("dies", "AGT-DISPATCH-001", r"has ended \(exit 7\)"),
        ("answers garbage", "AGT-DISPATCH-001", "gives no answer"),
    ],
)
async def test_an_agent_that_breaks_a_rule_fails_its_case(lie, case_id, reason, tmp_path):
    result = await run(lie, case_id, tmp_path)
    assert result.verdict is Verdict.FAIL, result.reason
    assert re.search(reason, result.reason), result.reason


async def test_an_agent_that_keeps_a_rule_passes_its_case(tmp_path):
    result = await run("", "AGT-DISPATCH-001", tmp_path)
    assert (result.verdict, result.reason) == (Verdict.PASS, "")
    assert result.checks > 2


async def test_what_it_lacks_is_not_supported(tmp_path):
    result = await run("", "AGT-REPLAY-003", tmp_path)
    assert result.verdict is Verdict.NOT_SUPPORTED
