"""What can go wrong, as one tree: catch as high or as low as you like.

    SignoffError
    ├── ApiError                        the server said no: status, code, detail, errors, problem
    │   ├── RefusedError                4xx: the request is at fault; the same again changes nothing
    │   │   ├── InvalidRequestError     ├── InvalidJsonError          ├── UnauthorizedError
    │   │   ├── InvalidSignatureError   ├── ForbiddenError            ├── UntrustedOriginError
    │   │   ├── NotFoundError           ├── UnknownTargetError        ├── MethodNotAllowedError
    │   │   ├── AlreadyDecidedError     ├── RequestConflictError      ├── AmbiguousRequestIdError
    │   │   ├── ExecutionFinishedError  ├── StaleAttemptError         ├── StepConflictError
    │   │   ├── IdempotencyConflictError├── DeliveryNotRetryableError ├── BodyTooLargeError
    │   │   ├── UnsupportedMediaTypeError                             ├── InvalidInputError
    │   │   ├── InvalidCallbackUrlError ├── InvalidWebhookUrlError    ├── InvalidBaseUrlError
    │   │   └── InvalidCursorError
    │   └── ServerError                 5xx: the server could not; nothing was stored
    │       ├── InternalError           ├── WebhookSecretMissingError
    │       └── StoreUnavailableError   └── ShuttingDownError
    ├── TransportError                  no answer: the server was not reached, or its reply was lost
    ├── ProtocolError                   an answer that is not in the contract
    ├── WaitTimeoutError                (a TimeoutError) the wait is over, what it was for goes on
    ├── PauseTimeoutError               (a TimeoutError) so is `pause(timeout=)`: it has withdrawn
    ├── AgentError                      in an agent
    │   ├── AgentNotRunningError        it is not served, or its lifespan did not run
    │   ├── NotInRunError               a verb outside a reasoner that was dispatched
    │   ├── StepFailedError             a recorded step that failed, met again
    │   ├── CallFailedError             the called execution ended otherwise than by success
    │   ├── NoModelError                `app.ai()` without a model
    │   └── NondeterministicReplayError a later attempt took another way than the recorded one
    └── MissingDependencyError          (an ImportError) an extra is not installed

    SignatureError                      `signoff.webhook`: a message is not to be believed

By one rule each word of the contract's `ProblemCode` has a class: `not_found` is `NotFoundError`.
A word from a newer server comes as `RefusedError` or `ServerError`, with the word in `code`.
No text here holds a key, a secret or a signature.
"""

from collections.abc import Sequence
from typing import ClassVar, Final

from pydantic import ValidationError

from signoff.contract_gen import Approval, Candidate, Execution, Problem, ProblemError
from signoff.strict_json import InvalidJSON, loads_strict


class SignoffError(Exception):
    """What every error of this package is, apart from `SignatureError`."""


class ApiError(SignoffError):
    """The server answered with a problem (RFC 9457).

    `status` is the HTTP status, `code` the word for programs (empty when the answer had none, as
    from a proxy), `detail` the sentence for people, `errors` each place that is wrong, `problem`
    the whole answer when it was one, `retry_after` the seconds that the server asks to wait.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[ProblemError] = (),
        problem: Problem | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(status, code, detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = list(errors)
        self.problem = problem
        self.retry_after = retry_after

    def __str__(self) -> str:
        places = "".join(f"\n  {at.in_} {at.pointer or '/'}: {at.detail}" for at in self.errors)
        return f"{self.status} {self.code}: {self.detail}{places}".replace(" :", ":", 1)


class RefusedError(ApiError):
    """4xx: the request does not fit the contract, the caller's rights, or the state of things."""


class ServerError(ApiError):
    """5xx: the server could not answer. Nothing was stored; the same request may succeed later."""


class InvalidRequestError(RefusedError):
    """400: the request does not match the contract; `errors` says where."""


class InvalidJsonError(RefusedError):
    """400: the body is not JSON, or JSON that could not come back equal."""


class UnauthorizedError(RefusedError):
    """401: the API key is missing or unknown."""


class InvalidSignatureError(RefusedError):
    """401: the server does not believe the signature of an approval response."""


class ForbiddenError(RefusedError):
    """403: the key's role, nodes or runs do not allow this."""


class UntrustedOriginError(RefusedError):
    """403: a server without keys is reached from elsewhere than its own machine."""


class NotFoundError(RefusedError):
    """404: there is no such thing."""


