"""The checker sees each kind of loss: a real run's records, with one thing made wrong by hand."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.checker import RULES, Verdict, check
from tests.chaos.plan import draw
from tests.chaos.records import collect
from tests.chaos.run import chaos

SEED, GATES = 5, 8
PLAN = draw(SEED, GATES, 0, postgres=False)

pytestmark = pytest.mark.timeout(240, method="signal")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run in which nobody was killed."""
    folder = tmp_path_factory.mktemp("whole")
    report = chaos(folder, engine="sqlite", seed=SEED, gates=GATES, kills=0)
    assert report.passed, report.as_text()
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    for file in (*whole.glob("server.db*"), *whole.glob("*.evidence"), whole / "journal"):
        shutil.copy(file, tmp_path)
    return tmp_path


Spoil = Callable[[Path], None]


def sql(*statements: str) -> Spoil:
    """Change the database behind everybody's back."""

    def spoil(folder: Path) -> None:
        database = sqlite3.connect(folder / "server.db", isolation_level=None)
        database.execute("PRAGMA ignore_check_constraints = ON")
        for statement in statements:
            assert database.execute(statement).rowcount > 0, statement
        database.close()

    return spoil


def lines(file: str, kind: str, change: Callable[[dict[str, Any]], list[dict[str, Any]]]) -> Spoil:
    """Replace the first line of a kind by others."""

    def spoil(folder: Path) -> None:
        for path in sorted(folder.glob(file)):
            told = [json.loads(line) for line in path.read_text().splitlines()]
            for at, line in enumerate(told):
                if line["kind"] == kind:
                    told[at : at + 1] = change(line)
                    path.write_text("".join(f"{json.dumps(line)}\n" for line in told))
                    return
        raise AssertionError(f"no line {kind} in {file}")

    return spoil


ONE = "(SELECT MIN(execution_id) FROM executions WHERE parent_execution_id IS NULL)"
DECIDED = "(SELECT MIN(id) FROM approval_requests WHERE status <> 'expired')"
NEEDED = next(run for run in PLAN.runs if run.kind != "side_by_side").gates[0]
"""Of two questions side by side, the second may be taken back before its effect."""
STEP = (
    "(SELECT execution_id || key FROM steps"
    f" WHERE kind = 'step' AND json_extract(result, '$.what') = 'before {NEEDED}')"
)

