"""Call a reasoner of any node, and wait for its result."""

from typing import Any, Final

from signoff.agent.run import Run
from signoff.agent.steps import jsonable, outcome, record, recorded
from signoff.canonical import digest
from signoff.contract_gen import Execution, ExecutionStatus, NewStepKind
from signoff.errors import CallFailedError

POLL_SECONDS: Final = 60

FIRST_WAIT_SECONDS: Final = 0.1
LONGEST_WAIT_SECONDS: Final = 5.0
"""Between polls that the server does not hold, as when it is stopping."""

MOST_CHARACTERS: Final = 255
"""Of an `Idempotency-Key`."""


async def call(run: Run, target: str, arguments: dict[str, Any]) -> Any:
    """Run the child once, whatever attempt this is. See `Agent.call`."""
    await run.stay()
    plain = jsonable(arguments, f"the input of {target}")
    fingerprint = digest(plain)
    key = run.key(f"call.{target}.{fingerprint[:16]}")
    stored = recorded(run, key, fingerprint)
    if stored is not None:
        if stored.error is not None:
            raise CallFailedError(target, stored.error)
        return outcome(stored)
    with run.heard():
        child = await run.client.execute_async(
            target,
            input=plain,
            idempotency_key=_idempotency_key(run, key),
            parent_execution_id=run.attempt_id,
        )
    child = await _finished(run, child)
    if child.status != ExecutionStatus.SUCCEEDED:
        error = child.error or child.status_reason or "it gave no reason"
        text = f"{child.status}: {error}"
        await record(run, NewStepKind.CALL, key, target, fingerprint, error=text)
        raise CallFailedError(target, text, execution=child)
    await record(run, NewStepKind.CALL, key, target, fingerprint, result=child.result)
    return child.result


def _idempotency_key(run: Run, key: str) -> str:
    """What stands for this call in all attempts; the digest where the names are too long."""
    whole = f"{run.execution_id}/{key}"
    return whole if len(whole) <= MOST_CHARACTERS else f"{run.execution_id}/{digest(key)}"


async def _finished(run: Run, child: Execution) -> Execution:
    with run.waits.waiting(child.execution_id):
        idle = 0
        while child.completed_at is None:
            asked = run.clock.monotonic()
            child = await run.client.get_execution(child.execution_id, wait_seconds=POLL_SECONDS)
            held = run.clock.monotonic() - asked >= POLL_SECONDS / 2
            idle = 0 if held else idle + 1
            if idle and child.completed_at is None:
                # Answered before its time: the server is stopping, or nothing holds polls here.
                doubled = FIRST_WAIT_SECONDS * 2.0 ** min(idle - 1, 60)
                await run.clock.sleep(min(doubled, LONGEST_WAIT_SECONDS))
    return child
