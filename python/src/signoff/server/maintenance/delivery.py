"""The delivery of the outbox: what is due is sent, signed, until somebody says that it arrived.

The outbox says what is to be sent; what becomes pointless is dropped there, in the change that
makes it so. Here is only the when: at once after the commit, then with growing delays.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable

from signoff.contract_gen import DeliveryKind
from signoff.server.domain.address import Reach
from signoff.server.domain.store import Row, StoreUnavailable
from signoff.server.maintenance.backoff import DELIVERY, Backoff
from signoff.server.maintenance.counters import Counters
from signoff.server.maintenance.http_client import Answer, HttpClient, Unheard, Unsent
from signoff.server.maintenance.lanes import Lanes
from signoff.server.maintenance.recording import recorded
from signoff.server.operations import claims, deliveries
from signoff.server.operations.context import Context, InstanceKey
from signoff.server.operations.outbox import SecretRef
from signoff.strict_json import InvalidJSON, loads_strict
from signoff.webhook import SignatureError, sign_webhook

ANSWER_MS = 10_000
"""How long a target may take to answer."""

ANSWER_BYTES = 65_536
"""What of an answer is read."""

DAY_MS = 86_400_000
"""How long messages are retried that no lease bounds."""

PAGE = 1_000

OVERLAP_MS = 200
"""A message may become visible so long after the time that it is due at: reads overlap by it.
What takes even longer is found when everything is looked at."""

_log = logging.getLogger("signoff.maintenance")

CALLBACK = DeliveryKind.APPROVAL_CALLBACK.value
CANCEL = DeliveryKind.CANCEL_AGENT_EXECUTION.value


class Delivery:
    """Sends what is due in the outbox.

    Args:
        context: the server's.
        http: what sends.
        counters: told of each try.
        wake: asks for another look soon.
        notify_secret: signs the notifications to the configured subscriber; None: unsigned.
        backoff: between the tries of one message.
    """

    def __init__(
        self,
        context: Context,
        http: HttpClient,
        counters: Counters,
        wake: Callable[[], None],
        *,
        notify_secret: str | None = None,
        backoff: Backoff = DELIVERY,
    ) -> None:
        self._context = context
        self._http = http
        self._counters = counters
        self._wake = wake
        self._notify_secret = notify_secret
        self._backoff = backoff
        self._lanes = Lanes()
        self._read_to = 0
        self._deadlines: OrderedDict[asyncio.Task[None], int] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self.begun = 0
        """How often anything was sent."""
        self._secrets: dict[InstanceKey, str] = {}
        self._foreign: set[InstanceKey] = set()

    @property
    def calls(self) -> set[asyncio.Task[None]]:
        """What is on its way, or just being recorded."""
        return set(self._tasks)

    async def run_due(self, *, whole: bool = False) -> None:
        """Start all that is due and may go now; stop waiting for answers that are overdue.

        Args:
            whole: look at everything that is due, not only at what may have come since last time.
        """
        now = self._context.clock.now()
        for task in [task for task, at in self._deadlines.items() if at <= now]:
            del self._deadlines[task]
            task.cancel()
        await self._read(now, 0 if whole else self._read_to)
        self._start()

    async def next_due(self) -> int | None:
        """When the next message falls due, or the wait for an answer is over."""
        row = await self._context.store.one("next_message", now=self._context.clock.now())
        times = [None if row is None else row["at"], next(iter(self._deadlines.values()), None)]
        return min((at for at in times if at is not None), default=None)

    async def stop(self) -> None:
        """Break off what is on its way: it stays due, and is sent again after the next start."""
        self._lanes.clear()
        tasks = self.calls
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._secrets.clear()
        self._foreign.clear()
        self._read_to = 0

    async def _read(self, now: int, since: int) -> None:
        if claims.are_needed(self._context):
            while len(self._join(await claims.messages(self._context, limit=PAGE))) == PAGE:
                pass
            self._read_to = 0
            return
        after_at, after_id = min(since, now), ""
        while True:
            rows = await self._context.store.all(
                "list_due_message_ids", now=now, after_at=after_at, after_id=after_id, limit=PAGE
            )
            if len(self._join(rows)) < PAGE:
                break
            after_at, after_id = rows[-1]["next_at"], rows[-1]["id"]
        self._read_to = now - OVERLAP_MS

    def _join(self, rows: list[Row]) -> list[Row]:
        for row in rows:
            if row["id"] not in self._lanes:
                self._lanes.join(row["id"], row["url"])
        return rows

    def _start(self) -> None:
        for message_id in self._lanes.take():
            self.begun += 1
            task = asyncio.create_task(self._run(message_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, message_id: str) -> None:
        arrived: bool | None = None
        try:
            arrived = await self._deliver(message_id)
        except StoreUnavailable as error:
            self._context.failed(error)  # it stays due; whoever looks at everything finds it
        finally:
            if self._lanes.leave(message_id, arrived=arrived):
                self._wake()

    async def _deliver(self, message_id: str) -> bool | None:
        """Try a message; whether its target was reached, None when it was not tried."""
        row = await self._context.store.one("get_message", id=message_id)
        if row is None or row["next_at"] is None or row["next_at"] > self._context.clock.now():
            return None
        if not claims.hold(self._context, row):
            return None  # it waited here for so long that it is anybody's again
        secret = await self._secret(row)
        answer, error = await self._send(row, secret)
        if answer is None:
            await self._failed(row, None, error)
            return False
        gone = row["kind"] == CANCEL and answer.status == 404  # it is not in hand: as good
        if answer.ok or gone:
            await self._delivered(row, answer)
        else:
            await self._failed(row, answer.status, f"answered {answer.status}")
        return True

    async def _secret(self, row: Row) -> str | None:
        store = self._context.store
        if row["secret_ref"] == SecretRef.INSTANCE:
            return await self._secret_of(_instance(row))
        if row["secret_ref"] == SecretRef.EXECUTION:
            found = await store.one("get_execution", execution_id=row["execution_id"])
            return None if found is None else found["webhook_secret"]
        return self._notify_secret if row["secret_ref"] == SecretRef.NOTIFY else None

    async def _secret_of(self, key: InstanceKey) -> str | None:
        if key not in self._secrets:  # an instance keeps its secret for ever
            found = await self._context.store.one("get_instance", **key._asdict())
            if found is None:
                return None
            self._secrets[key] = found["secret"]
            if not found["own"]:
                self._foreign.add(key)
        return self._secrets[key]

    async def _send(self, row: Row, secret: str | None) -> tuple[Answer | None, str]:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - this is a coroutine
        body = row["body"].encode()
        now = self._context.clock.now()
        headers = {"webhook-id": row["id"], "webhook-timestamp": str(now // 1000)}
        if secret is not None:
            try:
                headers |= sign_webhook(secret, row["id"], now // 1000, body)
            except SignatureError as wrong:
                return None, str(wrong)
        self._deadlines[task] = now + ANSWER_MS
        try:
            answer = await self._http.post(
                row["url"], body, headers, reach=_reach(row), most=ANSWER_BYTES
            )
        except (Unsent, Unheard) as failed:
            return None, str(failed)
        except asyncio.CancelledError:
            if task in self._deadlines:
                raise
            task.uncancel()  # its time is over: see run_due
            return None, f"no answer within {ANSWER_MS // 1000} s"
        except Exception:  # noqa: BLE001 - it must not be tried without end nor in silence
            _log.exception("the delivery of %s failed", row["id"])
            return None, "the server failed"
        finally:
            self._deadlines.pop(task, None)
        return answer, ""

    async def _delivered(self, row: Row, answer: Answer) -> None:
        resolved = _resolved(answer) if row["kind"] == CALLBACK else None
        await recorded(
            self._context,
            lambda: deliveries.mark_delivered(
                self._context,
                row,
                status=answer.status,
                resolved=resolved,
                foreign=_instance(row) in self._foreign,
            ),
        )
        self._counters.delivered(row["kind"], "delivered")
        if row["kind"] == CALLBACK:
            waited = self._context.clock.now() - row["created_at"]
            self._counters.decision_delivered(waited / 1000)

    async def _failed(self, row: Row, status: int | None, error: str) -> None:
        if row["kind"] == CANCEL and not self._context.liveness.is_live(_instance(row)):
            # The process that it was for is gone, and what it ran with it.
            await recorded(self._context, lambda: deliveries.mark_dropped(self._context, row))
            self._counters.delivered(row["kind"], "dropped")
            return
        next_at = self._context.clock.now() + self._backoff.delay_ms(row["attempts"] + 1)
        overdue = next_at > row["created_at"] + DAY_MS
        dead = overdue and not await self._ends_with_its_lease(row)
        await recorded(
            self._context,
            lambda: deliveries.mark_failed(
                self._context,
                row,
                error=error,
                status=status,
                next_at=None if dead else next_at,
            ),
        )
        self._counters.delivered(row["kind"], "dead" if dead else "failed")

    async def _ends_with_its_lease(self, row: Row) -> bool:
        """Whether it is tried for as long as the lease holds: an answer that a run waits for."""
        if row["kind"] != CALLBACK:
            return False
        found = await self._context.store.one("get_execution", execution_id=row["execution_id"])
        return found is not None and found["lease_instance"] == row["instance_id"]


def _instance(row: Row) -> InstanceKey:
    return InstanceKey(row["node_id"], row["instance_id"])


def _reach(row: Row) -> Reach:
    """To agents, to the URL of an execute request, or to the one of the settings."""
    if row["instance_id"] is not None:
        return Reach.AGENT
    public = row["kind"] == DeliveryKind.EXECUTION_FINISHED
    return Reach.PUBLIC if public else Reach.OPERATOR


def _resolved(answer: Answer) -> bool | None:
    """What a ``CallbackReceipt`` says, if the answer is one."""
    try:
        receipt = loads_strict(answer.body or b"")
    except InvalidJSON:
        return None
    said = receipt.get("resolved") if isinstance(receipt, dict) else None
    return said if isinstance(said, bool) else None
