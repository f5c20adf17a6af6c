/**
 * What can go wrong, as one tree: catch as high or as low as you like.
 *
 *     SignoffError
 *     ├── ApiError                        the server said no: status, code, detail, errors, problem
 *     │   ├── RefusedError                4xx: the request is at fault; the same again changes nothing
 *     │   │   ├── InvalidRequestError     ├── InvalidJsonError          ├── UnauthorizedError
 *     │   │   ├── InvalidSignatureError   ├── ForbiddenError            ├── UntrustedOriginError
 *     │   │   ├── NotFoundError           ├── UnknownTargetError        ├── MethodNotAllowedError
 *     │   │   ├── AlreadyDecidedError     ├── RequestConflictError      ├── AmbiguousRequestIdError
 *     │   │   ├── ExecutionFinishedError  ├── StaleAttemptError         ├── StepConflictError
 *     │   │   ├── IdempotencyConflictError├── DeliveryNotRetryableError ├── BodyTooLargeError
 *     │   │   ├── UnsupportedMediaTypeError                             ├── InvalidInputError
 *     │   │   ├── InvalidCallbackUrlError ├── InvalidWebhookUrlError    ├── InvalidBaseUrlError
 *     │   │   └── InvalidCursorError
 *     │   └── ServerError                 5xx: the server could not; nothing was stored
 *     │       ├── InternalError           ├── WebhookSecretMissingError
 *     │       └── StoreUnavailableError   └── ShuttingDownError
 *     ├── TransportError                  no answer: the server was not reached, or its reply was lost
 *     ├── ProtocolError                   an answer that is not in the contract
 *     ├── WaitTimeoutError                the `timeout` of a call is over, what it was for goes on
 *     ├── PauseTimeoutError               so is that of `pause()`: it has withdrawn its request
 *     └── SignatureError                  a message is not to be believed
 *
 * By one rule each word of the contract's `ProblemCode` has a class: `not_found` is `NotFoundError`. A word from
 * a newer server comes as `RefusedError` or `ServerError`, with the word in `code`. A signal that aborts is no
 * error of this tree: its own reason is thrown. No text here holds a key, a secret or a signature.
 *
 * The guards (`isProblem(error, "not_found")` and so on) work across copies of this package too.
 */
import { camelName } from "./casing.js";
import type { Approval, Candidate, Execution, Problem, ProblemCode, ProblemError } from "./models.js";

const BRAND: unique symbol = Symbol.for("@signoff/sdk.error");

/** What every error of this package is. */
export class SignoffError extends Error {
  override name = "SignoffError";
  declare readonly [BRAND]: true;
}
Object.defineProperty(SignoffError.prototype, BRAND, { value: true });

/** What the server said besides status and code. */
export interface Refusal {
  readonly problem?: Problem | undefined;
  /** Milliseconds. */
  readonly retryAfter?: number | undefined;
}

/** The server answered with a problem (RFC 9457). */
export class ApiError extends SignoffError {
  /** The HTTP status. */
  readonly status: number;
  /** The word for programs; empty when the answer had none, as from a proxy. */
  readonly code: ProblemCode;
  /** The sentence for people. */
  readonly detail: string;
  /** Each place that is wrong. */
  readonly errors: readonly ProblemError[];
  /** The whole answer, when it was a problem. */
  readonly problem: Problem | undefined;
  /** Milliseconds that the server asks to wait. */
  readonly retryAfter: number | undefined;

  constructor(status: number, code: ProblemCode, detail: string, refusal: Refusal = {}) {
    const errors = refusal.problem?.errors ?? [];
    const places = errors.map((at) => `\n  ${at.in} ${at.pointer || "/"}: ${at.detail}`);
    super(`${status}${code && ` ${code}`}: ${detail}${places.join("")}`);
    this.name = errorName(status, code);
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.errors = errors;
    this.problem = refusal.problem;
    this.retryAfter = refusal.retryAfter;
  }
}

/** 4xx: the request does not fit the contract, the caller's rights, or the state of things. */
export class RefusedError extends ApiError {}
/** 5xx: the server could not answer. Nothing was stored; the same request may succeed later. */
export class ServerError extends ApiError {}

