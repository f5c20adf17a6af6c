"""The chaos run at its small size; `make chaos` is the full one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.chaos.plan import draw
from tests.chaos.points import POINTS
from tests.chaos.run import chaos
from tests.chaos.stage import Ending


@pytest.mark.timeout(420, method="signal")
@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_nothing_is_lost_whoever_is_killed(engine: str, tmp_path: Path) -> None:
    report = chaos(tmp_path, engine=engine, seed=20, gates=20, kills=8)
    assert report.passed, report.as_text()
    told = json.loads(report.as_json())
    # At least those that were asked for: at an agent's door all servers are killed.
    assert told["kills"] >= 8
    assert told["acknowledged_facts"] == draw(20, 20, 8, postgres=engine == "postgres").facts


def test_a_seed_draws_the_same_plan_and_another_seed_another() -> None:
    assert draw(1, 50, 20, postgres=True) == draw(1, 50, 20, postgres=True)
    assert draw(1, 50, 20, postgres=True) != draw(2, 50, 20, postgres=True)


def test_a_full_run_is_planned_to_meet_every_point() -> None:
    plan = draw(7, 500, 200, postgres=True)
    assert (len(plan.gates), len(plan.kills)) == (500, 200)
    assert {kill.point for kill in plan.kills} == {None, *POINTS}
    assert "postgres" not in {kill.victim for kill in draw(7, 500, 200, postgres=False).kills}


@pytest.mark.parametrize(
    "ending, excused",
    [
        (Ending("server-1", 9, "signoff: x: the database can't be reached: refused"), True),
        (Ending("server-2", 9, "signoff: x: the database does not answer: gone"), True),
        (Ending("server-1", 1, "ZeroDivisionError: division by zero"), False),
        (Ending("server-1", -11, "the database can't be reached"), False),
        (Ending("agent-1", 1, "the server can't be reached"), False),
    ],
)
def test_only_want_of_a_database_excuses_an_end(ending: Ending, excused: bool) -> None:
    assert ending.for_want_of_a_database is excused
