import assert from "node:assert/strict";
import { test } from "node:test";
import { SignoffClient } from "../src/index.js";
import { Operations } from "../src/operations.js";
import { ROUTES } from "../src/routes.js";
import { clientSide } from "./contract.js";
import { clientOn, json } from "./fake_fetch.js";

test("there is one method per client-side operation, in the contract's order", () => {
  const methods = Object.getOwnPropertyNames(Operations.prototype).filter((name) => name !== "constructor");
  assert.ok(clientSide.length > 20);
  assert.deepEqual(
    methods,
    clientSide.map(({ id }) => id),
  );
});

test("each is sent to the contract's path", () => {
  const routes = Object.entries(ROUTES).map(([id, { method, path }]) => ({ id, method, path }));
  assert.deepEqual(
    routes,
    clientSide.map(({ id, method, path }) => ({ id, method, path })),
  );
});

test("names are turned to the wire's on the way out and back on the way in, user JSON is not", async () => {
  const payload = { claim_id: 1, camelKey: { snake_key: null } };
  const reply = {
    ...payloadless,
    payload,
    response: { a_b: [{ c_d: 1 }] },
    new_word: { kept_as: "it came" },
  };
  const { client, sent } = clientOn([json(reply, 201)]);
  const approval = await client.createApprovalRequest({
    approvalRequestId: "claim-4711",
    approvalRequestUrl: undefined,
    expiresInHours: 24,
    payload,
  });
  assert.deepEqual(JSON.parse(sent[0]?.body ?? ""), {
    approval_request_id: "claim-4711",
    expires_in_hours: 24,
    payload,
  });
  assert.equal(approval.approvalRequestId, "claim-4711");
  assert.deepEqual(approval.eventHead, { seq: 1, hash: "0" });
  assert.deepEqual(approval.payload, payload);
  assert.deepEqual(approval.response, { a_b: [{ c_d: 1 }] });
  assert.deepEqual((approval as unknown as { newWord: unknown }).newWord, { kept_as: "it came" });
});

const payloadless = {
  id: "apr_1",
  approval_request_id: "claim-4711",
  status: "pending",
  expires_at: "2026-01-06T09:30:00.000Z",
  created_at: "2026-01-05T09:30:00.000Z",
  event_head: { seq: 1, hash: "0" },
};

test("parameters go where the contract has them", async () => {
  const execution = { execution_id: "exec_1", status: "running" };
  const { client, sent } = clientOn([json(execution, 202)]);
  await client.execute(
    "refund-agent.decide_refund",
    { input: { order_id: null }, timeoutSeconds: 60, webhook: { url: "https://h.test", secret: undefined } },
    { waitSeconds: 0.5, idempotencyKey: "order-8821", parentExecutionId: "exec_0~2" },
  );
  const [request] = sent;
  assert.equal(
    String(request?.url),
    "http://plane.test/api/v1/execute/refund-agent.decide_refund?wait_seconds=0.5",
  );
  assert.equal(request?.headers.get("idempotency-key"), "order-8821");
  assert.equal(request?.headers.get("x-parent-execution-id"), "exec_0~2");
  assert.deepEqual(JSON.parse(request?.body ?? ""), {
    input: { order_id: null },
    timeout_seconds: 60,
    webhook: { url: "https://h.test" },
  });
});

test("filters are named as on the wire, and a Date is written as the contract writes times", async () => {
  const { client, sent } = clientOn([json({ items: [] })]);
  await client.listApprovalRequests({
    limit: 10,
    cursor: undefined,
    executionId: "none",
    decidedAfter: new Date("2026-01-05T09:30:00Z"),
    timeout: 1000,
    signal: undefined,
  });
  assert.equal(sent[0]?.url.search, "?limit=10&execution_id=none&decided_after=2026-01-05T09%3A30%3A00.000Z");
});

test("what cannot be sent is refused before it is sent", async () => {
  const { client, sent } = clientOn([json({})]);
  const response = { requestId: "apr_1", decision: "approved" } as const;
  const refused: Array<[() => Promise<unknown>, typeof TypeError | RangeError]> = [
    [() => client.getApprovalRequest(".."), TypeError],
    [() => client.getApprovalRequest(""), TypeError],
    [() => client.getApprovalRequest("\ud800"), TypeError],
    [() => client.executeAsync("a.b", {}, { idempotencyKey: "käse" }), TypeError],
    [() => client.executeAsync("a.b", {}, { idempotencyKey: "" }), TypeError],
    [() => client.executeAsync("a.b", { input: { amount: Number.NaN } }), TypeError],
    [() => client.executeAsync("a.b", { input: { amount: 1n } }), TypeError],
    [() => client.createApprovalRequest("deploy-42" as never), TypeError],
    [() => client.decide("apr_1", "approved" as never), TypeError],
    [() => client.getHealth({ timeout: -1 }), RangeError],
    [() => client.getHealth({ timeout: Number.NaN }), RangeError],
    [() => client.getHealth({ timeout: "5000" as unknown as number }), TypeError],
    [() => client.getHealth({ timeout: null as unknown as number }), TypeError],
    [() => client.waitForApproval("apr_1", { timeout: "5000" as unknown as number }), TypeError],
    [() => client.pause({ approvalRequestId: "a" }, { timeout: "5000" as unknown as number }), TypeError],
    [() => client.respond(response, { secret: "s", patience: "5" as unknown as number }), TypeError],
    [async () => new SignoffClient({ tryTimeout: "5" as unknown as number }), TypeError],
  ];
  for (const [call, kind] of refused) await assert.rejects(call, kind);
  await assert.rejects(client.waitForExecution("exec_1", { timeout: "5000" as unknown as number }), {
    message: 'timeout must be a number of milliseconds, not "5000"',
  });
  await assert.rejects(client.waitForExecution("exec_1", { timeout: -1 }), {
    message: "timeout must be a number of milliseconds, 0 or more, not -1",
  });
  assert.equal(sent.length, 0);
});

test("a path holds what it is given, whatever that is", async () => {
  const { client, sent } = clientOn([json({ id: "x", approval_request_id: "x", status: "pending" })]);
  await client.getApprovalRequest("apr_/../#?%2e");
  assert.equal(sent[0]?.url.pathname, "/api/v1/approval-requests/apr_%2F..%2F%23%3F%252e");
});

test("the server and the key come from the options, else from the environment", () => {
  const before = process.env["SIGNOFF_SERVER"];
  try {
    process.env["SIGNOFF_SERVER"] = "http://elsewhere.test:9000/base/";
    assert.equal(new SignoffClient().serverUrl, "http://elsewhere.test:9000/base");
    assert.equal(new SignoffClient({ serverUrl: undefined }).serverUrl, "http://elsewhere.test:9000/base");
    assert.equal(new SignoffClient({ serverUrl: "https://plane.test/" }).serverUrl, "https://plane.test");
    delete process.env["SIGNOFF_SERVER"];
    assert.equal(new SignoffClient().serverUrl, "http://127.0.0.1:8080");
  } finally {
    if (before !== undefined) process.env["SIGNOFF_SERVER"] = before;
  }
});

test("a server's URL or a key that cannot be one is refused, and not shown", () => {
  for (const serverUrl of [
    "plane.test",
    "ftp://plane.test",
    "http://u:p@plane.test",
    "http://plane.test/?a=b",
    "http://",
  ]) {
    assert.throws(() => new SignoffClient({ serverUrl }), TypeError);
  }
  for (const apiKey of ["", "a b", "käse", "secret\n"]) {
    assert.throws(
      () => new SignoffClient({ apiKey }),
      (error: Error) => !error.message.includes("secret"),
    );
  }
});