/** 400: the request does not match the contract; `errors` says where. */
export class InvalidRequestError extends RefusedError {}
/** 400: the body is not JSON, or JSON that could not come back equal. */
export class InvalidJsonError extends RefusedError {}
/** 401: the API key is missing or unknown. */
export class UnauthorizedError extends RefusedError {}
/** 401: the server does not believe the signature of an approval response. */
export class InvalidSignatureError extends RefusedError {}
/** 403: the key's role, nodes or runs do not allow this. */
export class ForbiddenError extends RefusedError {}
/** 403: a server without keys is reached from elsewhere than its own machine. */
export class UntrustedOriginError extends RefusedError {}
/** 404: there is no such thing. */
export class NotFoundError extends RefusedError {}
/** 404: there is no such node or reasoner. */
export class UnknownTargetError extends RefusedError {}
/** 405: the path has other methods. */
export class MethodNotAllowedError extends RefusedError {}
/** 409: another decision won, or the request expired or was withdrawn. */
export class AlreadyDecidedError extends RefusedError {
  /** What holds: the request with the decision that won. */
  get approval(): Approval | undefined {
    return this.problem?.approval;
  }
}
/** 409: the own id stands for a question with other content. */
export class RequestConflictError extends RefusedError {
  /** The stored request. */
  get approval(): Approval | undefined {
    return this.problem?.approval;
  }
}
/** 409: the own id has named several requests; give `executionId` or an `apr_` id. */
export class AmbiguousRequestIdError extends RefusedError {
  /** The requests that it has named, newest first, at most 50. */
  get candidates(): readonly Candidate[] {
    return this.problem?.candidates ?? [];
  }
}
/** 409: the execution is finished. */
export class ExecutionFinishedError extends RefusedError {
  /** The execution as it ended. */
  get execution(): Execution | undefined {
    return this.problem?.execution;
  }
}
/** 409: a later attempt of the execution runs; this one has nothing more to say. */
export class StaleAttemptError extends RefusedError {}
/** 409: the step was recorded with another input. */
export class StepConflictError extends RefusedError {}
/** 409: the idempotency key was used with another target or body. */
export class IdempotencyConflictError extends RefusedError {}
/** 409: the delivery is done or was dropped. */
export class DeliveryNotRetryableError extends RefusedError {}
/** 413: the body is over the limit. */
export class BodyTooLargeError extends RefusedError {}
/** 415: the body is not `application/json`. */
export class UnsupportedMediaTypeError extends RefusedError {}
/** 422: the input does not fit the reasoner; `errors` says where. */
export class InvalidInputError extends RefusedError {}
/** 422: `callback_url` is not at the origin of an instance of the node. */
export class InvalidCallbackUrlError extends RefusedError {}
/** 422: the server may not connect to `webhook.url`. */
export class InvalidWebhookUrlError extends RefusedError {}
/** 422: the server may not connect to `base_url`. */
export class InvalidBaseUrlError extends RefusedError {}
/** 422: the cursor is not of this list. */
export class InvalidCursorError extends RefusedError {}
/** 500: a fault of the server's own, and a bug. */
export class InternalError extends ServerError {}
/** 503: the server has no secret to check approval responses with; waiting does not help. */
export class WebhookSecretMissingError extends ServerError {}
/** 503: the server cannot reach or write its database; nothing was stored. */
export class StoreUnavailableError extends ServerError {}
/** 503: the server is stopping. */
export class ShuttingDownError extends ServerError {}

/** The class of each word of the contract's `ProblemCode`. */
export const ERRORS_BY_CODE = {
  invalid_request: InvalidRequestError,
  invalid_json: InvalidJsonError,
  unauthorized: UnauthorizedError,
  invalid_signature: InvalidSignatureError,
  forbidden: ForbiddenError,
  untrusted_origin: UntrustedOriginError,
  not_found: NotFoundError,
  unknown_target: UnknownTargetError,
  method_not_allowed: MethodNotAllowedError,
  already_decided: AlreadyDecidedError,
  request_conflict: RequestConflictError,
  ambiguous_request_id: AmbiguousRequestIdError,
  execution_finished: ExecutionFinishedError,
  stale_attempt: StaleAttemptError,
  step_conflict: StepConflictError,
  idempotency_conflict: IdempotencyConflictError,
  delivery_not_retryable: DeliveryNotRetryableError,
  body_too_large: BodyTooLargeError,
  unsupported_media_type: UnsupportedMediaTypeError,
  invalid_input: InvalidInputError,
  invalid_callback_url: InvalidCallbackUrlError,
  invalid_webhook_url: InvalidWebhookUrlError,
  invalid_base_url: InvalidBaseUrlError,
  invalid_cursor: InvalidCursorError,
  internal_error: InternalError,
  webhook_secret_missing: WebhookSecretMissingError,
  store_unavailable: StoreUnavailableError,
  shutting_down: ShuttingDownError,
} as const;

