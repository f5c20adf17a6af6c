import type { Clock } from "../src/index.js";

/** Time for tests: a wait takes none and is written down. Alarms ring when the test says so. */
export class FakeClock implements Clock {
  at = Date.parse("2026-01-05T09:30:00.000Z");
  readonly waits: number[] = [];
  readonly #alarms = new Map<object, { due: number; ring: () => void }>();

  now(): number {
    return this.at;
  }

  monotonic(): number {
    return this.at;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.waits.push(ms);
    this.at += ms;
  }

  alarm(ms: number, ring: () => void): () => void {
    const key = {};
    this.#alarms.set(key, { due: this.at + ms, ring });
    return () => this.#alarms.delete(key);
  }

  /** Milliseconds until each alarm that is set. */
  get alarms(): number[] {
    return [...this.#alarms.values()].map(({ due }) => due - this.at);
  }

  /** Let time pass until the next alarm rings. */
  ring(): void {
    const [next] = [...this.#alarms.entries()].sort(([, a], [, b]) => a.due - b.due);
    if (next === undefined) throw new Error("no alarm is set");
    this.#alarms.delete(next[0]);
    this.at = next[1].due;
    next[1].ring();
  }
}
