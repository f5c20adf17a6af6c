import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Agent, RunStoppedError } from "../src/agent/index.js";
import { Plane, until } from "./agents.js";

let plane: Plane;

before(async () => {
  plane = await Plane.start();
});

after(() => plane?.close());

/** Something that a test opens and the work waits for. */
function latch(): { opened: Promise<void>; open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

function worker(name: string, seconds: number, gate: Promise<void>, begun: () => void): Agent {
  const agent = plane.agent(name, { shutdownSeconds: seconds });
  agent.reasoner("work", async () => {
    begun();
    await gate;
    return "done";
  });
  agent.reasoner("boss", (ctx) => ctx.call(`${name}.work`));
  return agent;
}

test("what can finish in time does", async (t) => {
  const [gate, begun] = [latch(), latch()];
  const listening = await plane.serving(t, worker("punctual", 20, gate.opened, begun.open));
  const { executionId } = await plane.client.executeAsync("punctual.work");
  await begun.opened;
  const closed = listening.close();
  gate.open();
  await closed;
  const done = await plane.client.getExecution(executionId);
  assert.deepEqual([done.status, done.attempt], ["succeeded", 1]);
});

test("what cannot is finished by the next process, under its first id and with the first child", async (t) => {
  const [gate, begun] = [latch(), latch()];
  const first = await plane.serving(t, worker("late", 0.01, gate.opened, begun.open));
  const { executionId, runId } = await plane.client.executeAsync("late.boss");
  await begun.opened;
  await first.close();
  assert.equal((await plane.client.getExecution(executionId)).status, "queued");
  gate.open();
  await plane.serving(t, worker("late", 0.01, gate.opened, begun.open));
  const done = await plane.finished(executionId);
  assert.deepEqual([done.status, done.result, done.attempt], ["succeeded", "done", 2]);
  assert.equal((await plane.client.listExecutions({ runId })).items.length, 2);
});

test("no catch takes a shutdown for an answer", async (t) => {
  const asked = latch();
  const caught: unknown[] = [];
  const process = (): Agent => {
    const agent = plane.agent("careless");
    agent.reasoner("ask", async (ctx) => {
      try {
        asked.open();
        return (await ctx.pause({ approvalRequestId: "q" })).decision;
      } catch (error) {
        caught.push(error);
        return "approved";
      }
    });
    return agent;
  };
  const first = await plane.serving(t, process());
  const { executionId } = await plane.client.executeAsync("careless.ask");
  const request = await plane.asked(executionId);
  await first.close();
  assert.equal((await plane.client.getExecution(executionId)).status, "waiting");
  await plane.client.decide(request.id, { decision: "rejected" });
  await plane.serving(t, process());
  assert.equal((await plane.finished(executionId)).result, "rejected");
  assert.deepEqual(caught, []);
});

test("what breaks because it is stopped has not failed", async (t) => {
  const begun = latch();
  const agent = plane.agent("broken");
  agent.reasoner("work", async (ctx) => {
    const broken = new Promise<never>((_, reject) => {
      ctx.signal.addEventListener("abort", () => reject(new Error("the model hung up")));
    });
    begun.open();
    return await ctx.step("ask", () => broken);
  });
  const listening = await plane.serving(t, agent);
  const { executionId } = await plane.client.executeAsync("broken.work");
  await begun.opened;
  await listening.close();
  assert.equal((await plane.client.getExecution(executionId)).status, "queued");
  assert.deepEqual((await plane.client.listSteps(executionId)).items, []);
});

test("a step that is done while the process ends is recorded, and not done again", async (t) => {
  const [begun, gate] = [latch(), latch()];
  let done = 0;
  const process = (): Agent => {
    const agent = plane.agent("thorough");
    agent.reasoner("work", async (ctx) => {
      return await ctx.step("effect", async () => {
        begun.open();
        await gate.opened;
        done += 1;
        return done;
      });
    });
    return agent;
  };
  const first = await plane.serving(t, process());
  const { executionId } = await plane.client.executeAsync("thorough.work");
  await begun.opened;
  const closed = first.close();
  // When it was told to stop, with the step in the middle.
  setTimeout(gate.open, 100);
  await closed;
  assert.equal((await plane.client.listSteps(executionId)).items.length, 1);
  await plane.serving(t, process());
  const end = await plane.finished(executionId);
  assert.deepEqual([end.result, end.attempt, done], [1, 2, 1]);
});

test("while it ends it takes no new work", async (t) => {
  const [gate, begun] = [latch(), latch()];
  const agent = worker("ending", 20, gate.opened, begun.open);
  const listening = await plane.serving(t, agent);
  const first = await plane.client.executeAsync("ending.work");
  await begun.opened;
  const closed = listening.close();
  const known = async (): Promise<boolean> =>
    (await plane.client.getNode("ending")).instances[0]?.state === "draining";
  await until(known);
  const second = await plane.client.executeAsync("ending.work");
  gate.open();
  await closed;
  assert.equal((await plane.client.getExecution(first.executionId)).status, "succeeded");
  assert.equal((await plane.client.getExecution(second.executionId)).status, "queued");
});

test("a cancelled run hears that it is cancelled, and no decision", async (t) => {
  const agent = plane.agent("waiter");
  const heard: unknown[] = [];
  agent.reasoner("wait", async (ctx) => {
    // Nobody awaits this one: that it is rejected must not end the process.
    void ctx.pause({ approvalRequestId: "other" });
    try {
      heard.push((await ctx.pause({ approvalRequestId: "q" })).decision);
    } catch (error) {
      heard.push(error, ctx.signal.aborted, ctx.signal.reason);
    }
    await ctx.step("after", () => heard.push("a step")).catch((error: unknown) => heard.push(error));
  });
  await plane.serving(t, agent);
  const { executionId } = await plane.client.executeAsync("waiter.wait");
  const request = await plane.asked(executionId, "q");
  await plane.asked(executionId, "other");
  await plane.client.cancelExecution(executionId, { reason: "never mind" });
  await until(() => heard.length === 4);
  const [error, aborted, reason, later] = heard;
  assert.ok(error instanceof RunStoppedError && aborted === true);
  assert.deepEqual([reason, later], [error, error]);
  assert.equal((await plane.finished(executionId)).status, "cancelled");
  assert.equal((await plane.client.getApprovalRequest(request.id)).status, "cancelled");
});

test("a result waits for a server that is away", async (t) => {
  const own = await Plane.start();
  t.after(() => own.close());
  const [gate, begun] = [latch(), latch()];
  const agent = own.agent("patient", { shutdownSeconds: 20 });
  agent.reasoner("work", async (ctx) => {
    begun.open();
    await gate.opened;
    ctx.note("done at last");
    return "kept";
  });
  await own.serving(t, agent);
  const { executionId } = await own.client.executeAsync("patient.work");
  await begun.opened;
  await own.server.kill();
  gate.open();
  await new Promise((resolve) => setImmediate(resolve));
  await own.server.start();
  const done = await own.finished(executionId);
  assert.deepEqual([done.status, done.result, done.attempt], ["succeeded", "kept", 1]);
  assert.ok((await own.events(executionId)).includes("note"));
});
