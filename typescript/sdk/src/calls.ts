/** Tries until there is an answer: what is safe to repeat is repeated, and nothing else. Times in milliseconds. */
import { type Clock, checkedSpan } from "./clock.js";
import { ApiError, TransportError, WaitTimeoutError } from "./errors.js";
import {
  type Answer,
  decoded,
  outsideContract,
  type Request,
  refusal,
  type Shape,
  text,
} from "./exchange.js";
import { nextWait, type Retry } from "./retries.js";
import { shared } from "./signals.js";
import { NothingCame, type Stream, type Transport } from "./transport.js";

/** What every method takes last. */
export interface CallOptions {
  /** Gives the call up when it aborts: its reason is thrown. What was sent may still be carried out. */
  signal?: AbortSignal | undefined;
  /** Milliseconds for the whole call, with all its tries; then it throws `WaitTimeoutError`. By default none. */
  timeout?: number | undefined;
}

/** Until when a call may go on: `deadline` by the monotonic clock. */
export interface Limits {
  readonly signal: AbortSignal | undefined;
  readonly deadline: number;
}

/** How requests are tried. */
export interface Patience {
  readonly clock: Clock;
  readonly retry: Retry;
  /** How long a try may take, beyond what the server was asked to hold its answer back. */
  readonly tryTimeout: number;
  readonly random: () => number;
}

/** Whether another try could help: the error is about the answer, not about the caller. */
export function isFault(error: unknown): error is TransportError | ApiError {
  return error instanceof TransportError || error instanceof ApiError;
}

/** Sends requests through a transport, as often as `retry` allows. */
export class Calls {
  readonly transport: Transport;
  readonly patience: Patience;

  constructor(transport: Transport, patience: Patience) {
    this.transport = transport;
    this.patience = patience;
  }

  /** The same, with some of its patience changed. */
  having(changed: Partial<Patience>): Calls {
    return new Calls(this.transport, { ...this.patience, ...changed });
  }

  /** @throws {TypeError} {RangeError} `timeout` is no number of milliseconds from 0. */
  limits({ signal, timeout = Infinity }: CallOptions): Limits {
    const span = checkedSpan("timeout", timeout);
    if (signal !== undefined) shared(signal);
    return { signal, deadline: this.patience.clock.monotonic() + span };
  }

  /** The time left. @throws what the signal says, or {WaitTimeoutError} when there is none. */
  left(limits: Limits, name: string, cause?: unknown): number {
    limits.signal?.throwIfAborted();
    const left = limits.deadline - this.patience.clock.monotonic();
    if (left <= 0) throw this.overdue(name, cause);
    return left;
  }

  /** What is thrown when the time for `name` is over. */
  overdue(name: string, cause: unknown): WaitTimeoutError {
    return new WaitTimeoutError(`${name} is not done in time`, { id: name, cause });
  }

  /**
   * The answer as a record of the contract.
   *
   * @throws {ApiError} the server said no.
   * @throws {TransportError} no answer.
   * @throws {ProtocolError} an answer that the contract does not know.
   * @throws {WaitTimeoutError} the time is over.
   */
  async record<T>(shape: Shape<T>, request: Request, limits: Limits): Promise<T> {
    return decoded(shape, await this.answer(request, limits));
  }

  /** The answer as text. Throws as `record`. */
  async text(request: Request, limits: Limits): Promise<string> {
    return text(await this.answer(request, limits));
  }

  /** The answer, whatever its body is. Throws as `record`, apart from ProtocolError. */
  async answer(request: Request, limits: Limits): Promise<Answer> {
    const tries = new Tries(this, request, limits);
    for (;;) {
      try {
        return await this.#once(request, limits);
      } catch (error) {
        await tries.failed(error);
      }
    }
  }

  async #once(request: Request, limits: Limits): Promise<Answer> {
    const answer = await this.within(request, limits, (limit) =>
      this.transport.exchange(request, limit, limits.signal),
    );
    const error = refusal(answer, this.patience.clock.now());
    if (error !== undefined) throw error;
    return answer;
  }

  /** One try of an answer that is read as it comes, to be closed by the caller. Throws as `record`. */
  async open(request: Request, limits: Limits): Promise<Stream> {
    const stream = await this.within(request, limits, (limit) =>
      this.transport.open(request, limit, limits.signal),
    );
    if (stream.status === 200 || stream.status === 204) return stream;
    try {
      const { status, headers } = stream;
      const body = await this.within(request, limits, (limit) => stream.rest(limit));
      throw refusal({ status, headers, body }, this.patience.clock.now()) ?? outsideContract(status);
    } finally {
      stream.close();
    }
  }

  /** What `work` gives in the time that a try may take. @throws {WaitTimeoutError} the deadline came before. */
  async within<T>(request: Request, limits: Limits, work: (limit: number) => Promise<T>): Promise<T> {
    const left = this.left(limits, request.name);
    const limit = this.patience.tryTimeout + request.hold;
    try {
      return await work(Math.min(limit, left));
    } catch (error) {
      if (error instanceof NothingCame && left <= limit) throw this.overdue(request.name, error);
      throw error;
    }
  }
}

/** The tries of one request: how many failed in a row, and since when. */
export class Tries {
  readonly #calls: Calls;
  readonly #request: Request;
  readonly #limits: Limits;
  readonly #retry: Retry;
  #failures = 0;
  #began: number;

  constructor(calls: Calls, request: Request, limits: Limits, retry: Retry = calls.patience.retry) {
    this.#calls = calls;
    this.#request = request;
    this.#limits = limits;
    this.#retry = retry;
    this.#began = calls.patience.clock.monotonic();
  }

  /** Count from here. */
  succeeded(): void {
    this.#failures = 0;
    this.#began = this.#calls.patience.clock.monotonic();
  }

  /** Resolves when it is time for the next try. @throws `error`, or {WaitTimeoutError}, when there is to be none. */
  async failed(error: unknown): Promise<void> {
    const { clock, random } = this.#calls.patience;
    this.#failures += 1;
    const wait = nextWait(this.#retry, error, {
      repeatable: this.#request.repeatable,
      failures: this.#failures,
      elapsed: clock.monotonic() - this.#began,
      random,
    });
    if (error instanceof TransportError) error.attempts = this.#failures;
    if (wait === undefined) throw error;
    const { name } = this.#request;
    // A try that could only begin after the deadline is none: what ends the call is its time.
    if (wait >= this.#calls.left(this.#limits, name, error)) throw this.#calls.overdue(name, error);
    await clock.sleep(wait, this.#limits.signal);
  }
}
