/** Who waits for which answer, by `apr_` id, and answers that came too early. */
import type { ApprovalResult } from "../results.js";

type Hear = (result: ApprovalResult) => void;

/**
 * The questions of one run that wait for an answer.
 *
 * A callback can be faster than the answer to the request that asked, so an answer that nobody waits for yet is
 * kept for whoever comes. A parked wait is one function: no timer, no connection.
 */
export class Waiters {
  readonly #waiting = new Map<string, Set<Hear>>();
  readonly #answers = new Map<string, ApprovalResult>();

  /** Questions that somebody waits for. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Hand an answer to all who wait for it; the first one stays. Says whether anybody does. */
  answer(result: ApprovalResult): boolean {
    const first = this.#answers.get(result.id) ?? result;
    this.#answers.set(result.id, first);
    const waiting = this.#waiting.get(result.id);
    this.#waiting.delete(result.id);
    for (const hear of waiting ?? []) hear(first);
    return waiting !== undefined;
  }

  /** The answer, if it came already. */
  early(id: string): ApprovalResult | undefined {
    return this.#answers.get(id);
  }

  /** Wait for the answer to a request. What it returns leaves. */
  wait(id: string, hear: Hear): () => void {
    const waiting = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, waiting.add(hear));
    return () => {
      waiting.delete(hear);
      if (waiting.size === 0 && this.#waiting.get(id) === waiting) this.#waiting.delete(id);
    };
  }
}
