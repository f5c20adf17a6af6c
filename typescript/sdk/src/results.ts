import { ProtocolError } from "./errors.js";
import type { Approval, EventHead, Outcome, Principal } from "./models.js";

/**
 * The end of an approval request, as it comes back from `pause()` and `waitForApproval()`.
 *
 * Only `approved` is a yes: ask `.approved`, or compare `decision` with `"approved"`.
 */
export class ApprovalResult {
  /** `approved`, `rejected`, `request_changes`, `expired`, `error` (withdrawn), or a newer server's word. */
  readonly decision: Outcome;
  /** What the reviewer wrote; for `error` the reason. */
  readonly feedback: string | undefined;
  /** User JSON from the reviewer; undefined when none was given. */
  readonly response: unknown;
  /** Who decided; undefined when nobody did. */
  readonly reviewer: Principal | undefined;
  /** The request's `apr_` id. */
  readonly id: string;
  /** The asker's own id. */
  readonly approvalRequestId: string;
  /** Vouches for the events up to here. */
  readonly eventHead: EventHead;

  /** @throws {ProtocolError} the request has come to no end yet. */
  constructor(approval: Approval) {
    // Anything but text can be no decision, whatever it looks like.
    if (typeof approval.decision !== "string") {
      throw new ProtocolError(`${approval.id} is ${approval.status} and has no decision`);
    }
    this.decision = approval.decision;
    this.feedback = approval.decision === "error" ? approval.statusReason : approval.feedback;
    this.response = approval.response;
    this.reviewer = approval.reviewer;
    this.id = approval.id;
    this.approvalRequestId = approval.approvalRequestId;
    this.eventHead = approval.eventHead;
  }

  /** Somebody said yes. */
  get approved(): boolean {
    return this.decision === "approved";
  }

  /** Somebody said no. */
  get rejected(): boolean {
    return this.decision === "rejected";
  }

  /** Somebody wants something changed first; `feedback` says what. */
  get changesRequested(): boolean {
    return this.decision === "request_changes";
  }

  /** Nobody answered in time. */
  get expired(): boolean {
    return this.decision === "expired";
  }

  /** The request was taken back or its execution ended; `feedback` is the reason, if any. */
  get withdrawn(): boolean {
    return this.decision === "error";
  }
}

/** Whether the request has come to an end, whichever. */
export function isDecided(approval: Approval): boolean {
  return approval.decidedAt !== undefined;
}
