"""Waiting for a called execution, at a server that does not hold its answers (imitated)."""

from typing import Any, cast

import httpx
from tests.contract import example
from tests.imitation import Imitation

from signoff.agent import calls
from signoff.agent.run import Run
from signoff.contract_gen import Execution

QUEUED = example("executeAsync")
DONE = QUEUED | {
    "status": "succeeded",
    "result": 1,
    "started_at": "2026-01-05T09:30:00.000Z",
    "completed_at": "2026-01-05T09:31:00.000Z",
}


def run_at(imitation: Imitation) -> Run:
    return Run(
        node_id="n",
        execution_id="exec_1",
        attempt_id="exec_1",
        attempt=1,
        run_id="run_1",
        client=imitation.client,
        clock=imitation.clock,
        notes=cast("Any", None),
    )


async def finished(imitation):
    child = Execution.model_validate(QUEUED)
    return await calls._finished(run_at(imitation), child)


async def test_answers_that_come_too_early_are_asked_for_ever_more_slowly():
    imitation = Imitation("async")
    imitation.answers(*[httpx.Response(200, json=QUEUED)] * 9, httpx.Response(200, json=DONE))
    assert (await finished(imitation)).result == 1
    assert imitation.clock.waits == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]


async def test_answers_that_were_held_are_asked_for_at_once():
    imitation = Imitation("async")
    replies = iter([QUEUED, QUEUED, DONE])

    def behave(request):
        imitation.clock.at += float(request.url.params["wait_seconds"])
        return httpx.Response(200, json=next(replies))

    imitation.behaves(behave)
    assert (await finished(imitation)).status == "succeeded"
    assert imitation.clock.waits == []
