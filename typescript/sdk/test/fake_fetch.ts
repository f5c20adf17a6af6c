import { type ClientOptions, SignoffClient } from "../src/index.js";
import { FakeClock } from "./fake_clock.js";

/** One request as it was handed to `fetch`. */
export interface Sent {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: string;
  readonly init: RequestInit;
}

/** What `fetch` does with a request. */
export type Reply = (sent: Sent) => Response | Promise<Response>;

/** A network of replies, given in turn; the last one is given to all that follow. */
export function network(replies: readonly Reply[]) {
  const sent: Sent[] = [];
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const body = init.body ?? "";
    const one: Sent = {
      method: init.method ?? "",
      url: new URL(url),
      headers: new Headers(init.headers),
      body: typeof body === "string" ? body : new TextDecoder().decode(body as Uint8Array),
      init,
    };
    const reply = replies[Math.min(sent.length, replies.length - 1)];
    sent.push(one);
    if (reply === undefined) throw new Error("no reply is left");
    return await reply(one);
  };
  return { sent, fetch };
}

/** A client on a network of replies, with time and chance in the test's hands. */
export function clientOn(replies: Reply[], options: ClientOptions = {}) {
  const clock = new FakeClock();
  const { sent, fetch } = network(replies);
  const client = new SignoffClient({
    serverUrl: "http://plane.test",
    fetch,
    clock,
    random: () => 0,
    ...options,
  });
  return { client, clock, sent };
}

export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Reply {
  return () => Response.json(value, { status, headers });
}

export function problem(
  status: number,
  code: string,
  headers: Record<string, string> = {},
  more: object = {},
): Reply {
  const body = { type: "about:blank", title: "No", status, code, detail: `it is ${code}`, ...more };
  return json(body, status, { "Content-Type": "application/problem+json", ...headers });
}

/** The connection was refused, as Node's fetch says it: nothing was sent. */
export const refused: Reply = () => {
  throw new TypeError("fetch failed", {
    cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }),
  });
};

/** The reply was lost. */
export const lost: Reply = () => {
  throw new TypeError("fetch failed", {
    cause: Object.assign(new Error("closed"), { code: "UND_ERR_SOCKET" }),
  });
};

/** Nothing ever comes, whatever the signal says. */
export const silence: Reply = () => new Promise(() => {});

export const pending = {
  id: "apr_1",
  approval_request_id: "claim-4711",
  status: "pending",
  expires_at: "2026-01-06T09:30:00.000Z",
  created_at: "2026-01-05T09:30:00.000Z",
  event_head: { seq: 1, hash: "0" },
};

/** The same request with an end. */
export function decided(decision: string, more: object = {}) {
  const status = decision === "error" ? "cancelled" : decision;
  return { ...pending, status, decision, decided_at: "2026-01-05T09:40:00.000Z", ...more };
}
