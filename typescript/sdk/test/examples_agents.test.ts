import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { after, before, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { newSecret, signWebhook } from "../src/index.js";
import { AgentProcess, freePort, Program } from "./agent_process.js";
import { Plane, until } from "./agents.js";
import { ROOT } from "./contract.js";
import { SECRET } from "./server.js";

const NOTIFY_SECRET = newSecret();

let plane: Plane;
let folder: string;
let reviewer: Program;

function compiled(path: string): string {
  return fileURLToPath(new URL(`../examples/${path}.js`, import.meta.url));
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "signoff-examples-"));
  const port = await freePort();
  plane = await Plane.start({
    SIGNOFF_NOTIFY_URL: `http://127.0.0.1:${port}/notifications`,
    SIGNOFF_NOTIFY_SECRET: NOTIFY_SECRET,
    SIGNOFF_ALLOWED_HOSTS: "127.0.0.1",
  });
  reviewer = new Program(compiled("webhook/typescript/main"), port, {
    SIGNOFF_SERVER: plane.server.url,
    SIGNOFF_NOTIFY_SECRET: NOTIFY_SECRET,
    SIGNOFF_APPROVAL_WEBHOOK_SECRET: SECRET,
  });
  assert.equal(await reviewer.start(), `reviewer listens on http://127.0.0.1:${port}/notifications`);
});

