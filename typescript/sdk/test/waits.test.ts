import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AmbiguousRequestIdError,
  isTimeout,
  NotFoundError,
  newSecret,
  PauseTimeoutError,
  type SignoffClient,
  systemClock,
  UnauthorizedError,
  verifyWebhook,
  WaitTimeoutError,
} from "../src/index.js";
import {
  clientOn,
  decided,
  json,
  lost,
  pending,
  problem,
  type Reply,
  refused,
  silence,
} from "./fake_fetch.js";

/** The server holds the answer for as long as it was asked to. */
function held(client: { clock: { at: number } }): Reply {
  return (sent) => {
    client.clock.at += Number(sent.url.searchParams.get("wait_seconds")) * 1000;
    return Response.json(pending);
  };
}

/** A client whose server holds every answer and never has a decision. */
function onPatientServer() {
  const replies: Reply[] = [];
  const given = clientOn(replies);
  replies.push(held(given));
  return given;
}

test("long polls follow one another and never reach past the deadline", async () => {
  const { client, clock, sent } = onPatientServer();
  const began = clock.at;
  await assert.rejects(
    client.waitForApproval("apr_1", { timeout: 150_250 }),
    (error) => error instanceof WaitTimeoutError && error.id === "apr_1",
  );
  const holds = sent.map(({ url }) => url.searchParams.get("wait_seconds"));
  assert.deepEqual(holds, ["60", "60", "30.25"]);
  assert.equal(clock.at - began, 150_250);
  assert.deepEqual(clock.waits, []);
});

test("a wait goes on through every fault that may pass, for ever when it has no time-out", async () => {
  const faults = Array.from({ length: 30 }, (_, n) => (n % 2 ? refused : lost));
  const { client, clock } = clientOn([
    ...faults,
    problem(503, "shutting_down", { "Retry-After": "3" }),
    json(decided("approved")),
  ]);
  const result = await client.waitForApproval("apr_1");
  assert.ok(result.approved);
  assert.deepEqual(clock.waits.slice(0, 3), [200, 400, 800]);
  assert.deepEqual(clock.waits.slice(-2), [10_000, 3000]);
});

test("a wait through faults ends at its deadline and says why", async () => {
  const { client, clock } = clientOn([refused]);
  const began = clock.at;
  const error = await client.waitForApproval("apr_1", { timeout: 1000 }).catch((e: unknown) => e);
  assert.ok(error instanceof WaitTimeoutError);
  assert.match(String(error.cause), /ECONNREFUSED/);
  assert.equal(clock.at - began, 1000);
});

test("a poll whose answer does not come is given up at the deadline", async () => {
  const { client, clock } = clientOn([silence]);
  const wait = client.waitForExecution("exec_1", { timeout: 700 });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(clock.alarms, [700]);
  clock.ring();
  await assert.rejects(wait, (error) => error instanceof WaitTimeoutError && error.id === "exec_1");
});

test("a wait ends with an error that waiting does not mend", async () => {
  const { client, sent } = clientOn([problem(401, "unauthorized")]);
  await assert.rejects(client.waitForApproval("apr_1"), UnauthorizedError);
  assert.equal(sent.length, 1);
});

test("answers that come too early are asked for ever more slowly", async () => {
  const { client, clock } = clientOn([...Array(4).fill(json(pending)), json(decided("approved"))]);
  await client.waitForApproval("apr_1");
  assert.deepEqual(clock.waits, [200, 400, 800, 1600]);
});

test("only approved is a yes: a word of a newer server ends the wait and is none", async () => {
  for (const decision of [
    "approved_with_limits",
    "APPROVED",
    "yes",
    "rejected",
    "request_changes",
    "expired",
  ]) {
    const { client } = clientOn([json(decided(decision, { status: "approved" }))]);
    const result = await client.waitForApproval("apr_1");
    assert.deepEqual([result.decision, result.approved], [decision, false]);
  }
});

