/** `@signoff/sdk`: pause a program until a person has said yes, no, or change this. */
export type { CallOptions } from "./calls.js";
export { type OfExecution, type RespondOptions, SignoffClient } from "./client.js";
export { type Clock, systemClock } from "./clock.js";
export type { ClientOptions } from "./connecting.js";
export * from "./errors.js";
export type * from "./models.js";
export type {
  ApprovalFilter,
  DeliveryFilter,
  ExecuteAsyncOptions,
  ExecuteOptions,
  ExecutionFilter,
  HoldOptions,
  OwnIdOptions,
  PageOptions,
  StreamOptions,
} from "./operations.js";
export { ApprovalResult } from "./results.js";
export { DEFAULT_RETRY, FOREVER, ONCE, type Retry } from "./retries.js";
export type { Fetch } from "./transport.js";
export * from "./webhook.js";
