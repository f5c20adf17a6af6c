/**
 * The operations of the contract that are for clients, reviewers and admins: one method each, in its order and
 * under its names. Path parameters come first, the body next, then an options object with the other parameters,
 * `signal` and `timeout`.
 *
 * Every method throws `ApiError` (by its code), `TransportError` and `ProtocolError`, `WaitTimeoutError` where a
 * `timeout` is given, what `signal` says where one aborts, and `TypeError` for an argument that cannot be sent.
 */
import { type CallOptions, type Calls, type Limits, Tries } from "./calls.js";
import { TransportError } from "./errors.js";
import { build, parsed, type Request } from "./exchange.js";
import type * as models from "./models.js";
import * as shapes from "./shapes.js";
import { Reader } from "./sse.js";
import type { WebhookHeaders } from "./webhook.js";

/** The server sends a comment this often, so that a stream without news is told from a dead one. */
const STREAM_SILENCE_SECONDS = 15;

/** How long `execute` holds its answer back where nothing else is asked for. */
const EXECUTE_SECONDS = 90;

const SIGNATURE_HEADERS: readonly string[] = [
  "x-webhook-signature",
  "webhook-id",
  "webhook-timestamp",
  "webhook-signature",
];

export interface PageOptions extends CallOptions {
  /** Rows on the page, 1 to 200; the server's default is 50. */
  limit?: number | undefined;
  /** `nextCursor` of the page before, for the same list and filters. */
  cursor?: string | undefined;
}

export interface HoldOptions extends CallOptions {
  /** Hold the answer up to this many seconds (0 to 60), until there is an end. */
  waitSeconds?: number | undefined;
}

export interface ExecuteAsyncOptions extends CallOptions {
  /** Makes a repeat safe, also by a later process. Where none is given, one is made up for the tries of the call. */
  idempotencyKey?: string | undefined;
  /** The attempt id of the execution that makes this call. */
  parentExecutionId?: string | undefined;
}

export interface ExecuteOptions extends ExecuteAsyncOptions {
  /** Seconds to wait for the end, 0 to 600; by default 90. Node's `fetch` holds on for 300, then it is asked again. */
  waitSeconds?: number | undefined;
}

export interface ExecutionFilter {
  status?: models.ExecutionStatusFilter | undefined;
  nodeId?: string | undefined;
  runId?: string | undefined;
}

export interface ApprovalFilter {
  approvalRequestId?: string | undefined;
  /** `none` for standalone ones. */
  executionId?: string | undefined;
  status?: models.ApprovalStatusFilter | undefined;
  nodeId?: string | undefined;
  reviewer?: string | undefined;
  decidedAfter?: string | Date | undefined;
  decidedBefore?: string | Date | undefined;
}

export interface DeliveryFilter {
  state?: models.DeliveryStateFilter | undefined;
  executionId?: string | undefined;
}

export interface StreamOptions extends CallOptions {
  /** Begin after the event with this `seq`; by default with the first. */
  lastEventId?: number | undefined;
}

export interface OwnIdOptions extends CallOptions {
  /** The caller's own id of the request; by default the newest request is meant. */
  approvalRequestId?: string | undefined;
}

/** One method per operationId. `SignoffClient` is what you want. */
export class Operations {
  /** @internal */
  protected readonly calls: Calls;

  /** @internal */
  constructor(calls: Calls) {
    this.calls = calls;
  }

  // Nodes.

  /** One page of nodes, newest first. */
  async listNodes(options: PageOptions = {}): Promise<models.NodeList> {
    const request = build("listNodes", { query: parameters(options) });
    return await this.calls.record(shapes.NODE_LIST, request, this.calls.limits(options));
  }

  /** A node with its instances and reasoners. */
  async getNode(nodeId: string, options: CallOptions = {}): Promise<models.Node> {
    const request = build("getNode", { path: { node_id: nodeId } });
    return await this.calls.record(shapes.NODE, request, this.calls.limits(options));
  }

  // Executions.

  /**
   * Run the reasoner `target` (`node.reasoner`) and wait for the end.
   *
   * Finished is what has `completedAt`. Without it, the run came to a gate or took longer than `waitSeconds`, and
   * goes on: `waitForExecution`. A repeat after a lost reply joins the first run.
   */
  async execute(
    target: string,
    execution: models.ExecuteRequest = {},
    options: ExecuteOptions = {},
  ): Promise<models.Execution> {
    const { waitSeconds } = options;
    const request = build("execute", {
      path: { target },
      query: { waitSeconds },
      headers: executeHeaders(options),
      body: execution,
      waitSeconds: waitSeconds ?? EXECUTE_SECONDS,
    });
    return await this.calls.record(shapes.EXECUTION, request, this.calls.limits(options));
  }

  /** Start the reasoner `target` and come back once that is stored. As to `idempotencyKey`, see `execute`. */
  async executeAsync(
    target: string,
    execution: models.ExecuteRequest = {},
    options: ExecuteAsyncOptions = {},
  ): Promise<models.Execution> {
    const request = build("executeAsync", {
      path: { target },
      headers: executeHeaders(options),
      body: execution,
    });
    return await this.calls.record(shapes.EXECUTION, request, this.calls.limits(options));
  }

