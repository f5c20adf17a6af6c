/**
 * `SignoffClient`: every operation of the contract that is for clients, and the verbs that people think in.
 *
 *     const client = new SignoffClient();
 *     const result = await client.pause({ approvalRequestId: "deploy-42", title: "Deploy 42 to production" });
 *     if (result.approved) deploy();
 */
import { type CallOptions, isFault, type Limits } from "./calls.js";
import { checkedSpan } from "./clock.js";
import { type ClientOptions, connect } from "./connecting.js";
import {
  AlreadyDecidedError,
  AmbiguousRequestIdError,
  NotFoundError,
  PauseTimeoutError,
  TransportError,
  WaitTimeoutError,
} from "./errors.js";
import { jsonText, ownId } from "./exchange.js";
import type * as models from "./models.js";
import {
  type ApprovalFilter,
  type DeliveryFilter,
  type ExecutionFilter,
  Operations,
  randomWord,
  type StreamOptions,
} from "./operations.js";
import { ApprovalResult, isDecided } from "./results.js";
import { FOREVER, LONGEST_WITHDRAWAL, nextWait, ONCE } from "./retries.js";
import { signApprovalResponse, signWebhook } from "./webhook.js";

/** How long the server holds the answer to one long poll. */
const LONGEST_HOLD = 60_000;

/** An answer to a long poll that is this late is not coming any more. */
const POLL_GRACE = 5_000;

/** How long `respond` waits for a request that is on its way. */
const PATIENCE = 10_000;

/** Rows that the `iter` verbs take at a time. */
const PAGE_SIZE = 200;

export interface OfExecution {
  /** The own id is one of this execution's; by default it is a standalone one. */
  executionId?: string | undefined;
}

export interface RespondOptions extends CallOptions {
  /** What the server has as `SIGNOFF_APPROVAL_WEBHOOK_SECRET`. */
  secret: string;
  /** Milliseconds to wait for a request that is not there yet; by default 10,000. */
  patience?: number | undefined;
}

/** A client of the control plane. It holds nothing open between calls. */
export class SignoffClient extends Operations {
  /** @throws {TypeError} `serverUrl` is no http(s) URL, or `apiKey` is nothing that a header can hold. */
  constructor(options: ClientOptions = {}) {
    super(connect(options));
  }

  /** Where the control plane is, without a slash at the end. */
  get serverUrl(): string {
    return this.calls.transport.serverUrl;
  }

  // Asking and answering.

  /** Ask a person and come back at once: `createApprovalRequest` by its everyday name. */
  async requestApproval(
    request: models.ApprovalRequest,
    options: CallOptions = {},
  ): Promise<models.Approval> {
    return await this.createApprovalRequest(request, options);
  }

