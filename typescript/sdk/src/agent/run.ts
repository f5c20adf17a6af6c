/** `Run`: what a reasoner is given beside its input. */
import type { ApprovalRequest } from "../models.js";
import type { ApprovalResult } from "../results.js";
import type { Attempt } from "./attempt.js";
import { call } from "./calls.js";
import { type PauseOptions, pause, waitForResume } from "./pauses.js";
import { runStep, type StepName } from "./steps.js";

/**
 * One attempt of one execution. What its verbs did is recorded: a later attempt, in whatever process, gets the
 * recorded results and goes on where this one stopped.
 *
 * When the run is cancelled, `signal` aborts and the verbs reject with `RunStoppedError`. When it goes on in another
 * process (this one shuts down, or has suspended it), `signal` aborts and the verbs come to nothing: no `catch`
 * takes a shutdown for an answer.
 */
export class Run {
  readonly #attempt: Attempt;

  /** @internal */
  constructor(attempt: Attempt) {
    this.#attempt = attempt;
  }

  /** The node that runs it. */
  get nodeId(): string {
    return this.#attempt.identity.nodeId;
  }

  /** What everybody but the agent calls it: `exec_…`, the same in all attempts. */
  get executionId(): string {
    return this.#attempt.identity.executionId;
  }

  /** What the agent calls it: `exec_…`, and from the second attempt on `exec_…~2`. */
  get attemptId(): string {
    return this.#attempt.identity.attemptId;
  }

  /** Which attempt this is, from 1. */
  get attempt(): number {
    return this.#attempt.identity.attempt;
  }

  /** The tree of calls that it belongs to: `run_…`. */
  get runId(): string {
    return this.#attempt.identity.runId;
  }

  /** Aborts when the run is cancelled or goes on elsewhere: give it to what takes long. */
  get signal(): AbortSignal {
    return this.#attempt.signal;
  }

  /**
   * Ask a person and wait for the answer, over any restart of anything.
   *
   * `timeout` (milliseconds) ends the wait of this process, and then the question is withdrawn. By default it waits
   * until the question is decided or expires (`expiresInHours`, by default 72).
   *
   * @returns the decision: `approved`, `rejected`, `request_changes`, `expired`, or `error` when the question was
   *   withdrawn. Only `.approved` is a yes.
   * @throws {PauseTimeoutError} `timeout` is over; the question is withdrawn.
   * @throws {NondeterministicReplayError} an earlier attempt asked something else here.
   * @throws {ApiError} the control plane refused the question.
   *
   * Source: requestExecutionApproval.
   */
  pause(request: ApprovalRequest, options: PauseOptions = {}): Promise<ApprovalResult> {
    return this.#attempt.verb(() => pause(this.#attempt, request, options));
  }

  /**
   * The answer to a question that this execution has asked before; waits while it is pending. Undefined at once
   * when it has asked none under that id. Never asks, and records nothing.
   *
   * @throws {WaitTimeoutError} `timeout` milliseconds are over; the question stays pending.
   *
   * Source: getExecutionApprovalStatus.
   */
  waitForResume(approvalRequestId: string, options: PauseOptions = {}): Promise<ApprovalResult | undefined> {
    return this.#attempt.verb(() => waitForResume(this.#attempt, approvalRequestId, options));
  }

  /**
   * Run a reasoner of any node, `"node.reasoner"`, and wait for its result. A later attempt gets the first child's.
   *
   * @throws {CallFailedError} the child ended otherwise than by success.
   * @throws {UnknownTargetError} there is no such reasoner.
   * @throws {TypeError} the input is nothing that JSON can hold.
   *
   * Source: executeAsync, getExecution.
   */
  call<Result = unknown>(target: string, input: object = {}): Promise<Result> {
    return this.#attempt.verb(async () => (await call(this.#attempt, target, input)) as Result);
  }

  /**
   * Do a piece of work once, whatever attempt this is: `await run.step("name", work, ...args)`.
   *
   * The result is recorded before it is returned, and returned as JSON keeps it, in the first attempt too: a `Date`
   * is text, `undefined` is null. A crash between the work and its record repeats this one piece.
   *
   * @param name 1 to 150 of `A-Z a-z 0-9 . _ ~ -`; with a `key`, steps of one name that run side by side are told
   *   apart.
   * @throws what `work` throws; later attempts get a built-in error as such and {StepFailedError} for others.
   * @throws {NondeterministicReplayError} it was recorded with other arguments.
   * @throws {TypeError} the name does not fit, or the arguments or the result are nothing that JSON can hold.
   *
   * Source: recordStep.
   */
  step<Args extends unknown[], Result>(
    name: string | StepName,
    work: (...args: Args) => Result | Promise<Result>,
    ...args: Args
  ): Promise<Result> {
    return this.#attempt.verb(() => runStep(this.#attempt, name, work, args));
  }

  /**
   * Leave a remark in the run's history. Not awaited: sent in order in the background, before the run's end is
   * reported. A later attempt that says the same again adds nothing.
   *
   * Source: addNote.
   */
  note(message: string, options: { tags?: readonly string[] | undefined } = {}): void {
    if (!this.#attempt.signal.aborted) this.#attempt.means.notes.add(message, options.tags ?? []);
  }
}
