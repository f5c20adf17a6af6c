import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  AlreadyDecidedError,
  type Approval,
  type ApprovalResult,
  DeliveryNotRetryableError,
  InvalidRequestError,
  InvalidSignatureError,
  NotFoundError,
  PauseTimeoutError,
  RequestConflictError,
  SignoffClient,
  signApprovalResponse,
  UnknownTargetError,
  WaitTimeoutError,
} from "../src/index.js";
import { startAgent } from "./agent.js";
import { SECRET, Server } from "./server.js";

let server: Server;
let client: SignoffClient;
let stopAgent = (): void => {};
let asked = 0;

before(async () => {
  server = await Server.start();
  stopAgent = await startAgent(server);
  client = new SignoffClient({ serverUrl: server.url });
});

after(async () => {
  stopAgent();
  await server?.close();
});

/** An own id that no other test has. */
function fresh(): string {
  asked += 1;
  return `claim-${asked}`;
}

/** Comes back when somebody has asked under this id. */
async function arrived(approvalRequestId: string): Promise<string> {
  for (;;) {
    const { items } = await client.listApprovalRequests({ approvalRequestId });
    if (items[0] !== undefined) return items[0].id;
  }
}

for (const [decision, property] of [
  ["approved", "approved"],
  ["rejected", "rejected"],
  ["request_changes", "changesRequested"],
] as const) {
  test(`pause comes back with the decision: ${decision}`, async () => {
    const id = fresh();
    const paused = client.pause({ approvalRequestId: id, payload: { claim_id: id } });
    const receipt = await client.decide(await arrived(id), {
      decision,
      feedback: "seen",
      response: { a_b: null },
    });
    assert.equal(receipt.status, "processed");
    const result = await paused;
    assert.equal(result.decision, decision);
    assert.deepEqual([result.feedback, result.response], ["seen", { a_b: null }]);
    assert.deepEqual([result.reviewer?.source, result.approvalRequestId], ["open", id]);
    for (const word of ["approved", "rejected", "changesRequested", "expired", "withdrawn"] as const) {
      assert.equal(result[word], word === property);
    }
  });
}

test("pause attaches to a question that was asked before", async () => {
  const request = { approvalRequestId: fresh(), payload: { z: 1, a: null } };
  const first = await client.requestApproval(request);
  await client.decide(request.approvalRequestId, { decision: "approved" });
  const result = await client.pause(request);
  assert.deepEqual([result.id, result.approved], [first.id, true]);
  await assert.rejects(
    client.pause({ ...request, payload: {} }),
    (error) => error instanceof RequestConflictError && error.approval?.id === first.id,
  );
});

test("a wait takes the apr_ id and the own one, and ends with the decision", async () => {
  const { id, approvalRequestId } = await client.requestApproval({
    approvalRequestId: fresh(),
    title: "A title",
  });
  const waits = [client.waitForApproval(id, { timeout: 2 ** 40 }), client.waitForApproval(approvalRequestId)];
  await client.decide(approvalRequestId, { decision: "rejected" });
  for (const { decision } of await Promise.all(waits)) assert.equal(decision, "rejected");
  assert.equal((await client.waitForApproval(approvalRequestId)).decision, "rejected");
});

test("a wait for what is not there is an error", async () => {
  await assert.rejects(client.waitForApproval("nobody-asked"), NotFoundError);
  await assert.rejects(client.waitForApproval("apr_nobody"), NotFoundError);
});

test("a withdrawn request is a result with its reason", async () => {
  const { id } = await client.requestApproval({ approvalRequestId: fresh() });
  const waiting = client.waitForApproval(id);
  await client.cancelApprovalRequest(id, { reason: "the order was withdrawn" });
  const result: ApprovalResult = await waiting;
  assert.deepEqual(
    [result.decision, result.withdrawn, result.approved, result.feedback],
    ["error", true, false, "the order was withdrawn"],
  );
});

test("expiry is a result, and a late decision says so", async () => {
  const { id } = await client.requestApproval({ approvalRequestId: fresh(), expiresInHours: 0.001 });
  const waiting = client.waitForApproval(id);
  await server.advance(3600);
  const result = await waiting;
  assert.deepEqual([result.decision, result.expired, result.approved], ["expired", true, false]);
  await assert.rejects(
    client.decide(id, { decision: "approved" }),
    (error) => error instanceof AlreadyDecidedError && error.approval?.status === "expired",
  );
});

