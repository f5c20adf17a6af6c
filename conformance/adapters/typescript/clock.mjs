import { systemClock } from "@signoff/sdk";
import { Unsupported } from "./words.mjs";

/** Time that stands still until the runner fires it. Requests that hang are ended by this machine's time. */
export class Clock {
  #start;
  #elapsed = 0;
  #count = 0;
  #say;
  #timers = new Map();

  constructor(nowMs, say) {
    this.#start = nowMs;
    this.#say = say;
  }

  now() {
    return this.#start + this.#elapsed;
  }

  monotonic() {
    return this.#elapsed;
  }

  sleep(ms, signal) {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (ms <= 0) return Promise.resolve();
    this.#count += 1;
    const timer = this.#count;
    this.#say({ event: "sleeping", timer, ms });
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#timers.delete(timer);
        this.#say({ event: "awake", timer });
        reject(signal.reason);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      const wake = () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      this.#timers.set(timer, { due: this.#elapsed + ms, wake });
    });
  }

  alarm(ms, ring) {
    return systemClock.alarm(ms, ring);
  }

  /** Goes to the time of a timer, or so many milliseconds on. */
  fire(timer, advanceMs = 0) {
    if (timer !== undefined && !this.#timers.has(timer)) {
      throw new Unsupported(`nothing sleeps on timer ${timer}`);
    }
    const to = timer === undefined ? this.#elapsed + advanceMs : this.#timers.get(timer).due;
    this.#elapsed = Math.max(this.#elapsed, to);
    for (const [number, { due, wake }] of this.#timers) {
      if (due > this.#elapsed) continue;
      this.#timers.delete(number);
      wake();
    }
  }
}
