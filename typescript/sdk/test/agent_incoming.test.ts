import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Agent, type AgentOptions, type Run } from "../src/agent/index.js";
import { type Fetch, newSecret, signWebhook } from "../src/index.js";
import { Lines, until } from "./agents.js";

const SECRET = newSecret();
const NOW = Date.parse("2026-01-05T09:30:00.000Z") / 1000;
const registered = { node_id: "n", webhook_secret: SECRET, heartbeat_seconds: 3600 };

/** What the agent told the server: path and body. */
type Told = [path: string, body: Record<string, unknown>];

interface Sending {
  unsigned?: boolean;
  secret?: string;
  /** Seconds that the sender's clock is off. */
  skew?: number;
  /** What arrives in place of what was signed. */
  arrives?: string;
  headers?: Record<string, string>;
  id?: string;
}

/** An agent without a network, and a server that signs what the test sends. */
async function node(t: TestContext, options: AgentOptions = {}) {
  const told: Told[] = [];
  const log = new Lines();
  const server: { answer: Fetch } = { answer: async () => Response.json({ resync: false, items: [] }) };
  const fetch: Fetch = async (url, init) => {
    const path = new URL(url).pathname.replace("/api/v1", "");
    if (path === "/nodes/register") return Response.json(registered);
    told.push([path, JSON.parse(String(init.body ?? "null"))]);
    if (path.endsWith("/status")) return Response.json({ execution_id: "e", status: "succeeded" });
    return await server.answer(url, init);
  };
  const clock = { now: () => NOW * 1000 };
  const agent = new Agent("counter", {
    publicUrl: "http://agent.test/api/agent",
    fetch,
    log,
    shutdownSeconds: 0,
    clock: { ...(await import("../src/index.js")).systemClock, ...clock },
    ...options,
  });
  const runs: unknown[] = [];
  let open = (): void => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  agent.reasoner("count", async (ctx, input: { number: number }) => {
    runs.push([ctx.attemptId, input]);
    await gate;
    return input.number;
  });
  agent.start();
  t.after(() => agent.close());
  await agent.registered();

  async function post(path: string, body: unknown, sending: Sending = {}): Promise<Response> {
    const { headers: more = {}, secret = SECRET, skew = 0, unsigned = false } = sending;
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const id = sending.id ?? more["X-Execution-ID"] ?? "msg_1";
    const headers = unsigned ? {} : await signWebhook(secret, id, NOW + skew, text);
    const url = `http://agent.test/api/agent${path}`;
    const init = { method: "POST", body: sending.arrives ?? text, headers: { ...headers, ...more } };
    return await agent.handle(new Request(url, init));
  }

  return { agent, runs, open, told, log, post, server };
}

const RUN = { "X-Execution-ID": "exec_1", "X-Run-ID": "run_1" };

async function answered(response: Response): Promise<unknown[]> {
  const body = (await response.json()) as { code?: string };
  return [response.status, body.code];
}

const PATHS = ["/reasoners/count", "/webhooks/approval", "/_internal/executions/exec_1/cancel"];
const UNBELIEVED: Record<string, Sending> = {
  "without a signature": { unsigned: true },
  "with another secret": { secret: newSecret() },
  "too old": { skew: -301 },
  "too young": { skew: 301 },
  "with another body": { arrives: '{"number":2}' },
};

for (const [how, sending] of Object.entries(UNBELIEVED)) {
  test(`work is refused ${how}`, async (t) => {
    const { post, runs } = await node(t);
    for (const path of PATHS) {
      const response = await post(path, { number: 1 }, { headers: RUN, ...sending });
      assert.equal(response.headers.get("content-type"), "application/problem+json");
      assert.deepEqual(await answered(response), [401, "invalid_signature"]);
    }
    assert.deepEqual(runs, []);
  });
}

