"""Whole lists, page by page."""

import pytest

from tests.both_clients import SCHEMAS, reply
from tests.imitation import Imitation

PAGES = [
    ("Node", lambda c: c.iter_nodes(), {}),
    (
        "Execution",
        lambda c: c.iter_executions(status="waiting", node_id="n", run_id="r"),
        {"status": "waiting", "node_id": "n", "run_id": "r"},
    ),
    ("Step", lambda c: c.iter_steps("exec_1"), {}),
    ("Event", lambda c: c.iter_execution_events("exec_1"), {}),
    (
        "Approval",
        lambda c: c.iter_approval_requests(
            approval_request_id="a",
            execution_id="none",
            status="pending",
            node_id="n",
            reviewer="r",
            decided_after="2026-01-05T09:30:00.000Z",
            decided_before="2026-01-06T09:30:00.000Z",
        ),
        {
            "approval_request_id": "a",
            "execution_id": "none",
            "status": "pending",
            "node_id": "n",
            "reviewer": "r",
            "decided_after": "2026-01-05T09:30:00.000Z",
            "decided_before": "2026-01-06T09:30:00.000Z",
        },
    ),
    ("Event", lambda c: c.iter_approval_request_events("apr_1"), {}),
    (
        "Delivery",
        lambda c: c.iter_deliveries(state="dead", execution_id="exec_1"),
        {"state": "dead", "execution_id": "exec_1"},
    ),
]


@pytest.mark.parametrize("schema,rows,filters", PAGES)
async def test_a_list_is_read_page_by_page_to_its_end(kind, schema, rows, filters):
    row = SCHEMAS[schema]["examples"][0]
    imitation = Imitation(kind)
    imitation.answers(
        reply({"items": [row, row], "next_cursor": "c1"}),
        reply({"items": [], "next_cursor": "c2"}),
        reply({"items": [row]}),
    )
    found = await imitation.all(rows)
    assert [each.model_dump(mode="json", exclude_unset=True) for each in found] == [row] * 3
    asked = [dict(c.request.url.params) for c in imitation.requests]
    page = filters | {"limit": "200"}
    assert asked == [page, page | {"cursor": "c1"}, page | {"cursor": "c2"}]


async def test_a_page_is_not_asked_for_before_it_is_needed(kind):
    imitation = Imitation(kind)
    imitation.answers(reply({"items": [SCHEMAS["Node"]["examples"][0]], "next_cursor": "c1"}))
    rows = imitation.client.iter_nodes()
    assert len(imitation.requests) == 0
    await anext(rows) if kind == "async" else next(rows)
    assert len(imitation.requests) == 1
