import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import type { PauseOptions } from "../src/agent/index.js";
import {
  AlreadyDecidedError,
  type ApprovalRequest,
  type ApprovalResult,
  PauseTimeoutError,
  systemClock,
  WaitTimeoutError,
} from "../src/index.js";
import { LONGEST_WITHDRAWAL } from "../src/retries.js";
import { Plane } from "./agents.js";

let plane: Plane;
let nodes = 0;

before(async () => {
  plane = await Plane.start();
});

after(() => plane?.close());

/** A name that no other test has. */
function fresh(): string {
  nodes += 1;
  return `asker-${nodes}`;
}

/** Starts a run that asks one question; says what it heard. */
async function asking(t: TestContext, request: Partial<ApprovalRequest> = {}, options: PauseOptions = {}) {
  const name = fresh();
  const agent = plane.agent(name);
  const heard: ApprovalResult[] = [];
  agent.reasoner("ask", async (ctx) => {
    heard.push(await ctx.pause({ approvalRequestId: "q-1", ...request }, options));
    return heard[0]?.decision;
  });
  await plane.serving(t, agent);
  const { executionId } = await plane.client.executeAsync(`${name}.ask`);
  return { executionId, heard };
}

for (const decision of ["approved", "rejected", "request_changes"] as const) {
  test(`the decision comes back with all that was said: ${decision}`, async (t) => {
    const question = { title: "Refund?", description: "Twice billed.", payload: { amount_usd: 4000 } };
    const { executionId, heard } = await asking(t, question);
    const request = await plane.asked(executionId);
    assert.deepEqual([request.title, request.description], ["Refund?", "Twice billed."]);
    assert.deepEqual(request.payload, { amount_usd: 4000 });
    const said = { feedback: "see invoice", response: { limit_usd: [1, null] } };
    await plane.client.decide(request.id, { decision, ...said });
    const done = await plane.finished(executionId);
    assert.deepEqual([done.status, done.result], ["succeeded", decision]);
    const [result] = heard;
    assert.equal(result?.approved, decision === "approved");
    assert.equal(result?.changesRequested, decision === "request_changes");
    assert.deepEqual({ feedback: result?.feedback, response: result?.response }, said);
    assert.deepEqual([result?.id, result?.approvalRequestId], [request.id, "q-1"]);
    assert.equal(result?.reviewer?.id, "local");
  });
}

test("a question that expires is a result", async (t) => {
  const { executionId, heard } = await asking(t, { expiresInHours: 0.001 });
  await plane.asked(executionId);
  await plane.server.advance(3600);
  assert.equal((await plane.finished(executionId)).result, "expired");
  assert.deepEqual([heard[0]?.expired, heard[0]?.approved], [true, false]);
});

test("a question that is withdrawn is an error with its reason", async (t) => {
  const { executionId, heard } = await asking(t);
  const request = await plane.asked(executionId);
  await plane.client.cancelApprovalRequest(request.id, { reason: "asked twice" });
  assert.equal((await plane.finished(executionId)).result, "error");
  assert.deepEqual([heard[0]?.withdrawn, heard[0]?.feedback], [true, "asked twice"]);
});

test("a local time-out withdraws the question", async (t) => {
  const name = fresh();
  const agent = plane.agent(name);
  let thrown: unknown;
  agent.reasoner("ask", async (ctx) => {
    try {
      return (await ctx.pause({ approvalRequestId: "q-1" }, { timeout: 50 })).decision;
    } catch (error) {
      thrown = error;
      return "nobody answered";
    }
  });
  await plane.serving(t, agent);
  assert.equal((await plane.run(`${name}.ask`)).result, "nobody answered");
  assert.ok(thrown instanceof PauseTimeoutError && thrown.withdrawn);
  const request = await plane.client.getApprovalRequest(thrown.id);
  assert.deepEqual([request.status, request.statusReason], ["cancelled", "pause timed out"]);
});

test("a time-out that is no number of milliseconds is refused", async (t) => {
  for (const [timeout, told] of [
    [Number.NaN, /^RangeError: timeout/],
    ["50" as unknown as number, /^TypeError: timeout must be a number of milliseconds, not "50"/],
  ] as const) {
    const { executionId } = await asking(t, {}, { timeout });
    assert.match((await plane.finished(executionId)).error ?? "", told);
  }
});

test("a decision that comes as the time is over counts", async (t) => {
  const name = fresh();
  const agent = plane.agent(name, {
    // Whoever withdraws finds that somebody was faster.
    fetch: async (url, init) => {
      const cancelled = /approval-requests\/(apr_[^/]+)\/cancel$/.exec(url)?.[1];
      if (cancelled !== undefined) await plane.client.decide(cancelled, { decision: "approved" });
      return await fetch(url, init);
    },
  });
  agent.reasoner("ask", async (ctx) => {
    return (await ctx.pause({ approvalRequestId: "q-1" }, { timeout: 20 })).decision;
  });
  await plane.serving(t, agent);
  assert.equal((await plane.run(`${name}.ask`)).result, "approved");
});

