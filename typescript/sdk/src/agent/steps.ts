/** Steps: work that is recorded before it returns, and not done again by a later attempt. */
import { digest, plain } from "../canonical.js";
import { StepConflictError } from "../errors.js";
import type { Step } from "../models.js";
import type { Attempt } from "./attempt.js";
import { NondeterministicReplayError, StepFailedError } from "./errors.js";
import type { StepRecord } from "./operations.js";

/** The name of a step; `key` tells steps of one name apart that run side by side. */
export interface StepName {
  name: string;
  key?: string | undefined;
}

const NAME = /^[A-Za-z0-9._~-]{1,150}$/;

/** Characters of a recorded error, and of a step's name. */
const LONGEST_ERROR = 100_000;
const LONGEST_NAME = 500;

/** Characters of a step key before its number; the contract gives both 300. */
const LONGEST_PREFIX = 280;

/** A step key. A prefix that would be too long gives its end for its digest, alike in all languages. */
export async function numbered(prefix: string, occurrence: number): Promise<string> {
  const fits = prefix.length <= LONGEST_PREFIX;
  const short = fits ? prefix : `${prefix.slice(0, LONGEST_PREFIX - 65)}.${await digest(prefix)}`;
  return `${short}.${occurrence}`;
}

/** Do a piece of work once, whatever attempt this is. See `Run.step`. */
export async function runStep<Args extends unknown[], Result>(
  attempt: Attempt,
  named: string | StepName,
  work: (...args: Args) => Result | Promise<Result>,
  args: Args,
): Promise<Result> {
  const { name, key } = typeof named === "string" ? { name: named, key: undefined } : named;
  for (const part of [name, key ?? "key"]) {
    if (!NAME.test(part)) {
      throw new TypeError(`a step's name and key are 1 to 150 of A-Z a-z 0-9 . _ ~ -, not '${part}'`);
    }
  }
  const prefix = key === undefined ? `step.${name}` : `step.${name}.${key}`;
  const occurrence = attempt.next(prefix);
  const input = plain({ args, kwargs: {} }, `the arguments of ${name}`);
  attempt.working += 1;
  try {
    const inputSha256 = await digest(input);
    const stepKey = await numbered(prefix, occurrence);
    const stored = recorded(attempt, stepKey, inputSha256);
    if (stored !== undefined) return outcome(stored) as Result;
    const record = { kind: "step", name, inputSha256 } as const;
    return (await done(attempt, stepKey, record, () => work(...args))) as Result;
  } finally {
    attempt.working -= 1;
    attempt.onChange();
  }
}

async function done(
  attempt: Attempt,
  key: string,
  record: StepRecord,
  work: () => unknown,
): Promise<unknown> {
  let result: unknown;
  try {
    result = await work();
  } catch (error) {
    // What breaks because it is stopped has not failed.
    attempt.signal.throwIfAborted();
    await store(attempt, key, { ...record, error: said(error) });
    throw error;
  }
  const recordable = plain(result, `the result of ${record.name}`);
  await store(attempt, key, { ...record, result: recordable });
  return recordable;
}

/**
 * What an earlier attempt recorded under a key.
 *
 * @throws {NondeterministicReplayError} it was recorded with another input.
 */
export function recorded(attempt: Attempt, key: string, inputSha256: string): Step | undefined {
  const stored = attempt.recorded.get(key);
  if (stored !== undefined && stored.inputSha256 !== inputSha256) {
    throw new NondeterministicReplayError(
      `${key} with input ${stored.inputSha256.slice(0, 12)}`,
      `${key} with input ${inputSha256.slice(0, 12)}`,
    );
  }
  return stored;
}

/** Store what came of a step. Waits for the server, until the process ends. */
export async function store(attempt: Attempt, key: string, record: StepRecord): Promise<void> {
  const { operations, ending } = attempt.means;
  const named = { ...record, name: record.name.slice(0, LONGEST_NAME) };
  try {
    const { attemptId } = attempt.identity;
    const recording = () => operations.recordStep(attemptId, key, named, { signal: ending });
    attempt.recorded.set(key, await attempt.heard(recording));
  } catch (error) {
    if (!(error instanceof StepConflictError)) throw error;
    const met = `${key} with input ${record.inputSha256.slice(0, 12)}`;
    throw new NondeterministicReplayError(`${key} with another input`, met, { cause: error });
  }
}

const BUILT_IN: Readonly<Record<string, new (message: string) => Error>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

/** The result of a recorded step. @throws its error, if it has one. */
export function outcome(stored: Step): unknown {
  if (stored.error === undefined) return stored.result ?? null;
  const [, kind = "", message = ""] = /^(\w*): ([\s\S]*)$/.exec(stored.error) ?? [];
  const known = Object.hasOwn(BUILT_IN, kind) ? BUILT_IN[kind] : undefined;
  throw known === undefined ? new StepFailedError(stored.key, stored.error) : new known(message);
}

/** Whatever was thrown, as it is recorded: its name and its message. */
export function said(thrown: unknown): string {
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : `Error: ${String(thrown)}`;
  return text
    .replaceAll("\u0000", "\\x00")
    .replace(/\p{Surrogate}/gu, "\ufffd")
    .slice(0, LONGEST_ERROR);
}
