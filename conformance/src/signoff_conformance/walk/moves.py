"""What a walk is made of: requests, and moves of the clock. Made by chance, repeated exactly."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from signoff_conformance.control import render
from signoff_conformance.oracle.answers import NO_BODY, Request
from signoff_conformance.oracle.approvals import Approval
from signoff_conformance.oracle.deliveries import DAY
from signoff_conformance.oracle.executions import Execution
from signoff_conformance.oracle.instances import Instance
from signoff_conformance.oracle.world import Oracle


@dataclass(frozen=True, slots=True)
class Move:
    """One operation of a walk."""

    label: str
    """Names what it makes, whichever operations stand before it."""
    request: Request | None = None
    to: int = 0
    """Where the clock goes, in ms since the epoch, when there is no request."""
    leases: int = 0
    """By how many ms the clock of the leases goes on, when there is no request."""
    fails: str = ""
    """The fail point that the commit of the request meets: ``before_commit``, ``after_commit``."""

    def __str__(self) -> str:
        if self.request is not None:
            return f"{told(self.request)} fails {self.fails}" if self.fails else told(self.request)
        return f"leases +{self.leases} ms" if self.leases else f"clock to {render(self.to)}"


OWN_IDS: Final = ("gate", "claim-4711", "deploy 42/ü")
WORDS: Final = ("approved", "rejected", "request_changes")
HOURS: Final = (0.001, 0.01, 0.5, 1, 24)
USER_JSON: Final[tuple[Any, ...]] = (
    None,
    True,
    0,
    12345678901234567890123,
    1.5,
    "ø𝄞",
    [],
    [1, [None]],
    {"b": 1, "a": {"c": []}},
)
PAYLOADS: Final[tuple[Any, ...]] = ({}, {"z": 1, "a": None}, {"ø": ["𝄞", {"n": 7}]})
PLAYED: Final = "http://played_o-"
"""Where the agents listen that the walk plays: before their names."""
LONGEST_PAUSE_MS: Final = 600_000
"""More than there is between two tries of a delivery."""
MOST_POLLS: Final = 3
"""Under way at once."""
LONGEST_WAIT_MS: Final = 60_000
LIMITS: Final = ("1", "2", "3", "50", "200")


class Chance:
    """Picks what comes next from what the oracle knows.

    Args:
        random: seeded.
        oracle: of the walk.
    """

    def __init__(self, random: Random, oracle: Oracle) -> None:
        self.random = random
        self.now = 0
        """The time of the server, in ms since the epoch."""
        self.oracle = oracle
        self.cursors: list[Request] = []
        """Requests for the pages that come next."""
        self.messages: list[tuple[dict[str, Any], str]] = []
        """Signed messages that were sent, and their ids."""
        self.polled: list[str] = []
        """The ids of what polls wait for."""
        self.over_at: int | None = None
        """When the wait of the first of them is over."""
        self.listed: set[str] = set()
        """Deliveries that a list has shown: the others have no id that can be said."""

    def pick(self, values: Any) -> Any:
        """One of several."""
        return self.random.choice(list(values))

    def maybe(self, share: float) -> bool:
        """Yes, in this share of cases."""
        return self.random.random() < share

    def some(self, share: float = 0.5, **members: Any) -> dict[str, Any]:
        """Some of the members, each with one of its values."""
        return {name: self.pick(many) for name, many in members.items() if self.maybe(share)}

    def approval_id(self) -> str:
        """The id of a request: mostly a new one, now and then one that nobody made."""
        known = list(self.oracle.approvals.all)
        if not known or self.maybe(0.04):
            return "apr_o-nowhere"
        return str(self.pick(known[-6:] if self.maybe(0.7) else known))

    def approval(self) -> Approval | None:
        """A request, mostly a pending one."""
        known = list(self.oracle.approvals.all.values())
        pending = [one for one in known if one.pending]
        polled = [one for one in pending if one.id in self.polled]
        if not known or self.maybe(0.03):
            return None
        if polled and self.maybe(0.5):
            return self.pick(polled)  # type: ignore[no-any-return]
        return self.pick(pending) if pending and self.maybe(0.7) else self.pick(known[-20:])  # type: ignore[no-any-return]

    def execution(self, *, going: float = 0.75) -> Execution | None:
        """An execution, mostly a new one that is not finished."""
        known = self.oracle.executions
        recent = list(known.values())[-60:]
        open_ = [one for one in recent if not one.finished]
        if not known or self.maybe(0.03):
            return None
        again = [one for one in self.pick((open_, recent)) if one.newest > 1]
        if again and self.maybe(0.3):
            return self.pick(again)  # type: ignore[no-any-return]
        polled = [one for one in open_ if one.id in self.polled]
        if polled and self.maybe(0.5):
            return self.pick(polled)  # type: ignore[no-any-return]
        if open_ and self.maybe(going):
            return self.pick(open_[-4:])  # type: ignore[no-any-return]
        return self.pick(list(known.values())[-8:])  # type: ignore[no-any-return]

    def newest(self, node_id: str) -> Instance:
        """The instance of a node that registered last."""
        return next(self.oracle.nodes.instances(node_id))

    def wait(self) -> dict[str, str]:
        """For how long a poll waits: now and then for longer than nothing, if few do."""
        soon = self.now + LONGEST_WAIT_MS
        may = len(self.polled) < MOST_POLLS and self._certain(soon) == soon
        return {"wait_seconds": self.pick(("0", "0.5", "60", "60") if may else ("0",))}

    def clock(self) -> int:
        """Where the clock goes: just before, at and after what falls due, or somewhere."""
        due = [one.expires_at for one in self.oracle.approvals.all.values() if one.pending]
        ends = [one.runs_out_at() for one in self.oracle.executions.values()]
        pauses = [one.due_at for one in self.oracle.executions.values() if one.lease is None]
        later = [at for at in (*ends, *pauses) if at is not None and at > self.now]
        due = sorted([*due, *later])
        to = self.now + int(self.pick((1, 999, 1000, 60_000, 3_600_000)))
        if due and self.maybe(0.7):
            to = max(self.now, int(self.pick(due[:3])) + int(self.pick((-1, 0, 1))))
        elif self.oracle.deliveries.unheard() and self.maybe(0.3):
            to = self.now + DAY
        to = self._certain(to)
        # What a poll says when its wait is over is read then: not before, and not later.
        return to if self.over_at is None else min(to, self.over_at)

    def _certain(self, to: int) -> int:
        """After what is given up after a day: when the last try is the contract leaves open."""
        for one in self.oracle.deliveries.unheard():
            end = one.created_at + DAY
            if end - LONGEST_PAUSE_MS <= to <= end:
                to = end + 1
        return to


def told(request: Request) -> str:
    """A request in one line."""
    parts = [request.operation]
    parts += [f"{name}={text}" for name, text in {**request.path, **request.query}.items()]
    parts += [f"{name}: {text}" for name, text in request.headers.items()]
    if request.raw is not None:
        parts.append(f"raw {request.raw!r}")
    elif request.body is not NO_BODY:
        parts.append(json.dumps(request.body, ensure_ascii=False))
    parts += [f"media {request.media}"] * (request.media != "application/json")
    parts += ["too long"] * request.too_long
    parts += [f"signed {request.signed} {request.message_id}".rstrip()] * bool(request.signed)
    return " ".join([*parts, f"by {request.key or 'nobody'}"])
