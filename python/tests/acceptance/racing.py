"""Two processes that decide the same requests, released together, each for another decision."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import multiprocessing.synchronize
import random
import time
from typing import Any, Final

from tests.acceptance.servers import response_body, signed

SIDES: Final = ("approved", "rejected")
MOST_SKEW_SECONDS: Final = 0.0004

Answers = list[tuple[int, str]]


def race(host: str, approval_ids: list[str], seed: int = 2) -> dict[str, Answers]:
    """Each side's answers: the status, and the status of the request as the answer has it.

    Odd requests are decided by the signed webhook, even ones over REST. A barrier is left by one
    process before the other, and not evenly: so each waits a moment of its own, drawn anew each
    time, which makes either the first about as often.
    """
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(len(SIDES))
    draw = random.Random(seed)
    pipes, sides = [], []
    for decision in SIDES:
        ours, theirs = context.Pipe()
        skews = [draw.uniform(0, MOST_SKEW_SECONDS) for _ in approval_ids]
        side = context.Process(
            target=_side, args=(host, decision, approval_ids, skews, barrier, theirs), daemon=True
        )
        side.start()
        theirs.close()
        pipes.append(ours)
        sides.append(side)
    try:
        return {decision: pipe.recv() for decision, pipe in zip(SIDES, pipes, strict=True)}
    finally:
        for side in sides:
            side.join(5)
            side.kill()


def _side(
    host: str,
    decision: str,
    approval_ids: list[str],
    skews: list[float],
    barrier: multiprocessing.synchronize.Barrier,
    results: Any,
) -> None:
    connection = http.client.HTTPConnection(host, timeout=20)
    answers: Answers = []
    for number, (approval_id, skew) in enumerate(zip(approval_ids, skews, strict=True)):
        path, body, headers = _request(number, approval_id, decision)
        barrier.wait(20)
        released = time.perf_counter()
        while time.perf_counter() - released < skew:
            pass  # shorter than any timer
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        told = json.loads(answer.read())
        answers.append((answer.status, told["approval"]["status"]))
    results.send(answers)


def _request(number: int, approval_id: str, decision: str) -> tuple[str, bytes, dict[str, str]]:
    if number % 2:
        body = response_body(approval_id, decision)
        return "/api/v1/webhooks/approval-response", body, signed(body)
    body = json.dumps({"decision": decision}).encode()
    path = f"/api/v1/approval-requests/{approval_id}/decision"
    return path, body, {"Content-Type": "application/json"}