test("a signature is for one attempt only", async (t) => {
  const { post, runs } = await node(t);
  const response = await post("/reasoners/count", {}, { headers: RUN, id: "exec_2" });
  assert.deepEqual(await answered(response), [401, "invalid_signature"]);
  assert.deepEqual(runs, []);
});

test("an attempt in hand is not run twice, nor one that was reported", async (t) => {
  const { post, runs, open, told } = await node(t);
  const dispatch = async (): Promise<void> => {
    const response = await post("/reasoners/count", { number: 1 }, { headers: RUN });
    assert.equal(response.status, 202);
    assert.deepEqual(await response.json(), { status: "processing", execution_id: "exec_1" });
  };
  await Promise.all([dispatch(), dispatch()]);
  await dispatch();
  open();
  await until(() => told.length > 0);
  await dispatch();
  assert.deepEqual(runs, [["exec_1", { number: 1 }]]);
  assert.deepEqual(told, [["/executions/exec_1/status", { status: "succeeded", result: 1 }]]);
});

test("what does not fit is refused by name", async (t) => {
  const { post, runs } = await node(t);
  const cases: Array<[string, unknown, Sending, number, string]> = [
    ["/reasoners/other", {}, { headers: RUN }, 404, "not_found"],
    ["/elsewhere", {}, { headers: RUN }, 404, "not_found"],
    ["/reasoners/count/more", {}, { headers: RUN }, 404, "not_found"],
    ["/%ff", {}, {}, 404, "not_found"],
    ["/reasoners/count", {}, {}, 400, "invalid_request"],
    ["/reasoners/count", "{", { headers: RUN }, 400, "invalid_json"],
    ["/webhooks/approval", "{", {}, 400, "invalid_request"],
    ["/webhooks/approval", { decision: "approved" }, {}, 400, "invalid_request"],
    ["/_internal/executions/exec_1/cancel", "{", {}, 400, "invalid_request"],
    ["/_internal/executions/exec_1/cancel", { execution_id: "exec_2" }, {}, 400, "invalid_request"],
    ["/_internal/executions/exec_1/cancel", { execution_id: "exec_1" }, {}, 404, "not_found"],
  ];
  for (const [path, body, sending, status, code] of cases) {
    assert.deepEqual(await answered(await post(path, body, sending)), [status, code], path);
  }
  assert.deepEqual(runs, []);
});

test("a schema reads the input, and what it refuses is named with its place", async (t) => {
  const { post, agent, told } = await node(t);
  const input = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value: unknown) => {
        const { number } = value as { number?: unknown };
        if (typeof number === "number") return { value: { number: number + 1 } };
        return { issues: [{ message: "must be a number", path: ["a/b", { key: 0 }] }] };
      },
    },
  } as const;
  agent.reasoner("read", (_ctx, { number }) => number, { input });
  const bad = await post("/reasoners/read", { number: "x" }, { headers: RUN });
  assert.equal(bad.status, 422);
  const problem = (await bad.json()) as Record<string, unknown>;
  assert.equal(problem["code"], "invalid_input");
  assert.deepEqual(problem["errors"], [{ in: "body", pointer: "/a~1b/0", detail: "must be a number" }]);
  assert.equal((await post("/reasoners/read", { number: 1 }, { headers: RUN })).status, 202);
  await until(() => told.length > 0);
  assert.deepEqual(told[0]?.[1], { status: "succeeded", result: 2 });
});

const callback = {
  execution_id: "exec_1",
  id: "apr_1",
  approval_request_id: "q",
  decision: "approved",
  new_status: "running",
  feedback: "fine",
  response: { a_b: 1 },
  event_head: { seq: 1, hash: "0" },
};

const pending = {
  id: "apr_1",
  approval_request_id: "q",
  status: "pending",
  event_head: { seq: 1, hash: "0" },
};

test("an answer for nobody is received and not resolved", async (t) => {
  const { post } = await node(t);
  const response = await post("/webhooks/approval", { ...callback, execution_id: "exec_9" });
  assert.deepEqual([response.status, await response.json()], [200, { status: "received", resolved: false }]);
});

