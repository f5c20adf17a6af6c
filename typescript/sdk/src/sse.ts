/**
 * Server-sent events, read from bytes as they come.
 *
 * Lines end at CR, LF or both, and at nothing else: U+2028 in a text is part of it.
 */

/** One event: `id` is the last one that the stream gave, `event` its type. */
export interface Message {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** Takes chunks, gives messages. Comments and unknown fields are passed over. */
export class Reader {
  readonly #decoder = new TextDecoder();
  #rest = "";
  #id = "";
  #event = "";
  #data: string[] = [];

  /** Read on; the messages that are complete now. */
  feed(chunk: Uint8Array): Message[] {
    const text = this.#rest + this.#decoder.decode(chunk, { stream: true });
    // A CR at the end may be the first half of a CRLF.
    const held = text.endsWith("\r") ? "\r" : "";
    const lines = text.slice(0, text.length - held.length).split(/\r\n|\r|\n/);
    this.#rest = (lines.pop() ?? "") + held;
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): Message[] {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#event = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
    return [];
  }

  #dispatch(): Message[] {
    const message = { id: this.#id, event: this.#event, data: this.#data.join("\n") };
    const complete = this.#data.length > 0;
    this.#data = [];
    this.#event = "";
    return complete ? [message] : [];
  }
}
