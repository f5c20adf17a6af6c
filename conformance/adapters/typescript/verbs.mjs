/** The verbs of the SDK by their names in the protocol, and how each type is read and written. */
import { SignoffClient } from "@signoff/sdk";
import { taken } from "./words.mjs";

const PAGE = ["limit", "cursor"];
const QUESTION = [
  "approval_request_id",
  "approval_request_url",
  "title",
  "description",
  "payload",
  "expires_in_hours",
];
const EXECUTION = ["input", "timeout_seconds", "max_attempts", "webhook"];
const APPROVALS = [
  "approval_request_id",
  "execution_id",
  "status",
  "node_id",
  "reviewer",
  "decided_after",
  "decided_before",
];
const DECISION = ["decision", "feedback", "response"];

async function collected(rows) {
  const items = [];
  for await (const row of rows) items.push(row);
  return { items };
}

/** What people ask of a result, and what it holds. */
function told(result) {
  const { approved, rejected, changesRequested, expired, withdrawn } = result;
  return { ...result, approved, rejected, changesRequested, expired, withdrawn };
}

const limited = ({ timeoutMs, ...rest }, signal) => ({ ...rest, signal, timeout: timeoutMs });

export const verbs = {
  listNodes: (c, a, signal) => c.listNodes({ ...taken(a, ...PAGE), signal }),
  iterNodes: (c, a, signal) => collected(c.iterNodes({ ...taken(a), signal })),
  getNode: (c, a, signal) => c.getNode(taken(a, "node_id").nodeId, { signal }),
  execute(c, a, signal) {
    const names = ["target", "wait_seconds", "idempotency_key", "parent_execution_id"];
    const { target, waitSeconds, idempotencyKey, parentExecutionId, ...execution } = taken(
      a,
      ...names,
      ...EXECUTION,
    );
    return c.execute(target, execution, { waitSeconds, idempotencyKey, parentExecutionId, signal });
  },
  executeAsync(c, a, signal) {
    const names = ["target", "idempotency_key", "parent_execution_id"];
    const { target, idempotencyKey, parentExecutionId, ...execution } = taken(a, ...names, ...EXECUTION);
    return c.executeAsync(target, execution, { idempotencyKey, parentExecutionId, signal });
  },
  listExecutions: (c, a, signal) =>
    c.listExecutions({ ...taken(a, ...PAGE, "status", "node_id", "run_id"), signal }),
  iterExecutions: (c, a, signal) =>
    collected(c.iterExecutions({ ...taken(a, "status", "node_id", "run_id"), signal })),
  getExecution(c, a, signal) {
    const { executionId, waitSeconds } = taken(a, "execution_id", "wait_seconds");
    return c.getExecution(executionId, { waitSeconds, signal });
  },
  waitForExecution(c, a, signal) {
    const { executionId, ...rest } = taken(a, "execution_id", "timeout_ms");
    return c.waitForExecution(executionId, limited(rest, signal));
  },
  cancelExecution(c, a, signal) {
    const { executionId, reason } = taken(a, "execution_id", "reason");
    return c.cancelExecution(executionId, { reason }, { signal });
  },
  listSteps(c, a, signal) {
    const { executionId, ...page } = taken(a, "execution_id", ...PAGE);
    return c.listSteps(executionId, { ...page, signal });
  },
  iterSteps: (c, a, signal) => collected(c.iterSteps(taken(a, "execution_id").executionId, { signal })),
  listExecutionEvents(c, a, signal) {
    const { executionId, ...page } = taken(a, "execution_id", ...PAGE);
    return c.listExecutionEvents(executionId, { ...page, signal });
  },
  iterExecutionEvents: (c, a, signal) =>
    collected(c.iterExecutionEvents(taken(a, "execution_id").executionId, { signal })),
  streamExecutionEvents(c, a, signal) {
    const { executionId, lastEventId } = taken(a, "execution_id", "last_event_id");
    return collected(c.streamExecutionEvents(executionId, { lastEventId, signal }));
  },
  getExecutionApprovalStatus(c, a, signal) {
    const { nodeId, executionId, ...rest } = taken(a, "node_id", "execution_id", "approval_request_id");
    return c.getExecutionApprovalStatus(nodeId, executionId, { ...rest, signal });
  },
  createApprovalRequest: (c, a, signal) => c.createApprovalRequest(taken(a, ...QUESTION), { signal }),
  requestApproval: (c, a, signal) => c.requestApproval(taken(a, ...QUESTION), { signal }),
  async pause(c, a, signal) {
    const { timeoutMs, ...question } = taken(a, ...QUESTION, "timeout_ms");
    return told(await c.pause(question, limited({ timeoutMs }, signal)));
  },
  async waitForApproval(c, a, signal) {
    const { id, ...rest } = taken(a, "id", "execution_id", "timeout_ms");
    return told(await c.waitForApproval(id, limited(rest, signal)));
  },
  findApprovalRequest(c, a, signal) {
    const { approvalRequestId, executionId } = taken(a, "approval_request_id", "execution_id");
    return c.findApprovalRequest(approvalRequestId, { executionId, signal });
  },
  listApprovalRequests: (c, a, signal) =>
    c.listApprovalRequests({ ...taken(a, ...PAGE, ...APPROVALS), signal }),
  iterApprovalRequests: (c, a, signal) =>
    collected(c.iterApprovalRequests({ ...taken(a, ...APPROVALS), signal })),
  getApprovalRequest(c, a, signal) {
    const { id, waitSeconds } = taken(a, "id", "wait_seconds");
    return c.getApprovalRequest(id, { waitSeconds, signal });
  },
  listApprovalRequestEvents(c, a, signal) {
    const { id, ...page } = taken(a, "id", ...PAGE);
    return c.listApprovalRequestEvents(id, { ...page, signal });
  },
  iterApprovalRequestEvents: (c, a, signal) =>
    collected(c.iterApprovalRequestEvents(taken(a, "id").id, { signal })),
  decideApprovalRequest(c, a, signal) {
    const { id, ...decision } = taken(a, "id", ...DECISION);
    return c.decideApprovalRequest(id, decision, { signal });
  },
  decide(c, a, signal) {
    const { id, executionId, ...decision } = taken(a, "id", "execution_id", ...DECISION);
    return c.decide(id, decision, { executionId, signal });
  },
  cancelApprovalRequest(c, a, signal) {
    const { id, reason } = taken(a, "id", "reason");
    return c.cancelApprovalRequest(id, { reason }, { signal });
  },
  receiveApprovalResponse(c, a, signal) {
    const { body, headers } = taken(a, "body", "headers");
    return c.receiveApprovalResponse(body, headers, { signal });
  },
  respond(c, a, signal) {
    const names = ["request_id", "reviewer", "execution_id", "secret", "patience_ms"];
    const { secret, patienceMs, ...response } = taken(a, ...names, ...DECISION);
    return c.respond(response, { secret, patience: patienceMs, signal });
  },
  listDeliveries: (c, a, signal) =>
    c.listDeliveries({ ...taken(a, ...PAGE, "state", "execution_id"), signal }),
  iterDeliveries: (c, a, signal) =>
    collected(c.iterDeliveries({ ...taken(a, "state", "execution_id"), signal })),
  retryDelivery: (c, a, signal) => c.retryDelivery(taken(a, "id").id, { signal }),
  getHealth: (c, a, signal) => c.getHealth({ ...taken(a), signal }),
  getReadiness: (c, a, signal) => c.getReadiness({ ...taken(a), signal }),
  getOpenapi: (c, a, signal) => c.getOpenapi({ ...taken(a), signal }),
  getMetrics: (c, a, signal) => c.getMetrics({ ...taken(a), signal }),
};

