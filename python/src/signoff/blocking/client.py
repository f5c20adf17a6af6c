# Generated from signoff/client.py by tools/generate.py; do not edit.
"""`Client`: every operation of the contract, and the verbs that people think in.

    with Client() as client:
        result = client.pause("deploy-42", title="Deploy 42 to production")
        if result.approved:
            deploy()

Made from `signoff/client.py`, which has all of it for coroutines.
"""

import math
import uuid
from collections.abc import Callable, Iterator
from random import random as system_random
from types import TracebackType
from typing import Any, Final, Self

from signoff import contract_gen as models
from signoff import settings
from signoff.blocking.calls import Calls
from signoff.blocking.listing import Listing
from signoff.blocking.operations import JSONObject
from signoff.blocking.own_ids import newest
from signoff.blocking.waiting import until
from signoff.clock import Clock, SystemClock, checked_seconds
from signoff.contract_gen import Approval, DecisionReceipt, Execution
from signoff.errors import (
    AlreadyDecidedError,
    ApiError,
    NotFoundError,
    PauseTimeoutError,
    TransportError,
    WaitTimeoutError,
)
from signoff.exchange import ABSENT, content, given, is_approval_id, user_json
from signoff.results import ApprovalResult, is_decided
from signoff.retries import Retry
from signoff.transport import Network, Transport
from signoff.webhook import sign_approval_response, sign_webhook

LONGEST_WITHDRAWAL_SECONDS: Final = 2.0
"""The time in which a request is withdrawn whose local time is over.

Of the `timeout` of a client's `pause()` a quarter, but never more than this, is kept for it; in a
run, where `timeout` is for the answer, it comes after.
"""


class Client(Listing):
    """A client of the control plane, for threads. One serves them all.

    `server_url` and `api_key` come from `SIGNOFF_SERVER` (else `http://127.0.0.1:8080`) and
    `SIGNOFF_API_KEY` where they are not given. `timeout`: seconds in which nothing comes before
    a try is given up, beyond those that the server was asked to wait. `retry`: how long to go on
    where a repeat is safe. `http_transport` takes the place of the network. `clock` and `random`
    are for tests.

    Close it with `with` or `close()`.

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
        http_transport: Network | None = None,
        clock: Clock | None = None,
        random: Callable[[], float] = system_random,
    ) -> None:
        transport = Transport(
            server_url if server_url is not None else settings.server_url(),
            api_key if api_key is not None else settings.api_key(),
            http_transport=http_transport,
        )
        calls = Calls(
            transport,
            clock=clock or SystemClock(),
            retry=retry,
            timeout=checked_seconds("timeout", timeout),
            random=random,
        )
        super().__init__(calls)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. Nothing can be sent any more."""
        self._calls.transport.close()

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
        Listing.__init__(other, calls)
        return other

    # Asking and answering.

    def request_approval(
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
        return self.create_approval_request(
            approval_request_id,
            approval_request_url=approval_request_url,
            title=title,
            description=description,
            payload=payload,
            expires_in_hours=expires_in_hours,
        )

    def wait_for_approval(
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
            return self._decision(id, deadline)
        found = until(
            self._calls,
            lambda operations, _: newest(operations, id, execution_id),
            lambda _: True,
            deadline,
            id,
        )
        if is_decided(found):
            return ApprovalResult.of_approval(found)
        return self._decision(found.id, deadline)

    def pause(
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
            approval = bounded.create_approval_request(
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
            return self._decision(approval.id, deadline - kept)
        except WaitTimeoutError:
            return self._withdrawn(bounded, approval.id)

    def decide(
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
            found = (self.find_approval_request(id, execution_id=execution_id)).id
        return self.decide_approval_request(found, decision, feedback=feedback, response=response)

    def respond(
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
        deadline = self._deadline(patience, "patience")
        msg_id = f"msg_{uuid.uuid4().hex}"
        while True:
            # Each time anew: a signature is believed for some minutes, `patience` may be longer.
            headers = self._signed(secret, msg_id, body)
            try:
                return self.receive_approval_response(body, headers)
            except NotFoundError as error:
                wait = error.retry_after
                if wait is None or self._calls.clock.monotonic() + wait > deadline:
                    raise
            self._calls.clock.sleep(wait)

    def find_approval_request(
        self, approval_request_id: str, *, execution_id: str | None = None
    ) -> Approval:
        """The newest standalone request under an own id, or that of `execution_id`.

        Raises:
            NotFoundError: there is none.
            AmbiguousRequestIdError: several standalone ones, of several owners, are pending.
            TypeError: the id is no string.
        """
        return newest(self, approval_request_id, execution_id)

    # Waiting for executions.

    def wait_for_execution(self, execution_id: str, *, timeout: float | None = None) -> Execution:
        """Wait until an execution is finished, however it ends: `status` says how.

        Lost connections and restarts of the server are waited through. `timeout` in seconds;
        None waits for ever.

        Raises:
            WaitTimeoutError: the time is over; the execution goes on.
        """
        return until(
            self._calls,
            lambda operations, hold: operations.get_execution(execution_id, wait_seconds=hold),
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
    ) -> Iterator[models.Event]:
        """Follow an execution's events until it is finished, over broken connections.

        `stream_execution_events` by its everyday name, with an end: `timeout` in seconds; None
        follows for as long as it takes.

        Raises:
            WaitTimeoutError: the time is over; the execution goes on.
        """
        bounded = self.with_options(seconds=timeout)
        return bounded.stream_execution_events(execution_id, last_event_id=last_event_id)

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

    def _decision(self, id: str, deadline: float) -> ApprovalResult:
        approval = until(
            self._calls,
            lambda operations, hold: operations.get_approval_request(id, wait_seconds=hold),
            is_decided,
            deadline,
            id,
        )
        return ApprovalResult.of_approval(approval)

    def _withdrawn(self, client: Self, id: str) -> ApprovalResult:
        """The decision that came at the last moment, if one did."""
        message = f"{id} is not decided in time"
        try:
            client.cancel_approval_request(id, reason="pause timed out")
        except AlreadyDecidedError as error:
            if error.approval is not None and is_decided(error.approval):
                return ApprovalResult.of_approval(error.approval)
            raise PauseTimeoutError(message, id=id, withdrawn=False) from error
        except (TransportError, ApiError, WaitTimeoutError) as error:
            message += ", and the server could not be told to withdraw it"
            raise PauseTimeoutError(message, id=id, withdrawn=False) from error
        raise PauseTimeoutError(f"{message} and is withdrawn", id=id)

    def _signed(self, secret: str, msg_id: str, body: bytes) -> dict[str, str]:
        if not secret.startswith("whsec_"):
            return {"X-Webhook-Signature": sign_approval_response(secret, body)}
        now = int(self._calls.clock.now())
        return sign_webhook(secret, msg_id, now, body)
