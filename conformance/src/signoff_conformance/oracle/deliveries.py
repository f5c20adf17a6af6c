"""What the server sends: listed, heard by who is played, retried by an admin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from signoff_conformance.oracle.answers import ANYTHING, PERHAPS, Answer, Has, Refused, Ties
from signoff_conformance.oracle.approvals import Approval
from signoff_conformance.oracle.calls import Call, Handler
from signoff_conformance.oracle.executions import Execution
from signoff_conformance.oracle.instances import Instance
from signoff_conformance.oracle.pages import Pages
from signoff_conformance.oracle.times import present, render

DAY: Final = 86_400_000
SUBSCRIBER: Final = "http://played_o-subscriber"
"""Where the subscriber listens that the walk plays."""
DEAF: Final = "/deaf"
"""What is sent to a path with this in it is refused until an admin has it sent again."""
RETRY: Final = "A delivery that is `pending` stays so, due now. One that was delivered … is 409"


@dataclass(slots=True)
class Delivery:
    """One message."""

    id: str
    kind: str
    url: str
    created_at: int
    execution_id: str | None = None
    approval_id: str | None = None
    state: str = "pending"
    delivered_at: int | None = None
    retried: bool = False

    @property
    def deaf(self) -> bool:
        """Whether who it is for refuses it."""
        return DEAF in self.url and not self.retried

    def shown(self) -> dict[str, Any]:
        """A ``Delivery`` of the contract."""
        done = self.state == "delivered"
        simple = done and DEAF not in self.url
        return present(
            {
                "id": self.id,
                "kind": self.kind,
                "state": self.state,
                "url": self.url,
                "execution_id": self.execution_id,
                "approval_id": self.approval_id,
                "attempts": 1 if simple else ANYTHING,
                "last_status": 200 if done else PERHAPS,
                "last_error": None if done else PERHAPS,
                "resolved": (True if done else None) if self.kind == "approvalCallback" else None,
                "next_at": ANYTHING if self.state == "pending" else None,
                "created_at": render(self.created_at),
                "delivered_at": render(self.delivered_at) if self.delivered_at else None,
            }
        )


class Deliveries:
    """The messages, oldest first."""

    def __init__(self, pages: Pages) -> None:
        self.all: dict[str, Delivery] = {}
        self.label = ""
        """Of the operation that makes them."""
        self._pages = pages
        self._made = 0
        self._pending: dict[str, Delivery] = {}
        self.handlers: Mapping[str, Handler] = {
            "listDeliveries": self._list,
            "retryDelivery": self._retry,
        }

    def begin(self, label: str) -> None:
        """Name what is made by this label."""
        self.label, self._made = label, 0

    def settle(self, now: int) -> None:
        """All that was sent is answered."""
        for one in list(self._pending.values()):
            if not one.deaf:
                one.state, one.delivered_at = "delivered", now
            elif now > one.created_at + DAY:
                one.state = "dead"
            if one.state != "pending":
                del self._pending[one.id]

    def unheard(self) -> list[Delivery]:
        """Those that are refused."""
        return list(self._pending.values())

    def callback(self, one: Approval, instance: Instance, now: int) -> None:
        """The answer to a question, to who holds the execution."""
        url = one.callback_url or f"{instance.base_url}/webhooks/approval"
        self._add("approvalCallback", url, now, one.execution_id, one.id)

    def cancel(self, one: Execution, now: int) -> None:
        """Tell who holds an execution to stop."""
        if one.lease is not None:
            url = f"{one.lease.base_url}/_internal/executions/{one.attempt_id}/cancel"
            self._add("cancelAgentExecution", url, now, one.id)

    def notify(self, kind: str, one: Approval, now: int) -> None:
        """Tell the subscriber."""
        self._add(kind, f"{SUBSCRIBER}/notify", now, one.execution_id, one.id)

    def finished(self, one: Execution, now: int) -> None:
        """Tell whoever wanted to know that it is finished."""
        if "webhook" in one.body:
            self._add("execution.finished", one.body["webhook"]["url"], now, one.id)

    def _add(
        self,
        kind: str,
        url: str,
        now: int,
        execution_id: str | None,
        approval_id: str | None = None,
    ) -> None:
        self._made += 1
        one = Delivery(
            f"msg_o-{self.label}-{self._made}", kind, url, now, execution_id, approval_id
        )
        self.all[one.id] = self._pending[one.id] = one

    def _list(self, call: Call) -> Answer:
        filters = call.request.query
        rows = [
            one
            for one in reversed(self.all.values())
            if filters.get("state", one.state) == one.state
            and filters.get("execution_id", one.execution_id) == one.execution_id
        ]
        answer = self._pages.answer(
            call.label, call.request, rows, "deliveries", lambda one: str(one.id), Delivery.shown
        )
        # Of two of one execution the first was sent first; else the contract has no order.
        return answer if "execution_id" in filters else self._untied(answer, rows)

    def _untied(self, answer: Answer, rows: list[Delivery]) -> Answer:
        items = list(answer.body["items"])
        if "next_cursor" in answer.body:
            last = items[-1]["created_at"]
            at = [one.id for one in rows].index(items[-1]["id"])
            if render(rows[at + 1].created_at) == last:
                # Which of them are on this page is open, and so is what comes next.
                items = [Has({"created_at": last}) if _at(one) == last else one for one in items]
                answer.body["next_cursor"] = ANYTHING
        answer.body["items"] = Ties(items, "created_at", ("kind", "execution_id", "approval_id"))
        return answer

    def _retry(self, call: Call) -> Answer:
        one = self.all.get(call.request.path["id"])
        if one is None:
            raise Refused(404, "not_found", "There is no such thing.")
        if one.state not in ("pending", "dead"):
            raise Refused(409, "delivery_not_retryable", RETRY)
        one.state, one.retried = "pending", True
        self._pending[one.id] = one
        return Answer(200, one.shown() | {"next_at": render(call.now)}, sentence=RETRY)


def _at(one: Mapping[str, Any]) -> str:
    return str(one["created_at"])