  /**
   * Wait until a request has come to an end, whichever: expiry is a result, not an error.
   *
   * `id` is the `apr_` id or the asker's own; an own id means the newest request under it that is standalone, or,
   * with `executionId`, of that execution. Lost connections and restarts of the server are waited through, without
   * a `timeout` for ever.
   *
   * @throws {WaitTimeoutError} the time is over; the request is left as it is, pending.
   * @throws {NotFoundError} there is no such request.
   * @throws {AmbiguousRequestIdError} several standalone requests under that own id are pending.
   */
  async waitForApproval(id: string, options: CallOptions & OfExecution = {}): Promise<ApprovalResult> {
    const limits = this.calls.limits(options);
    if (isApprovalId(id)) return await this.#decision(id, limits);
    const { executionId } = options;
    const found = await this.#until(
      (poller, _, call) => findApprovalRequest(poller, id, { ...call, executionId }),
      () => true,
      limits,
      id,
    );
    return isDecided(found) ? new ApprovalResult(found) : await this.#decision(found.id, limits);
  }

  /**
   * Ask a person and wait for the answer.
   *
   * A program that crashed and asks the same again attaches to its question. `expiresInHours` (by default 72) ends
   * the question, with the result `expired`; `timeout` is for the whole call, and its end (a quarter, at most two
   * seconds) is kept for withdrawing the request. A `signal` that aborts leaves the request pending.
   *
   * @throws {PauseTimeoutError} `timeout` is over; the request is withdrawn, if it could be asked at all.
   * @throws {RequestConflictError} the id stands for a question with other content.
   */
  async pause(request: models.ApprovalRequest, options: CallOptions = {}): Promise<ApprovalResult> {
    const limits = this.calls.limits(options);
    const kept = Math.min(LONGEST_WITHDRAWAL, (options.timeout ?? Infinity) / 4);
    let id = request.approvalRequestId;
    try {
      const approval = await this.createApprovalRequest(request, options);
      if (isDecided(approval)) return new ApprovalResult(approval);
      id = approval.id;
      return await this.#decision(id, { ...limits, deadline: limits.deadline - kept });
    } catch (error) {
      if (!(error instanceof WaitTimeoutError)) throw error;
      if (id === request.approvalRequestId) {
        const message = `${id} is not asked in time`;
        throw new PauseTimeoutError(message, { id, withdrawn: false, cause: error });
      }
    }
    return await this.#withdrawn(id, limits);
  }

  /**
   * Decide a request: `decideApprovalRequest`, which takes own ids too, as `waitForApproval` does.
   *
   * @throws {AlreadyDecidedError} another decision won; its `approval` says which.
   */
  async decide(
    id: string,
    decision: models.NewDecision,
    options: CallOptions & OfExecution = {},
  ): Promise<models.DecisionReceipt> {
    const limits = this.calls.limits(options);
    const found = isApprovalId(id) ? id : (await this.findApprovalRequest(id, options)).id;
    return await this.decideApprovalRequest(found, decision, this.#rest(limits, id));
  }

  /**
   * Decide a request by a signed message: `receiveApprovalResponse`, with the signing. For services that hold the
   * webhook secret instead of a key. A request that is not there yet is waited for.
   *
   * @throws {InvalidSignatureError} the server has another secret.
   * @throws {AlreadyDecidedError} another decision won; its `approval` says which.
   * @throws {AmbiguousRequestIdError} the own id has named several; its `candidates` says which.
   * @throws {NotFoundError} there is no such request.
   */
  async respond(response: models.ApprovalResponse, options: RespondOptions): Promise<models.DecisionReceipt> {
    const limits = this.calls.limits(options);
    const { clock } = this.calls.patience;
    const { requestId, executionId, ...rest } = response;
    const body = jsonText({ requestId, ...rest, execution_id: executionId });
    const id = `msg_${randomWord()}`;
    const patience = clock.monotonic() + checkedSpan("patience", options.patience ?? PATIENCE);
    for (;;) {
      // Each time anew: a signature is believed for some minutes, and the patience may be longer.
      const headers = await this.#signed(options.secret, id, body);
      try {
        return await this.receiveApprovalResponse(body, headers, this.#rest(limits, requestId));
      } catch (error) {
        const wait = error instanceof NotFoundError ? error.retryAfter : undefined;
        const until = Math.min(patience, limits.deadline);
        if (wait === undefined || clock.monotonic() + wait > until) throw error;
        await clock.sleep(wait, limits.signal);
      }
    }
  }

  /**
   * The newest standalone request under an own id, or that of `executionId`.
   *
   * @throws {NotFoundError} there is none.
   * @throws {AmbiguousRequestIdError} several standalone ones, of several owners, are pending.
   */
  async findApprovalRequest(
    approvalRequestId: string,
    options: CallOptions & OfExecution = {},
  ): Promise<models.Approval> {
    return await findApprovalRequest(this, approvalRequestId, options);
  }

  // Waiting for executions.

  /**
   * Wait until an execution is finished, however it ends: `status` says how. Lost connections and restarts of the
   * server are waited through, without a `timeout` for ever.
   *
   * @throws {WaitTimeoutError} the time is over; the execution goes on.
   */
  async waitForExecution(executionId: string, options: CallOptions = {}): Promise<models.Execution> {
    return await this.#until(
      (poller, waitSeconds, call) => poller.getExecution(executionId, { ...call, waitSeconds }),
      (execution) => execution.completedAt !== undefined,
      this.calls.limits(options),
      executionId,
    );
  }

  /** Follow an execution's events until it is finished: `streamExecutionEvents` by its everyday name. */
  streamEvents(
    executionId: string,
    options: StreamOptions = {},
  ): AsyncGenerator<models.Event, void, undefined> {
    return this.streamExecutionEvents(executionId, options);
  }

  // Whole lists, page by page as they are read. `timeout` is for each page.

  /** All nodes, newest first. */
  iterNodes(options: CallOptions = {}): AsyncGenerator<models.Node, void, undefined> {
    return rows((page) => this.listNodes({ ...options, ...page }));
  }

  /** All executions that fit, newest first. */
  iterExecutions(
    options: ExecutionFilter & CallOptions = {},
  ): AsyncGenerator<models.Execution, void, undefined> {
    return rows((page) => this.listExecutions({ ...options, ...page }));
  }

  /** All recorded steps of an execution, oldest first. */
  iterSteps(executionId: string, options: CallOptions = {}): AsyncGenerator<models.Step, void, undefined> {
    return rows((page) => this.listSteps(executionId, { ...options, ...page }));
  }

  /** All events of an execution so far, oldest first. */
  iterExecutionEvents(
    executionId: string,
    options: CallOptions = {},
  ): AsyncGenerator<models.Event, void, undefined> {
    return rows((page) => this.listExecutionEvents(executionId, { ...options, ...page }));
  }

  /** All approval requests that fit, newest first. */
  iterApprovalRequests(
    options: ApprovalFilter & CallOptions = {},
  ): AsyncGenerator<models.Approval, void, undefined> {
    return rows((page) => this.listApprovalRequests({ ...options, ...page }));
  }

  /** All events of a request so far, oldest first. */
  iterApprovalRequestEvents(
    id: string,
    options: CallOptions = {},
  ): AsyncGenerator<models.Event, void, undefined> {
    return rows((page) => this.listApprovalRequestEvents(id, { ...options, ...page }));
  }

  /** All deliveries that fit, newest first. For admins. */
  iterDeliveries(
    options: DeliveryFilter & CallOptions = {},
  ): AsyncGenerator<models.Delivery, void, undefined> {
    return rows((page) => this.listDeliveries({ ...options, ...page }));
  }

  // How the verbs do it.

  async #decision(id: string, limits: Limits): Promise<ApprovalResult> {
    const approval = await this.#until(
      (poller, waitSeconds, call) => poller.getApprovalRequest(id, { ...call, waitSeconds }),
      isDecided,
      limits,
      id,
    );
    return new ApprovalResult(approval);
  }

  /** What `poll` finds, once it is done: long polls to the deadline, through every fault. */
  async #until<T>(
    poll: (poller: Operations, holdSeconds: number, call: CallOptions) => Promise<T>,
    done: (found: T) => boolean,
    limits: Limits,
    id: string,
  ): Promise<T> {
    const { clock } = this.calls.patience;
    const poller = new Operations(this.calls.having({ retry: ONCE, tryTimeout: POLL_GRACE }));
    let idle = 0;
    let fault: unknown;
    for (;;) {
      const left = this.calls.left(limits, id, fault);
      const asked = clock.monotonic();
      // Whole milliseconds, and never past the deadline.
      const hold = Math.floor(Math.min(LONGEST_HOLD, left));
      try {
        const found = await poll(poller, hold / 1000, this.#rest(limits, id));
        if (done(found)) return found;
        // Answered before its time: the server is stopping, or nothing holds polls here.
        fault = new TransportError(`${id}: ${this.serverUrl} does not hold the answer`);
        idle = clock.monotonic() - asked < hold / 2 ? idle + 1 : 0;
      } catch (error) {
        if (error instanceof WaitTimeoutError)
          this.calls.left({ ...limits, deadline: 0 }, id, fault ?? error);
        if (!isFault(error)) throw error;
        fault = error;
        idle += 1;
      }
      const wait = idle === 0 ? 0 : this.#wait(fault, idle);
      if (wait > 0) await clock.sleep(Math.min(wait, this.calls.left(limits, id, fault)), limits.signal);
    }
  }

  #wait(error: unknown, failures: number): number {
    const { random } = this.calls.patience;
    const wait = nextWait(FOREVER, error, { repeatable: true, failures, elapsed: 0, random });
    if (wait === undefined) throw error;
    return wait;
  }

  /** What is left of `limits`, for a call that is part of another. */
  #rest(limits: Limits, id: string): CallOptions {
    return { signal: limits.signal, timeout: this.calls.left(limits, id) };
  }

  /** The decision that came at the last moment, if one did. */
  async #withdrawn(id: string, limits: Limits): Promise<ApprovalResult> {
    const message = `${id} is not decided in time`;
    try {
      const reason = "pause timed out";
      await this.cancelApprovalRequest(id, { reason }, this.#rest(limits, id));
    } catch (error) {
      if (error instanceof AlreadyDecidedError && error.approval !== undefined && isDecided(error.approval)) {
        return new ApprovalResult(error.approval);
      }
      if (!isFault(error) && !(error instanceof WaitTimeoutError)) throw error;
      const told = `${message}, and the server could not be told to withdraw it`;
      throw new PauseTimeoutError(told, { id, withdrawn: false, cause: error });
    }
    throw new PauseTimeoutError(`${message} and is withdrawn`, { id, withdrawn: true });
  }

  async #signed(secret: string, id: string, body: string): Promise<Record<string, string>> {
    if (typeof secret !== "string" || !secret.startsWith("whsec_")) {
      return { "X-Webhook-Signature": await signApprovalResponse(secret, body) };
    }
    const now = Math.floor(this.calls.patience.clock.now() / 1000);
    return await signWebhook(secret, id, now, body);
  }
}

