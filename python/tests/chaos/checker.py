"""The independent checker: reads what is left, and says what was lost, doubled or is stuck.

It imports nothing of the server, asks nothing of it, and takes nobody's word but the driver's for
what was acknowledged and the agents' for what they did.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from tests.chaos import chains
from tests.chaos.journal import Line
from tests.chaos.plan import Plan
from tests.chaos.records import Records

ENDS: Final = {
    "execution.succeeded": "succeeded",
    "execution.failed": "failed",
    "execution.cancelled": "cancelled",
    "execution.timed_out": "timeout",
}
DECISIONS: Final = ("approval.decided", "approval.expired", "approval.cancelled")


@dataclass(frozen=True, slots=True)
class Violation:
    """What must not be: which rule, of what, and what was found there."""

    rule: str
    of: str
    found: str


@dataclass(slots=True)
class Verdict:
    """What was looked at, how often, and what is wrong."""

    checks: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    repeated_effects: int = 0
    """Effects that a crash before their record had done again."""
    runs_with_repeats: list[str] = field(default_factory=list)
    replayed_decisions: int = 0
    """Decisions that a later attempt was given again."""
    attempts: int = 0


Fault = tuple[str, str]
"""What it is about, and what is wrong with it; an empty word: nothing."""


def check(records: Records, plan: Plan) -> Verdict:
    """All rules, each on everything that it is about."""
    verdict = Verdict()
    for rule, look in RULES.items():
        for of, found in look(records, plan):
            verdict.checks[rule] += 1
            if found:
                verdict.violations.append(Violation(rule, of, found))
    verdict.attempts = sum(row["attempt"] for row in records.executions)
    verdict.replayed_decisions = sum(e["type"] == "approval.replayed" for e in records.events)
    repeats = _repeats(records)
    verdict.repeated_effects = sum(repeats.values())
    verdict.runs_with_repeats = sorted(repeats)
    return verdict


def executions_are_there(records: Records, plan: Plan) -> Iterator[Fault]:
    """Every acknowledged execution is there, every run of the plan once."""
    rows = {row["execution_id"]: row for row in records.executions}
    acknowledged = {line["run"]: line["execution_id"] for line in _lines(records, "executed")}
    for run in plan.runs:
        execution_id = acknowledged.get(run.name)
        if execution_id is None:
            yield run.name, "was never acknowledged"
        elif execution_id not in rows:
            yield execution_id, f"{run.name} was acknowledged and is not there"
        else:
            same = json.loads(rows[execution_id]["input"]) == {"gates": list(run.gates)}
            yield execution_id, "" if same else "its input is another"
    for execution_id, row in rows.items():
        if row["parent_execution_id"] is None and execution_id not in acknowledged.values():
            yield execution_id, "nobody was told of it: a repeat made a second one"
    children = Counter(row["parent_execution_id"] for row in records.executions)
    calls = {acknowledged.get(run.name) for run in plan.runs if run.kind == "by_a_child"}
    for parent in calls - {None}:
        number = children[parent]
        yield str(parent), "" if number == 1 else f"it has {number} children instead of one"


def decisions_are_there(records: Records, plan: Plan) -> Iterator[Fault]:
    """Every acknowledged decision is there, and is what its request says."""
    rows = {row["id"]: row for row in records.requests}
    for line in _lines(records, "decided"):
        row = rows.get(line["id"])
        if row is None:
            yield line["id"], "its decision was acknowledged and it is not there"
            continue
        stored = (row["status"], row["feedback"])
        right = stored == (line["decision"], line["feedback"])
        yield line["id"], "" if right else f"{line['decision']} was acknowledged, {stored} stands"
    for line in _lines(records, "refused"):
        row = rows.get(line["id"])
        lost = row is None or row["status"] in ("pending", line["decision"])
        yield line["id"], "a decision was refused as too late, and none other won" if lost else ""


def gates_are_asked_once(records: Records, plan: Plan) -> Iterator[Fault]:
    """Each gate has one request, decided by a reviewer, or expired where nobody was to decide."""
    asked = defaultdict(list)
    for row in records.requests:
        asked[row["approval_request_id"]].append(row)
    for own_id, gate in plan.gates.items():
        rows = asked.pop(own_id, [])
        if len(rows) != 1:
            yield own_id, f"it was asked {len(rows)} times"
        else:
            right = rows[0]["status"] in (gate.says or ("expired",))
            yield rows[0]["id"], "" if right else f"it is {rows[0]['status']}"
    for own_id in asked:
        yield own_id, "nobody planned it"


def delivered_is_what_won(records: Records, plan: Plan) -> Iterator[Fault]:
    """What an agent heard is what stands; every decision was heard."""
    rows = {row["id"]: row for row in records.requests}
    unheard = set(rows)
    for line in _evidence(records, "heard"):
        unheard.discard(line["id"])
        row = rows.get(line["id"])
        if row is None:
            yield line["id"], "an agent heard of a request that is not there"
            continue
        won = (row["status"], row["feedback"])
        heard = (line["decision"], line["feedback"])
        yield line["id"], "" if heard == won else f"an agent heard {heard}, {won} stands"
    for request_id in unheard:
        yield request_id, "no agent heard its decision"


def decided_once(records: Records, plan: Plan) -> Iterator[Fault]:
    """A request came to one end, by one event."""
    ends = Counter(e["approval_id"] for e in records.events if e["type"] in DECISIONS)
    asked = Counter(e["approval_id"] for e in records.events if e["type"] == "approval.requested")
    for row in records.requests:
        once = (asked[row["id"]], ends[row["id"]]) == (1, 1)
        what = f"{asked[row['id']]} events that it was asked, {ends[row['id']]} of its end"
        yield row["id"], "" if once else what


def finished_once(records: Records, plan: Plan) -> Iterator[Fault]:
    """Every run came to one end, which is what its client saw and what its gates add up to."""
    ends = defaultdict(list)
    for event in records.events:
        if event["type"] in ENDS:
            ends[event["chain_id"]].append(ENDS[event["type"]])
    seen = {line["execution_id"]: line for line in _lines(records, "finished")}
    decided = {row["approval_request_id"]: row["status"] for row in records.requests}
    for row in records.executions:
        of, stands = row["execution_id"], row["status"]
        gates = json.loads(row["input"])["gates"]
        if ends[of] != [stands]:
            yield of, f"it is {stands}, its events of an end are {ends[of]}"
        elif stands != "succeeded":
            yield of, f"it is {stands}: {row['status_reason']}, {row['error']}"
        elif json.loads(row["result"]) != [decided.get(gate) for gate in gates]:
            yield of, f"its result is {row['result']}, its gates say otherwise"
        elif of in seen and (seen[of]["status"], seen[of]["result"]) != (
            stands,
            json.loads(row["result"]),
        ):
            yield of, f"its client was told {seen[of]['status']} {seen[of]['result']}"
        else:
            yield of, ""


def steps_ran_once(records: Records, plan: Plan) -> Iterator[Fault]:
    """What is recorded did run, and nothing that is recorded ran again."""
    ran = defaultdict(list)
    for line in _evidence(records, "effect"):
        ran[(line["execution_id"], line["what"])].append(line)
    for row in records.steps:
        if row["kind"] != "step":
            continue
        result = json.loads(row["result"])
        of = f"{row['execution_id']} {row['key']}"
        lines = ran.pop((row["execution_id"], result["what"]), [])
        tokens = [line["token"] for line in lines]
        later = [line for line in lines if line["attempt"] > row["attempt"]]
        same = [line for line in lines if line["attempt"] == row["attempt"]]
        if result["token"] not in tokens:
            yield of, "it is recorded, and no agent did it"
        elif later:
            yield of, f"recorded in attempt {row['attempt']}, it ran in {later[0]['attempt']} again"
        elif len(same) > 1:
            yield of, f"it ran {len(same)} times in attempt {row['attempt']}, which recorded it"
        else:
            yield of, ""
    for execution_id, what in ran:
        yield execution_id, f"{what!r} was done, and the run ended without its record"


def effects_are_complete(records: Records, plan: Plan) -> Iterator[Fault]:
    """Every effect that a finished run was to have is recorded."""
    named = {json.loads(r["result"])["what"] for r in records.steps if r["kind"] == "step"}
    for run in plan.runs:
        gates = run.gates[:1] if run.kind == "side_by_side" else run.gates
        for what in (f"{when} {gate}" for gate in gates for when in ("before", "after")):
            yield run.name, "" if what in named else f"{what!r} was never done"


def chains_hold(records: Records, plan: Plan) -> Iterator[Fault]:
    """Each chain is whole; the heads that clients were shown are in it."""
    broken = dict(chains.faults(records))
    for row in records.executions:
        yield row["execution_id"], broken.pop(row["execution_id"], "")
    yield from broken.items()
    hashes = {(event["chain_id"], event["seq"]): event["hash"] for event in records.events}
    for line in _lines(records, "finished"):
        of, head = line["execution_id"], line["head"]
        right = hashes.get((of, head["seq"])) == head["hash"]
        yield of, "" if right else f"event {head['seq']}, which its client was shown, is another"


def nothing_is_stuck(records: Records, plan: Plan) -> Iterator[Fault]:
    """Nothing waits: no run, no request, no message."""
    for row in records.executions:
        done = row["completed_at"] is not None and row["lease_instance"] is None
        yield row["execution_id"], "" if done else f"it is still {row['status']}"
    for row in records.requests:
        done = row["decided_at"] is not None
        yield row["id"], "" if done else f"it is still {row['status']}"
    for row in records.messages:
        done = row["state"] in ("delivered", "dropped")
        what = f"{row['kind']} is {row['state']}: {row['last_error']}"
        yield row["id"], "" if done else what


RULES: Final[dict[str, Callable[[Records, Plan], Iterator[Fault]]]] = {
    "acknowledged executions are there": executions_are_there,
    "acknowledged decisions are there": decisions_are_there,
    "gates are asked once": gates_are_asked_once,
    "requests are decided once": decided_once,
    "what was delivered is what won": delivered_is_what_won,
    "runs finish once": finished_once,
    "recorded steps ran once": steps_ran_once,
    "effects are complete": effects_are_complete,
    "chains verify": chains_hold,
    "nothing is stuck": nothing_is_stuck,
}


def _repeats(records: Records) -> Counter[str]:
    """Runs, and how many effects in each were done again as a crash came before the record."""
    ran = Counter((line["execution_id"], line["what"]) for line in _evidence(records, "effect"))
    repeats: Counter[str] = Counter()
    for (execution_id, _), times in ran.items():
        if times > 1:
            repeats[execution_id] += times - 1
    return repeats


def _lines(records: Records, kind: str) -> Iterator[Line]:
    return (line for line in records.journal if line["kind"] == kind)


def _evidence(records: Records, kind: str) -> Iterator[Line]:
    return (line for line in records.evidence if line["kind"] == kind)
