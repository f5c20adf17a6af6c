/** Time as the client sees it: injected, so that tests of waits and retries take no time. */

/** All in milliseconds. */
export interface Clock {
  /** Since 1970: for signatures and dates. */
  now(): number;
  /** Since some start, never stepping: for deadlines. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts before. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `ring` after `ms`, to end a request that hangs. What it returns disarms it. */
  alarm(ms: number, ring: () => void): () => void;
}

/**
 * A span of time as a caller gave it, under `name`; Infinity is one.
 *
 * @throws {TypeError} it is no number.
 * @throws {RangeError} it is below 0, or NaN.
 */
export function checkedSpan(name: string, milliseconds: number): number {
  if (typeof milliseconds !== "number") {
    const given = typeof milliseconds === "string" ? JSON.stringify(milliseconds) : String(milliseconds);
    throw new TypeError(`${name} must be a number of milliseconds, not ${given}`);
  }
  if (milliseconds >= 0) return milliseconds;
  throw new RangeError(`${name} must be a number of milliseconds, 0 or more, not ${milliseconds}`);
}

/** The longest that `setTimeout` takes; a longer one would ring at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

function alarm(ms: number, ring: () => void): () => void {
  const end = performance.now() + ms;
  let timer: ReturnType<typeof setTimeout>;
  const arm = (): void => {
    const left = end - performance.now();
    // A timer may ring a little early.
    if (left > 0) timer = setTimeout(arm, Math.min(Math.ceil(left), LONGEST_TIMER));
    else ring();
  };
  timer = setTimeout(arm, Math.min(Math.max(ms, 0), LONGEST_TIMER));
  return () => clearTimeout(timer);
}

/** This machine's time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = (): void => {
        disarm();
        reject(signal?.reason);
      };
      const disarm = alarm(ms, () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      });
      signal?.addEventListener("abort", onAbort, { once: true });
    }),
  alarm,
};