test("a wait that is over leaves the request pending, at its deadline", async () => {
  const { id } = await client.requestApproval({ approvalRequestId: fresh() });
  const began = performance.now();
  await assert.rejects(
    client.waitForApproval(id, { timeout: 250 }),
    (error) => error instanceof WaitTimeoutError && error.id === id,
  );
  const took = performance.now() - began;
  assert.ok(took >= 250 && took < 5000, String(took));
  assert.equal((await client.getApprovalRequest(id)).status, "pending");
});

test("a pause that is over withdraws its request", async () => {
  const approvalRequestId = fresh();
  const error = await client.pause({ approvalRequestId }, { timeout: 2000 }).catch((e: unknown) => e);
  assert.ok(error instanceof PauseTimeoutError && error.withdrawn, String(error));
  assert.equal((await client.getApprovalRequest(error.id)).status, "cancelled");
});

test("a wait that is given up leaves the request pending", async () => {
  const { id } = await client.requestApproval({ approvalRequestId: fresh() });
  const controller = new AbortController();
  const waiting = client.waitForApproval(id, { signal: controller.signal });
  setImmediate(() => controller.abort());
  await assert.rejects(waiting, { name: "AbortError" });
  await assert.rejects(client.pause({ approvalRequestId: fresh() }, { signal: AbortSignal.abort() }), {
    name: "AbortError",
  });
  assert.equal((await client.getApprovalRequest(id)).status, "pending");
});

test("an own id that is empty or missing is nobody's question", async () => {
  const { id } = await client.requestApproval({ approvalRequestId: fresh() });
  await assert.rejects(client.decide("", { decision: "approved" }), InvalidRequestError);
  await assert.rejects(client.waitForApproval(""), InvalidRequestError);
  const missing = undefined as never;
  await assert.rejects(client.decide(missing, { decision: "approved" }), TypeError);
  await assert.rejects(client.waitForApproval(missing), TypeError);
  await assert.rejects(client.findApprovalRequest(missing), /TypeError: approvalRequestId must be a string/);
  assert.equal((await client.getApprovalRequest(id)).status, "pending");
});

test("a thousand wait at once, on one signal", async () => {
  const warnings: string[] = [];
  const warned = ({ name }: Error): void => void warnings.push(name);
  process.on("warning", warned);
  const { signal } = new AbortController();
  const asked: Approval[] = [];
  let decided = 0;
  for (let batch = 0; batch < 20; batch++) {
    const requests = Array.from({ length: 50 }, () => client.requestApproval({ approvalRequestId: fresh() }));
    asked.push(...(await Promise.all(requests)));
  }
  const waits = asked.map(({ id }) => client.waitForApproval(id, { signal }));
  // Some at a time, while all the others are held.
  while (asked.length > decided) {
    const batch = asked.slice(decided, decided + 50);
    await Promise.all(batch.map(({ id }) => client.decide(id, { decision: "approved", feedback: id })));
    decided += batch.length;
  }
  const results = await Promise.all(waits);
  assert.deepEqual(
    results.map(({ feedback }) => feedback),
    asked.map(({ id }) => id),
  );
  process.off("warning", warned);
  assert.deepEqual(warnings, []);
});

test("a signed response decides, in either form", async () => {
  const decision = "approved";
  const first = await client.requestApproval({ approvalRequestId: fresh() });
  const response = {
    requestId: first.approvalRequestId,
    decision,
    reviewer: { id: "42", name: "duty officer" },
  } as const;
  const receipt = await client.respond(response, { secret: SECRET });
  assert.deepEqual(receipt.approval.reviewer, { id: "42", name: "duty officer", source: "webhook" });
  assert.equal((await client.respond(response, { secret: SECRET })).status, "already_processed");

  const second = await client.requestApproval({ approvalRequestId: fresh() });
  const body = JSON.stringify({ requestId: second.id, decision });
  const signature = await signApprovalResponse(SECRET, body);
  await client.receiveApprovalResponse(
    body,
    new Headers({ "X-Webhook-Signature": signature, Cookie: "a=b" }),
  );
  assert.ok((await client.waitForApproval(second.id)).approved);
});

test("a response signed with another secret is not believed", async () => {
  const { id } = await client.requestApproval({ approvalRequestId: fresh() });
  for (const secret of ["another", "whsec_ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM="]) {
    await assert.rejects(
      client.respond({ requestId: id, decision: "approved" }, { secret }),
      InvalidSignatureError,
    );
  }
});

