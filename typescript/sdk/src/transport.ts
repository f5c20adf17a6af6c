/**
 * One try over HTTP: the only module that sends.
 *
 * No redirect is followed, no cookie sent and nothing cached: the API key goes to the server's own origin only.
 */
import type { Clock } from "./clock.js";
import { ProtocolError, TransportError } from "./errors.js";
import type { Answer, Request } from "./exchange.js";
import { VERSION } from "./version.js";

/** What may take the place of the network: `fetch`, as the platform has it. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Nothing came for as long as was allowed. */
export class NothingCame extends TransportError {}

/** An answer whose body is read as it comes. */
export interface Stream {
  readonly status: number;
  readonly headers: Headers;
  /** The next chunk, which may take `limit` milliseconds; undefined at the end. */
  read(limit: number): Promise<Uint8Array | undefined>;
  /** All that is left of it, which may take `limit` milliseconds. */
  rest(limit: number): Promise<ArrayBuffer>;
  /** Let go of it, read to its end or not. */
  close(): void;
}

/** Sends requests; the platform keeps the connections. */
export class Transport {
  readonly serverUrl: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #fetch: Fetch;
  readonly #clock: Clock;

  /** @throws {TypeError} `serverUrl` is no http(s) URL, or the key is nothing that a header can carry. */
  constructor(serverUrl: string, apiKey: string | undefined, fetch: Fetch | undefined, clock: Clock) {
    this.serverUrl = checkedUrl(serverUrl);
    this.#headers = headersOf(apiKey);
    // Looked up late: tests and frameworks put their own in its place.
    this.#fetch = fetch ?? ((url, init) => globalThis.fetch(url, init));
    this.#clock = clock;
  }

