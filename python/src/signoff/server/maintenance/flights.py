"""Attempts on their way to agents, from their claim until their outcome is recorded.

Nothing that a crash could lose is only here: an attempt that was claimed is known to the store.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from signoff.server.domain.address import Reach
from signoff.server.domain.store import StoreUnavailable, Watch
from signoff.server.maintenance.answers import Fate, judge, reason_of, retry_after_ms, words_of
from signoff.server.maintenance.backoff import Backoff
from signoff.server.maintenance.counters import Counters
from signoff.server.maintenance.doors import Doors
from signoff.server.maintenance.http_client import Answer, HttpClient, Unheard, Unsent
from signoff.server.maintenance.lacking import Lacking
from signoff.server.maintenance.recording import recorded
from signoff.server.operations import dispatching, offers
from signoff.server.operations.context import Context
from signoff.server.operations.dispatching import Dispatch
from signoff.server.operations.offers import Place
from signoff.server.operations.rendering import dump
from signoff.strict_json import InvalidJSON
from signoff.webhook import sign_webhook

RESULT_BYTES = 10 * 1024 * 1024
"""The longest result that is read from an answer, as in a report."""

SLOW_MS = 2_000
"""An answer that takes longer is the result itself, and may take hours: it is waited for without
holding up other work."""

BAD_ANSWER = "bad_answer"
"""The ``status_reason`` of an execution whose agent answered no JSON, or too much."""

NOT_FOUND = 404
"""The status of an answer that says that there is no such reasoner."""

UNKNOWN = "outcome_unknown"
"""Why the lease of an attempt ended that was sent and never answered."""

_log = logging.getLogger("signoff.maintenance")


@dataclass(eq=False)
class _Flight:
    dispatch: Dispatch
    tries: int = 0
    lost: bool = False
    """It was sent once and not answered: an own agent gets it again, a foreign one must stop it."""
    inside: bool = True
    """It counts as unanswered at the door of its instance."""
    broken_off: bool = False
    """Waiting for its answer is pointless."""
    task: asyncio.Task[None] | None = None
    watch: Watch | None = None
    watching: ExitStack = field(default_factory=ExitStack)

    @property
    def stops(self) -> bool:
        """Whether the next thing to send is the notice to stop."""
        return self.lost and not self.dispatch.own


class Flights:
    """Sends claimed attempts and records what becomes of them. Arguments as for the dispatcher."""

    def __init__(
        self,
        context: Context,
        http: HttpClient,
        doors: Doors,
        lacking: Lacking,
        counters: Counters,
        wake: Callable[[], None],
        backoff: Backoff,
    ) -> None:
        self._context = context
        self._http = http
        self._doors = doors
        self._lacking = lacking
        self._counters = counters
        self._wake = wake
        self._backoff = backoff
        self._flying: set[_Flight] = set()
        self._unanswered: OrderedDict[_Flight, int] = OrderedDict()
        self._slow: set[_Flight] = set()
        self._again: dict[_Flight, int] = {}
        self.begun = 0
        """How many there ever were."""

    @property
    def calls(self) -> set[asyncio.Task[None]]:
        """What is on its way, without answers that are slow in coming."""
        return {f.task for f in self._flying - self._slow if f.task is not None}

    def start(self, dispatch: Dispatch) -> None:
        """Send a claimed attempt, which has entered the door of its instance."""
        self._take_off(_Flight(dispatch))

    def resume(self, dispatch: Dispatch) -> None:
        """Go on with an attempt that another server has sent, or was about to send."""
        self._doors.enter(dispatch.instance)
        self._take_off(_Flight(dispatch, lost=True))

    async def run_due(self) -> None:
        """Send again what is to be, and look after answers that are slow in coming."""
        now = self._context.clock.now()
        for flight in [flight for flight, at in self._unanswered.items() if at <= now]:
            self._be_patient(flight)
        for flight in [one for one in self._slow if one.watch and one.watch.event.is_set()]:
            await self._look_after(flight)
        for flight in [flight for flight, at in self._again.items() if at <= now]:
            del self._again[flight]
            self._doors.enter(flight.dispatch.instance)
            flight.inside = True
            self._take_off(flight)

    def next_due(self) -> int | None:
        """When something is to be sent again, or an answer begins to be slow in coming."""
        times = [min(self._again.values(), default=None), *list(self._unanswered.values())[:1]]
        return min((at for at in times if at is not None), default=None)

    def hasten(self) -> None:
        """Send at the next look what is to be sent again, and look after what was not answered."""
        now = self._context.clock.now()
        self._again = dict.fromkeys(self._again, now)
        self._unanswered = OrderedDict.fromkeys(self._unanswered, now)

    async def stop(self) -> None:
        """Break off what is on its way, and forget it."""
        self._again.clear()
        tasks = [flight.task for flight in self._flying if flight.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _take_off(self, flight: _Flight) -> None:
        self.begun += 1
        self._flying.add(flight)
        flight.task = asyncio.create_task(self._fly(flight))

    def _land(self, flight: _Flight) -> None:
        self._flying.discard(flight)
        self._unanswered.pop(flight, None)
        self._slow.discard(flight)
        flight.watching.close()
        flight.watch = None
        self._leave_door(flight)

    def _leave_door(self, flight: _Flight) -> None:
        if flight.inside:
            flight.inside = False
            if self._doors.leave(flight.dispatch.instance):
                self._wake()

    def _be_patient(self, flight: _Flight) -> None:
        del self._unanswered[flight]
        if flight.stops:
            self._break_off(flight)
            return
        self._leave_door(flight)
        self._slow.add(flight)
        watch = self._context.store.watch(f"exec:{flight.dispatch.execution_id}")
        flight.watch = flight.watching.enter_context(watch)
        watch.event.set()  # it may have ended before: look once

    async def _look_after(self, flight: _Flight) -> None:
        if flight.watch is not None:
            flight.watch.event.clear()
        if not await dispatching.is_current(self._context, flight.dispatch):
            self._break_off(flight)

    def _break_off(self, flight: _Flight) -> None:
        flight.broken_off = True
        if flight.task is not None:
            flight.task.cancel()

    async def _fly(self, flight: _Flight) -> None:
        try:
            await self._try(flight)
        except StoreUnavailable as error:
            self._context.failed(error)
            self._repeat(flight)
        except asyncio.CancelledError:
            if not flight.broken_off:
                raise
            self._broken(flight)
        except Exception:  # noqa: BLE001 - it must not end in silence
            # A bug: whoever holds the lease will be found not to have it in hand.
            _log.exception("the dispatch of %s failed", flight.dispatch.attempt_id)
            dispatching.sent(self._context, flight.dispatch)
        finally:
            self._land(flight)

    def _broken(self, flight: _Flight) -> None:
        flight.broken_off = False
        if flight.stops:
            self._repeat(flight)
        else:
            dispatching.sent(self._context, flight.dispatch)

    async def _try(self, flight: _Flight) -> None:
        flight.tries += 1
        if flight.tries > 1 and not await dispatching.is_current(self._context, flight.dispatch):
            dispatching.sent(self._context, flight.dispatch)
        elif flight.stops:
            await self._tell_to_stop(flight)
        else:
            await self._send(flight)

    async def _send(self, flight: _Flight) -> None:
        dispatch = flight.dispatch
        try:
            answer = await self._post(flight, dispatch.url, dispatch.body, dispatch.headers)
        except Unsent:
            if flight.lost:  # an earlier try may have arrived
                self._repeat(flight)
            else:
                await self._refused(flight, "unreachable", 0)
            return
        except Unheard:
            await self._lost(flight)
            return
        fate = judge(answer.status)
        if fate is Fate.LOST:
            await self._lost(flight)
        elif fate is Fate.REFUSED:
            await self._refused(flight, f"refused_{answer.status}", retry_after_ms(answer))
        else:
            self._doors.took(dispatch.instance)
            await self._taken(flight, fate, answer)

    async def _taken(self, flight: _Flight, fate: Fate, answer: Answer) -> None:
        if fate is Fate.ACCEPTED:
            context, dispatch = self._context, flight.dispatch
            await self._record(lambda: dispatching.accepted(context, dispatch))
        elif fate is Fate.RESULT:
            fate = await self._finished(flight, answer.body)
        elif answer.status == NOT_FOUND and await self._is_elsewhere(flight):
            fate = Fate.REFUSED
        else:
            await self._failed(flight, reason_of(answer.status), words_of(answer))
        self._counters.dispatched(fate.value)

    async def _is_elsewhere(self, flight: _Flight) -> bool:
        """An instance has no such reasoner; whether another one may have it, and gets it then."""
        context, dispatch = self._context, flight.dispatch
        key, reasoner = dispatch.instance, dispatch.reasoner
        lacking = self._lacking.where(key.node_id, reasoner)
        place = await offers.place(context, key, reasoner, lacking)
        self._lacking.note(key, reasoner, waits=place is Place.AWAY)
        if place is Place.NOWHERE:
            return False
        why = reason_of(NOT_FOUND)
        await self._record(lambda: dispatching.refuse(context, dispatch, delay_ms=0, why=why))
        return True

    async def _finished(self, flight: _Flight, result: bytes | None) -> Fate:
        context, dispatch = self._context, flight.dispatch
        if result is None:
            await self._failed(flight, BAD_ANSWER, f"its result is over {RESULT_BYTES} bytes")
            return Fate.FAILED
        text = result.strip() or b"null"
        try:
            await self._record(lambda: dispatching.finish_inline(context, dispatch, text))
        except InvalidJSON as wrong:
            await self._failed(flight, BAD_ANSWER, f"its result is no JSON: {wrong}")
            return Fate.FAILED
        return Fate.RESULT

    async def _failed(self, flight: _Flight, reason: str, error: str) -> None:
        context, dispatch = self._context, flight.dispatch
        await self._record(lambda: dispatching.fail(context, dispatch, reason=reason, error=error))

    async def _refused(self, flight: _Flight, why: str, at_least_ms: int) -> None:
        context, dispatch = self._context, flight.dispatch
        self._counters.dispatched(Fate.REFUSED.value)
        self._doors.refused(dispatch.instance, at_least_ms=at_least_ms)
        # Due at once, as another instance may take it; this one's door is shut.
        await self._record(lambda: dispatching.refuse(context, dispatch, delay_ms=0, why=why))

    async def _lost(self, flight: _Flight) -> None:
        self._counters.dispatched(Fate.LOST.value)
        flight.lost = True
        if flight.dispatch.own:
            self._repeat(flight)
        else:
            await self._tell_to_stop(flight)

    async def _tell_to_stop(self, flight: _Flight) -> None:
        """Send a foreign agent ``cancelAgentExecution``; once it has heard, the attempt is over."""
        context, dispatch = self._context, flight.dispatch
        attempt_id = dispatch.attempt_id
        body = dump({"execution_id": attempt_id, "reason": UNKNOWN}).encode()
        instance = await context.store.one("get_instance", **dispatch.instance._asdict())
        base_url = "" if instance is None else instance["base_url"].rstrip("/")
        url = f"{base_url}/_internal/executions/{attempt_id}/cancel"
        try:
            answer = await self._post(flight, url, body, {})
        except (Unsent, Unheard):
            self._repeat(flight)
            return
        if answer.ok or answer.status == 404:
            await self._record(lambda: dispatching.give_up(context, dispatch, why=UNKNOWN))
        else:
            self._repeat(flight)

    def _repeat(self, flight: _Flight) -> None:
        delay = self._backoff.delay_ms(flight.tries)
        self._again[flight] = self._context.clock.now() + delay
        self._wake()

    async def _post(
        self, flight: _Flight, url: str, body: bytes, headers: dict[str, str]
    ) -> Answer:
        now, dispatch = self._context.clock.now(), flight.dispatch
        # The id binds the signature to the attempt, which the body of a dispatch does not name.
        signed = sign_webhook(dispatch.secret, dispatch.attempt_id, now // 1000, body)
        self._unanswered[flight] = now + SLOW_MS
        try:
            return await self._http.post(
                url, body, headers | signed, reach=Reach.AGENT, most=RESULT_BYTES
            )
        finally:
            self._unanswered.pop(flight, None)

    async def _record(self, work: Callable[[], Awaitable[bool]]) -> None:
        await recorded(self._context, work)
