import assert from "node:assert/strict";
import { test } from "node:test";
import {
  NotFoundError,
  ONCE,
  ProtocolError,
  type SignoffClient,
  StoreUnavailableError,
  TransportError,
  WaitTimeoutError,
} from "../src/index.js";
import { ROUTES } from "../src/routes.js";
import {
  clientOn,
  json,
  lost,
  network,
  pending,
  problem,
  type Reply,
  refused,
  silence,
} from "./fake_fetch.js";

const busy = problem(503, "store_unavailable", { "Retry-After": "2" });

/** One call of each operation but the stream, in the contract's order. */
const calls: Record<string, (client: SignoffClient) => Promise<unknown>> = {
  listNodes: (client) => client.listNodes(),
  getNode: (client) => client.getNode("refund-agent"),
  execute: (client) => client.execute("a.b"),
  executeAsync: (client) => client.executeAsync("a.b"),
  listExecutions: (client) => client.listExecutions(),
  getExecution: (client) => client.getExecution("exec_1"),
  cancelExecution: (client) => client.cancelExecution("exec_1"),
  listSteps: (client) => client.listSteps("exec_1"),
  listExecutionEvents: (client) => client.listExecutionEvents("exec_1"),
  getExecutionApprovalStatus: (client) => client.getExecutionApprovalStatus("a", "exec_1"),
  createApprovalRequest: (client) => client.createApprovalRequest({ approvalRequestId: "claim-4711" }),
  listApprovalRequests: (client) => client.listApprovalRequests(),
  getApprovalRequest: (client) => client.getApprovalRequest("apr_1"),
  listApprovalRequestEvents: (client) => client.listApprovalRequestEvents("apr_1"),
  decideApprovalRequest: (client) => client.decideApprovalRequest("apr_1", { decision: "approved" }),
  cancelApprovalRequest: (client) => client.cancelApprovalRequest("apr_1"),
  receiveApprovalResponse: (client) =>
    client.receiveApprovalResponse("{}", { "X-Webhook-Signature": "sha256=0" }),
  listDeliveries: (client) => client.listDeliveries(),
  retryDelivery: (client) => client.retryDelivery("msg_1"),
  getHealth: (client) => client.getHealth(),
  getReadiness: (client) => client.getReadiness(),
  getOpenapi: (client) => client.getOpenapi(),
  getMetrics: (client) => client.getMetrics(),
};

/** An answer that serves all of them. */
const anything = json({
  ...pending,
  items: [],
  execution_id: "exec_1",
  node_id: "a",
  state: "pending",
  approval: pending,
});

test("every operation has a call here", () => {
  assert.deepEqual(
    Object.keys(calls),
    Object.keys(ROUTES).filter((id) => id !== "streamExecutionEvents"),
  );
});

for (const [id, call] of Object.entries(calls)) {
  const safe = id !== "retryDelivery";
  test(`${id} is ${safe ? "sent again after a lost reply" : "sent again only if it never left"}`, async () => {
    for (const fault of [lost, busy]) {
      const { client, sent } = clientOn([fault, anything]);
      if (safe) await call(client);
      else await assert.rejects(call(client));
      assert.equal(sent.length, safe ? 2 : 1);
    }
    const { client, sent } = clientOn([refused, anything]);
    await call(client);
    assert.equal(sent.length, 2);
  });
}

test("a key is made up and kept over the tries of one call", async () => {
  const { client, sent } = clientOn([lost, busy, anything]);
  await client.executeAsync("a.b");
  await client.executeAsync("a.b");
  const keys = sent.map(({ headers }) => headers.get("idempotency-key"));
  assert.match(keys[0] ?? "", /^[0-9a-f]{32}$/);
  assert.deepEqual(keys.slice(1, 3), [keys[0], keys[0]]);
  assert.notEqual(keys[3], keys[0]);
});

test("Retry-After is obeyed, and other waits double", async () => {
  const { client, clock } = clientOn([busy, lost, problem(502, ""), anything]);
  await client.getHealth();
  assert.deepEqual(clock.waits, [2000, 400, 800]);
});

test("tries come to an end and the last error tells their number", async () => {
  const { client, sent } = clientOn([lost], { retry: { attempts: 3 } });
  const error = await client.getHealth().catch((e: unknown) => e);
  assert.ok(error instanceof TransportError && error.attempts === 3 && error.sent);
  assert.equal(sent.length, 3);
});

test("what no repeat can change is thrown at once", async () => {
  const { client, sent } = clientOn([problem(404, "not_found"), anything]);
  await assert.rejects(client.getNode("a"), NotFoundError);
  assert.equal(sent.length, 1);
});

test("a try that hangs is given up, though fetch does not listen", async () => {
  const { client, clock, sent } = clientOn([silence], { retry: ONCE, tryTimeout: 5000 });
  const call = client.getExecution("exec_1", { waitSeconds: 10 });
  await settled();
  assert.deepEqual(clock.alarms, [15_000]);
  clock.ring();
  await assert.rejects(call, TransportError);
  assert.equal(sent[0]?.init.signal?.aborted, true);
  assert.deepEqual(clock.alarms, []);
});

test("a body that does not end is given up", async () => {
  const endless: Reply = () => new Response(new ReadableStream({ pull: () => new Promise(() => {}) }));
  const { client, clock } = clientOn([endless], { retry: ONCE });
  const call = client.getHealth();
  await settled();
  clock.ring();
  await assert.rejects(call, TransportError);
});

test("a deadline holds over all tries, and is an error of its own", async () => {
  const { client, clock } = clientOn([lost, silence]);
  const began = clock.at;
  const call = client.getHealth({ timeout: 1000 });
  await settled();
  assert.deepEqual(clock.alarms, [800]);
  clock.ring();
  await assert.rejects(call, WaitTimeoutError);
  assert.equal(clock.at - began, 1000);
});

