/** The attempts in hand: from dispatch to the accepted report. */
import { sha256 } from "../canonical.js";
import type { Clock } from "../clock.js";
import { BodyTooLargeError, RefusedError } from "../errors.js";
import type { ApprovalResult } from "../results.js";
import { type Attempt, attemptNumber } from "./attempt.js";
import type { Log } from "./log.js";
import type { StatusReport } from "./operations.js";
import { said } from "./steps.js";

/** Executions whose newest reported attempt is still known, so that a late dispatch runs nothing. */
const REMEMBERED = 10_000;

/** So many runs that wait are given back at a time, when thousands are due together. */
const RELEASES_AT_ONCE = 64;

/** How long a stopped run may take to finish the step that it is at, in milliseconds. */
const STOP_GRACE = 1_000;

/** How long, at least, reports of what is handed back may take when the process ends, in milliseconds. */
const HAND_BACK = 2_000;

/** One attempt and what becomes of it. */
interface Held {
  readonly attempt: Attempt;
  /** Resolves with the report of what the reasoner came to. */
  readonly work: Promise<StatusReport>;
  /** Resolves when the report is taken, or lost for good. */
  readonly seenThrough: Promise<void>;
  /** What is to be reported once it is stopped. */
  stop: StatusReport | undefined;
  /** The control plane has said that this attempt is none any more: nothing is reported of it. */
  unheard: boolean;
  /** Resolves `stopped`. */
  onStop: () => void;
}

/** What a heartbeat says: the attempt ids, sorted, and their digest. */
export interface Summary {
  readonly ids: readonly string[];
  readonly digest: string;
}

export interface InHandOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds of waiting for nothing but people, after which a run is let go until there is an answer. */
  readonly suspendAfter: number;
}

/** Every attempt that this process runs, by attempt id. */
export class InHand {
  readonly #options: InHandOptions;
  readonly #held = new Map<string, Held>();
  readonly #newest = new Map<string, string>();
  readonly #reported = new Map<string, number>();
  /** Who waits for its turn to be given back. */
  readonly #turns: Array<() => void> = [];
  #releasing = 0;
  #summary: Promise<Summary> | undefined;

  constructor(options: InHandOptions) {
    this.#options = options;
  }

  /** Whether an attempt runs here, or did, or a later one of its execution. */
  has(attemptId: string): boolean {
    const { executionId, attempt } = attemptNumber(attemptId);
    const newest = this.#held.get(this.#newest.get(executionId) ?? "")?.attempt.identity.attempt ?? 0;
    const known = Math.max(newest, this.#reported.get(executionId) ?? 0);
    return attempt <= known || this.#held.has(attemptId);
  }

  /** How many do something: wait neither for a person nor for a child. */
  get running(): number {
    return [...this.#held.values()].filter(({ attempt }) => !attempt.parked).length;
  }

  /** The attempt ids, sorted. */
  ids(): string[] {
    return [...this.#held.keys()].sort();
  }

  /** What is in hand now. Made anew when something has come or gone. */
  async summary(): Promise<Summary> {
    this.#summary ??= summaryOf(this.ids());
    return await this.#summary;
  }

  /** Run an attempt that never ran here, and report how it ends. An earlier one of it has lost its lease. */
  start(attempt: Attempt, reasoner: () => unknown): void {
    const { attemptId, executionId } = attempt.identity;
    const earlier = this.#newest.get(executionId);
    if (earlier !== undefined) {
      this.#stop(earlier, { status: "cancelled", statusReason: "a later attempt has begun here" }, true);
    }
    this.#newest.set(executionId, attemptId);
    let onStop = (): void => {};
    const stopped = new Promise<void>((resolve) => {
      onStop = resolve;
    });
    const work = this.#work(attempt, reasoner);
    const held: Held = {
      attempt,
      work,
      stop: undefined,
      unheard: false,
      onStop,
      seenThrough: Promise.resolve().then(() => this.#seeThrough(held, stopped)),
    };
    this.#held.set(attemptId, held);
    this.#summary = undefined;
    attempt.onChange = this.#suspender(attempt);
    attempt.onOver = (why) => {
      held.unheard = true;
      this.#stop(attemptId, { status: "cancelled", statusReason: why.message }, true);
    };
  }

  /** Hand a decision to the run that it is for. Says whether somebody waits for it. */
  answer(attemptId: string, result: ApprovalResult): boolean {
    const held = this.#held.get(attemptId);
    return held !== undefined && held.stop === undefined && held.attempt.waiters.answer(result);
  }

  /** Cancel an attempt. Says whether it was in hand. */
  cancel(attemptId: string): boolean {
    const report = { status: "cancelled", statusReason: "cancelled by the control plane" } as const;
    return this.#stop(attemptId, report, false);
  }

  /**
   * Before the process ends: what waits for a person is released, the rest may finish.
   *
   * Whatever is not finished after `grace` milliseconds is handed back too, and goes on in another process by its
   * steps. Reports that the server does not take in as long again, or in `HAND_BACK` where that is longer, are left;
   * `ending` has to abort them.
   */
  async handBack(grace: number): Promise<void> {
    const statusReason = "the agent is shutting down";
    for (const [attemptId, { attempt }] of this.#held) {
      // `waiting` costs the run nothing.
      if (attempt.parked && attempt.working === 0) this.#release(attemptId, statusReason);
    }
    await this.#finished(grace);
    // A `cancelled` that nobody asked for hands it back.
    for (const attemptId of this.ids()) this.#stop(attemptId, { status: "cancelled", statusReason }, true);
    // Little time, or none, for the work is no reason to tell nobody that it was left.
    await this.#finished(Math.max(grace, HAND_BACK) + STOP_GRACE);
  }

  async #finished(ms: number): Promise<void> {
    const all = Promise.all([...this.#held.values()].map(({ seenThrough }) => seenThrough));
    await this.#within(all, ms);
  }

  async #within(work: Promise<unknown>, ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const disarm = this.#options.clock.alarm(ms, resolve);
      work.finally(() => {
        disarm();
        resolve();
      });
    });
  }

  #stop(attemptId: string, report: StatusReport, moved: boolean): boolean {
    const held = this.#held.get(attemptId);
    if (held === undefined) return false;
    held.stop ??= report;
    held.attempt.stop(report.statusReason ?? "stopped", moved);
    held.attempt.onChange();
    held.onStop();
    return true;
  }

  /** Let go of a run that waits: what it waits for brings it back. */
  #release(attemptId: string, statusReason: string): void {
    const waitsFor = this.#held.get(attemptId)?.attempt.waitsFor ?? [];
    this.#stop(attemptId, { status: "waiting", statusReason, waitsFor }, true);
  }