test("an end without a word for it is no decision", async () => {
  for (const decision of [undefined, null, true, ["approved"]]) {
    const { client } = clientOn([
      json({ ...pending, status: "approved", decided_at: "2026-01-05T09:40:00.000Z", decision }),
    ]);
    await assert.rejects(client.waitForApproval("apr_1"), /has no decision/);
  }
});

test("a pause that is over withdraws its request within its time", async () => {
  const replies: Reply[] = [json(pending, 201)];
  const { client, clock, sent } = clientOn(replies);
  const hold = held({ clock });
  replies.push(hold, (one) => {
    assert.equal(one.url.pathname, "/api/v1/approval-requests/apr_1/cancel");
    return Response.json(decided("error"));
  });
  const began = clock.at;
  const error = await client
    .pause({ approvalRequestId: "claim-4711" }, { timeout: 30_000 })
    .catch((e: unknown) => e);
  assert.ok(error instanceof PauseTimeoutError && error.withdrawn && error.id === "apr_1");
  assert.equal(sent[1]?.url.searchParams.get("wait_seconds"), "28");
  assert.equal(sent[2]?.body, '{"reason":"pause timed out"}');
  assert.ok(clock.at - began <= 30_000);
});

test("a decision at the last moment is not lost", async () => {
  const replies: Reply[] = [json(pending, 201)];
  const { client, clock } = clientOn(replies);
  const approval = decided("approved", { feedback: "just in time" });
  replies.push(held({ clock }), problem(409, "already_decided", {}, { approval }));
  const result = await client.pause({ approvalRequestId: "claim-4711" }, { timeout: 400 });
  assert.deepEqual([result.approved, result.feedback], [true, "just in time"]);
});

test("a pause says when its request could not be withdrawn, and ends in time", async () => {
  const replies: Reply[] = [json(pending, 201)];
  const { client, clock } = clientOn(replies);
  replies.push(held({ clock }), refused);
  const began = clock.at;
  const error = await client
    .pause({ approvalRequestId: "claim-4711" }, { timeout: 400 })
    .catch((e: unknown) => e);
  assert.ok(error instanceof PauseTimeoutError && !error.withdrawn);
  assert.ok(clock.at - began <= 400);
});

test("a pause whose question does not get through in time says so", async () => {
  const { client, clock } = clientOn([silence]);
  const pause = client.pause({ approvalRequestId: "claim-4711" }, { timeout: 400 });
  await new Promise((resolve) => setImmediate(resolve));
  clock.ring();
  await assert.rejects(
    pause,
    (error) => error instanceof PauseTimeoutError && !error.withdrawn && error.id === "claim-4711",
  );
});

test("a pause that is refused until its time is over is a time-out too", async () => {
  for (const refusal of [refused, problem(503, "shutting_down", { "Retry-After": "2" })]) {
    const { client, clock } = clientOn([refusal, refusal, refusal]);
    const began = clock.at;
    const error = await client
      .pause({ approvalRequestId: "claim-4711" }, { timeout: 400 })
      .catch((e: unknown) => e);
    assert.ok(error instanceof PauseTimeoutError && !error.withdrawn && error.id === "claim-4711");
    assert.ok(isTimeout(error) && error.cause instanceof WaitTimeoutError);
    assert.ok(clock.at - began <= 400);
  }
});

test("an own id is looked up among the standalone requests, or those of the execution", async () => {
  for (const executionId of [undefined, "exec_1"]) {
    const { client, sent } = clientOn([json({ items: [pending] }), json(decided("approved"))]);
    await client.waitForApproval("claim-4711", { executionId });
    assert.deepEqual(
      sent.map(({ url }) => url.pathname),
      ["/api/v1/approval-requests", "/api/v1/approval-requests/apr_1"],
    );
    const { searchParams } = sent[0]?.url ?? new URL("http://no.test");
    assert.equal(searchParams.get("execution_id"), executionId ?? "none");
    assert.equal(searchParams.get("approval_request_id"), "claim-4711");
  }
});

