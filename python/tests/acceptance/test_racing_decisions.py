"""Two people decide at the same moment: one wins, everybody hears the same."""

from __future__ import annotations

import pytest

from tests.acceptance.processes import until
from tests.acceptance.racing import SIDES, race
from tests.acceptance.servers import Server

RACES = 1000
EACH_SIDE_AT_LEAST = 100


@pytest.mark.timeout(180, method="signal")
@pytest.mark.usefixtures("fast", "agent")
def test_of_two_opposite_decisions_exactly_one_wins_and_the_agent_hears_it(server: Server) -> None:
    for number in range(RACES):
        server.begin("gates.just_ask", own_id=f"race-{number}")

    def all_pending() -> list[str] | None:
        pending = [each["id"] for each in server.items("/approval-requests", status="pending")]
        return pending if len(pending) == RACES else None

    approval_ids = until(all_pending, 40, f"{RACES} runs wait", every=0.2)

    answers = race(server.url.removeprefix("http://"), approval_ids)

    winners: dict[str, str] = {}
    for number, approval_id in enumerate(approval_ids):
        answered = {side: answers[side][number] for side in SIDES}
        won = [side for side in SIDES if answered[side][0] == 200]
        assert len(won) == 1, answered
        assert sorted(status for status, _ in answered.values()) == [200, 409], answered
        # The loser is told what won.
        assert {stored for _, stored in answered.values()} == set(won), answered
        winners[approval_id] = won[0]
    for side in SIDES:
        assert sum(won == side for won in winners.values()) >= EACH_SIDE_AT_LEAST

    def all_heard() -> bool:
        return sum(1 for _ in server.items("/executions", status="succeeded")) == RACES

    until(all_heard, 30, "every run has succeeded", every=0.2)
    heard = {each["execution_id"]: each["result"] for each in server.items("/executions")}
    stored = {each["id"]: each for each in server.items("/approval-requests")}
    assert {
        approval_id: heard[stored[approval_id]["execution_id"]] for approval_id in approval_ids
    } == winners
    assert {approval_id: stored[approval_id]["decision"] for approval_id in approval_ids} == winners
