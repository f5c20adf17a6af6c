/**
 * The operations that this client has: where each is, and when a request may be sent again. One row per
 * operationId, in the contract's order. A test compares the table with `openapi.yaml`.
 *
 * A repeat is safe where the contract says so: then whatever was lost is sent again. Where it is not, a request is
 * sent again only when it never left this machine.
 */

/** What makes a second request harmless: the operation itself, the header of that name, or nothing. */
export type Repeat = "always" | "Idempotency-Key" | "never";

export interface Route {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
  readonly repeat: Repeat;
}

function get(path: string): Route {
  return { method: "GET", path: `/api/v1${path}`, repeat: "always" };
}

function post(path: string, repeat: Repeat = "always"): Route {
  return { method: "POST", path: `/api/v1${path}`, repeat };
}

export const ROUTES = {
  listNodes: get("/nodes"),
  getNode: get("/nodes/{node_id}"),
  execute: post("/execute/{target}", "Idempotency-Key"),
  executeAsync: post("/execute/async/{target}", "Idempotency-Key"),
  listExecutions: get("/executions"),
  getExecution: get("/executions/{execution_id}"),
  cancelExecution: post("/executions/{execution_id}/cancel"),
  listSteps: get("/executions/{execution_id}/steps"),
  listExecutionEvents: get("/executions/{execution_id}/events"),
  streamExecutionEvents: get("/executions/{execution_id}/events/stream"),
  getExecutionApprovalStatus: get("/agents/{node_id}/executions/{execution_id}/approval-status"),
  createApprovalRequest: post("/approval-requests"),
  listApprovalRequests: get("/approval-requests"),
  getApprovalRequest: get("/approval-requests/{id}"),
  listApprovalRequestEvents: get("/approval-requests/{id}/events"),
  decideApprovalRequest: post("/approval-requests/{id}/decision"),
  cancelApprovalRequest: post("/approval-requests/{id}/cancel"),
  receiveApprovalResponse: post("/webhooks/approval-response"),
  listDeliveries: get("/deliveries"),
  retryDelivery: post("/deliveries/{id}/retry", "never"),
  getHealth: get("/health"),
  getReadiness: get("/ready"),
  getOpenapi: get("/openapi.yaml"),
  getMetrics: get("/metrics"),
} as const satisfies Record<string, Route>;

export type Operation = keyof typeof ROUTES;
