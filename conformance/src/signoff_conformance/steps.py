"""The language of server cases: each step is an object whose first word says what it does.

``schemas/server_steps.json`` has the members of each; the functions are in ``steps_….py``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from signoff_conformance import (
    documents,
    places,
    steps_agents,
    steps_requests,
    steps_streams,
    steps_time,
)
from signoff_conformance.control import ControlError
from signoff_conformance.runner import Failed
from signoff_conformance.stage import Stage
from signoff_conformance.values import NAME, UnknownName, Values

Step = Mapping[str, Any]


async def perform(stage: Stage, steps: Sequence[Step], where: str = "step") -> None:
    """Perform steps in order.

    Raises:
        Failed: at the first that is not as it must be, with its place.
    """
    for number, step in enumerate(steps, 1):
        kind = kind_of(step)
        place = f"{where} {number} ({_title(kind, stage.values, step)})"
        try:
            if kind in _NESTED:
                await _NESTED[kind](stage, step, place)
            else:
                await KINDS[kind](stage, stage.values.fill(step))
        except (Failed, ControlError) as failed:
            text = str(failed)
            raise Failed(text if text.startswith("step ") else f"{place}: {text}") from None


def kind_of(step: Step) -> str:
    """The word that says what a step does."""
    return next(word for word in step if word in KINDS or word in _NESTED)


async def _scene(stage: Stage, step: Step, place: str) -> None:
    scene = scenes()[stage.values.fill(step["scene"])]
    given = {**scene.get("with", {}), **step.get("with", {})}
    for name, value in given.items():
        stage.values.keep(name, stage.values.fill(value))
    await perform(stage, scene["steps"], f"{place}, step")


async def _times(stage: Stage, step: Step, place: str) -> None:
    for index in range(step["times"]):
        stage.values.keep("index", index)
        await perform(stage, step["steps"], f"{place}, round {index + 1}, step")


async def _for_each(stage: Stage, step: Step, place: str) -> None:
    written = step["for_each"]
    for number, value in enumerate(stage.values.fill(written)):
        stage.values.keep("each", value)
        # A name says more than the id that it stands for.
        text = written[number] if isinstance(written, list) else None
        name = NAME.fullmatch(text) if isinstance(text, str) else None
        await perform(stage, step["steps"], f"{place}, {name[1] if name else value}, step")


async def _generated(stage: Stage, step: Step, place: str) -> None:
    """Perform the step that the variant holds, after what comes before it."""
    if stage.values.kept("before"):
        await perform(stage, stage.values.get("before"), f"{place}, before")
    await perform(stage, [stage.values.get(step["generated"])], place)


async def _refused(stage: Stage, step: Step, place: str) -> None:
    """Perform the step that the variant holds, with another answer expected."""
    other = {**stage.values.get(step["refused"]), "expect": step["expect"]}
    await perform(stage, [other], place)


async def _together(stage: Stage, step: Step, place: str) -> None:
    del place
    filled = {
        name: value if name == "together" else stage.values.fill(value)
        for name, value in step.items()
    }
    await steps_requests.together(stage, filled)


async def _compare(stage: Stage, step: Step) -> None:
    """Compare what was kept."""
    stage.expect("what was kept", step["is"], step["compare"])


@cache
def scenes() -> Mapping[str, Any]:
    """Steps that many cases begin with, by name."""
    found: Mapping[str, Any] = documents.read(places.CASES / "scenes.yaml", "scenes")
    return found


def _title(kind: str, values: Values, step: Step) -> str:
    try:
        value = values.fill(step[kind]) if isinstance(step[kind], str) else kind
    except UnknownName:
        value = kind
    return str(value) if kind == "call" or value == kind else f"{kind} {value}"


KINDS: Final[Mapping[str, Callable[[Stage, Step], Awaitable[None]]]] = {
    "call": steps_requests.call,
    "raw": steps_requests.raw,
    "signed": steps_requests.signed,
    "begin": steps_requests.begin,
    "held": steps_requests.held,
    "finish": steps_requests.finish,
    "crash": steps_requests.crash,
    "pages": steps_requests.pages,
    "chain": steps_requests.chain,
    "stream": steps_streams.stream,
    "streamed": steps_streams.streamed,
    "agent": steps_agents.agent,
    "subscriber": steps_agents.subscriber,
    "answers": steps_agents.answers,
    "release": steps_agents.release,
    "received": steps_agents.received,
    "nothing": steps_agents.nothing,
    "clock": steps_time.clock,
    "leases": steps_time.leases,
    "settle": steps_time.settle,
    "fail_point": steps_time.fail_point,
    "restart": steps_time.restart,
    "compare": _compare,
}

_NESTED: Final[Mapping[str, Callable[[Stage, Step, str], Awaitable[None]]]] = {
    "scene": _scene,
    "times": _times,
    "for_each": _for_each,
    "together": _together,
    "generated": _generated,
    "refused": _refused,
}
