"""Lists of what an instance has in hand, whose pages several servers have taken.

A server with a database of its own gets all of them, and keeps them in memory until the last is
there. Of several servers each gets some, so that the pages wait in the database.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from signoff.server.domain.store import Change
from signoff.server.operations.context import Context, InstanceKey


async def gather(context: Context, key: InstanceKey, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a heartbeat says that it has ``in_hand``, with the whole list when it is the last page.

    The pages of a list have the digest in common, and come in any order.

    Args:
        context: the server's.
        key: who says it.
        said: the ``in_hand`` of the heartbeat.

    Returns:
        ``said``, with all ``executions`` as one page; without any while pages are missing.
    """
    pages = said.get("pages", 1)
    if not context.store.shared or "executions" not in said or pages <= 1:
        return said
    digest = said["digest"]
    await _put(context, key, digest, said.get("page", 1), said["executions"])
    counted = await context.store.one("count_in_hand_pages", **key._asdict(), digest=digest)
    whole = {"count": said["count"], "digest": digest}
    if counted is None or counted["held"] < pages:
        return whole
    rows = await context.store.all("list_in_hand_pages", **key._asdict(), digest=digest)
    if len(rows) < pages:  # another server has just taken them: what is left is no whole list
        return whole
    change = Change()
    change.add("delete_in_hand_pages", expect=None, **key._asdict())
    await context.store.apply(change)
    return whole | {"executions": [one for row in rows for one in json.loads(row["executions"])]}


async def _put(
    context: Context, key: InstanceKey, digest: str, page: int, executions: list[str]
) -> None:
    change = Change()
    change.add("delete_in_hand_pages", expect=None, **key._asdict(), but=digest)
    change.add(
        "put_in_hand_page",
        **key._asdict(),
        digest=digest,
        page=page,
        executions=json.dumps(executions),
    )
    await context.store.apply(change)