/** A run that pauses; `go` lets the server answer that the question is stored. */
async function pausing(t: TestContext) {
  const all = await node(t);
  let go = (): void => {};
  const stored = new Promise<void>((resolve) => {
    go = resolve;
  });
  all.server.answer = async (url) => {
    if (url.endsWith("/request-approval")) await stored;
    return Response.json(pending);
  };
  all.agent.reasoner("ask", async (ctx: Run) => {
    const { approved, feedback, response } = await ctx.pause({ approvalRequestId: "q", expiresInHours: 1 });
    return { approved, feedback, response };
  });
  await all.post("/reasoners/ask", {}, { headers: RUN });
  const path = "/agents/counter/executions/exec_1/request-approval";
  await until(() => all.told.some(([told]) => told === path));
  const asked = { approval_request_id: "q", expires_in_hours: 1, step_key: "pause.1" };
  assert.deepEqual(all.told, [[path, asked]]);
  return { ...all, go };
}

test("an answer that comes before the question is known to be stored is kept", async (t) => {
  const { post, go, told } = await pausing(t);
  const early = await post("/webhooks/approval", callback);
  assert.deepEqual(await early.json(), { status: "received", resolved: false });
  await post("/webhooks/approval", { ...callback, decision: "rejected" });
  go();
  await until(() => told.length === 2);
  assert.deepEqual(told[1]?.[1], {
    status: "succeeded",
    result: { approved: true, feedback: "fine", response: { a_b: 1 } },
  });
});

test("a waiter hears the answer to its own question only", async (t) => {
  const { post, go, told, agent } = await pausing(t);
  go();
  await new Promise((resolve) => setImmediate(resolve));
  const other = await post("/webhooks/approval", { ...callback, id: "apr_2" });
  assert.deepEqual(await other.json(), { status: "received", resolved: false });
  const right = await until(async () => {
    const answer = (await (await post("/webhooks/approval", callback)).json()) as { resolved: boolean };
    return answer.resolved || told.length === 2;
  });
  assert.ok(right);
  await until(() => told.length === 2);
  assert.equal(agent.nodeId, "counter");
});

test("a word of a newer server is no yes", async (t) => {
  const { post, go, told } = await pausing(t);
  await post("/webhooks/approval", { ...callback, decision: "approved_with_limits" });
  go();
  await until(() => told.length === 2);
  const { result } = told[1]?.[1] ?? {};
  assert.equal((result as { approved: boolean }).approved, false);
});

test("more than it may run at a time are for others, or later", async (t) => {
  const { post, runs } = await node(t, { maxRunning: 1 });
  assert.equal((await post("/reasoners/count", { number: 1 }, { headers: RUN })).status, 202);
  const second = { headers: { ...RUN, "X-Execution-ID": "exec_2" } };
  assert.deepEqual(await answered(await post("/reasoners/count", { number: 2 }, second)), [429, "busy"]);
  assert.equal((await post("/reasoners/count", { number: 1 }, { headers: RUN })).status, 202);
  assert.equal(runs.length, 1);
});

test("a later attempt ends the earlier one", async (t) => {
  const { post, told, runs } = await node(t);
  await post("/reasoners/count", { number: 1 }, { headers: RUN });
  const later = { ...RUN, "X-Execution-ID": "exec_1~2" };
  await post("/reasoners/count", { number: 2 }, { headers: later });
  await until(() => told.some(([path]) => path === "/executions/exec_1/status"));
  const report = told.find(([path]) => path === "/executions/exec_1/status");
  assert.deepEqual(report?.[1], { status: "cancelled", status_reason: "a later attempt has begun here" });
  await until(() => runs.length === 2);
});

