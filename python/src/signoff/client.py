"""`AsyncClient`: every operation of the contract, and the verbs that people think in.

    async with AsyncClient() as client:
        result = await client.pause("deploy-42", title="Deploy 42 to production")
        if result.approved:
            deploy()

`signoff/blocking/client.py` is generated from this file: `Client`, the same without `await`.
"""

import math
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from random import random as system_random
from types import TracebackType
from typing import Any, Final, Protocol, Self, TypeVar

from signoff import contract_gen as models
from signoff import settings
from signoff.calls import AsyncCalls
from signoff.clock import AsyncClock, AsyncSystemClock, checked_seconds
from signoff.contract_gen import Approval, ApprovalStatus, DecisionReceipt, Execution
from signoff.errors import (
    AlreadyDecidedError,
    AmbiguousRequestIdError,
    ApiError,
    NotFoundError,
    PauseTimeoutError,
    TransportError,
    WaitTimeoutError,
)
from signoff.exchange import ABSENT, content, given, is_approval_id, own_id, user_json
from signoff.operations import AsyncOperations, JSONObject, Time
from signoff.results import ApprovalResult, is_decided
from signoff.retries import FOREVER, ONCE, Retry, next_wait
from signoff.transport import AsyncNetwork, AsyncTransport
from signoff.webhook import sign_approval_response, sign_webhook

LONGEST_HOLD_SECONDS: Final = 60.0
"""How long the server holds the answer to one long poll."""

POLL_GRACE_SECONDS: Final = 5.0
"""An answer to a long poll that is this late is not coming any more."""

LONGEST_WITHDRAWAL_SECONDS: Final = 2.0
"""The time in which a request is withdrawn whose local time is over.

Of the `timeout` of a client's `pause()` a quarter, but never more than this, is kept for it; in a
run, where `timeout` is for the answer, it comes after.
"""

PAGE_SIZE: Final = 200
"""Rows that the `iter_` verbs take at a time."""

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Page(Protocol[T_co]):
    """What the list operations answer."""

    @property
    def items(self) -> Sequence[T_co]:
        """The rows."""
        ...

    @property
    def next_cursor(self) -> str | None:
        """Where the next page begins; None on the last."""
        ...