type KnownCode = keyof typeof ERRORS_BY_CODE;

function isKnown(code: string): code is KnownCode {
  return Object.hasOwn(ERRORS_BY_CODE, code);
}

/** From the word, as bundlers shorten the names of classes. */
function errorName(status: number, code: string): string {
  if (!isKnown(code)) return status >= 500 ? "ServerError" : "RefusedError";
  const name = camelName(code.replace(/_error$/, ""));
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}Error`;
}

/** No answer came, in as many tries as were allowed. */
export class TransportError extends SignoffError {
  override name = "TransportError";
  /** False: the request never left this machine. True: it may have been carried out, its reply lost. */
  readonly sent: boolean;
  /** The tries. */
  attempts = 1;

  constructor(message: string, options: { sent?: boolean | undefined; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.sent = options.sent ?? true;
  }
}

/** The answer is not one that the contract knows: is it a signoff server? */
export class ProtocolError extends SignoffError {
  override name = "ProtocolError";
}

/**
 * The `timeout` of a call is over. What it waited for is untouched and goes on: a time-out is never a decision.
 * A request that changes something may or may not have been carried out.
 */
export class WaitTimeoutError extends SignoffError {
  override name = "WaitTimeoutError";
  /** What was waited for. */
  readonly id: string;

  constructor(message: string, options: { id?: string | undefined; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.id = options.id ?? "";
  }
}

/** The `timeout` of `pause()` is over before a decision. */
export class PauseTimeoutError extends SignoffError {
  override name = "PauseTimeoutError";
  /** The request: its `apr_` id, or its own id when the answer to asking did not come. */
  readonly id: string;
  /** False: the server could not be told in time, and the request ends by itself or is decided. */
  readonly withdrawn: boolean;

  constructor(message: string, options: { id: string; withdrawn: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.id = options.id;
    this.withdrawn = options.withdrawn;
  }
}

/**
 * `missing`: no signature. `malformed`: a header that has no such form. `stale`: outside the window.
 * `mismatch`: not signed by one of the secrets. `secret`: no secret that this form could use was given.
 */
export type SignatureFault = "missing" | "malformed" | "stale" | "mismatch" | "secret";

/** A message is not to be believed. Neither `reason` nor the text holds a secret or a signature. */
export class SignatureError extends SignoffError {
  override name = "SignatureError";
  readonly reason: SignatureFault;

  constructor(reason: SignatureFault, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** Whether this package threw it. */
export function isSignoffError(error: unknown): error is SignoffError {
  return typeof error === "object" && error !== null && BRAND in error;
}

/** Whether the server said no. */
export function isApiError(error: unknown): error is ApiError {
  return isSignoffError(error) && "status" in error && "code" in error;
}

/** Whether the server said no with this word. */
export function isProblem<Code extends KnownCode>(
  error: unknown,
  code: Code,
): error is InstanceType<(typeof ERRORS_BY_CODE)[Code]> {
  return isApiError(error) && error.code === code;
}

/** Whether no answer came. */
export function isTransportError(error: unknown): error is TransportError {
  return isSignoffError(error) && error.name === "TransportError";
}

/** Whether the time given to a call is over. No decision either way. */
export function isTimeout(error: unknown): error is WaitTimeoutError | PauseTimeoutError {
  return isSignoffError(error) && (error.name === "WaitTimeoutError" || error.name === "PauseTimeoutError");
}

/** Whether a message is not to be believed. */
export function isSignatureError(error: unknown): error is SignatureError {
  return isSignoffError(error) && error.name === "SignatureError";
}
