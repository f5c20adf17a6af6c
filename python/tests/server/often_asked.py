"""What is asked on each request or in each sweep, and the index that has to answer it.

The name of a table stands for its primary key. Where more than one serves, there is a `|` between.
"""

from __future__ import annotations

from typing import Any, Final

from signoff.server.store.queries import Query

OFTEN: Final[list[tuple[str, dict[str, Any], str]]] = [
    ("list_approval_requests", {}, "approval_requests"),
    ("list_approval_requests", {"before": "a"}, "approval_requests"),
    ("list_approval_requests", {"status": "pending"}, "approval_requests_by_status"),
    (
        "list_approval_requests",
        {"status": "pending", "before": "a"},
        "approval_requests_by_status",
    ),
    ("list_approval_requests", {"approval_request_id": "a"}, "approval_requests_by_own_id"),
    ("list_approval_requests", {"node_id": "a"}, "approval_requests_by_node"),
    ("list_approval_requests", {"reviewer_id": "a"}, "approval_requests_by_reviewer"),
    ("list_approval_requests", {"execution_id": "a"}, "approval_requests_by_execution"),
    (
        "list_approval_requests",
        {"decided_after": 1, "decided_before": 2},
        "approval_requests",
    ),
    (
        "list_approval_requests",
        {"decided_after": 1, "ids": ("a", "b")},
        "approval_requests",
    ),
    ("list_decided_ids", {"decided_after": 1}, "approval_requests_by_decision"),
    ("newest_decided_id", {"decided_before": 1}, "approval_requests_by_decision"),
    (
        "list_decided_ids",
        {"decided_after": 1, "decided_before": 2},
        "approval_requests_by_decision",
    ),
    ("list_execution_requests", {"execution_id": "a"}, "approval_requests_by_execution"),
    ("list_due_expiries", {"now": 1}, "approval_requests_due"),
    ("next_expiry", {}, "approval_requests_due"),
    ("list_executions", {}, "executions"),
    ("list_executions", {"status": "waiting"}, "executions_by_status"),
    ("list_executions", {"run_id": "a"}, "executions_by_run"),
    ("list_executions", {"node_id": "a"}, "executions_by_node"),
    ("list_children", {"parent_execution_id": "a"}, "executions_by_call"),
    ("list_due_dispatch_ids", {"node_id": "a", "now": 1}, "executions_due_for_dispatch"),
    ("list_calls_of", {"parent_execution_id": "a"}, "executions_by_call"),
    (
        "check_ends_of_children",
        {"execution_id": "a", "if_ended": 1},
        "executions_by_call",
    ),
    ("next_dispatch", {"now": 1}, "executions_due_for_dispatch"),
    (
        "hasten_dispatches",
        {"now": 1, "beyond": 2, "claimed_beyond": 2},
        "executions_due_for_dispatch",
    ),
    ("list_due_timeouts", {"now": 1}, "executions_due_for_timeout"),
    ("next_timeout", {}, "executions_due_for_timeout"),
    ("list_leases", {"node_id": "a", "instance_id": "b"}, "executions_leased"),
    ("count_leases", {}, "executions_leased"),
    ("list_due_message_ids", {"now": 1, "after_at": 0, "after_id": ""}, "messages_due"),
    ("next_message", {"now": 1}, "messages_due"),
    ("any_old_idempotency", {"now": 1}, "idempotency_by_end"),
    ("delete_old_idempotency", {"now": 1}, "idempotency_by_end"),
    ("any_old_receipts", {"before": 1}, "webhook_receipts_by_time"),
    ("list_messages", {"state": "dead"}, "messages_by_state"),
    ("list_events", {"chain_id": "a", "after": 1}, "events"),
    ("get_event_by_key", {"chain_id": "a", "event_key": "b"}, "events_by_key"),
    ("recent_decided_id", {"decided_before": 1, "recent": 1000}, "approval_requests"),
    (
        "list_approval_requests",
        {"pending": 1, "node_id": "a"},
        "approval_requests_pending_by_node",
    ),
    (
        "list_approval_requests",
        {"pending": 1, "node_id": "a", "before": "b"},
        "approval_requests_pending_by_node",
    ),
    (
        "list_approval_requests",
        {"pending": 1, "approval_request_id": "a"},
        "approval_requests_pending_by_own_id",
    ),
    (
        "list_approval_requests",
        {"of_them": "approved", "approval_request_id": "a"},
        "approval_requests_by_own_id",
    ),
    (
        "list_approval_requests",
        {"pending": 1, "execution_id": "a"},
        "approval_requests_by_execution",
    ),
    (
        "list_approval_requests",
        {"of_them": "approved", "execution_id": "a"},
        "approval_requests_by_execution",
    ),
    (
        "list_candidates",
        {"approval_request_id": "a", "pending": 1},
        "approval_requests_pending_by_own_id",
    ),
    ("list_undelivered", {"execution_id": "a"}, "approval_requests_by_execution"),
    (
        "list_standalone",
        {"owner": "a", "approval_request_id": "b"},
        "approval_requests_standalone",
    ),
    ("list_candidates", {"approval_request_id": "a"}, "approval_requests_by_own_id"),
    ("count_pending", {}, "approval_requests_due"),
    (
        "list_calls",
        {"parent_execution_id": "a", "target": "b", "call_digest": "c"},
        "executions_by_call",
    ),
    ("any_call_of_attempt", {"execution_id": "a", "attempt": 1}, "executions_by_call"),
    ("list_run", {"run_id": "a"}, "executions_by_run"),
    ("count_executions_in", {"states": ("queued", "waiting")}, "executions_by_status"),
    ("count_overdue_dispatches", {"before": 1}, "executions_due_for_dispatch"),
    ("list_left_offers", {}, "executions_offered"),
    ("list_offers_of", {"server_id": "a"}, "executions_offered"),
    ("list_stray_holders", {}, "executions_leased"),
    ("list_held_attempts", {"node_id": "a", "instance_id": "b"}, "executions_leased"),
    ("list_lease_attempts", {"node_id": "a", "instance_id": "b"}, "executions_leased"),
    ("list_due_held", {"node_id": "a", "now": 1}, "executions_held"),
    ("list_runs_over", {"before": 1, "before_id": "a", "now": 1}, "executions"),
    ("delete_idempotency_of", {"execution_ids": ("a",)}, "idempotency_by_execution"),
    ("hasten_messages", {"node_id": "a", "instance_id": "b", "now": 1}, "messages_by_instance"),
    ("drop_messages", {"execution_id": "a", "state": "dropped"}, "messages_by_execution"),
    ("count_old_messages", {"before": 1}, "messages_due|messages_by_execution"),
    ("count_dead_messages", {}, "messages_by_state"),
    ("list_messages_left", {"before_id": "a"}, "messages"),
    ("list_steps", {"execution_id": "a"}, "steps_in_order"),
    ("get_step", {"execution_id": "a", "key": "b"}, "steps"),
    (
        "get_waiter",
        {"node_id": "a", "instance_id": "b", "approval_request_id": "c"},
        "waiters",
    ),
    ("delete_waiters", {"execution_id": "a"}, "waiters_by_execution"),
    ("list_in_hand_pages", {"node_id": "a", "instance_id": "b", "digest": "c"}, "in_hand_pages"),
    ("delete_in_hand_pages", {"node_id": "a", "instance_id": "b"}, "in_hand_pages"),
]

PAGES: Final = ("list_approval_requests", "list_executions")
"""Listings: what has to be sorted for one page must be little."""


def bound(query: Query, params: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
    """The query with its parameters, and a limit if it takes one."""
    if any(":limit" in text for option, text in query.lines if option is None):
        params = params | {"limit": 50}
    return query.bind(params)


def is_sorted(name: str, params: dict[str, Any]) -> bool:
    """Whether the index has to give the page in its order."""
    return name in PAGES and "execution_id" not in params and "ids" not in params