  /**
   * One try, which may take `limit` milliseconds.
   *
   * @throws {TransportError} no answer.
   */
  async exchange(request: Request, limit: number, signal: AbortSignal | undefined): Promise<Answer> {
    const guard = new Guard(this.#clock, signal);
    try {
      guard.allow(limit);
      const response = await this.#sent(request, guard);
      const body = await guard.race(response.arrayBuffer());
      return { status: response.status, headers: response.headers, body };
    } catch (error) {
      throw fault(this.named(request), guard, error);
    } finally {
      guard.end();
    }
  }

  /**
   * One try of which the caller reads the body and closes it; status and headers may take `limit` milliseconds.
   *
   * @throws {TransportError} no answer.
   */
  async open(request: Request, limit: number, signal: AbortSignal | undefined): Promise<Stream> {
    const guard = new Guard(this.#clock, signal);
    try {
      guard.allow(limit);
      return new OpenStream(this.named(request), guard, await this.#sent(request, guard));
    } catch (error) {
      guard.end();
      throw fault(this.named(request), guard, error);
    }
  }

  /** The request and the address that it goes to, for messages: without the query, and so without a secret. */
  named(request: Request): string {
    return `${request.method} ${this.serverUrl}${request.target.replace(/\?.*/s, "")}`;
  }

  #sent(request: Request, guard: Guard): Promise<Response> {
    const { method, body } = request;
    const init: RequestInit = { method, redirect: "manual", signal: guard.signal, ...platformInit() };
    init.headers = { ...this.#headers, ...request.headers };
    if (body !== undefined) init.body = body as BodyInit;
    return guard.race(this.#fetch(this.serverUrl + request.target, init));
  }
}

class OpenStream implements Stream {
  readonly status: number;
  readonly headers: Headers;
  readonly #name: string;
  readonly #guard: Guard;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  constructor(name: string, guard: Guard, response: Response) {
    this.status = response.status;
    this.headers = response.headers;
    this.#name = name;
    this.#guard = guard;
    this.#reader = response.body?.getReader();
  }

  async read(limit: number): Promise<Uint8Array | undefined> {
    this.#guard.allow(limit);
    return await this.#next();
  }

  async #next(): Promise<Uint8Array | undefined> {
    if (this.#reader === undefined) return undefined;
    try {
      return (await this.#guard.race(this.#reader.read())).value;
    } catch (error) {
      throw fault(this.#name, this.#guard, error);
    }
  }

  async rest(limit: number): Promise<ArrayBuffer> {
    const chunks: Uint8Array[] = [];
    for (let chunk = await this.read(limit); chunk !== undefined; chunk = await this.#next())
      chunks.push(chunk);
    return await new Blob(chunks as BlobPart[]).arrayBuffer();
  }

  close(): void {
    this.#guard.end();
  }
}

/** Ends a request when its time is over or the caller gives it up, even where `fetch` does not listen. */
class Guard {
  rang = false;
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #caller: AbortSignal | undefined;
  #disarm: (() => void) | undefined;

  constructor(clock: Clock, caller: AbortSignal | undefined) {
    this.#clock = clock;
    this.#caller = caller;
    caller?.throwIfAborted();
    caller?.addEventListener("abort", this.#giveUp);
  }

  readonly #giveUp = (): void => this.#controller.abort(this.#caller?.reason);

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the caller gave up. */
  get givenUp(): boolean {
    return this.#caller?.aborted === true;
  }

  /** What is raced from now on may take `ms`. */
  allow(ms: number): void {
    this.#disarm?.();
    this.#disarm = this.#clock.alarm(ms, () => {
      this.rang = true;
      this.#controller.abort();
    });
  }

  race<T>(work: Promise<T>): Promise<T> {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(signal.reason);
      if (signal.aborted) stop();
      signal.addEventListener("abort", stop, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
    });
  }

  /** Over: whatever of the answer is not read yet is not wanted. */
  end(): void {
    this.#disarm?.();
    this.#caller?.removeEventListener("abort", this.#giveUp);
    this.#controller.abort();
  }
}

/** Settings that not every runtime has, and some refuse. Frameworks cache what does not say no. */
function platformInit(): RequestInit {
  const known = typeof Request === "function" ? Request.prototype : {};
  return {
    ...("cache" in known && { cache: "no-store" as const }),
    ...("credentials" in known && { credentials: "omit" as const }),
  };
}

/**
 * The URL without its last slash.
 *
 * @throws {TypeError} it is no http(s) URL, or has user info, a query or a fragment.
 */
export function checkedUrl(serverUrl: string): string {
  const url = URL.canParse(serverUrl) ? new URL(serverUrl) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    throw new TypeError("the server's URL must start with http:// or https:// and name a host");
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new TypeError("the server's URL must have no user info, query or fragment");
  }
  return (url.origin + url.pathname).replace(/\/+$/, "");
}

function headersOf(apiKey: string | undefined): Record<string, string> {
  const headers = { "User-Agent": `signoff-typescript/${VERSION}` };
  if (apiKey === undefined) return headers;
  // The key itself stays out of the message.
  if (!/^[!-~]+$/.test(apiKey)) throw new TypeError("the API key must be of visible ASCII characters");
  return { ...headers, "X-API-Key": apiKey };
}

/** How runtimes say that there was no connection: then nothing was sent. */
const NEVER_SENT: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "ConnectionRefused",
  "bad port",
]);

function fault(name: string, guard: Guard, error: unknown): unknown {
  // The caller's own reason is the caller's to read.
  if (guard.givenUp) return guard.signal.reason;
  if (guard.rang) return new NothingCame(`${name}: nothing came in time`);
  if (error instanceof ProtocolError) return error;
  const thrown = (error ?? {}) as { code?: unknown; cause?: { code?: unknown; message?: unknown } };
  const code = thrown.cause?.code ?? thrown.code ?? thrown.cause?.message;
  const detail = [String(error), code].filter(Boolean).join(": ");
  return new TransportError(`${name}: ${detail}`, { sent: !NEVER_SENT.has(code), cause: error });
}
