/** Ask a person and wait for the answer, in one call; or attach to a question asked before. */
import { isFault } from "../calls.js";
import { checkedSpan } from "../clock.js";
import {
  AlreadyDecidedError,
  NotFoundError,
  PauseTimeoutError,
  RequestConflictError,
  WaitTimeoutError,
} from "../errors.js";
import { ownId } from "../exchange.js";
import type { Approval, ApprovalRequest } from "../models.js";
import { ApprovalResult, isDecided } from "../results.js";
import { LONGEST_WITHDRAWAL } from "../retries.js";
import type { Attempt } from "./attempt.js";
import { NondeterministicReplayError } from "./errors.js";

/** How long a pause waits. */
export interface PauseOptions {
  /** Milliseconds that this process waits for the answer; by default until it is decided or expires. */
  timeout?: number | undefined;
}

/** Store the question, wait for the answer. See `Run.pause`. */
export async function pause(
  attempt: Attempt,
  request: ApprovalRequest,
  options: PauseOptions,
): Promise<ApprovalResult> {
  const timeout = checked(options);
  const stepKey = `pause.${attempt.next("pause")}`;
  const approval = await asked(attempt, request, stepKey);
  if (isDecided(approval)) return new ApprovalResult(approval);
  return (await answer(attempt, approval.id, timeout)) ?? (await withdrawn(attempt, approval, timeout));
}

/** Attach to this execution's question of that id. See `Run.waitForResume`. */
export async function waitForResume(
  attempt: Attempt,
  approvalRequestId: string,
  options: PauseOptions,
): Promise<ApprovalResult | undefined> {
  const timeout = checked(options);
  ownId(approvalRequestId);
  const found = await newest(attempt, approvalRequestId);
  if (found === undefined) return undefined;
  if (isDecided(found)) return new ApprovalResult(found);
  const result = await answer(attempt, found.id, timeout);
  if (result !== undefined) return result;
  const message = `no decision on ${approvalRequestId} within ${timeout} ms; it stays pending`;
  throw new WaitTimeoutError(message, { id: found.id });
}

function checked({ timeout = Infinity }: PauseOptions): number {
  return checkedSpan("timeout", timeout);
}

async function asked(attempt: Attempt, request: ApprovalRequest, stepKey: string): Promise<Approval> {
  const { identity, means, signal } = attempt;
  try {
    return await attempt.heard(() =>
      means.operations.requestExecutionApproval(
        identity.nodeId,
        identity.attemptId,
        { ...request, stepKey },
        { signal },
      ),
    );
  } catch (error) {
    if (!(error instanceof RequestConflictError)) throw error;
    const id = error.approval?.approvalRequestId ?? request.approvalRequestId;
    const met = `one that differs (${error.detail})`;
    throw new NondeterministicReplayError(`the question '${id}' at ${stepKey}`, met, { cause: error });
  }
}

async function newest(attempt: Attempt, approvalRequestId: string): Promise<Approval | undefined> {
  const { identity, means, signal } = attempt;
  const options = { approvalRequestId, signal };
  try {
    const { nodeId, attemptId } = identity;
    const asking = () => means.operations.getExecutionApprovalStatus(nodeId, attemptId, options);
    return (await attempt.heard(asking)).approval;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

/** What a person says; undefined when the time is over. */
async function answer(attempt: Attempt, id: string, timeout: number): Promise<ApprovalResult | undefined> {
  const early = attempt.waiters.early(id);
  if (early !== undefined) return early;
  return await attempt.park(id, timeout === Infinity, () => heard(attempt, id, timeout));
}

async function heard(attempt: Attempt, id: string, timeout: number): Promise<ApprovalResult | undefined> {
  const { signal, waiters, means } = attempt;
  signal.throwIfAborted();
  const ends: Array<() => void> = [];
  try {
    return await new Promise((resolve, reject) => {
      const stop = (): void => reject(signal.reason);
      signal.addEventListener("abort", stop, { once: true });
      ends.push(() => signal.removeEventListener("abort", stop), waiters.wait(id, resolve));
      if (timeout !== Infinity) ends.push(means.clock.alarm(timeout, () => resolve(undefined)));
    });
  } finally {
    for (const end of ends) end();
  }
}

/** The local time is over: take the question back, unless it was answered just now. */
async function withdrawn(attempt: Attempt, approval: Approval, timeout: number): Promise<ApprovalResult> {
  const { id, approvalRequestId } = approval;
  const message = `no decision on ${approvalRequestId} within ${timeout} ms`;
  const { operations } = attempt.means;
  try {
    const limits = { signal: attempt.signal, timeout: LONGEST_WITHDRAWAL };
    await operations.cancelApprovalRequest(id, { reason: "pause timed out" }, limits);
  } catch (error) {
    if (error instanceof AlreadyDecidedError && error.approval !== undefined && isDecided(error.approval)) {
      return new ApprovalResult(error.approval);
    }
    if (!isFault(error) && !(error instanceof WaitTimeoutError)) throw error;
    throw new PauseTimeoutError(`${message}, and the server could not be told to withdraw it`, {
      id,
      withdrawn: false,
      cause: error,
    });
  }
  throw new PauseTimeoutError(`${message}; it is withdrawn`, { id, withdrawn: true });
}
