"""Notes: remarks of an agent for whoever reads the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from signoff.server.domain.event import EventType
from signoff.server.domain.principal import Principal
from signoff.server.operations import events, rendering
from signoff.server.operations.context import Context
from signoff.server.operations.rendering import Shape


async def add_note(
    context: Context, principal: Principal, execution_id: str, body: Mapping[str, Any]
) -> Shape:
    """``addNote``: append a ``Note`` to the chain of an attempt's execution, once per ``key``.

    After the end too: foreign agents don't wait for a note to be stored before they report, so
    that the report overtakes the last one.

    Returns:
        The note, as an ``Event``.

    Raises:
        NotFound: there is no such attempt.
        Refusal: ``forbidden``.
        Conflict: ``stale_attempt``.
    """
    said = {name: body[name] for name in ("message", "tags") if name in body}
    event, _ = await events.append(
        context,
        principal,
        execution_id,
        EventType.NOTE,
        content=rendering.user_json(said),
        key=body.get("key"),
        after_end=True,
    )
    return event
