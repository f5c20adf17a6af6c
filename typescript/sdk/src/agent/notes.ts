/** Notes: said without waiting, sent in order, all of them before the run's report. */
import { canonical, plain, sha256 } from "../canonical.js";
import type { Log } from "./log.js";
import type { AgentOperations } from "./operations.js";

interface Said {
  readonly text: string;
  readonly occurrence: number;
  readonly message: string;
  readonly tags: string[];
}

/**
 * The notes of one attempt. Each has a key of its digest and its place among equals, so that a later attempt that
 * says the same again adds nothing.
 */
export class Notes {
  readonly #attemptId: string;
  readonly #operations: AgentOperations;
  readonly #log: Log;
  readonly #ending: AbortSignal;
  readonly #counts = new Map<string, number>();
  readonly #queue: Said[] = [];
  #sender: Promise<void> | undefined;

  constructor(attemptId: string, operations: AgentOperations, log: Log, ending: AbortSignal) {
    this.#attemptId = attemptId;
    this.#operations = operations;
    this.#log = log;
    this.#ending = ending;
  }

  /** Queue a note; it is sent in the background. */
  add(message: string, tags: readonly string[]): void {
    const text = canonical(plain([message, tags], "a note"));
    const occurrence = (this.#counts.get(text) ?? 0) + 1;
    this.#counts.set(text, occurrence);
    this.#queue.push({ text, occurrence, message, tags: [...tags] });
    this.#sender ??= this.#send();
  }

  /** Comes back when all that was said is stored, or refused for good. */
  async flush(): Promise<void> {
    while (this.#sender !== undefined) await this.#sender;
  }

  async #send(): Promise<void> {
    for (let said = this.#queue.shift(); said !== undefined; said = this.#queue.shift()) {
      try {
        const key = `note.${(await sha256(said.text)).slice(0, 16)}.${said.occurrence}`;
        const note = { message: said.message, tags: said.tags, key };
        await this.#operations.addNote(this.#attemptId, note, { signal: this.#ending });
      } catch (refused) {
        // A remark must not cost the run.
        this.#log.warn(`a note of ${this.#attemptId} was refused: ${refused}`);
      }
    }
    this.#sender = undefined;
  }
}