  /** One page of executions, newest first. */
  async listExecutions(options: PageOptions & ExecutionFilter = {}): Promise<models.ExecutionList> {
    const request = build("listExecutions", { query: parameters(options) });
    return await this.calls.record(shapes.EXECUTION_LIST, request, this.calls.limits(options));
  }

  /** An execution as it is, or, with `waitSeconds`, once it is finished. `waitForExecution` waits for long. */
  async getExecution(executionId: string, options: HoldOptions = {}): Promise<models.Execution> {
    const { waitSeconds } = options;
    const request = build("getExecution", {
      path: { execution_id: executionId },
      query: { waitSeconds },
      waitSeconds,
    });
    return await this.calls.record(shapes.EXECUTION, request, this.calls.limits(options));
  }

  /** Cancel an execution and its descendants. */
  async cancelExecution(
    executionId: string,
    cancellation: models.Cancellation = {},
    options: CallOptions = {},
  ): Promise<models.Execution> {
    const request = build("cancelExecution", { path: { execution_id: executionId }, body: cancellation });
    return await this.calls.record(shapes.EXECUTION, request, this.calls.limits(options));
  }

  /** One page of recorded steps, oldest first. */
  async listSteps(executionId: string, options: PageOptions = {}): Promise<models.StepList> {
    const request = build("listSteps", { path: { execution_id: executionId }, query: parameters(options) });
    return await this.calls.record(shapes.STEP_LIST, request, this.calls.limits(options));
  }

  /** One page of events, oldest first. */
  async listExecutionEvents(executionId: string, options: PageOptions = {}): Promise<models.EventList> {
    const path = { execution_id: executionId };
    const request = build("listExecutionEvents", { path, query: parameters(options) });
    return await this.calls.record(shapes.EVENT_LIST, request, this.calls.limits(options));
  }

  /**
   * Follow an execution's events until it is finished.
   *
   * A broken connection is taken up again where it broke: no event is left out, none comes twice. Leaving the loop
   * closes it.
   */
  async *streamExecutionEvents(
    executionId: string,
    options: StreamOptions = {},
  ): AsyncGenerator<models.Event, void, undefined> {
    const limits = this.calls.limits(options);
    let seen = options.lastEventId;
    // It goes on for long: any number of faults, as long as it is not all the time.
    const { retry } = this.calls.patience;
    const lasting = retry.attempts === 1 ? retry : { ...retry, attempts: Infinity };
    const tries = new Tries(this.calls, streamRequest(executionId, seen), limits, lasting);
    for (;;) {
      const request = streamRequest(executionId, seen);
      const before = seen;
      try {
        for await (const event of this.#eventsOnce(request, limits)) {
          if (event === "end") return;
          if (seen !== undefined && event.seq <= seen) continue;
          seen = event.seq;
          tries.succeeded();
          yield event;
        }
        // A stopping server ends the stream like a finished execution: only asking again tells which.
        if (seen === before) await tries.failed(this.#ended(request));
      } catch (error) {
        await tries.failed(error);
      }
    }
  }

  #ended(request: Request): TransportError {
    return new TransportError(`${this.calls.transport.named(request)}: the stream has ended`);
  }