test("an execution runs to its end, with user JSON as it was", async () => {
  const input = { order_id: 1, camelKey: [null, 1.5, "👍"], "": {} };
  const execution = await client.execute("test-agent.echo", { input });
  assert.equal(execution.status, "succeeded");
  assert.deepEqual([execution.result, execution.input], [input, input]);
  assert.ok(execution.completedAt !== undefined && execution.durationMs !== undefined);
  await assert.rejects(client.execute("test-agent.no_such", {}), UnknownTargetError);
});

test("a repeat under a key is the first execution", async () => {
  const options = { idempotencyKey: "order-8821" };
  const first = await client.executeAsync("test-agent.echo", { input: 1 }, options);
  const again = await client.executeAsync("test-agent.echo", { input: 1 }, options);
  assert.equal(again.executionId, first.executionId);
  assert.equal((await client.waitForExecution(first.executionId)).result, 1);
});

test("an execution that comes to a gate goes on when the wait for it is over", async () => {
  const approvalRequestId = fresh();
  const waiting = await client.execute("test-agent.ask", {
    input: { approval_request_id: approvalRequestId },
  });
  assert.deepEqual([waiting.status, waiting.completedAt], ["waiting", undefined]);
  const { executionId } = waiting;
  await assert.rejects(client.waitForExecution(executionId, { timeout: 50 }), WaitTimeoutError);
  const state = await client.getExecutionApprovalStatus("test-agent", executionId, { approvalRequestId });
  assert.deepEqual([state.approval.id], waiting.pendingApprovals);
  await client.decide(approvalRequestId, { decision: "approved" }, { executionId });
  const finished = await client.waitForExecution(executionId);
  assert.deepEqual([finished.status, finished.result], ["succeeded", { decision: "approved" }]);

  const types: string[] = [];
  for await (const event of client.streamEvents(executionId)) types.push(event.type);
  assert.equal(types.at(-1), "execution.succeeded");
  const listed: string[] = [];
  for await (const event of client.iterExecutionEvents(executionId)) listed.push(event.type);
  assert.deepEqual(types, listed);
});

test("a cancelled execution is a result of waiting for it", async () => {
  const input = { approval_request_id: fresh() };
  const { executionId } = await client.execute("test-agent.ask", { input });
  await client.cancelExecution(executionId, { reason: "not needed" });
  assert.equal((await client.waitForExecution(executionId)).status, "cancelled");
});

test("lists, nodes and the system answer", async () => {
  const nodes = [];
  for await (const node of client.iterNodes()) nodes.push(node);
  assert.deepEqual(
    nodes.map(({ nodeId }) => nodeId),
    ["test-agent"],
  );
  // The schemas of reasoners are the agent's JSON.
  assert.deepEqual(nodes[0]?.reasoners[0]?.inputSchema, { properties: { order_id: {} } });
  assert.equal((await client.getNode("test-agent")).instances[0]?.state, "live");
  const first = await client.listApprovalRequests({ limit: 1 });
  assert.equal(first.items.length, 1);
  const second = await client.listApprovalRequests({ limit: 1, cursor: first.nextCursor });
  assert.notEqual(second.items[0]?.id, first.items[0]?.id);
  const succeeded = [];
  for await (const execution of client.iterExecutions({ status: "succeeded" }))
    succeeded.push(execution.status);
  assert.ok(succeeded.length >= 2 && succeeded.every((status) => status === "succeeded"));
  for await (const event of client.iterApprovalRequestEvents(first.items[0]?.id ?? "")) {
    assert.ok(event.seq >= 1 && event.prevHash.length === 64);
  }
  for await (const { id, state } of client.iterDeliveries({ state: "dropped" })) {
    assert.equal(state, "dropped");
    await assert.rejects(client.retryDelivery(id), DeliveryNotRetryableError);
  }
  assert.deepEqual(
    (await client.listSteps((await client.listExecutions()).items[0]?.executionId ?? "")).items,
    [],
  );
  assert.equal((await client.getHealth()).status, "ok");
  assert.equal((await client.getReadiness()).checks.length > 0, true);
  assert.match(await client.getOpenapi(), /^openapi: 3\.1/);
  assert.match(await client.getMetrics(), /signoff_/);
});

test("a wait lasts over a restart of the server", async () => {
  const { id } = await client.requestApproval({ approvalRequestId: fresh() });
  const waiting = client.waitForApproval(id);
  await server.kill();
  await server.start();
  await client.decide(id, { decision: "approved" });
  assert.ok((await waiting).approved);
});