class AsyncClient(AsyncOperations):
    """A client of the control plane, for coroutines. One serves all of an event loop.

    `server_url` and `api_key` come from `SIGNOFF_SERVER` (else `http://127.0.0.1:8080`) and
    `SIGNOFF_API_KEY` where they are not given. `timeout`: seconds in which nothing comes before
    a try is given up, beyond those that the server was asked to wait. `retry`: how long to go on
    where a repeat is safe. `http_transport` takes the place of the network. `clock` and `random`
    are for tests.

    Close it with `async with` or `aclose()`.

    Raises:
        ValueError: `server_url` is no http(s) URL, `api_key` is nothing that a header can hold, or
            `timeout` is below 0.
    """

    def __init__(
        self,
        server_url: str | None = None,
        *,
        api_key: str | None = None,
        timeout: float = 30.0,
        retry: Retry = Retry(),  # noqa: B008 - frozen
        http_transport: AsyncNetwork | None = None,
        clock: AsyncClock | None = None,
        random: Callable[[], float] = system_random,
    ) -> None:
        transport = AsyncTransport(
            server_url if server_url is not None else settings.server_url(),
            api_key if api_key is not None else settings.api_key(),
            http_transport=http_transport,
        )
        calls = AsyncCalls(
            transport,
            clock=clock or AsyncSystemClock(),
            retry=retry,
            timeout=checked_seconds("timeout", timeout),
            random=random,
        )
        super().__init__(calls)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections. Nothing can be sent any more."""
        await self._calls.transport.aclose()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.server_url!r})"

    @property
    def server_url(self) -> str:
        """Where the control plane is, without a slash at the end."""
        return self._calls.transport.server_url

    def with_options(
        self,
        *,
        retry: Retry | None = None,
        timeout: float | None = None,
        seconds: float | None = None,
    ) -> Self:
        """The same client, on the same connections, with another `retry` or `timeout`.

        `seconds`: what it is used for is given up this long from now, with a `WaitTimeoutError`.

        Raises:
            ValueError: `timeout` or `seconds` is below 0, or NaN.
        """
        deadline = None if seconds is None else self._deadline(seconds, "seconds")
        if timeout is not None:
            checked_seconds("timeout", timeout)
        other = type(self).__new__(type(self))
        calls = self._calls.having(retry=retry, timeout=timeout, deadline=deadline)
        AsyncOperations.__init__(other, calls)
        return other

    # Asking and answering.

    async def request_approval(
        self,
        approval_request_id: str,
        *,
        approval_request_url: str | None = None,
        title: str | None = None,
        description: str | None = None,
        payload: JSONObject | None = None,
        expires_in_hours: float | None = None,
    ) -> Approval:
        """Ask a person and come back at once: `create_approval_request` by its everyday name."""
        return await self.create_approval_request(
            approval_request_id,
            approval_request_url=approval_request_url,
            title=title,
            description=description,
            payload=payload,
            expires_in_hours=expires_in_hours,
        )

    async def wait_for_approval(
        self, id: str, *, execution_id: str | None = None, timeout: float | None = None
    ) -> ApprovalResult:
        """Wait until a request has come to an end, whichever: expiry is a result, not an error.

        `id` is the `apr_` id or the caller's own; an own id means the newest request under it
        that is standalone, or, with `execution_id`, of that execution. Lost connections and
        restarts of the server are waited through. `timeout` in seconds; None waits for ever.

        Raises:
            WaitTimeoutError: the time is over; the request is left as it is, pending.
            NotFoundError: there is no such request.
            AmbiguousRequestIdError: several standalone requests under that own id are pending.
        """
        deadline = self._deadline(timeout)
        if is_approval_id(id):
            return await self._decision(id, deadline)
        found = await self._until(
            lambda client, _: client.find_approval_request(id, execution_id=execution_id),
            lambda _: True,
            deadline,
            id,
        )
        if is_decided(found):
            return ApprovalResult.of_approval(found)
        return await self._decision(found.id, deadline)

    async def pause(
        self,
        approval_request_id: str,
        *,
        approval_request_url: str | None = None,
        title: str | None = None,
        description: str | None = None,
        payload: JSONObject | None = None,
        expires_in_hours: float | None = None,
        timeout: float | None = None,
    ) -> ApprovalResult:
        """Ask a person and wait for the answer.

        A program that crashed and asks the same again attaches to its question.
        `expires_in_hours` (default 72) ends the question, with the result `expired`; `timeout`
        (seconds) is for the whole call, and its end (a quarter, at most two seconds) is kept for
        withdrawing the request.

        Raises:
            PauseTimeoutError: `timeout` is over; the request is withdrawn, if it could be asked
                at all.
            RequestConflictError: the id stands for a question with other content.
        """
        deadline = self._deadline(timeout)
        kept = 0.0 if timeout is None else min(LONGEST_WITHDRAWAL_SECONDS, timeout / 4)
        bounded = self.with_options(seconds=timeout)
        try:
            approval = await bounded.create_approval_request(
                approval_request_id,
                approval_request_url=approval_request_url,
                title=title,
                description=description,
                payload=payload,
                expires_in_hours=expires_in_hours,
            )
        except WaitTimeoutError as error:
            message = f"{approval_request_id} is not asked in time"
            raise PauseTimeoutError(message, id=approval_request_id, withdrawn=False) from error
        if is_decided(approval):
            return ApprovalResult.of_approval(approval)
        try:
            return await self._decision(approval.id, deadline - kept)
        except WaitTimeoutError:
            return await self._withdrawn(bounded, approval.id)

    async def decide(
        self,
        id: str,
        decision: str,
        *,
        feedback: str | None = None,
        response: Any = ABSENT,
        execution_id: str | None = None,
    ) -> DecisionReceipt:
        """Decide a request: `decide_approval_request`, which takes own ids too.

        An own id means what it means to `wait_for_approval`.

        Raises:
            AlreadyDecidedError: another decision won; its `approval` says which.
            NotFoundError: there is no such request.
            AmbiguousRequestIdError: several standalone requests under that own id are pending.
        """
        found = id
        if not is_approval_id(id):
            found = (await self.find_approval_request(id, execution_id=execution_id)).id
        return await self.decide_approval_request(
            found, decision, feedback=feedback, response=response
        )

    async def respond(
        self,
        request_id: str,
        decision: str,
        *,
        secret: str,
        feedback: str | None = None,
        response: Any = ABSENT,
        reviewer: JSONObject | models.ReviewerClaim | None = None,
        execution_id: str | None = None,
        patience: float = 10.0,
    ) -> DecisionReceipt:
        """Decide a request by a signed message: `receive_approval_response`, with the signing.

        For services that hold the webhook secret instead of a key. `request_id` is the `apr_` id
        or the asker's own. A request that is not there yet is waited for, up to `patience` seconds.

        Raises:
            InvalidSignatureError: the server has another secret.
            AlreadyDecidedError: another decision won; its `approval` says which.
            AmbiguousRequestIdError: the own id has named several; its `candidates` says which.
            NotFoundError: there is no such request.
        """
        body = content(
            given(requestId=request_id, decision=decision, feedback=feedback)
            | user_json(response=response)
            | given(reviewer=reviewer, execution_id=execution_id)
        )
        headers = self._signed(secret, body)
        deadline = self._deadline(patience, "patience")
        while True:
            try:
                return await self.receive_approval_response(body, headers)
            except NotFoundError as error:
                wait = error.retry_after
                if wait is None or self._calls.clock.monotonic() + wait > deadline:
                    raise
            await self._calls.clock.sleep(wait)

    async def find_approval_request(
        self, approval_request_id: str, *, execution_id: str | None = None
    ) -> Approval:
        """The newest standalone request under an own id, or that of `execution_id`.

        Raises:
            NotFoundError: there is none.
            AmbiguousRequestIdError: several standalone ones, of several owners, are pending.
            TypeError: the id is no string.
        """
        own_id(approval_request_id)
        page = await self.list_approval_requests(
            approval_request_id=approval_request_id, execution_id=execution_id or "none"
        )
        if not page.items:
            among = f"of {execution_id}" if execution_id else _STANDALONE
            detail = f"there is no approval request {approval_request_id} {among}"
            raise NotFoundError(404, "not_found", detail)
        pending = [item for item in page.items if item.status == ApprovalStatus.PENDING]
        if execution_id is None and len(pending) > 1:
            raise _ambiguous(approval_request_id, pending)
        return page.items[0]

    # Waiting for executions.

    async def wait_for_execution(
        self, execution_id: str, *, timeout: float | None = None
    ) -> Execution:
        """Wait until an execution is finished, however it ends: `status` says how.

        Lost connections and restarts of the server are waited through. `timeout` in seconds;
        None waits for ever.

        Raises:
            WaitTimeoutError: the time is over; the execution goes on.
        """
        return await self._until(
            lambda client, hold: client.get_execution(execution_id, wait_seconds=hold),
            lambda execution: execution.completed_at is not None,
            self._deadline(timeout),
            execution_id,
        )

    def stream_events(
        self,
        execution_id: str,
        *,
        last_event_id: int | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[models.Event]:
        """Follow an execution's events until it is finished, over broken connections.

        `stream_execution_events` by its everyday name, with an end: `timeout` in seconds; None
        follows for as long as it takes.

        Raises:
            WaitTimeoutError: the time is over; the execution goes on.
        """
        bounded = self.with_options(seconds=timeout)
        return bounded.stream_execution_events(execution_id, last_event_id=last_event_id)

    # Whole lists, page by page as they are read.

    def iter_nodes(self) -> AsyncIterator[models.Node]:
        """All nodes, newest first."""
        return self._rows(lambda at: self.list_nodes(limit=PAGE_SIZE, cursor=at))

    def iter_executions(
        self,
        *,
        status: str | None = None,
        node_id: str | None = None,
        run_id: str | None = None,
    ) -> AsyncIterator[Execution]:
        """All executions that fit, newest first."""
        return self._rows(
            lambda at: self.list_executions(
                limit=PAGE_SIZE, cursor=at, status=status, node_id=node_id, run_id=run_id
            )
        )

    def iter_steps(self, execution_id: str) -> AsyncIterator[models.Step]:
        """All recorded steps of an execution, oldest first."""
        return self._rows(lambda at: self.list_steps(execution_id, limit=PAGE_SIZE, cursor=at))

    def iter_execution_events(self, execution_id: str) -> AsyncIterator[models.Event]:
        """All events of an execution so far, oldest first."""
        return self._rows(
            lambda at: self.list_execution_events(execution_id, limit=PAGE_SIZE, cursor=at)
        )

    def iter_approval_requests(
        self,
        *,
        approval_request_id: str | None = None,
        execution_id: str | None = None,
        status: str | None = None,
        node_id: str | None = None,
        reviewer: str | None = None,
        decided_after: Time | None = None,
        decided_before: Time | None = None,
    ) -> AsyncIterator[Approval]:
        """All approval requests that fit, newest first."""
        return self._rows(
            lambda at: self.list_approval_requests(
                limit=PAGE_SIZE,
                cursor=at,
                approval_request_id=approval_request_id,
                execution_id=execution_id,
                status=status,
                node_id=node_id,
                reviewer=reviewer,
                decided_after=decided_after,
                decided_before=decided_before,
            )
        )

    def iter_approval_request_events(self, id: str) -> AsyncIterator[models.Event]:
        """All events of a request so far, oldest first."""
        return self._rows(
            lambda at: self.list_approval_request_events(id, limit=PAGE_SIZE, cursor=at)
        )

    def iter_deliveries(
        self, *, state: str | None = None, execution_id: str | None = None
    ) -> AsyncIterator[models.Delivery]:
        """All deliveries that fit, newest first."""
        return self._rows(
            lambda at: self.list_deliveries(
                limit=PAGE_SIZE, cursor=at, state=state, execution_id=execution_id
            )
        )

    # How the verbs do it.

    def _deadline(self, seconds: float | None, name: str = "timeout") -> float:
        """When `seconds` from now are over, given as `name`; None: never.

        Raises:
            TypeError: it is no number.
            ValueError: it is below 0, or NaN.
        """
        if seconds is None:
            return math.inf
        return self._calls.clock.monotonic() + checked_seconds(name, seconds)

    async def _decision(self, id: str, deadline: float) -> ApprovalResult:
        approval = await self._until(
            lambda client, hold: client.get_approval_request(id, wait_seconds=hold),
            is_decided,
            deadline,
            id,
        )
        return ApprovalResult.of_approval(approval)

    async def _until(
        self,
        poll: Callable[[Self, float], Awaitable[T]],
        done: Callable[[T], bool],
        deadline: float,
        id: str,
    ) -> T:
        """What `poll` finds, once it is done: long polls to the deadline, through every fault."""
        clock = self._calls.clock
        client = self.with_options(retry=ONCE, timeout=POLL_GRACE_SECONDS)
        left = deadline - clock.monotonic()
        if left > 0:  # with no time at all it looks once
            client = client.with_options(seconds=left)
        idle = 0
        fault: TransportError | ApiError | None = None
        while True:
            asked = clock.monotonic()
            # Whole milliseconds, and never past the deadline.
            left = max(0.0, min(LONGEST_HOLD_SECONDS, deadline - asked))
            hold = math.floor(left * 1000) / 1000
            try:
                found = await poll(client, hold)
                if done(found):
                    return found
                # Answered before its time: the server is stopping, or nothing holds polls here.
                fault = TransportError(f"{id}: {self.server_url} does not hold the answer")
                idle = idle + 1 if clock.monotonic() - asked < hold / 2 else 0
            except WaitTimeoutError as error:
                raise WaitTimeoutError(f"{id} is not done in time", id=id) from (
                    error.__cause__ or fault
                )
            except (TransportError, ApiError) as error:
                fault = error
                idle += 1
            wait = 0.0 if idle == 0 else self._wait(fault, idle)
            left = deadline - clock.monotonic()
            if left <= 0:
                raise WaitTimeoutError(f"{id} is not done in time", id=id) from fault
            await clock.sleep(min(wait, left))

    def _wait(self, error: TransportError | ApiError, failures: int) -> float:
        wait = next_wait(
            FOREVER,
            error,
            repeatable=True,
            failures=failures,
            elapsed=0.0,
            random=self._calls.random,
        )
        if wait is None:
            raise error
        return wait

    async def _withdrawn(self, client: Self, id: str) -> ApprovalResult:
        """The decision that came at the last moment, if one did."""
        message = f"{id} is not decided in time"
        try:
            await client.cancel_approval_request(id, reason="pause timed out")
        except AlreadyDecidedError as error:
            if error.approval is not None and is_decided(error.approval):
                return ApprovalResult.of_approval(error.approval)
            raise PauseTimeoutError(message, id=id, withdrawn=False) from error
        except (TransportError, ApiError, WaitTimeoutError) as error:
            message += ", and the server could not be told to withdraw it"
            raise PauseTimeoutError(message, id=id, withdrawn=False) from error
        raise PauseTimeoutError(f"{message} and is withdrawn", id=id)

    def _signed(self, secret: str, body: bytes) -> dict[str, str]:
        if not secret.startswith("whsec_"):
            return {"X-Webhook-Signature": sign_approval_response(secret, body)}
        now = int(self._calls.clock.now())
        return sign_webhook(secret, f"msg_{uuid.uuid4().hex}", now, body)

    async def _rows(self, page: Callable[[str | None], Awaitable[Page[T]]]) -> AsyncIterator[T]:
        cursor: str | None = None
        while True:
            rows = await page(cursor)
            for row in rows.items:
                yield row
            cursor = rows.next_cursor
            if cursor is None:
                return


_STANDALONE: Final = "among the standalone ones; those of an execution need its id"


def _ambiguous(approval_request_id: str, pending: Sequence[Approval]) -> AmbiguousRequestIdError:
    detail = f"{len(pending)} requests under {approval_request_id} are pending; give an apr_ id"
    candidates = [models.Candidate(id=item.id, status=item.status) for item in pending]
    problem = models.Problem(
        type="about:blank",
        title="Conflict",
        status=409,
        code=models.ProblemCode.AMBIGUOUS_REQUEST_ID,
        detail=detail,
        candidates=candidates,
    )
    return AmbiguousRequestIdError(409, "ambiguous_request_id", detail, problem=problem)