async function* rows<Row>(
  page: (at: { limit: number; cursor: string | undefined }) => Promise<{ items: Row[]; nextCursor?: string }>,
): AsyncGenerator<Row, void, undefined> {
  let cursor: string | undefined;
  do {
    const { items, nextCursor } = await page({ limit: PAGE_SIZE, cursor });
    yield* items;
    cursor = nextCursor;
  } while (cursor !== undefined);
}

function isApprovalId(id: string): boolean {
  return typeof id === "string" && id.startsWith("apr_");
}

async function findApprovalRequest(
  operations: Operations,
  approvalRequestId: string,
  options: CallOptions & OfExecution,
): Promise<models.Approval> {
  ownId(approvalRequestId);
  const executionId = options.executionId ?? "none";
  const { items } = await operations.listApprovalRequests({ ...options, approvalRequestId, executionId });
  const newest = items[0];
  if (newest === undefined) {
    const among =
      executionId === "none"
        ? "among the standalone ones; those of an execution need its id"
        : `of ${executionId}`;
    throw new NotFoundError(404, "not_found", `there is no approval request ${approvalRequestId} ${among}`);
  }
  const pending = items.filter((item) => !isDecided(item));
  if (executionId === "none" && pending.length > 1) throw ambiguous(approvalRequestId, pending);
  return newest;
}

function ambiguous(approvalRequestId: string, pending: readonly models.Approval[]): AmbiguousRequestIdError {
  const detail = `${pending.length} requests under ${approvalRequestId} are pending; give an apr_ id`;
  const candidates = pending.map(({ id, status }) => ({ id, status }));
  const code = "ambiguous_request_id";
  const problem = { type: "about:blank", title: "Conflict", status: 409, code, detail, candidates };
  return new AmbiguousRequestIdError(409, code, detail, { problem });
}