class UnknownTargetError(RefusedError):
    """404: there is no such node or reasoner."""


class MethodNotAllowedError(RefusedError):
    """405: the path has other methods."""


class AlreadyDecidedError(RefusedError):
    """409: another decision won, or the request expired or was withdrawn."""

    @property
    def approval(self) -> Approval | None:
        """What holds: the request with the decision that won."""
        return self.problem.approval if self.problem else None


class RequestConflictError(RefusedError):
    """409: the own id stands for a question with other content."""

    @property
    def approval(self) -> Approval | None:
        """The stored request."""
        return self.problem.approval if self.problem else None


class AmbiguousRequestIdError(RefusedError):
    """409: the own id has named several requests; give `execution_id` or an `apr_` id."""

    @property
    def candidates(self) -> list[Candidate]:
        """The requests that it has named, newest first, at most 50."""
        return (self.problem.candidates or []) if self.problem else []


class ExecutionFinishedError(RefusedError):
    """409: the execution is finished."""

    @property
    def execution(self) -> Execution | None:
        """The execution as it ended."""
        return self.problem.execution if self.problem else None


class StaleAttemptError(RefusedError):
    """409: a later attempt of the execution runs; this one has nothing more to say."""


class StepConflictError(RefusedError):
    """409: the step was recorded with another input."""


class IdempotencyConflictError(RefusedError):
    """409: the idempotency key was used with another target or body."""


class DeliveryNotRetryableError(RefusedError):
    """409: the delivery is done or was dropped."""


class BodyTooLargeError(RefusedError):
    """413: the body is over the limit."""


class UnsupportedMediaTypeError(RefusedError):
    """415: the body is not `application/json`."""


class InvalidInputError(RefusedError):
    """422: the input does not fit the reasoner; `errors` says where."""


class InvalidCallbackUrlError(RefusedError):
    """422: `callback_url` is not at the origin of an instance of the node."""


class InvalidWebhookUrlError(RefusedError):
    """422: the server may not connect to `webhook.url`."""


class InvalidBaseUrlError(RefusedError):
    """422: the server may not connect to `base_url`."""


class InvalidCursorError(RefusedError):
    """422: the cursor is not of this list."""


class InternalError(ServerError):
    """500: a fault of the server's own, and a bug."""


class WebhookSecretMissingError(ServerError):
    """503: the server has no secret to check approval responses with; waiting does not help."""


class StoreUnavailableError(ServerError):
    """503: the server cannot reach or write its database; nothing was stored."""


class ShuttingDownError(ServerError):
    """503: the server is stopping."""


class TransportError(SignoffError):
    """No answer came, in as many tries as were allowed.

    `sent` is False when the request never left this machine, and so did nothing; True when it
    may have been carried out and the reply was lost. `attempts` counts the tries.
    """

    def __init__(self, message: str, *, sent: bool = True, attempts: int = 1) -> None:
        super().__init__(message)
        self.sent = sent
        self.attempts = attempts


class ProtocolError(SignoffError):
    """The answer is not one that the contract knows: is it a signoff server?"""


class WaitTimeoutError(SignoffError, TimeoutError):
    """The time given to a waiting verb is over. What it waited for is untouched and goes on.

    A time-out is never a decision. `id` is what was waited for.
    """

    def __init__(self, message: str, *, id: str = "") -> None:
        super().__init__(message)
        self.id = id


class PauseTimeoutError(SignoffError, TimeoutError):
    """The `timeout` of `pause()` is over before a decision.

    `id` is the request's. It is withdrawn, so that nobody decides it for no one; `withdrawn` is
    False when the server could not be told, and then the request expires by itself.
    """

    def __init__(
        self,
        message: str,
        *,
        id: str = "",
        withdrawn: bool = True,
    ) -> None:
        super().__init__(message)
        self.id = id
        self.withdrawn = withdrawn


class AgentError(SignoffError):
    """What goes wrong in an agent, apart from what the server says."""


class AgentNotRunningError(AgentError):
    """The agent is not served, or mounted in an application that does not run its lifespan."""


class NotInRunError(AgentError):
    """A verb that works inside a reasoner was called outside one. `verb` is its name."""

    def __init__(self, verb: str) -> None:
        super().__init__(verb)
        self.verb = verb

    def __str__(self) -> str:
        return (
            f"{self.verb} works inside a reasoner that the control plane dispatched; "
            "elsewhere use signoff.AsyncClient or signoff.Client"
        )