/** The types have no reader of their own: an answer is read by the verb that gets it. */
const answered = (read) => (text) =>
  read(new SignoffClient({ fetch: async () => new Response(text, { status: 200 }) }));

export const codecs = {
  Approval: answered((c) => c.getApprovalRequest("apr_1")),
  ApprovalList: answered((c) => c.listApprovalRequests()),
  ApprovalState: answered((c) => c.getExecutionApprovalStatus("n", "exec_1")),
  DecisionReceipt: answered((c) => c.decideApprovalRequest("apr_1", { decision: "approved" })),
  Delivery: answered((c) => c.retryDelivery("msg_1")),
  DeliveryList: answered((c) => c.listDeliveries()),
  EventList: answered((c) => c.listExecutionEvents("exec_1")),
  Execution: answered((c) => c.getExecution("exec_1")),
  ExecutionList: answered((c) => c.listExecutions()),
  Health: answered((c) => c.getHealth()),
  Node: answered((c) => c.getNode("n")),
  NodeList: answered((c) => c.listNodes()),
  Readiness: answered((c) => c.getReadiness()),
  StepList: answered((c) => c.listSteps("exec_1")),
  async Problem(text) {
    const fetch = async () => new Response(text, { status: 400 });
    return await new SignoffClient({ fetch }).getHealth().catch((error) => error.problem);
  },
};

/** What agents call, and types that no answer to a client is. */
export const LACKS = [
  "registerNode",
  "heartbeatNode",
  "shutdownNode",
  "reportExecutionStatus",
  "addNote",
  "recordStep",
  "appendExecutionEvent",
  "requestExecutionApproval",
  "codec.ExecutionStatus",
  "codec.ExecutionStatusFilter",
  "codec.ReportedStatus",
  "codec.ApprovalStatus",
  "codec.ApprovalStatusFilter",
  "codec.Decision",
  "codec.Outcome",
  "codec.DecisionReceiptStatus",
  "codec.PrincipalSource",
  "codec.StepKind",
  "codec.NewStepKind",
  "codec.InstanceState",
  "codec.DeliveryKind",
  "codec.DeliveryState",
  "codec.DeliveryStateFilter",
  "codec.ReadinessStatus",
  "codec.ProblemCode",
  "codec.Features",
  "codec.NewReasoner",
  "codec.NodeRegistration",
  "codec.NodeRegistered",
  "codec.InHand",
  "codec.Heartbeat",
  "codec.HeartbeatReceipt",
  "codec.NodeShutdown",
  "codec.Reasoner",
  "codec.Instance",
  "codec.ExecutionWebhook",
  "codec.ExecuteRequest",
  "codec.EventHead",
  "codec.StatusReport",
  "codec.Cancellation",
  "codec.Note",
  "codec.StepRecord",
  "codec.Step",
  "codec.Principal",
  "codec.NewEvent",
  "codec.Event",
  "codec.ApprovalRequest",
  "codec.ExecutionApprovalRequest",
  "codec.NewDecision",
  "codec.ReviewerClaim",
  "codec.ApprovalResponse",
  "codec.DispatchReceipt",
  "codec.CancelNotice",
  "codec.ApprovalCallback",
  "codec.CallbackReceipt",
  "codec.ApprovalNotification",
  "codec.ExecutionNotification",
  "codec.ReadinessCheck",
  "codec.Candidate",
  "codec.ProblemError",
];
