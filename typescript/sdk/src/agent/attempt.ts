/** One attempt in hand: what the verbs of `Run` work on. */
import type { Clock } from "../clock.js";
import { ExecutionFinishedError, type RefusedError, StaleAttemptError } from "../errors.js";
import type { Step } from "../models.js";
import { shared } from "../signals.js";
import { RunStoppedError } from "./errors.js";
import type { Notes } from "./notes.js";
import type { AgentOperations } from "./operations.js";
import { Waiters } from "./waiters.js";

/** Who an attempt is. */
export interface Identity {
  readonly nodeId: string;
  /** What everybody but the agent calls it. */
  readonly executionId: string;
  /** What the agent calls it: `exec_…~2`. */
  readonly attemptId: string;
  /** From 1. */
  readonly attempt: number;
  readonly runId: string;
}

/** What an attempt works with. */
export interface Means {
  readonly operations: AgentOperations;
  readonly clock: Clock;
  readonly notes: Notes;
  /** Aborts when the process has no more time for anything. */
  readonly ending: AbortSignal;
}

/** `exec_…~2` is attempt 2 of `exec_…`; without a suffix it is the first. */
export function attemptNumber(attemptId: string): { executionId: string; attempt: number } {
  const [executionId = "", number = ""] = attemptId.split("~", 2);
  return { executionId, attempt: /^\d+$/.test(number) ? Number(number) : 1 };
}

/** A verb that waits for somebody else: for the request or the execution with that id. */
interface Park {
  readonly id: string;
  /** A person is waited for, without a time-out: another process could do that as well. */
  patient: boolean;
}

/** One attempt of one execution, from its dispatch to its report. */
export class Attempt {
  readonly identity: Identity;
  readonly means: Means;
  readonly waiters = new Waiters();
  /** The steps of earlier attempts and of this one, by key. */
  readonly recorded = new Map<string, Step>();
  /** Steps that are being done or recorded. */
  working = 0;
  /** Set once the run goes on elsewhere: nothing that it awaits comes any more, and no `catch` sees why. */
  moved = false;
  /** Told whenever the run may have come to rest, or gone on. */
  onChange: () => void = () => {};
  /** Told when the control plane says that this attempt is none any more. */
  onOver: (why: RefusedError) => void = () => {};
  readonly #counts = new Map<string, number>();
  readonly #controller = new AbortController();
  readonly #parks = new Set<Park>();
  #verbs = 0;

  constructor(identity: Identity, means: Means) {
    this.identity = identity;
    this.means = means;
    shared(this.signal);
  }

  /** Aborts when the run is cancelled or goes on elsewhere. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether it waits for somebody else. */
  get parked(): boolean {
    return this.#parks.size > 0;
  }

  /** Whether all that its verbs are at is waiting for people, without a time-out. */
  get resting(): boolean {
    const patient = [...this.#parks].filter((park) => park.patient).length;
    return patient > 0 && patient === this.#verbs;
  }

  /** The ids that it waits for. */
  get waitsFor(): string[] {
    return [...new Set([...this.#parks].map(({ id }) => id))].sort();
  }

  /** The next number under a prefix, from 1, in this attempt. To be asked for before anything is awaited. */
  next(prefix: string): number {
    const number = (this.#counts.get(prefix) ?? 0) + 1;
    this.#counts.set(prefix, number);
    return number;
  }

  /** End it: cancelled, or because it goes on elsewhere. */
  stop(why: string, moved: boolean): void {
    this.moved ||= moved;
    this.#controller.abort(new RunStoppedError(why));
  }

  /** What a verb comes to; when the run has moved, nothing, ever. */
  verb<T>(work: () => Promise<T>): Promise<T> {
    const verb = this.#verb(work);
    // A run may be stopped while nobody awaits this: that must not end the process, as unhandled rejections do.
    verb.catch(() => {});
    return verb;
  }

  async #verb<T>(work: () => Promise<T>): Promise<T> {
    this.#verbs += 1;
    this.onChange();
    try {
      this.signal.throwIfAborted();
      const result = await work();
      // What has come of it is recorded; a cancelled run does nothing with it.
      this.signal.throwIfAborted();
      return result;
    } catch (error) {
      if (!this.moved) throw error;
    } finally {
      this.#verbs -= 1;
      this.onChange();
    }
    return await new Promise<never>(() => {});
  }

  /**
   * What the attempt asks of the control plane, which may say that it is over: then nothing more is done in it,
   * whatever errors its code catches, for what it would make good may be going well in a later attempt.
   */
  async heard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof StaleAttemptError || error instanceof ExecutionFinishedError) this.onOver(error);
      throw error;
    }
  }

  /** Wait for what has this id. `work` may say whether it is patient, as it goes on. */
  async park<T>(
    id: string,
    patient: boolean,
    work: (patient: (patient: boolean) => void) => Promise<T>,
  ): Promise<T> {
    const park: Park = { id, patient };
    this.#parks.add(park);
    this.onChange();
    try {
      return await work((now) => {
        park.patient = now;
        this.onChange();
      });
    } finally {
      this.#parks.delete(park);
      this.onChange();
    }
  }

  /** Fetch what earlier attempts recorded; the first attempt has nothing to fetch. */
  async loadRecorded(): Promise<void> {
    if (this.identity.attempt === 1) return;
    let cursor: string | undefined;
    do {
      const { attemptId } = this.identity;
      const options = { limit: 200, cursor, signal: this.signal };
      const page = await this.means.operations.listSteps(attemptId, options);
      for (const step of page.items) this.recorded.set(step.key, step);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }
}
