/**
 * The contract's shapes as they are met in code: names in camelCase, times as text (RFC 3339, UTC).
 *
 * A word or a member that this version does not know stays in its place. User JSON (`input`, `result`,
 * `errorDetails`, `payload`, `response`, `content`) and the `data` of events are as they travel. JavaScript's
 * numbers hold no integer above 2^53 exactly, and its objects put keys like "10" first.
 */
import type { Camel } from "./casing.js";
import type * as wire from "./contract.gen.js";

export type {
  ApprovalStatus,
  ApprovalStatusFilter,
  Decision,
  DecisionReceiptStatus,
  DeliveryKind,
  DeliveryState,
  DeliveryStateFilter,
  ExecutionStatus,
  ExecutionStatusFilter,
  InstanceState,
  Outcome,
  PrincipalSource,
  ProblemCode,
  ReadinessStatus,
  StepKind,
} from "./contract.gen.js";

export interface Approval extends Camel<wire.Approval> {}
export interface ApprovalList extends Camel<wire.ApprovalList> {}
export interface ApprovalState extends Camel<wire.ApprovalState> {}
export interface Candidate extends Camel<wire.Candidate> {}
export interface DecisionReceipt extends Camel<wire.DecisionReceipt> {}
export interface Delivery extends Camel<wire.Delivery> {}
export interface DeliveryList extends Camel<wire.DeliveryList> {}
export interface Event extends Camel<wire.Event> {}
export interface EventHead extends Camel<wire.EventHead> {}
export interface EventList extends Camel<wire.EventList> {}
export interface Execution extends Camel<wire.Execution> {}
export interface ExecutionList extends Camel<wire.ExecutionList> {}
export interface Health extends Camel<wire.Health> {}
export interface Instance extends Camel<wire.Instance> {}
export interface Node extends Camel<wire.Node> {}
export interface NodeList extends Camel<wire.NodeList> {}
export interface Principal extends Camel<wire.Principal> {}
export interface Problem extends Camel<wire.Problem> {}
export interface ProblemError extends Camel<wire.ProblemError> {}
export interface Readiness extends Camel<wire.Readiness> {}
export interface ReadinessCheck extends Camel<wire.ReadinessCheck> {}
export interface Reasoner extends Camel<wire.Reasoner> {}
export interface Step extends Camel<wire.Step> {}
export interface StepList extends Camel<wire.StepList> {}

/** A question to a person. */
export interface ApprovalRequest extends Camel<wire.ApprovalRequest, undefined> {}
/** A reviewer's decision in a signed message, as `respond` sends it. */
export interface ApprovalResponse extends Camel<wire.ApprovalResponse, undefined> {}
export interface Cancellation extends Camel<wire.Cancellation, undefined> {}
export interface ExecuteRequest extends Camel<wire.ExecuteRequest, undefined> {}
export interface NewDecision extends Camel<wire.NewDecision, undefined> {}