SPOILT: dict[str, tuple[Spoil, str, str]] = {
    "an execution is lost": (
        sql(f"DELETE FROM executions WHERE execution_id = {ONE}"),
        "acknowledged executions are there",
        "was acknowledged and is not there",
    ),
    "an execution is doubled": (
        lines("journal", "executed", lambda line: [{**line, "execution_id": "exec_other"}]),
        "acknowledged executions are there",
        "a repeat made a second one",
    ),
    "an input is another": (
        sql(f"UPDATE executions SET input = '{{\"gates\": []}}' WHERE execution_id = {ONE}"),
        "acknowledged executions are there",
        "its input is another",
    ),
    "a decision is lost": (
        sql(f"DELETE FROM approval_requests WHERE id = {DECIDED}"),
        "acknowledged decisions are there",
        "was acknowledged and it is not there",
    ),
    "a decision is another": (
        sql(f"UPDATE approval_requests SET status = 'cancelled' WHERE id = {DECIDED}"),
        "acknowledged decisions are there",
        "was acknowledged, ('cancelled'",
    ),
    "nobody won": (
        lines(
            "journal",
            "decided",
            lambda line: [line, {**line, "kind": "refused"}],
        ),
        "acknowledged decisions are there",
        "none other won",
    ),
    "a gate is asked twice": (
        sql(
            "UPDATE approval_requests SET approval_request_id = (SELECT MAX(approval_request_id)"
            " FROM approval_requests), occurrence = 2 WHERE approval_request_id ="
            " (SELECT MIN(approval_request_id) FROM approval_requests)"
        ),
        "gates are asked once",
        "asked 2 times",
    ),
    "another decision was delivered": (
        lines("*.evidence", "heard", lambda line: [{**line, "decision": "changed"}]),
        "what was delivered is what won",
        "an agent heard ('changed'",
    ),
    "a decision was never delivered": (
        lines("*.evidence", "heard", lambda line: []),
        "what was delivered is what won",
        "no agent heard",
    ),
    "a request is decided twice": (
        sql(
            "UPDATE events SET type = 'approval.decided' WHERE (chain_id, seq) = (SELECT chain_id,"
            " MIN(seq) FROM events WHERE type = 'approval.requested' GROUP BY chain_id LIMIT 1)"
        ),
        "requests are decided once",
        "2 of its end",
    ),
    "a run finished twice": (
        sql(
            f"UPDATE events SET type = 'execution.succeeded' WHERE chain_id = {ONE}"
            " AND type = 'execution.dispatched'"
        ),
        "runs finish once",
        "its events of an end are",
    ),
    "a run failed": (
        sql(
            f"UPDATE events SET type = 'execution.failed' WHERE chain_id = {ONE}"
            " AND type = 'execution.succeeded'",
            f"UPDATE executions SET status = 'failed' WHERE execution_id = {ONE}",
        ),
        "runs finish once",
        "it is failed",
    ),
    "a result is another": (
        sql(f"UPDATE executions SET result = '[]' WHERE execution_id = {ONE}"),
        "runs finish once",
        "its gates say otherwise",
    ),
    "a client was told another end": (
        lines("journal", "finished", lambda line: [{**line, "status": "failed"}]),
        "runs finish once",
        "its client was told failed",
    ),
    "a recorded step ran again": (
        lines("*.evidence", "effect", lambda line: [line, {**line, "attempt": 99, "token": "x"}]),
        "recorded steps ran once",
        "it ran in 99 again",
    ),
    "a step ran twice in one attempt": (
        lines("*.evidence", "effect", lambda line: [line, {**line, "token": "x"}]),
        "recorded steps ran once",
        "it ran 2 times",
    ),
    "a recorded step never ran": (
        lines("*.evidence", "effect", lambda line: []),
        "recorded steps ran once",
        "no agent did it",
    ),
    "a record of a step is lost": (
        sql(f"DELETE FROM steps WHERE execution_id || key = {STEP}"),
        "recorded steps ran once",
        "without its record",
    ),
    "an effect was left out": (
        sql(f"DELETE FROM steps WHERE execution_id || key = {STEP}"),
        "effects are complete",
        "was never done",
    ),
    "an event was changed": (
        sql(f"UPDATE events SET actor_id = 'somebody' WHERE chain_id = {ONE} AND seq = 2"),
        "chains verify",
        "event 2 was changed",
    ),
    "an event is missing": (
        sql(f"DELETE FROM events WHERE chain_id = {ONE} AND seq = 2"),
        "chains verify",
        "event 2 is missing",
    ),
    "the tail of a chain is cut": (
        sql(
            f"DELETE FROM events WHERE chain_id = {ONE}"
            f" AND seq = (SELECT MAX(seq) FROM events WHERE chain_id = {ONE})"
        ),
        "chains verify",
        "its head is event",
    ),
    "a client was shown another head": (
        lines("journal", "finished", lambda line: [{**line, "head": {"seq": 1, "hash": "0"}}]),
        "chains verify",
        "is another",
    ),
    "a run never ends": (
        sql(
            "UPDATE executions SET status = 'waiting', completed_at = NULL"
            f" WHERE execution_id = {ONE}"
        ),
        "nothing is stuck",
        "it is still waiting",
    ),
    "a request stays open": (
        sql(
            "UPDATE approval_requests SET status = 'pending', decided_at = NULL"
            f" WHERE id = {DECIDED}"
        ),
        "nothing is stuck",
        "it is still pending",
    ),
    "a message is never delivered": (
        sql("UPDATE messages SET state = 'dead' WHERE id = (SELECT MIN(id) FROM messages)"),
        "nothing is stuck",
        "is dead",
    ),
}


@pytest.mark.parametrize("how", SPOILT)
def test_the_checker_complains_of_what_is_wrong(how: str, folder: Path) -> None:
    spoil, rule, found = SPOILT[how]
    spoil(folder)
    verdict = check(collect(folder), PLAN)
    said = [each.found for each in verdict.violations if each.rule == rule]
    assert any(found in each for each in said), (said, _rules(verdict))


def test_the_checker_shares_no_code_with_what_it_checks() -> None:
    look = (
        "import sys, tests.chaos.checker, tests.chaos.records;"
        "sys.exit(any(name.partition('.')[0] == 'signoff' for name in sys.modules))"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", look], cwd=root, check=False).returncode == 0


def test_every_rule_is_seen_to_complain() -> None:
    assert {rule for _, rule, _ in SPOILT.values()} == {*RULES}


def test_the_checker_has_nothing_to_say_of_what_is_whole(folder: Path) -> None:
    verdict = check(collect(folder), PLAN)
    assert verdict.violations == []
    assert all(verdict.checks[rule] > 0 for rule in RULES)


def test_an_effect_that_a_crash_repeats_is_counted_and_no_violation(folder: Path) -> None:
    again = lines("*.evidence", "effect", lambda line: [{**line, "attempt": 0, "token": "x"}, line])
    again(folder)
    verdict = check(collect(folder), PLAN)
    assert verdict.violations == []
    assert (verdict.repeated_effects, len(verdict.runs_with_repeats)) == (1, 1)


def _rules(verdict: Verdict) -> list[str]:
    return [each.rule for each in verdict.violations]
