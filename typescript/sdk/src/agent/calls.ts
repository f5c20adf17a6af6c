/** Call a reasoner of any node, and wait for its result. */
import { canonical, digest, plain, sha256 } from "../canonical.js";
import type { Execution } from "../models.js";
import type { Attempt } from "./attempt.js";
import { CallFailedError } from "./errors.js";
import { numbered, outcome, recorded, store } from "./steps.js";

const POLL_SECONDS = 60;

/** Milliseconds between polls that the server does not hold, as when it is stopping. */
const FIRST_WAIT = 100;
const LONGEST_WAIT = 5_000;

/** Of an `Idempotency-Key`, characters. */
const LONGEST_KEY = 255;

/** Run the child once, whatever attempt this is. See `Run.call`. */
export async function call(attempt: Attempt, target: string, input: object): Promise<unknown> {
  const given = plain(input, `the input of ${target}`);
  const text = canonical(given);
  // Counted now, not after the digest: equal calls side by side keep their places.
  const occurrence = attempt.next(`call.${target}.${text}`);
  const inputSha256 = await sha256(text);
  const key = await numbered(`call.${target}.${inputSha256.slice(0, 16)}`, occurrence);
  const stored = recorded(attempt, key, inputSha256);
  if (stored?.error !== undefined) throw new CallFailedError(target, stored.error);
  if (stored !== undefined) return outcome(stored);
  const child = await finished(attempt, target, given, await idempotencyKey(attempt, key));
  const record = { kind: "call", name: target, inputSha256 } as const;
  if (child.status !== "succeeded") {
    const error = `${child.status}: ${child.error || child.statusReason || "it gave no reason"}`;
    await store(attempt, key, { ...record, error });
    throw new CallFailedError(target, error, child);
  }
  const result = child.result ?? null;
  await store(attempt, key, { ...record, result });
  return result;
}

/** What stands for this call in all attempts; the digest where the names are too long. */
async function idempotencyKey(attempt: Attempt, key: string): Promise<string> {
  const { executionId } = attempt.identity;
  const whole = `${executionId}/${key}`;
  return whole.length <= LONGEST_KEY ? whole : `${executionId}/${await digest(key)}`;
}

async function finished(
  attempt: Attempt,
  target: string,
  input: unknown,
  idempotencyKey: string,
): Promise<Execution> {
  const { signal, identity, means } = attempt;
  const options = { idempotencyKey, parentExecutionId: identity.attemptId, signal };
  const started = await attempt.heard(() => means.operations.executeAsync(target, { input }, options));
  return await attempt.park(started.executionId, false, async (patient) => {
    const { clock, operations } = means;
    let child = started;
    for (let idle = 0; child.completedAt === undefined; ) {
      // While the child waits for a person, so does this run.
      patient(child.status === "waiting");
      const asked = clock.monotonic();
      child = await operations.getExecution(child.executionId, { waitSeconds: POLL_SECONDS, signal });
      idle = clock.monotonic() - asked < POLL_SECONDS * 500 ? idle + 1 : 0;
      if (idle > 0 && child.completedAt === undefined) {
        await clock.sleep(Math.min(FIRST_WAIT * 2 ** (idle - 1), LONGEST_WAIT), signal);
      }
    }
    return child;
  });
}
