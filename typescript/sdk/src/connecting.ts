/** From what the user says to what sends requests. */
import { Calls } from "./calls.js";
import { type Clock, checkedSpan, systemClock } from "./clock.js";
import { DEFAULT_RETRY, type Retry } from "./retries.js";
import * as settings from "./settings.js";
import { type Fetch, Transport } from "./transport.js";

export interface ClientOptions {
  /** Where the control plane is; else `SIGNOFF_SERVER`, else `http://127.0.0.1:8080`. */
  serverUrl?: string | undefined;
  /** Else `SIGNOFF_API_KEY`, else none is sent. */
  apiKey?: string | undefined;
  /** Takes the place of the platform's `fetch`. */
  fetch?: Fetch | undefined;
  /** Takes the place of this machine's time. */
  clock?: Clock | undefined;
  /** How long to go on where a repeat is safe. What is not given is as in `DEFAULT_RETRY`. */
  retry?: Partial<Retry> | undefined;
  /** Milliseconds for one try, beyond those that the server was asked to wait; by default 30,000. */
  tryTimeout?: number | undefined;
  /** Draws from [0, 1), for the waits between tries. */
  random?: (() => number) | undefined;
}

/** @throws {TypeError} `serverUrl` is no http(s) URL, or `apiKey` is nothing that a header can hold. */
export function connect(options: ClientOptions): Calls {
  const clock = options.clock ?? systemClock;
  const serverUrl = options.serverUrl || settings.serverUrl();
  const transport = new Transport(serverUrl, options.apiKey ?? settings.apiKey(), options.fetch, clock);
  return new Calls(transport, {
    clock,
    retry: { ...DEFAULT_RETRY, ...options.retry },
    tryTimeout: checkedSpan("tryTimeout", options.tryTimeout ?? 30_000),
    random: options.random ?? Math.random,
  });
}
