/** Whether to try again, and when: pure rules, with time and chance as arguments. All times in milliseconds. */
import { ApiError, TransportError } from "./errors.js";

/** How long to go on with a request that failed for now. */
export interface Retry {
  /** Tries in all, the first one included. Infinity is no limit. */
  readonly attempts: number;
  /** No new try begins later than this after the first. Infinity is no limit. */
  readonly within: number;
  /** The wait after the first failure; it doubles each time, less a random part of up to a half. */
  readonly first: number;
  /**
   * The longest wait. The server's `Retry-After` goes before, unless it asks for no wait at all (0, or a date in
   * the past: a clock that differs must not make a storm).
   */
  readonly longest: number;
}

export const DEFAULT_RETRY: Retry = { attempts: 6, within: 60_000, first: 200, longest: 10_000 };

/** One try. */
export const ONCE: Retry = { ...DEFAULT_RETRY, attempts: 1 };

/** Until there is an answer that no repeat can change. */
export const FOREVER: Retry = { ...DEFAULT_RETRY, attempts: Infinity, within: Infinity };

/**
 * The time in which a request is withdrawn whose local time is over: of the `timeout` of a client's `pause()` a
 * quarter, but never more than this, is kept for it; in a run, where `timeout` is for the answer, it comes after.
 */
export const LONGEST_WITHDRAWAL = 2_000;

/** Too much, or nobody there, for now. */
const RETRIED_STATUSES: readonly number[] = [429, 502, 503, 504];

/** What happened to the tries so far. */
export interface Tried {
  /** A second request does no harm. */
  repeatable: boolean;
  /** The tries that failed, the last one included. */
  failures: number;
  /** The time since the first began. */
  elapsed: number;
  /** Draws from [0, 1). */
  random: () => number;
}

/** How long to wait before the next try; undefined when there is to be none. */
export function nextWait(retry: Retry, error: unknown, tried: Tried): number | undefined {
  if (!passes(error, tried.repeatable) || tried.failures >= retry.attempts) return undefined;
  let wait = (error instanceof ApiError && error.retryAfter) || 0;
  if (wait === 0) {
    wait = Math.min(retry.longest, retry.first * 2 ** (tried.failures - 1));
    wait *= 1 - tried.random() / 2;
  }
  return tried.elapsed + wait > retry.within ? undefined : wait;
}

/** Whether it may be well the next time, and asking again does no harm. */
function passes(error: unknown, repeatable: boolean): boolean {
  if (error instanceof TransportError) return repeatable || !error.sent;
  if (!(error instanceof ApiError) || !repeatable) return false;
  // Only somebody who configures the server can change a missing secret.
  return RETRIED_STATUSES.includes(error.status) && error.code !== "webhook_secret_missing";
}

/** What a `Retry-After` header asks for, whichever of its two forms it has; `now` since 1970. */
export function retryAfter(value: string | null, now: number): number | undefined {
  const text = value?.trim() ?? "";
  // A number of more digits is no wait but a mistake.
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = /^[A-Z][a-z]+,? .*GMT$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