class StepFailedError(AgentError):
    """An earlier attempt recorded this step as failed. `error` is its type and message."""

    def __init__(self, key: str, error: str) -> None:
        super().__init__(key, error)
        self.key = key
        self.error = error

    def __str__(self) -> str:
        return f"{self.key} failed: {self.error}"


class CallFailedError(AgentError):
    """A called execution ended otherwise than by success. `error` is how, in words.

    `execution` is the execution as it ended; None when an earlier attempt recorded it.
    """

    def __init__(self, target: str, error: str, *, execution: Execution | None = None) -> None:
        super().__init__(target, error)
        self.target = target
        self.error = error
        self.execution = execution

    def __str__(self) -> str:
        return f"{self.target} {self.error}"


class NoModelError(AgentError):
    """`app.ai()` does not know which model to ask."""

    def __init__(self) -> None:
        super().__init__(
            "name a model: app.ai(model=…), Agent(model=…) or SIGNOFF_MODEL=openai:gpt-5"
        )


class NondeterministicReplayError(AgentError):
    """A later attempt came to a recorded step or question with something else in hand.

    `recorded` is what the earlier attempt left there, `met` what this one brought.
    """

    code: ClassVar[str] = "nondeterministic_replay"

    def __init__(self, recorded: str, met: str) -> None:
        super().__init__(recorded, met)
        self.recorded = recorded
        self.met = met

    def __str__(self) -> str:
        return (
            f"{self.code}: recorded is {self.recorded}, this attempt came with {self.met}; "
            "a reasoner must take the same way every time it gets the same input"
        )


class MissingDependencyError(SignoffError, ImportError):
    """Something needs an extra that is not installed; the message is the line that installs it."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs more packages: pip install 'signoff[{extra}]'")
        self.what = what
        self.extra = extra

    def __reduce__(self) -> tuple[type["MissingDependencyError"], tuple[str, str]]:
        return type(self), (self.what, self.extra)


BY_CODE: Final[dict[str, type[ApiError]]] = {
    "invalid_request": InvalidRequestError,
    "invalid_json": InvalidJsonError,
    "unauthorized": UnauthorizedError,
    "invalid_signature": InvalidSignatureError,
    "forbidden": ForbiddenError,
    "untrusted_origin": UntrustedOriginError,
    "not_found": NotFoundError,
    "unknown_target": UnknownTargetError,
    "method_not_allowed": MethodNotAllowedError,
    "already_decided": AlreadyDecidedError,
    "request_conflict": RequestConflictError,
    "ambiguous_request_id": AmbiguousRequestIdError,
    "execution_finished": ExecutionFinishedError,
    "stale_attempt": StaleAttemptError,
    "step_conflict": StepConflictError,
    "idempotency_conflict": IdempotencyConflictError,
    "delivery_not_retryable": DeliveryNotRetryableError,
    "body_too_large": BodyTooLargeError,
    "unsupported_media_type": UnsupportedMediaTypeError,
    "invalid_input": InvalidInputError,
    "invalid_callback_url": InvalidCallbackUrlError,
    "invalid_webhook_url": InvalidWebhookUrlError,
    "invalid_base_url": InvalidBaseUrlError,
    "invalid_cursor": InvalidCursorError,
    "internal_error": InternalError,
    "webhook_secret_missing": WebhookSecretMissingError,
    "store_unavailable": StoreUnavailableError,
    "shutting_down": ShuttingDownError,
}
"""The class of each word of the contract's `ProblemCode`."""


def api_error(status: int, content: bytes, *, retry_after: float | None = None) -> ApiError:
    """The error that an answer of 400 and above stands for.

    `content` is the body as it came: a problem, or whatever a proxy has written instead.
    """
    problem = _problem(content)
    if problem is None:
        family = ServerError if status >= 500 else RefusedError
        return family(status, "", "the answer is no problem document", retry_after=retry_after)
    code = str(problem.code)
    kind = BY_CODE.get(code) or (ServerError if status >= 500 else RefusedError)
    return kind(
        status,
        code,
        problem.detail,
        errors=problem.errors or (),
        problem=problem,
        retry_after=retry_after,
    )


def _problem(content: bytes) -> Problem | None:
    try:
        return Problem.model_validate(loads_strict(content))
    except (InvalidJSON, ValidationError):
        return None
