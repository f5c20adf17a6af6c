"""signoff: pause a program until a person has said yes, no, or change this.

Names are imported when they are first used: `import signoff` itself takes a few milliseconds.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from signoff._version import __version__

if TYPE_CHECKING:
    from signoff.agent import Agent, RunContext
    from signoff.blocking.client import Client
    from signoff.client import AsyncClient
    from signoff.errors import (
        AgentError,
        AgentNotRunningError,
        AlreadyDecidedError,
        AmbiguousRequestIdError,
        ApiError,
        BodyTooLargeError,
        CallFailedError,
        DeliveryNotRetryableError,
        ExecutionFinishedError,
        ForbiddenError,
        IdempotencyConflictError,
        InternalError,
        InvalidBaseUrlError,
        InvalidCallbackUrlError,
        InvalidCursorError,
        InvalidInputError,
        InvalidJsonError,
        InvalidRequestError,
        InvalidSignatureError,
        InvalidWebhookUrlError,
        MethodNotAllowedError,
        MissingDependencyError,
        NoModelError,
        NondeterministicReplayError,
        NotFoundError,
        NotInRunError,
        PauseTimeoutError,
        ProtocolError,
        RefusedError,
        RequestConflictError,
        ServerError,
        ShuttingDownError,
        SignoffError,
        StaleAttemptError,
        StepConflictError,
        StepFailedError,
        StoreUnavailableError,
        TransportError,
        UnauthorizedError,
        UnknownTargetError,
        UnsupportedMediaTypeError,
        UntrustedOriginError,
        WaitTimeoutError,
        WebhookSecretMissingError,
    )
    from signoff.exchange import ABSENT
    from signoff.results import ApprovalResult
    from signoff.retries import Retry
    from signoff.webhook import (
        SignatureError,
        Verified,
        new_secret,
        sign_approval_response,
        sign_webhook,
        verify_approval_response,
        verify_webhook,
    )

__all__ = [
    "ABSENT",
    "Agent",
    "AgentError",
    "AgentNotRunningError",
    "AlreadyDecidedError",
    "AmbiguousRequestIdError",
    "ApiError",
    "ApprovalResult",
    "AsyncClient",
    "BodyTooLargeError",
    "CallFailedError",
    "Client",
    "DeliveryNotRetryableError",
    "ExecutionFinishedError",
    "ForbiddenError",
    "IdempotencyConflictError",
    "InternalError",
    "InvalidBaseUrlError",
    "InvalidCallbackUrlError",
    "InvalidCursorError",
    "InvalidInputError",
    "InvalidJsonError",
    "InvalidRequestError",
    "InvalidSignatureError",
    "InvalidWebhookUrlError",
    "MethodNotAllowedError",
    "MissingDependencyError",
    "NoModelError",
    "NondeterministicReplayError",
    "NotFoundError",
    "NotInRunError",
    "PauseTimeoutError",
    "ProtocolError",
    "RefusedError",
    "RequestConflictError",
    "Retry",
    "RunContext",
    "ServerError",
    "ShuttingDownError",
    "SignatureError",
    "SignoffError",
    "StaleAttemptError",
    "StepConflictError",
    "StepFailedError",
    "StoreUnavailableError",
    "TransportError",
    "UnauthorizedError",
    "UnknownTargetError",
    "UnsupportedMediaTypeError",
    "UntrustedOriginError",
    "Verified",
    "WaitTimeoutError",
    "WebhookSecretMissingError",
    "__version__",
    "new_secret",
    "sign_approval_response",
    "sign_webhook",
    "verify_approval_response",
    "verify_webhook",
]

_HOMES = {
    "Agent": "signoff.agent",
    "RunContext": "signoff.agent",
    "Client": "signoff.blocking.client",
    "AsyncClient": "signoff.client",
    "ABSENT": "signoff.exchange",
    "ApprovalResult": "signoff.results",
    "Retry": "signoff.retries",
    "SignatureError": "signoff.webhook",
    "Verified": "signoff.webhook",
    "new_secret": "signoff.webhook",
    "sign_approval_response": "signoff.webhook",
    "sign_webhook": "signoff.webhook",
    "verify_approval_response": "signoff.webhook",
    "verify_webhook": "signoff.webhook",
}
"""Where a name comes from, if not from `signoff.errors`."""


if not TYPE_CHECKING:  # a checker would take any name for one of ours

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module 'signoff' has no attribute {name!r}")
        value: object = getattr(import_module(_HOMES.get(name, "signoff.errors")), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return __all__