test("an earlier attempt that comes late is not run", async (t) => {
  const { post, told, runs, open } = await node(t);
  const dispatch = async (attemptId: string): Promise<void> => {
    const headers = { ...RUN, "X-Execution-ID": attemptId };
    const answer = await post("/reasoners/count", { number: 1 }, { headers });
    assert.deepEqual(
      [answer.status, await answer.json()],
      [202, { status: "processing", execution_id: attemptId }],
    );
  };
  const reports = () => told.filter(([path]) => path.endsWith("/status"));
  await dispatch("exec_1~3");
  await until(() => runs.length === 1);
  await dispatch("exec_1~2");
  await dispatch("exec_1");
  open();
  await until(() => reports().length > 0);
  await dispatch("exec_1~2");
  assert.deepEqual(reports(), [["/executions/exec_1~3/status", { status: "succeeded", result: 1 }]]);
  assert.deepEqual(runs, [["exec_1~3", { number: 1 }]]);
});

test("a result over the limit is a failure that says so", async (t) => {
  const reports: unknown[] = [];
  const fetch: Fetch = async (url, init) => {
    if (url.endsWith("/register")) return Response.json(registered);
    if (!url.endsWith("/status")) return Response.json({ resync: false });
    reports.push(JSON.parse(String(init.body)));
    const large = { code: "body_too_large", detail: "over the limit" };
    if (reports.length === 1) return Response.json(large, { status: 413 });
    return Response.json({ execution_id: "e", status: "failed" });
  };
  const { post, open } = await node(t, { fetch });
  open();
  await post("/reasoners/count", { number: 1 }, { headers: RUN });
  await until(() => reports.length === 2);
  assert.deepEqual(reports[1], { status: "failed", error: "the result is over the limit" });
});

test("health is open, other methods are refused", async (t) => {
  const { agent } = await node(t);
  const health = await agent.handle(new Request("http://agent.test/api/agent/health"));
  assert.deepEqual(await health.json(), { status: "ok", node_id: "counter", version: "0.0.0" });
  const put = await agent.handle(new Request("http://agent.test/api/agent/health", { method: "PUT" }));
  assert.deepEqual(
    [put.headers.get("allow"), await answered(put)],
    ["GET, POST", [405, "method_not_allowed"]],
  );
});

test("a body over the limit is refused before it is read to its end", async (t) => {
  const { agent } = await node(t);
  let pulled = 0;
  const endless = new ReadableStream({
    pull: (controller) => {
      pulled += 1;
      controller.enqueue(new Uint8Array(65_536));
    },
  });
  const init = { method: "POST", body: endless, duplex: "half" } as RequestInit;
  const response = await agent.handle(new Request("http://agent.test/reasoners/count", init));
  assert.deepEqual(await answered(response), [413, "body_too_large"]);
  assert.ok(pulled < 30);
});

test("before it is started it says so, and where it is mounted it wants to know", async () => {
  const agent = new Agent("idle", { log: new Lines() });
  const response = await agent.handle(new Request("http://agent.test/reasoners/a", { method: "POST" }));
  assert.deepEqual(await answered(response), [503, "not_running"]);
  await assert.rejects(agent.registered(), { name: "AgentNotRunningError" });
  assert.throws(() => agent.start(), { name: "AgentNotRunningError", message: /publicUrl/ });
  await agent.close();
});

test("settings that can be none are refused", () => {
  for (const options of [
    { suspendAfterSeconds: 0 },
    { shutdownSeconds: -1 },
    { shutdownSeconds: Number.NaN },
  ]) {
    assert.throws(() => new Agent("odd", options), RangeError);
  }
  assert.throws(() => new Agent("odd", { serverUrl: "plane.test" }), TypeError);
});

test("a fault while it answers is said, and is not shown", async (t) => {
  const { agent, post, log } = await node(t);
  const validate = (): never => {
    throw new Error("the schema is broken");
  };
  agent.reasoner("odd", () => 1, { input: { "~standard": { version: 1, vendor: "test", validate } } });
  const response = await post("/reasoners/odd", {}, { headers: RUN });
  assert.deepEqual(await answered(response), [500, "internal_error"]);
  assert.match(log.text, /the schema is broken/);
});