test("a try that could begin only after the deadline is none", async () => {
  const { client, clock, sent } = clientOn([busy]);
  await assert.rejects(
    client.getHealth({ timeout: 2000 }),
    (error) => error instanceof WaitTimeoutError && error.cause instanceof StoreUnavailableError,
  );
  assert.deepEqual([sent.length, clock.waits], [1, []]);
});

test("a signal ends a call with its own reason, whatever the call is at", async () => {
  const reason = new Error("enough");
  for (const reply of [silence, lost]) {
    const controller = new AbortController();
    const { client, clock } = clientOn([reply]);
    clock.sleep = (_, signal) =>
      new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    const call = client.getHealth({ signal: controller.signal });
    await settled();
    controller.abort(reason);
    await assert.rejects(call, (error) => error === reason);
    assert.deepEqual(clock.alarms, []);
  }
  const { client, sent } = clientOn([anything]);
  await assert.rejects(client.getHealth({ signal: AbortSignal.abort(reason) }), (error) => error === reason);
  assert.equal(sent.length, 0);
});

test("nothing listens to a signal any more when the call is over", async () => {
  const { client } = clientOn([anything]);
  const { signal } = new AbortController();
  let listening = 0;
  const [add, remove] = [signal.addEventListener, signal.removeEventListener];
  signal.addEventListener = (...given: Parameters<typeof add>) => {
    listening += 1;
    add.apply(signal, given);
  };
  signal.removeEventListener = (...given: Parameters<typeof remove>) => {
    listening -= 1;
    remove.apply(signal, given);
  };
  await client.getHealth({ signal });
  assert.equal(listening, 0);
});

test("redirects are not followed, and the key goes nowhere else", async () => {
  const away: Reply = () => new Response(null, { status: 307, headers: { Location: "http://evil.test/" } });
  const opaque: Reply = () => Object.defineProperty(new Response(null), "status", { value: 0 });
  for (const reply of [away, opaque]) {
    const { client, sent } = clientOn([reply], { apiKey: "sk_1" });
    await assert.rejects(client.getHealth(), ProtocolError);
    assert.deepEqual(
      sent.map(({ url }) => url.origin),
      ["http://plane.test"],
    );
    assert.equal(sent[0]?.headers.get("x-api-key"), "sk_1");
    assert.equal(sent[0]?.init.redirect, "manual");
    assert.equal(sent[0]?.init.credentials, "omit");
    assert.equal(sent[0]?.init.cache, "no-store");
  }
});

const event = {
  type: "note",
  at: "2026-01-05T09:30:00.000Z",
  actor: { id: "a", source: "key" },
  data: {},
  hash: "0",
};

function events(...numbers: number[]): Reply {
  const text = numbers.map((seq) => `id: ${seq}\ndata: ${JSON.stringify({ ...event, seq })}\n\n`).join("");
  return () => new Response(text, { headers: { "Content-Type": "text/event-stream" } });
}

/** Some events, then the connection breaks. */
function broken(...numbers: number[]): Reply {
  return async (sent) => {
    const bytes = new Uint8Array(await (await events(...numbers)(sent)).arrayBuffer());
    let first = true;
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
      if (first) controller.enqueue(bytes);
      else controller.error(new TypeError("terminated"));
      first = false;
    };
    return new Response(new ReadableStream({ pull }));
  };
}

const end: Reply = () => new Response(null, { status: 204 });

test("a stream is taken up where it broke: nothing is left out, nothing comes twice", async () => {
  const { client, sent, clock } = clientOn([broken(1, 2), refused, events(2, 3), busy, events(4), end]);
  const seen: number[] = [];
  for await (const { seq } of client.streamEvents("exec_1")) seen.push(seq);
  assert.deepEqual(seen, [1, 2, 3, 4]);
  const asked = sent.map(({ headers }) => headers.get("last-event-id"));
  assert.deepEqual(asked, [null, "2", "2", "3", "3", "4"]);
  assert.deepEqual(clock.waits, [200, 400, 2000]);
});

test("a stream begins after the event that was seen", async () => {
  const { client, sent } = clientOn([end]);
  for await (const _ of client.streamEvents("exec_1", { lastEventId: 7 })) assert.fail();
  assert.equal(sent[0]?.headers.get("last-event-id"), "7");
});

test("a stream that brings nothing is asked for ever more slowly, and given up", async () => {
  const { client, clock } = clientOn([events()], { retry: { within: 1000 } });
  await assert.rejects(async () => {
    for await (const _ of client.streamEvents("exec_1")) assert.fail();
  }, TransportError);
  assert.deepEqual(clock.waits, [200, 400]);
});

test("a stream ends with an error that waiting does not mend", async () => {
  const { client } = clientOn([broken(1), problem(404, "not_found")]);
  await assert.rejects(async () => {
    for await (const { seq } of client.streamEvents("exec_1")) assert.equal(seq, 1);
  }, NotFoundError);
});

test("leaving the loop closes the connection", async () => {
  const { client, sent, clock } = clientOn([events(1, 2)]);
  for await (const _ of client.streamEvents("exec_1")) break;
  assert.equal(sent[0]?.init.signal?.aborted, true);
  assert.deepEqual(clock.alarms, []);
});

test("the platform's fetch is looked up at each call: frameworks put their own in its place", async () => {
  const { fetch, sent } = network([anything]);
  const { client } = clientOn([], { fetch: undefined });
  const platform = globalThis.fetch;
  try {
    globalThis.fetch = fetch as typeof globalThis.fetch;
    await client.getHealth();
  } finally {
    globalThis.fetch = platform;
  }
  assert.equal(sent.length, 1);
});

/** Until everything that can go on has. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