  /** What one connection brings, and `end` when there is nothing more to come. */
  async *#eventsOnce(
    request: Request,
    limits: Limits,
  ): AsyncGenerator<models.Event | "end", void, undefined> {
    const stream = await this.calls.open(request, limits);
    try {
      if (stream.status === 204) yield "end";
      const reader = new Reader();
      for (;;) {
        const chunk = await this.calls.within(request, limits, (limit) => stream.read(limit));
        if (chunk === undefined) return;
        for (const { data } of reader.feed(chunk)) yield parsed(shapes.EVENT, data);
      }
    } finally {
      stream.close();
    }
  }

  // Approvals.

  /** The newest request of an execution, or its newest under an own id. */
  async getExecutionApprovalStatus(
    nodeId: string,
    executionId: string,
    options: OwnIdOptions = {},
  ): Promise<models.ApprovalState> {
    const path = { node_id: nodeId, execution_id: executionId };
    const request = build("getExecutionApprovalStatus", { path, query: parameters(options) });
    return await this.calls.record(shapes.APPROVAL_STATE, request, this.calls.limits(options));
  }

  /**
   * Ask a person, without an execution.
   *
   * Until it expires (after `expiresInHours`, by default 72) the same id and content are the same request: a
   * process that runs again attaches to its question.
   *
   * @throws {RequestConflictError} the id stands for a question with other content.
   */
  async createApprovalRequest(
    request: models.ApprovalRequest,
    options: CallOptions = {},
  ): Promise<models.Approval> {
    const built = build("createApprovalRequest", { body: request });
    return await this.calls.record(shapes.APPROVAL, built, this.calls.limits(options));
  }

  /** One page of approval requests, newest first. */
  async listApprovalRequests(options: PageOptions & ApprovalFilter = {}): Promise<models.ApprovalList> {
    const request = build("listApprovalRequests", { query: parameters(options) });
    return await this.calls.record(shapes.APPROVAL_LIST, request, this.calls.limits(options));
  }

  /** A request as it is, or, with `waitSeconds`, once it is decided. `waitForApproval` waits for long. */
  async getApprovalRequest(id: string, options: HoldOptions = {}): Promise<models.Approval> {
    const { waitSeconds } = options;
    const request = build("getApprovalRequest", { path: { id }, query: { waitSeconds }, waitSeconds });
    return await this.calls.record(shapes.APPROVAL, request, this.calls.limits(options));
  }

  /** One page of a request's events, oldest first. */
  async listApprovalRequestEvents(id: string, options: PageOptions = {}): Promise<models.EventList> {
    const request = build("listApprovalRequestEvents", { path: { id }, query: parameters(options) });
    return await this.calls.record(shapes.EVENT_LIST, request, this.calls.limits(options));
  }

  /**
   * Decide a request. The reviewer is the owner of the key. The same decision again is `already_processed`.
   *
   * @throws {AlreadyDecidedError} another decision won; its `approval` says which.
   */
  async decideApprovalRequest(
    id: string,
    decision: models.NewDecision,
    options: CallOptions = {},
  ): Promise<models.DecisionReceipt> {
    const request = build("decideApprovalRequest", { path: { id }, body: decision });
    return await this.calls.record(shapes.DECISION_RECEIPT, request, this.calls.limits(options));
  }

  /**
   * Withdraw a request: whoever waits for it is told `error`.
   *
   * @throws {AlreadyDecidedError} somebody was faster.
   */
  async cancelApprovalRequest(
    id: string,
    cancellation: models.Cancellation = {},
    options: CallOptions = {},
  ): Promise<models.Approval> {
    const request = build("cancelApprovalRequest", { path: { id }, body: cancellation });
    return await this.calls.record(shapes.APPROVAL, request, this.calls.limits(options));
  }

  // Webhooks.

  /**
   * Hand in a signed decision, byte for byte as it was signed. Of `headers` those count that hold the signature.
   * `respond` makes one.
   */
  async receiveApprovalResponse(
    body: Uint8Array | string,
    headers: WebhookHeaders,
    options: CallOptions = {},
  ): Promise<models.DecisionReceipt> {
    const request = build("receiveApprovalResponse", { headers: signatureHeaders(headers), raw: body });
    return await this.calls.record(shapes.DECISION_RECEIPT, request, this.calls.limits(options));
  }

  /** One page of what the server has sent or is to send, newest first. For admins. */
  async listDeliveries(options: PageOptions & DeliveryFilter = {}): Promise<models.DeliveryList> {
    const request = build("listDeliveries", { query: parameters(options) });
    return await this.calls.record(shapes.DELIVERY_LIST, request, this.calls.limits(options));
  }

  /** Send a dead delivery again. For admins. */
  async retryDelivery(id: string, options: CallOptions = {}): Promise<models.Delivery> {
    const request = build("retryDelivery", { path: { id } });
    return await this.calls.record(shapes.DELIVERY, request, this.calls.limits(options));
  }

  // System.

  /** Whether the process answers. */
  async getHealth(options: CallOptions = {}): Promise<models.Health> {
    return await this.calls.record(shapes.HEALTH, build("getHealth"), this.calls.limits(options));
  }

  /** Whether the server can do its work. */
  async getReadiness(options: CallOptions = {}): Promise<models.Readiness> {
    return await this.calls.record(shapes.READINESS, build("getReadiness"), this.calls.limits(options));
  }

  /** The contract, as the server keeps it: YAML. */
  async getOpenapi(options: CallOptions = {}): Promise<string> {
    return await this.calls.text(build("getOpenapi"), this.calls.limits(options));
  }

  /** Metrics in the Prometheus text format. */
  async getMetrics(options: CallOptions = {}): Promise<string> {
    return await this.calls.text(build("getMetrics"), this.calls.limits(options));
  }
}

/** The options that the server is told: all but those of the call. */
function parameters({ signal, timeout, ...query }: CallOptions): Record<string, unknown> {
  return query;
}

function executeHeaders(options: ExecuteAsyncOptions): Record<string, string | undefined> {
  return {
    "Idempotency-Key": options.idempotencyKey ?? randomWord(),
    "X-Parent-Execution-ID": options.parentExecutionId,
  };
}

/** 128 random bits as text. `crypto.randomUUID` is not everywhere where this is. */
export function randomWord(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function signatureHeaders(headers: WebhookHeaders): Record<string, string> {
  const pairs = headers instanceof Headers ? [...headers] : Object.entries(headers);
  return Object.fromEntries(
    pairs
      .filter(([name, value]) => SIGNATURE_HEADERS.includes(name.toLowerCase()) && value !== undefined)
      .map(([name, value]) => [name, String(value)]),
  );
}

function streamRequest(executionId: string, seen: number | undefined): Request {
  return build("streamExecutionEvents", {
    path: { execution_id: executionId },
    headers: { "Last-Event-ID": seen === undefined ? undefined : String(seen) },
    waitSeconds: STREAM_SILENCE_SECONDS,
  });
}