  /** Lets a run go that has waited for nothing but people for long enough. */
  #suspender(attempt: Attempt): () => void {
    const { suspendAfter, clock } = this.#options;
    if (suspendAfter === Infinity) return () => {};
    const statusReason = "suspended until there is an answer";
    const suspend = (): void => this.#release(attempt.identity.attemptId, statusReason);
    let disarm: (() => void) | undefined;
    return () => {
      const resting = attempt.resting && !attempt.signal.aborted;
      if (resting) disarm ??= clock.alarm(suspendAfter, suspend);
      else {
        disarm?.();
        disarm = undefined;
      }
    };
  }

  /** Never rejects. */
  async #work(attempt: Attempt, reasoner: () => unknown): Promise<StatusReport> {
    try {
      await attempt.loadRecorded();
      attempt.signal.throwIfAborted();
      return { status: "succeeded", result: await reasoner() };
    } catch (error) {
      const type = error instanceof Error ? error.name : "Error";
      return { status: "failed", error: said(error), errorDetails: { type } };
    }
  }

  async #seeThrough(held: Held, stopped: Promise<void>): Promise<void> {
    const { attemptId } = held.attempt.identity;
    try {
      const ended = await Promise.race([held.work, stopped]);
      if (held.stop !== undefined) await this.#settled(held);
      if (held.unheard) {
        this.#options.log.info(`${attemptId} is over: ${held.stop?.statusReason}`);
        return;
      }
      // What comes of a run that is stopped is not its end: a `catch` may have taken the stop for an error.
      const report = held.stop ?? ended ?? (await held.work);
      if (report.status === "failed") this.#options.log.warn(`${attemptId} failed: ${report.error}`);
      if (report.status !== "cancelled") await held.attempt.means.notes.flush();
      if (report.status === "waiting") await this.#inTurn(() => this.#report(held.attempt, report));
      else await this.#report(held.attempt, report);
    } catch (lost) {
      // The server misses it in the heartbeats and dispatches the next attempt.
      this.#options.log.error(`the report of ${attemptId} was not taken: ${lost}`);
    } finally {
      this.#forget(held.attempt);
    }
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    if (this.#releasing >= RELEASES_AT_ONCE) await new Promise<void>((resolve) => this.#turns.push(resolve));
    else this.#releasing += 1;
    try {
      await work();
    } finally {
      const next = this.#turns.shift();
      if (next === undefined) this.#releasing -= 1;
      else next();
    }
  }

  /** Comes back when a stopped run is at no step any more, or has been for too long. */
  async #settled({ attempt, work }: Held): Promise<void> {
    const idle = new Promise<void>((resolve) => {
      attempt.onChange = () => attempt.working === 0 && resolve();
      attempt.onChange();
    });
    await this.#within(Promise.race([work, idle]), STOP_GRACE);
  }

  async #report(attempt: Attempt, report: StatusReport): Promise<void> {
    const { identity, means } = attempt;
    const options = { signal: means.ending };
    try {
      await means.operations.reportExecutionStatus(identity.attemptId, report, options);
    } catch (error) {
      if (error instanceof BodyTooLargeError && report.status === "succeeded") {
        return await this.#report(attempt, { status: "failed", error: "the result is over the limit" });
      }
      if (!(error instanceof RefusedError)) throw error;
      // The execution was cancelled, timed out, or runs in a later attempt elsewhere.
      this.#options.log.info(`the report of ${identity.attemptId} was refused: ${error}`);
    }
  }

  #forget({ identity }: Attempt): void {
    const { attemptId, executionId, attempt } = identity;
    this.#held.delete(attemptId);
    this.#summary = undefined;
    if (this.#newest.get(executionId) === attemptId) this.#newest.delete(executionId);
    const newest = Math.max(attempt, this.#reported.get(executionId) ?? 0);
    // The last to be forgotten again.
    this.#reported.delete(executionId);
    this.#reported.set(executionId, newest);
    for (const oldest of this.#reported.keys()) {
      if (this.#reported.size <= REMEMBERED) break;
      this.#reported.delete(oldest);
    }
  }
}

/** SHA-256 over sorted attempt ids, each followed by a line feed. */
export async function digestOf(ids: readonly string[]): Promise<string> {
  return await sha256(ids.map((id) => `${id}\n`).join(""));
}

async function summaryOf(ids: string[]): Promise<Summary> {
  return { ids, digest: await digestOf(ids) };
}

/** The list that the server asks for with `resync`, in pages; one empty page for nothing. */
export function pages(ids: readonly string[], size = 1000): string[][] {
  const count = Math.max(1, Math.ceil(ids.length / size));
  return Array.from({ length: count }, (_, page) => ids.slice(page * size, (page + 1) * size));
}