test("a withdrawal that nobody answers ends in its time, and is said to be none", async (t) => {
  const name = fresh();
  const limits: number[] = [];
  const agent = plane.agent(name, {
    fetch: async (url, init) => {
      if (!url.endsWith("/cancel")) return await fetch(url, init);
      return await new Promise((_, reject) => {
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
      });
    },
    clock: {
      ...systemClock,
      alarm: (ms, ring) => {
        const withdrawing = ms > 1_900 && ms <= LONGEST_WITHDRAWAL;
        if (withdrawing) limits.push(ms);
        return systemClock.alarm(withdrawing ? 0 : ms, ring);
      },
    },
  });
  agent.reasoner("ask", async (ctx) => {
    const error = await ctx.pause({ approvalRequestId: "q-1" }, { timeout: 20 }).catch((e: unknown) => e);
    return error instanceof PauseTimeoutError && !error.withdrawn;
  });
  await plane.serving(t, agent);
  assert.equal((await plane.run(`${name}.ask`)).result, true);
  assert.equal(limits.length, 1);
});

test("a loop over one gate asks every time", async (t) => {
  const name = fresh();
  const agent = plane.agent(name);
  agent.reasoner("ask", async (ctx) => {
    const heard = [];
    for (let round = 0; round < 3; round++) {
      heard.push((await ctx.pause({ approvalRequestId: "draft-review" })).feedback);
    }
    return heard;
  });
  await plane.serving(t, agent);
  const { executionId } = await plane.client.executeAsync(`${name}.ask`);
  const asked = new Set<string>();
  for (const feedback of ["one", "two", "three"]) {
    const { id } = await plane.asked(executionId);
    asked.add(id);
    await plane.client.decide(id, { decision: "approved", feedback });
  }
  assert.deepEqual((await plane.finished(executionId)).result, ["one", "two", "three"]);
  assert.equal(asked.size, 3);
});

test("two questions at once get their own answers", async (t) => {
  const name = fresh();
  const agent = plane.agent(name);
  agent.reasoner("ask", async (ctx) => {
    const asked = ["legal", "finance"].map((approvalRequestId) => ctx.pause({ approvalRequestId }));
    return (await Promise.all(asked)).map(({ decision }) => decision);
  });
  await plane.serving(t, agent);
  const { executionId } = await plane.client.executeAsync(`${name}.ask`);
  const legal = await plane.asked(executionId, "legal");
  const finance = await plane.asked(executionId, "finance");
  await plane.client.decide(finance.id, { decision: "rejected" });
  const state = await plane.client.getExecution(executionId);
  assert.deepEqual([state.status, state.pendingApprovals], ["waiting", [legal.id]]);
  await plane.client.decide(legal.id, { decision: "approved" });
  assert.deepEqual((await plane.finished(executionId)).result, ["approved", "rejected"]);
});

test("nothing to resume is undefined at once", async (t) => {
  const name = fresh();
  const agent = plane.agent(name);
  agent.reasoner(
    "ask",
    async (ctx) => (await ctx.waitForResume("q-1", { timeout: 3_600_000 })) === undefined,
  );
  await plane.serving(t, agent);
  assert.equal((await plane.run(`${name}.ask`)).result, true);
});

test("resuming an id that is empty or missing finds no other question", async (t) => {
  const name = fresh();
  const agent = plane.agent(name);
  agent.reasoner("ask", async (ctx) => {
    await ctx.pause({ approvalRequestId: "q-1" });
    const heard = await Promise.allSettled(["", undefined as never].map((id) => ctx.waitForResume(id)));
    return heard.map((each) => (each.status === "rejected" ? each.reason.name : each.value));
  });
  await plane.serving(t, agent);
  const { executionId } = await plane.client.executeAsync(`${name}.ask`);
  await plane.client.decide((await plane.asked(executionId)).id, { decision: "approved" });
  assert.deepEqual((await plane.finished(executionId)).result, ["InvalidRequestError", "TypeError"]);
});

test("resuming attaches to the pending question, and leaves it when the time is over", async (t) => {
  const name = fresh();
  const agent = plane.agent(name);
  agent.reasoner("ask", async (ctx) => {
    const asked = ctx.pause({ approvalRequestId: "q-1" });
    let late: unknown;
    while (late === undefined) {
      await ctx.waitForResume("q-1", { timeout: 30 }).catch((error: unknown) => {
        late = error;
      });
    }
    ctx.note("waiting");
    const attached = await ctx.waitForResume("q-1");
    const decided = await ctx.waitForResume("q-1");
    return [
      late instanceof WaitTimeoutError,
      ...[attached, await asked, decided].map((each) => each?.decision),
    ];
  });
  await plane.serving(t, agent);
  const { executionId } = await plane.client.executeAsync(`${name}.ask`);
  const request = await plane.asked(executionId);
  while (!(await plane.events(executionId)).includes("note"));
  await plane.client.decide(request.id, { decision: "approved" });
  const expected = [true, "approved", "approved", "approved"];
  assert.deepEqual((await plane.finished(executionId)).result, expected);
  assert.equal((await plane.client.listApprovalRequests({ executionId })).items.length, 1);
});

test("nobody decides twice", async (t) => {
  const { executionId } = await asking(t);
  const request = await plane.asked(executionId);
  await plane.client.decide(request.id, { decision: "rejected" });
  await assert.rejects(
    plane.client.decide(request.id, { decision: "approved" }),
    (error) => error instanceof AlreadyDecidedError && error.approval?.decision === "rejected",
  );
  assert.equal((await plane.finished(executionId)).result, "rejected");
});