after(async () => {
  await reviewer?.end("SIGKILL");
  await plane?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Speaks OpenAI's protocol: answers by the system's words. Counts what it was asked. */
async function startModel(t: TestContext, say: (system: string) => string) {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const { model, messages } = (await json(request)) as { model: string; messages: { content: string }[] };
    const system = messages[0]?.content ?? "";
    asked.push(`${request.url} ${model} ${system}`);
    response.end(JSON.stringify({ choices: [{ message: { role: "assistant", content: say(system) } }] }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return { asked, environment: { SIGNOFF_MODEL_URL: url, SIGNOFF_MODEL: "test" } };
}

async function serving(t: TestContext, path: string, nodeId: string, environment: Record<string, string>) {
  const agent = await AgentProcess.of(plane, compiled(path), nodeId, environment);
  t.after(() => agent.end("SIGKILL"));
  await agent.start();
  return agent;
}

const unsure = {
  approve: true,
  amount_usd: 4000,
  reason: "The annual plan was charged twice.",
  confidence: 0.82,
};

test("refund: a person looks, the agent is killed meanwhile, and nothing is done twice", async (t) => {
  const model = await startModel(t, () => JSON.stringify(unsure));
  const reviews = join(folder, "reviews.log");
  const environment = { ...model.environment, REVIEWS_LOG: reviews };
  const agent = await serving(t, "refund/typescript/main", "refund-agent", environment);
  const input = { ticket: "Please refund my annual plan, I was billed twice." };
  const { executionId } = await plane.client.executeAsync("refund-agent.decide_refund", { input });
  const { id, approvalRequestId, approvalRequestUrl } = await plane.asked(executionId);
  assert.equal(approvalRequestUrl, `https://review.acme.com/refunds/${approvalRequestId}`);
  await agent.end("SIGKILL");
  await plane.client.decide(id, { decision: "approved", feedback: "The bank shows two charges." });
  await agent.start();
  const done = await plane.finished(executionId);
  const feedback = "The bank shows two charges.";
  assert.deepEqual(done.result, { status: "approved", feedback, decision: unsure }, done.error);
  assert.equal(await readFile(reviews, "utf8"), `${approvalRequestId} ${JSON.stringify(unsure)}\n`);
  const system = "Decide whether to refund. Return approve, amount_usd, reason, confidence. Answer in JSON.";
  assert.deepEqual(model.asked, [`/v1/chat/completions test ${system}`]);
});

test("refund: a sure agent asks nobody, and input without a ticket is refused", async (t) => {
  const decision = { ...unsure, confidence: 0.97 };
  const model = await startModel(t, () => JSON.stringify(decision));
  await serving(t, "refund/typescript/main", "refund-agent", model.environment);
  const done = await plane.run("refund-agent.decide_refund", { ticket: "A double charge." });
  assert.deepEqual(done.result, { status: "auto_approved", decision });
  await assert.rejects(plane.run("refund-agent.decide_refund", {}), { name: "InvalidInputError" });
});

test("publish: two gates, then the other agent publishes", async (t) => {
  const model = await startModel(t, (system) =>
    system.startsWith("Revise") ? "The final text." : "A first draft.",
  );
  const published = join(folder, "published.log");
  await serving(t, "publish/typescript/main", "content-pipeline", model.environment);
  await serving(t, "publish/typescript/publisher", "publisher", { PUBLISHED_LOG: published });
  for (const decision of ["rejected", "approved"] as const) {
    const input = { brief: "A note on refunds." };
    const { executionId } = await plane.client.executeAsync("content-pipeline.publish_with_review", {
      input,
    });
    const review = await plane.asked(executionId, "draft-review");
    await plane.client.decide(review.id, { decision: "approved", feedback: "Shorter." });
    const signOff = await plane.asked(executionId, "final-approval");
    await plane.client.decide(signOff.id, { decision });
    assert.deepEqual((await plane.finished(executionId)).result, { status: decision });
  }
  assert.equal(await readFile(published, "utf8"), "The final text.\n");
  assert.equal(model.asked.length, 4);
});

for (const [amount, decision] of [
  [40, "approved"],
  [4000, "rejected"],
] as const) {
  test(`webhook: the reviewer hears of a refund of $${amount} and answers ${decision}, signed`, async () => {
    const request = { approvalRequestId: `refund-${amount}`, payload: { amount_usd: amount } };
    const { id } = await plane.client.requestApproval(request);
    const result = await plane.client.waitForApproval(id, { timeout: 60_000 });
    assert.equal(result.decision, decision);
    assert.deepEqual(result.reviewer, { id: "refund-limit", name: "Refund limit", source: "webhook" });
  });
}

test("webhook: what is somebody else's is left alone, and what is not signed is not believed", async () => {
  const { id } = await plane.client.requestApproval({ approvalRequestId: "deploy-42" });
  const data = { id, payload: { amount_usd: 1 } };
  const body = JSON.stringify({ type: "approval.requested", data });
  const url = `http://127.0.0.1:${reviewer.port}/notifications`;
  const now = Math.floor(Date.now() / 1000);
  const forged = await signWebhook(newSecret(), "msg_1", now, body);
  assert.equal((await fetch(url, { method: "POST", body, headers: forged })).status, 401);
  const other = JSON.stringify({ type: "approval.decided", data });
  const signed = await signWebhook(NOTIFY_SECRET, "msg_2", now, other);
  assert.equal((await fetch(url, { method: "POST", body: other, headers: signed })).status, 204);
  assert.equal((await plane.client.getApprovalRequest(id)).status, "pending");
});

test("mounted: the routes of a Next.js application are an agent", async (t) => {
  process.env["SIGNOFF_SERVER"] = plane.server.url;
  process.env["NEXT_RUNTIME"] = "nodejs";
  // What Next.js does: each request under /agent goes to the handler of its method.
  const server = createServer(async (incoming, outgoing) => {
    const url = `http://localhost${incoming.url}`;
    const method = incoming.method ?? "GET";
    const headers = new Headers(incoming.headers as Record<string, string>);
    const body = method === "GET" ? null : await new Response(incoming as unknown as BodyInit).arrayBuffer();
    const handler = method === "GET" ? route.GET : route.POST;
    const response = await handler(new Request(url, { method, headers, body }));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(await response.text());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env["AGENT_URL"] = `${origin}/agent`;
  const instrumentation = await import(compiled("mounted/typescript/instrumentation"));
  const route = await import(compiled("mounted/typescript/app/agent/[...path]/route"));
  const { agent } = await import(compiled("mounted/typescript/agent"));
  t.after(async () => {
    await agent.close();
    server.close();
    server.closeAllConnections();
  });
  await instrumentation.register();
  await agent.registered();
  assert.equal((await fetch(`${origin}/agent/health`)).status, 200);
  const input = { service: "checkout" };
  const { executionId } = await plane.client.executeAsync("deploy-agent.deploy", { input });
  const { id } = await plane.asked(executionId, "deploy-checkout");
  await plane.client.decide(id, { decision: "approved" });
  assert.deepEqual((await plane.finished(executionId)).result, { status: "deployed", service: "checkout" });
});

test("an example is short", async () => {
  for (const example of ["claim", "refund", "publish", "webhook", "mounted"]) {
    const path = `${ROOT}examples/${example}/typescript`;
    const files = (await readdir(path, { recursive: true })).filter((name) =>
      /^(?!node_modules|dist).*\.ts$/.test(name),
    );
    assert.ok(files.length > 0);
    for (const name of files) {
      const lines = (await readFile(join(path, name), "utf8")).trimEnd().split("\n");
      assert.ok(lines.length <= 60, `${example}/${name}`);
    }
  }
});

test("the reviewer is told again of what it did not hear", async () => {
  await reviewer.end("SIGKILL");
  const request = { approvalRequestId: "refund-away", payload: { amount_usd: 7 } };
  const { id } = await plane.client.requestApproval(request);
  await reviewer.start();
  const decided = await until(async () => {
    await plane.server.advance(1000);
    const approval = await plane.client.getApprovalRequest(id);
    return approval.decision;
  });
  assert.equal(decided, "approved");
});
