/** What an answer must have to be taken for what it should be: what the client itself goes by. */
import { isObject } from "./casing.js";
import type { Shape } from "./exchange.js";
import type * as models from "./models.js";

type Wire = Record<string, unknown>;

function isApproval(value: Wire): boolean {
  return texts(value, "id", "approval_request_id", "status") && optionalText(value, "decided_at");
}

function isExecution(value: Wire): boolean {
  return texts(value, "execution_id", "status") && optionalText(value, "completed_at");
}

function isEvent(value: Wire): boolean {
  return texts(value, "type", "hash") && Number.isSafeInteger(value["seq"]);
}

function texts(value: Wire, ...names: string[]): boolean {
  return names.every((name) => typeof value[name] === "string");
}

function optionalText(value: Wire, name: string): boolean {
  return value[name] === undefined || typeof value[name] === "string";
}

function shape<T>(name: string, fits: (value: Wire) => boolean): Shape<T> {
  return { name, fits };
}

function listOf<T>(name: string, fits: (row: Wire) => boolean): Shape<T> {
  return shape(name, ({ items, next_cursor }) => {
    const last = next_cursor === undefined || typeof next_cursor === "string";
    return last && Array.isArray(items) && items.every((row) => isObject(row) && fits(row));
  });
}

export const APPROVAL = shape<models.Approval>("Approval", isApproval);
export const APPROVAL_LIST = listOf<models.ApprovalList>("ApprovalList", isApproval);
export const APPROVAL_STATE = shape<models.ApprovalState>(
  "ApprovalState",
  (value) => texts(value, "status") && isObject(value["approval"]) && isApproval(value["approval"]),
);
export const DECISION_RECEIPT = shape<models.DecisionReceipt>(
  "DecisionReceipt",
  (value) => texts(value, "status") && isObject(value["approval"]) && isApproval(value["approval"]),
);
export const DELIVERY = shape<models.Delivery>("Delivery", (value) => texts(value, "id", "state"));
export const DELIVERY_LIST = listOf<models.DeliveryList>("DeliveryList", (row) => texts(row, "id", "state"));
export const EVENT = shape<models.Event>("Event", isEvent);
export const EVENT_LIST = listOf<models.EventList>("EventList", isEvent);
export const EXECUTION = shape<models.Execution>("Execution", isExecution);
export const EXECUTION_LIST = listOf<models.ExecutionList>("ExecutionList", isExecution);
export const HEALTH = shape<models.Health>("Health", (value) => texts(value, "status"));
export const NODE = shape<models.Node>("Node", (value) => texts(value, "node_id"));
export const NODE_LIST = listOf<models.NodeList>("NodeList", (row) => texts(row, "node_id"));
export const READINESS = shape<models.Readiness>("Readiness", (value) => texts(value, "status"));
export const STEP_LIST = listOf<models.StepList>("StepList", (row) => texts(row, "key", "kind"));
