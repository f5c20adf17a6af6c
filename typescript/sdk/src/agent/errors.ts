/**
 * What goes wrong in an agent, apart from what the server says.
 *
 *     SignoffError
 *     └── AgentError
 *         ├── NondeterministicReplayError   a later attempt took another way than the recorded one
 *         ├── StepFailedError               an earlier attempt recorded this step as failed
 *         ├── CallFailedError               a called execution ended otherwise than by success
 *         ├── RunStoppedError               the run was cancelled
 *         └── AgentNotRunningError          the agent is not served
 */
import { SignoffError } from "../errors.js";
import type { Execution } from "../models.js";

/** What goes wrong in an agent, apart from what the server says. */
export class AgentError extends SignoffError {
  override name = "AgentError";
}

/** A later attempt came to a recorded step or question with something else in hand. */
export class NondeterministicReplayError extends AgentError {
  override name = "NondeterministicReplayError";
  readonly code = "nondeterministic_replay";
  /** What the earlier attempt left there. */
  readonly recorded: string;
  /** What this attempt brought. */
  readonly met: string;

  constructor(recorded: string, met: string, options: ErrorOptions = {}) {
    super(
      `nondeterministic_replay: recorded is ${recorded}, this attempt came with ${met}; ` +
        "a reasoner must take the same way every time it gets the same input",
      options,
    );
    this.recorded = recorded;
    this.met = met;
  }
}

/** An earlier attempt recorded this step as failed. */
export class StepFailedError extends AgentError {
  override name = "StepFailedError";
  readonly key: string;
  /** Its name and message. */
  readonly error: string;

  constructor(key: string, error: string) {
    super(`${key} failed: ${error}`);
    this.key = key;
    this.error = error;
  }
}

/** A called execution ended otherwise than by success. */
export class CallFailedError extends AgentError {
  override name = "CallFailedError";
  readonly target: string;
  /** How it ended, in words. */
  readonly error: string;
  /** The execution as it ended; undefined when an earlier attempt recorded it. */
  readonly execution: Execution | undefined;

  constructor(target: string, error: string, execution?: Execution) {
    super(`${target} ${error}`);
    this.target = target;
    this.error = error;
    this.execution = execution;
  }
}

/** The run was cancelled: what it awaits from its context is not coming. It is the reason of `ctx.signal` too. */
export class RunStoppedError extends AgentError {
  override name = "RunStoppedError";
}

/** The agent is not served, or does not know under which URL. */
export class AgentNotRunningError extends AgentError {
  override name = "AgentNotRunningError";
}
