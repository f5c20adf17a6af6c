/** The operations of the contract that are for agents: one method each, in its order and under its names. */
import type { CallOptions } from "../calls.js";
import type { Camel } from "../casing.js";
import type * as wire from "../contract.gen.js";
import { build, type Shape } from "../exchange.js";
import type * as models from "../models.js";
import { Operations } from "../operations.js";
import type { Route } from "../routes.js";
import * as shapes from "../shapes.js";

export type NodeRegistration = Camel<wire.NodeRegistration, undefined>;
export type NodeRegistered = Camel<wire.NodeRegistered>;
export type Heartbeat = Camel<wire.Heartbeat, undefined>;
export type HeartbeatReceipt = Camel<wire.HeartbeatReceipt>;
export type NodeShutdown = Camel<wire.NodeShutdown, undefined>;
export type StatusReport = Camel<wire.StatusReport, undefined>;
export type StepRecord = Camel<wire.StepRecord, undefined>;
export type Note = Camel<wire.Note, undefined>;
export type NewEvent = Camel<wire.NewEvent, undefined>;
export type ExecutionApprovalRequest = Camel<wire.ExecutionApprovalRequest, undefined>;

function always(method: Route["method"], path: string): Route {
  return { method, path: `/api/v1${path}`, repeat: "always" };
}

/** Where each is. What agents say may be said again: notes and events have a key. */
export const AGENT_ROUTES = {
  registerNode: always("POST", "/nodes/register"),
  heartbeatNode: always("POST", "/nodes/{node_id}/heartbeat"),
  shutdownNode: always("POST", "/nodes/{node_id}/shutdown"),
  reportExecutionStatus: always("POST", "/executions/{execution_id}/status"),
  addNote: always("POST", "/executions/note"),
  recordStep: always("PUT", "/executions/{execution_id}/steps/{step_key}"),
  appendExecutionEvent: always("POST", "/executions/{execution_id}/events"),
  requestExecutionApproval: always("POST", "/agents/{node_id}/executions/{execution_id}/request-approval"),
} as const satisfies Record<string, Route>;

const REGISTERED: Shape<NodeRegistered> = {
  name: "NodeRegistered",
  fits: ({ webhook_secret, heartbeat_seconds }) =>
    typeof webhook_secret === "string" && typeof heartbeat_seconds === "number",
};

const RECEIPT: Shape<HeartbeatReceipt> = {
  name: "HeartbeatReceipt",
  fits: ({ resync }) => typeof resync === "boolean",
};

const STEP: Shape<models.Step> = {
  name: "Step",
  fits: ({ key, input_sha256 }) => typeof key === "string" && typeof input_sha256 === "string",
};

/** One method per operation. An `executionId` here is the attempt id. */
export class AgentOperations extends Operations {
  /** Register an instance of a node. */
  async registerNode(node: NodeRegistration, options: CallOptions = {}): Promise<NodeRegistered> {
    const request = build(AGENT_ROUTES.registerNode, { body: node });
    return await this.calls.record(REGISTERED, request, this.calls.limits(options));
  }

  /** Keep an instance's leases. @throws {NotFoundError} register again. */
  async heartbeatNode(
    nodeId: string,
    heartbeat: Heartbeat,
    options: CallOptions = {},
  ): Promise<HeartbeatReceipt> {
    const request = build(AGENT_ROUTES.heartbeatNode, { path: { node_id: nodeId }, body: heartbeat });
    return await this.calls.record(RECEIPT, request, this.calls.limits(options));
  }

  /** Say that an instance is going away. */
  async shutdownNode(
    nodeId: string,
    shutdown: NodeShutdown,
    options: CallOptions = {},
  ): Promise<models.Node> {
    const request = build(AGENT_ROUTES.shutdownNode, { path: { node_id: nodeId }, body: shutdown });
    return await this.calls.record(shapes.NODE, request, this.calls.limits(options));
  }

  /** Report the end of an attempt. */
  async reportExecutionStatus(
    executionId: string,
    report: StatusReport,
    options: CallOptions = {},
  ): Promise<models.Execution> {
    const path = { execution_id: executionId };
    const request = build(AGENT_ROUTES.reportExecutionStatus, { path, body: report });
    return await this.calls.record(shapes.EXECUTION, request, this.calls.limits(options));
  }

  /** Add a note to an execution. */
  async addNote(executionId: string, note: Note, options: CallOptions = {}): Promise<models.Event> {
    const headers = { "X-Execution-ID": executionId };
    const request = build(AGENT_ROUTES.addNote, { headers, body: note });
    return await this.calls.record(shapes.EVENT, request, this.calls.limits(options));
  }

  /** Record the result of a step; the first one stays. @throws {StepConflictError} it had another input. */
  async recordStep(
    executionId: string,
    stepKey: string,
    step: StepRecord,
    options: CallOptions = {},
  ): Promise<models.Step> {
    const path = { execution_id: executionId, step_key: stepKey };
    const request = build(AGENT_ROUTES.recordStep, { path, body: step });
    return await this.calls.record(STEP, request, this.calls.limits(options));
  }

  /** Append an `agent.*` event. */
  async appendExecutionEvent(
    executionId: string,
    event: NewEvent,
    options: CallOptions = {},
  ): Promise<models.Event> {
    const path = { execution_id: executionId };
    const request = build(AGENT_ROUTES.appendExecutionEvent, { path, body: event });
    return await this.calls.record(shapes.EVENT, request, this.calls.limits(options));
  }

  /** Ask a person, from within an execution. @throws {RequestConflictError} an earlier attempt asked otherwise. */
  async requestExecutionApproval(
    nodeId: string,
    executionId: string,
    approval: ExecutionApprovalRequest,
    options: CallOptions = {},
  ): Promise<models.Approval> {
    const path = { node_id: nodeId, execution_id: executionId };
    const request = build(AGENT_ROUTES.requestExecutionApproval, { path, body: approval });
    return await this.calls.record(shapes.APPROVAL, request, this.calls.limits(options));
  }
}
