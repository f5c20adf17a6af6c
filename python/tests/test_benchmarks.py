"""That the benchmarks still run; how fast anything is, is not for tests to say."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from benchmarks import seed
from benchmarks.databases import Databases
from benchmarks.report import Figure, table

from signoff.server import upkeep
from signoff.server.domain.event import first_break
from signoff.server.settings import Settings
from tests import postgres

SCRIPT = [sys.executable, "-m", "benchmarks"]


def bench(*told: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SCRIPT, *told],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def figures(*parts: str) -> list[dict[str, Any]]:
    ran = bench("--quick", "--json", *parts)
    assert ran.returncode == 0, ran.stderr
    found: list[dict[str, Any]] = json.loads(ran.stdout)["figures"]
    # In the short time of a quick run on a busy machine not one gate may pass.
    assert all(each["value"] >= 0 for each in found)
    assert all(each["value"] > 0 for each in found if each["unit"] == "ms")
    return found


def names(found: list[dict[str, Any]]) -> list[str]:
    return [each["name"].partition(",")[0] for each in found]


@pytest.mark.slow
@pytest.mark.timeout(620)
def test_every_figure_of_one_server_is_measured_beside_its_ceiling() -> None:
    found = figures("accepts", "wakes", "waits", "suspended", "starts")
    assert names(found) == [
        "executions accepted",
        *["decision heard"] * 4,
        *["wait over"] * 6,
        *["40 suspended"] * 3,
        "start to first answer",
    ]
    assert all(each["ceiling"] is not None for each in found if "suspended" not in each["name"])


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(620)
def test_the_figures_of_postgresql_and_of_several_servers_are_measured() -> None:
    if postgres.binaries() is None:
        postgres.without_server()
    found = figures("gates", "replicas", "pending", "expiries", "--engine", "PostgreSQL")
    assert names(found) == [
        *["gates passed"] * 3,
        *["decided at the same server"] * 2,
        *["decided at another server"] * 2,
        "gates passed",
        *["50 pending"] * 9,
        *["50 expire at once"] * 4,
    ]
    (wrong,) = (each for each in found if "exactly once" in each["name"])
    assert wrong["value"] == 0


def test_a_part_that_is_none_is_named() -> None:
    ran = bench("gates", "gaits")
    assert ran.returncode == 2
    assert "gaits: the parts are accepts, gates, wakes," in ran.stderr


def test_more_is_better_a_second_and_less_in_milliseconds() -> None:
    gates = Figure("gates passed", 500.0, "/s", 1_000.0, 400)
    wakes = Figure("decision heard", 8.0, "ms", 2.0, 5)
    assert (gates.ratio, gates.met) == (0.5, True)
    assert (wakes.ratio, wakes.met) == (0.25, False)
    assert table([gates, wakes]).splitlines()[1].split() == [
        "gates", "passed", "500/s", "1,000/s", "50%", "≥", "400/s", "met",
    ]  # fmt: skip


def test_what_has_no_aim_neither_meets_nor_misses_it() -> None:
    beside = Figure("gates passed, PostgreSQL", 150.0, "/s", None, None)
    assert beside.met is None
    assert table([beside]).splitlines()[1].split() == ["gates", "passed,", "PostgreSQL", "150/s"]


def test_what_nothing_was_counted_of_has_no_ratio() -> None:
    assert Figure("gates passed", 0.0, "/s", 0.0, 400).ratio is None


async def test_copies_of_a_run_have_chains_of_their_own_that_are_whole() -> None:
    with ExitStack() as stack:
        database = stack.enter_context(Databases(stack).fresh("SQLite"))
        await seed.fill(database, 3)
        runs = await database.rows("SELECT execution_id, event_seq, event_hash FROM executions")
        assert len(runs) == 3
        for run in runs:
            query = "SELECT * FROM events WHERE chain_id = $1 ORDER BY seq"
            events = await database.rows(query, run["execution_id"])
            assert first_break(events) is None
            assert (events[-1]["seq"], events[-1]["hash"]) == (run["event_seq"], run["event_hash"])
        path = database.url.removeprefix("sqlite:///")
        findings = await upkeep.examine(Settings(database=Path(path)))
        assert {each.level for each in findings if each.name != "keys"} == {"ok"}
