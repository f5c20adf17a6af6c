import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, beforeEach, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Plane, until } from "./agents.js";

const GATES = fileURLToPath(new URL("./programs/gates.js", import.meta.url));

let plane: Plane;
let folder: string;
let agent: AgentProcess;

/** Milliseconds after which the instance before is taken for dead when another one is at its place. */
const SILENCE = 3_100;

/** All that have registered. */
async function instances(): Promise<string[]> {
  const { items } = await plane.client.listNodes();
  return items.flatMap((node) => node.instances.map(({ instanceId }) => instanceId));
}

/** The agent as a process, on one port for all its lives. */
class AgentProcess {
  readonly #port: number;
  readonly #effects: string;
  #process: ChildProcess | undefined;

  constructor(port: number, effects: string) {
    this.#port = port;
    this.#effects = effects;
  }

  /** Start it; what its life before held is free to go on. */
  async start(): Promise<void> {
    const before = new Set(await instances());
    await this.#listening();
    await until(async () => (await instances()).some((id) => !before.has(id)));
    await plane.server.advanceLeases(SILENCE);
  }

  async #listening(): Promise<void> {
    const { PATH = "" } = process.env;
    const env = { PATH, PORT: String(this.#port), EFFECTS: this.#effects, SIGNOFF_SERVER: plane.server.url };
    this.#process = spawn(process.execPath, [GATES], { env, stdio: ["ignore", "pipe", "inherit"] });
    for await (const line of createInterface({ input: this.#process.stdout as NodeJS.ReadableStream })) {
      assert.match(line, /^gates listens on http:/);
      return;
    }
    throw new Error("the agent has ended before it listened");
  }

  async end(signal: NodeJS.Signals): Promise<unknown> {
    const ended = this.#process;
    if (ended === undefined || ended.exitCode !== null || ended.signalCode !== null) return undefined;
    const exit = once(ended, "exit");
    ended.kill(signal);
    const [code, killer] = await exit;
    return code ?? killer;
  }

  async killed(): Promise<void> {
    await this.end("SIGKILL");
  }

  effects(): string[] {
    return existsSync(this.#effects) ? readFileSync(this.#effects, "utf8").trim().split("\n") : [];
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return address.port;
}

before(async () => {
  plane = await Plane.start();
  folder = await mkdtemp(join(tmpdir(), "signoff-gates-"));
});

beforeEach(async (context) => {
  const t = context as TestContext;
  const effects = join(folder, `${t.name.replace(/\W+/g, "-")}.txt`);
  agent = new AgentProcess(await freePort(), effects);
  const ending = agent;
  t.after(() => ending.killed());
  await agent.start();
});

after(async () => {
  await plane?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

test("killed while it waits and started again, it finishes under its first id and repeats nothing", async () => {
  const { executionId } = await plane.client.executeAsync("gates.ask", { input: { own_id: "refund" } });
  const request = await plane.asked(executionId);
  await agent.killed();
  await plane.client.decide(request.id, { decision: "approved", feedback: "while you were out" });
  await agent.start();
  const done = await plane.finished(executionId);
  assert.deepEqual(done.result, { decision: "approved", feedback: "while you were out" });
  assert.deepEqual([done.executionId, done.attempt], [executionId, 2]);
  assert.deepEqual(agent.effects(), ["before refund", "after refund"]);
  const events = await plane.events(executionId);
  assert.equal(events.filter((type) => type === "approval.requested").length, 1);
});

test("a decision that is made after the restart reaches the new process", async () => {
  const { executionId } = await plane.client.executeAsync("gates.ask", { input: { own_id: "later" } });
  const request = await plane.asked(executionId);
  await agent.killed();
  await agent.start();
  await plane.client.decide(request.id, { decision: "rejected" });
  assert.deepEqual((await plane.finished(executionId)).result, { decision: "rejected" });
  assert.deepEqual(agent.effects(), ["before later", "after later"]);
});

test("no recorded step runs twice, however often it dies", async () => {
  const { executionId } = await plane.client.executeAsync("gates.two_gates", { input: { own_id: "deploy" } });
  for (const gate of [1, 2]) {
    const request = await plane.asked(executionId, `deploy-${gate}`);
    await agent.killed();
    await plane.client.decide(request.id, { decision: "approved" });
    await agent.start();
  }
  assert.deepEqual((await plane.finished(executionId)).result, ["approved", "approved"]);
  const effects = [1, 2].flatMap((gate) => [`before deploy-${gate}`, `after deploy-${gate}`]);
  assert.deepEqual(agent.effects(), effects);
});

test("killed while it works, it goes on after its last step", async () => {
  const [gate, passed] = [join(folder, "gate"), join(folder, "passed")];
  const { executionId } = await plane.client.executeAsync("gates.two_parts", { input: { gate, passed } });
  await until(() => existsSync(passed));
  await agent.killed();
  await writeFile(gate, "");
  await agent.start();
  assert.equal((await plane.finished(executionId)).result, "done");
  assert.deepEqual(agent.effects(), ["first part", "second part"]);
});

test("a parent and its child go on after a crash", async () => {
  const { executionId } = await plane.client.executeAsync("gates.by_a_child", { input: { own_id: "c" } });
  const child = await until(async () => {
    const { items } = await plane.client.listApprovalRequests({ approvalRequestId: "c", status: "pending" });
    return items[0];
  });
  await agent.killed();
  await agent.start();
  await plane.client.decide(child.id, { decision: "approved" });
  assert.deepEqual((await plane.finished(executionId)).result, { said: { decision: "approved" } });
  assert.deepEqual(agent.effects(), ["parent before c", "before c", "after c", "parent after c"]);
});

test("told to end it hands back what waits, and ends well", async () => {
  const { executionId } = await plane.client.executeAsync("gates.ask", { input: { own_id: "term" } });
  const request = await plane.asked(executionId);
  assert.equal(await agent.end("SIGTERM"), 0);
  await plane.client.decide(request.id, { decision: "approved" });
  await agent.start();
  const done = await plane.finished(executionId);
  assert.deepEqual([done.result, done.attempt], [{ decision: "approved" }, 2]);
  assert.deepEqual(agent.effects(), ["before term", "after term"]);
});
