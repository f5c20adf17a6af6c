"""What the server sends to an agent: dispatches, decisions, cancellations. All signed."""

import asyncio
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from signoff.agent.in_hand import InHand
from signoff.agent.notes import Notes
from signoff.agent.reasoners import InputError, Reasoner
from signoff.agent.registration import Registration
from signoff.agent.run import Run, attempt_number
from signoff.client import AsyncClient
from signoff.clock import AsyncClock
from signoff.contract_gen import ApprovalCallback
from signoff.results import ApprovalResult
from signoff.strict_json import InvalidJSON, loads_strict
from signoff.webhook import SignatureError, verify_webhook

log: Final = logging.getLogger("signoff.agent")

Answer = tuple[int, dict[str, Any]]


class Incoming:
    """Answers the requests of the control plane, one method per webhook of the contract."""

    def __init__(
        self,
        node_id: str,
        reasoners: Mapping[str, Reasoner],
        in_hand: InHand,
        registration: Registration,
        client: AsyncClient,
        clock: AsyncClock,
        max_running: int | None = None,
    ) -> None:
        self._node_id = node_id
        self._reasoners = reasoners
        self._in_hand = in_hand
        self._registration = registration
        self._client = client
        self._clock = clock
        self._max_running = max_running
        self.closing = asyncio.Event()

    def handle(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Answer one POST. Nothing is parsed before the signature is known to be the server's."""
        secret = self._registration.secret
        if secret is None:
            return refusal(503, "not_registered", "this agent has not registered yet")
        try:
            verified = verify_webhook(headers, body, [secret], self._clock.now())
        except SignatureError as unsigned:
            log.warning("refused a request to %s: %s", path, unsigned)
            return refusal(401, "invalid_signature", str(unsigned))
        match path.strip("/").split("/"):
            case ["reasoners", name]:
                return self._dispatch(name, headers, body, verified.id)
            case ["webhooks", "approval"]:
                return self._decision(body)
            case ["_internal", "executions", attempt_id, "cancel"]:
                return self._cancel(attempt_id, body)
        return refusal(404, "not_found", f"there is nothing at {path}")

    def _dispatch(
        self, name: str, headers: dict[str, str], body: bytes, signed_id: str | None
    ) -> Answer:
        attempt_id = headers.get("x-execution-id", "")
        if not attempt_id:
            return refusal(400, "invalid_request", "X-Execution-ID is missing")
        if attempt_id != signed_id:
            # The header is not signed, the message id is: so one signature is for one attempt.
            return refusal(401, "invalid_signature", "webhook-id is not X-Execution-ID")
        accepted = 202, {"status": "processing", "execution_id": attempt_id}
        if self._in_hand.has_had(attempt_id):
            return accepted
        if self.closing.is_set():
            return refusal(503, "shutting_down", "this agent is shutting down")
        if self._max_running is not None and self._in_hand.running >= self._max_running:
            return refusal(429, "busy", f"this agent runs {self._max_running} at a time")
        reasoner = self._reasoners.get(name)
        if reasoner is None:
            return refusal(404, "not_found", f"{self._node_id} has no reasoner {name}")
        try:
            arguments = reasoner.arguments(loads_strict(body))
        except InvalidJSON as broken:
            return refusal(400, "invalid_json", str(broken))
        except InputError as unfit:
            return 422, {**refusal(422, "invalid_input", str(unfit))[1], "errors": unfit.errors}
        execution_id, attempt = attempt_number(attempt_id)
        run = Run(
            node_id=self._node_id,
            execution_id=execution_id,
            attempt_id=attempt_id,
            attempt=attempt,
            run_id=headers.get("x-run-id", ""),
            client=self._client,
            clock=self._clock,
            notes=Notes(attempt_id, self._client, self._clock),
        )
        self._in_hand.start(run, reasoner, arguments)
        return accepted

    def _decision(self, body: bytes) -> Answer:
        try:
            callback = ApprovalCallback.model_validate(loads_strict(body))
        except ValueError as broken:  # InvalidJSON and pydantic's ValidationError
            return refusal(400, "invalid_request", f"not a callback: {type(broken).__name__}")
        resolved = self._in_hand.answer(callback.execution_id, ApprovalResult.of_callback(callback))
        return 200, {"status": "received", "resolved": resolved}

    def _cancel(self, attempt_id: str, body: bytes) -> Answer:
        try:
            signed = loads_strict(body)
        except InvalidJSON as broken:
            return refusal(400, "invalid_json", str(broken))
        # The path is not signed, the body is: it must name the same attempt.
        if not isinstance(signed, dict) or signed.get("execution_id") != attempt_id:
            return refusal(400, "invalid_request", "the body names another execution")
        if not self._in_hand.cancel(attempt_id):
            return refusal(404, "not_found", f"{attempt_id} is not in hand")
        return 200, {"status": "cancelling", "execution_id": attempt_id}


def refusal(status: int, code: str, detail: str) -> Answer:
    """A problem as the contract's errors look."""
    return status, {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
