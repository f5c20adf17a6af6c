import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Plane, until } from "./agents.js";

let plane: Plane;

before(async () => {
  plane = await Plane.start();
});

after(() => plane?.close());

setFlagsFromString("--expose_gc");
const collectGarbage: () => void = runInNewContext("gc");

test("a run that waits for nothing but people is let go, and goes on where it was", async (t) => {
  const agent = plane.agent("sleeper", { suspendAfterSeconds: 0.05 });
  const done: string[] = [];
  const memories: WeakRef<object>[] = [];
  agent.reasoner("ask", async (ctx) => {
    const memory = { attempt: ctx.attempt };
    memories.push(new WeakRef(memory));
    await ctx.step("before", () => done.push("before"));
    try {
      const { decision } = await ctx.pause({ approvalRequestId: "q" });
      return [decision, memory.attempt];
    } finally {
      done.push("finally");
    }
  });
  await plane.serving(t, agent);
  const { executionId } = await plane.client.executeAsync("sleeper.ask");
  const request = await plane.asked(executionId);
  // Nothing of it is left but the question.
  await until(() => {
    collectGarbage();
    return memories[0]?.deref() === undefined;
  });
  assert.equal((await plane.client.getExecution(executionId)).status, "waiting");
  assert.deepEqual(done, ["before"]);
  await plane.client.decide(request.id, { decision: "approved" });
  assert.deepEqual((await plane.finished(executionId)).result, ["approved", 2]);
  assert.deepEqual(done, ["before", "finally"]);
});

test("a run that does something else as well is kept", async (t) => {
  const agent = plane.agent("busy", { suspendAfterSeconds: 0.03 });
  let open = (): void => {};
  const gate = new Promise<string>((resolve) => {
    open = () => resolve("done");
  });
  agent.reasoner("both", async (ctx) => {
    const [answer, work] = await Promise.all([
      ctx.pause({ approvalRequestId: "q" }),
      ctx.step("work", () => gate),
    ]);
    return [answer.decision, work, ctx.attempt];
  });
  agent.reasoner("timed", async (ctx) => {
    return [(await ctx.pause({ approvalRequestId: "q" }, { timeout: 60_000 })).decision, ctx.attempt];
  });
  await plane.serving(t, agent);
  const both = await plane.client.executeAsync("busy.both");
  const timed = await plane.client.executeAsync("busy.timed");
  const requests = [await plane.asked(both.executionId), await plane.asked(timed.executionId)];
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (const { id } of requests) await plane.client.decide(id, { decision: "approved" });
  assert.deepEqual((await plane.finished(timed.executionId)).result, ["approved", 1]);
  open();
  assert.deepEqual((await plane.finished(both.executionId)).result, ["approved", "done", 1]);
});

test("a run that waits for a child that waits for a person is let go too", async (t) => {
  const reports: Array<{ status: string; waits_for?: string[] }> = [];
  const agent = plane.agent("family", {
    suspendAfterSeconds: 0.05,
    fetch: async (url, init) => {
      if (url.endsWith("/status")) reports.push(JSON.parse(String(init.body)));
      // Polls that are not held for long soon tell that the child waits.
      return await fetch(url.replace("wait_seconds=60", "wait_seconds=0"), init);
    },
  });
  const attempts: number[] = [];
  agent.reasoner("child", async (ctx) => (await ctx.pause({ approvalRequestId: "q" })).decision);
  agent.reasoner("parent", async (ctx) => {
    attempts.push(ctx.attempt);
    return await ctx.call("family.child");
  });
  await plane.serving(t, agent);
  const { executionId, runId } = await plane.client.executeAsync("family.parent");
  await until(() => reports.length === 2);
  const { items } = await plane.client.listExecutions({ runId });
  const child = items.find(({ parentExecutionId }) => parentExecutionId === executionId)?.executionId ?? "";
  const { id } = await plane.asked(child);
  const released = reports.map((report) => [report.status, report.waits_for?.join()]).sort();
  assert.deepEqual(released, [
    ["waiting", id],
    ["waiting", child],
  ]);
  await plane.client.decide(id, { decision: "approved" });
  assert.equal((await plane.finished(executionId)).result, "approved");
  assert.deepEqual(attempts, [1, 2]);
});

test("many that are due together are given back some at a time", async (t) => {
  let open = (): void => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  let reporting = 0;
  let most = 0;
  let reported = 0;
  const agent = plane.agent("crowd", {
    suspendAfterSeconds: 0.1,
    fetch: async (url, init) => {
      if (!url.endsWith("/status")) return await fetch(url, init);
      reporting += 1;
      most = Math.max(most, reporting);
      await gate;
      const response = await fetch(url, init);
      reporting -= 1;
      reported += 1;
      return response;
    },
  });
  agent.reasoner("ask", async (ctx) => (await ctx.pause({ approvalRequestId: "q" })).decision);
  await plane.serving(t, agent);
  const runs = Array.from({ length: 70 }, () => plane.client.executeAsync("crowd.ask"));
  await Promise.all(runs);
  await until(() => reporting === 64);
  open();
  await until(() => reported === 70);
  assert.equal(most, 64);
});
