import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { AgentProcess } from "./agent_process.js";
import { Plane, until } from "./agents.js";

const GATES = fileURLToPath(new URL("./programs/gates.js", import.meta.url));

let plane: Plane;
let folder: string;
let agent: AgentProcess;
let file: string;

/** What the agent has done to the world outside. */
function effects(): string[] {
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
}

before(async () => {
  plane = await Plane.start();
  folder = await mkdtemp(join(tmpdir(), "signoff-gates-"));
});

beforeEach(async (context) => {
  const t = context as TestContext;
  file = join(folder, `${t.name.replace(/\W+/g, "-")}.txt`);
  agent = await AgentProcess.of(plane, GATES, "gates", { EFFECTS: file });
  t.after(() => agent.end("SIGKILL"));
  await agent.start();
});

after(async () => {
  await plane?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

test("killed while it waits and started again, it finishes under its first id and repeats nothing", async () => {
  const { executionId } = await plane.client.executeAsync("gates.ask", { input: { own_id: "refund" } });
  const request = await plane.asked(executionId);
  await agent.end("SIGKILL");
  await plane.client.decide(request.id, { decision: "approved", feedback: "while you were out" });
  await agent.start();
  const done = await plane.finished(executionId);
  assert.deepEqual(done.result, { decision: "approved", feedback: "while you were out" });
  assert.deepEqual([done.executionId, done.attempt], [executionId, 2]);
  assert.deepEqual(effects(), ["before refund", "after refund"]);
  const events = await plane.events(executionId);
  assert.equal(events.filter((type) => type === "approval.requested").length, 1);
});

test("a decision that is made after the restart reaches the new process", async () => {
  const { executionId } = await plane.client.executeAsync("gates.ask", { input: { own_id: "later" } });
  const request = await plane.asked(executionId);
  await agent.end("SIGKILL");
  await agent.start();
  await plane.client.decide(request.id, { decision: "rejected" });
  assert.deepEqual((await plane.finished(executionId)).result, { decision: "rejected" });
  assert.deepEqual(effects(), ["before later", "after later"]);
});

test("no recorded step runs twice, however often it dies", async () => {
  const { executionId } = await plane.client.executeAsync("gates.two_gates", { input: { own_id: "deploy" } });
  for (const gate of [1, 2]) {
    const request = await plane.asked(executionId, `deploy-${gate}`);
    await agent.end("SIGKILL");
    await plane.client.decide(request.id, { decision: "approved" });
    await agent.start();
  }
  assert.deepEqual((await plane.finished(executionId)).result, ["approved", "approved"]);
  const once = [1, 2].flatMap((gate) => [`before deploy-${gate}`, `after deploy-${gate}`]);
  assert.deepEqual(effects(), once);
});

test("killed while it works, it goes on after its last step", async () => {
  const [gate, passed] = [join(folder, "gate"), join(folder, "passed")];
  const { executionId } = await plane.client.executeAsync("gates.two_parts", { input: { gate, passed } });
  await until(() => existsSync(passed));
  await agent.end("SIGKILL");
  await writeFile(gate, "");
  await agent.start();
  assert.equal((await plane.finished(executionId)).result, "done");
  assert.deepEqual(effects(), ["first part", "second part"]);
});

test("a parent and its child go on after a crash", async () => {
  const { executionId } = await plane.client.executeAsync("gates.by_a_child", { input: { own_id: "c" } });
  const child = await until(async () => {
    const { items } = await plane.client.listApprovalRequests({ approvalRequestId: "c", status: "pending" });
    return items[0];
  });
  await agent.end("SIGKILL");
  await agent.start();
  await plane.client.decide(child.id, { decision: "approved" });
  assert.deepEqual((await plane.finished(executionId)).result, { said: { decision: "approved" } });
  assert.deepEqual(effects(), ["parent before c", "before c", "after c", "parent after c"]);
});

test("told to end it hands back what waits, and ends well", async () => {
  const { executionId } = await plane.client.executeAsync("gates.ask", { input: { own_id: "term" } });
  const request = await plane.asked(executionId);
  assert.equal(await agent.end("SIGTERM"), 0);
  await plane.client.decide(request.id, { decision: "approved" });
  await agent.start();
  const done = await plane.finished(executionId);
  assert.deepEqual([done.result, done.attempt], [{ decision: "approved" }, 2]);
  assert.deepEqual(effects(), ["before term", "after term"]);
});