test("an own id that several owners have pending is ambiguous, one without requests is not found", async () => {
  const two = json({ items: [pending, { ...pending, id: "apr_2" }] });
  const waits = (client: SignoffClient) => client.waitForApproval("claim-4711");
  const decides = (client: SignoffClient) => client.decide("claim-4711", { decision: "approved" });
  for (const verb of [waits, decides]) {
    const error = await verb(clientOn([two]).client).catch((e: unknown) => e);
    assert.ok(error instanceof AmbiguousRequestIdError);
    assert.deepEqual(
      error.candidates.map(({ id }) => id),
      ["apr_1", "apr_2"],
    );
    await assert.rejects(verb(clientOn([json({ items: [] })]).client), NotFoundError);
  }
});

const notYet = problem(404, "not_found", { "Retry-After": "2" });

test("a response waits for a request that is on its way, no longer than its patience", async () => {
  const receipt = json({ status: "processed", approval: decided("approved") });
  const response = { requestId: "claim-4711", decision: "approved", executionId: "exec_1" } as const;
  const soon = clientOn([notYet, notYet, receipt]);
  await soon.client.respond(response, { secret: "s" });
  assert.deepEqual(soon.clock.waits, [2000, 2000]);
  assert.deepEqual(JSON.parse(soon.sent[0]?.body ?? ""), {
    requestId: "claim-4711",
    decision: "approved",
    execution_id: "exec_1",
  });
  for (const limit of [{ patience: 3000 }, { timeout: 3000 }]) {
    const never = clientOn([notYet]);
    await assert.rejects(never.client.respond(response, { secret: "s", ...limit }), NotFoundError);
    assert.deepEqual(never.clock.waits, [2000]);
  }
});

test("a response that waits for long is signed anew, as the same message", async () => {
  const late = problem(404, "not_found", { "Retry-After": "400" });
  const receipt = json({ status: "processed", approval: decided("approved") });
  const { client, clock, sent } = clientOn([late, receipt]);
  const secret = newSecret();
  await client.respond({ requestId: "own", decision: "approved" }, { secret, patience: 600_000 });
  const [first, second] = sent;
  await verifyWebhook(second?.headers ?? {}, second?.body ?? "", secret, { now: clock.now() / 1000 });
  assert.equal(second?.headers.get("webhook-id"), first?.headers.get("webhook-id"));
});

test("a list is read page by page to its end, and no page before it is needed", async () => {
  const { client, sent } = clientOn([
    json({ items: [{ node_id: "a" }, { node_id: "b" }], next_cursor: "c1" }),
    json({ items: [{ node_id: "c" }] }),
  ]);
  const nodes = client.iterNodes();
  assert.equal((await nodes.next()).value?.nodeId, "a");
  assert.equal(sent.length, 1);
  const rest: string[] = [];
  for await (const { nodeId } of nodes) rest.push(nodeId);
  assert.deepEqual(rest, ["b", "c"]);
  assert.deepEqual(
    sent.map(({ url }) => url.search),
    ["?limit=200", "?limit=200&cursor=c1"],
  );
});

test("time-outs above 2^31-1 ms work", async () => {
  // Node warns of a timer that is too long, and rings it at once.
  const warnings: string[] = [];
  process.on("warning", ({ name }) => warnings.push(name));
  for (const ms of [2 ** 31, Infinity]) {
    let rang = false;
    const disarm = systemClock.alarm(ms, () => {
      rang = true;
    });
    const controller = new AbortController();
    const sleep = systemClock.sleep(ms, controller.signal);
    await systemClock.sleep(20);
    assert.equal(rang, false);
    disarm();
    controller.abort();
    await assert.rejects(sleep, { name: "AbortError" });
  }
  assert.deepEqual(warnings, []);
});

test("a sleep takes its time, and an alarm that is disarmed does not ring", async () => {
  const began = systemClock.monotonic();
  const disarm = systemClock.alarm(1, () => assert.fail());
  disarm();
  await systemClock.sleep(15);
  assert.ok(systemClock.monotonic() - began >= 15);
  await assert.rejects(systemClock.sleep(1, AbortSignal.abort()), { name: "AbortError" });
});
