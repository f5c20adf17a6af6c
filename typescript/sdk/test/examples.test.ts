import assert from "node:assert/strict";
import { type ChildProcess, execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { SignoffClient } from "../src/index.js";
import { ROOT } from "./contract.js";
import { Server } from "./server.js";

const CLAIM = fileURLToPath(new URL("../examples/claim/typescript/main.js", import.meta.url));

let server: Server;
let client: SignoffClient;

before(async () => {
  server = await Server.start();
  client = new SignoffClient({ serverUrl: server.url });
});

after(() => server?.close());

/** The example as a process, against the package as it is published. */
function claim(...args: string[]): { ended: Promise<unknown>; process: ChildProcess } {
  const env = { ...process.env, SIGNOFF_SERVER: server.url };
  const run = promisify(execFile)(process.execPath, [CLAIM, ...args], { env });
  return { ended: run.then(({ stdout }) => JSON.parse(stdout)), process: run.child };
}

async function arrived(approvalRequestId: string): Promise<void> {
  while ((await client.listApprovalRequests({ approvalRequestId })).items.length === 0);
}

test("claim: a small claim needs nobody", async () => {
  assert.deepEqual(await claim("1", "200").ended, { decision: "approved", method: "automatic" });
});

for (const [decision, outcome] of [
  ["approved", { decision: "approved", method: "human", feedback: "seen" }],
  ["request_changes", { decision: "needs_review", feedback: "seen" }],
  ["rejected", { decision: "rejected", reason: "seen" }],
] as const) {
  test(`claim: the person's ${decision} comes back`, async () => {
    const { ended } = claim(decision);
    await arrived(`claim-${decision}`);
    await client.decide(`claim-${decision}`, { decision, feedback: "seen" });
    assert.deepEqual(await ended, outcome);
  });
}

test("claim: killed while it waits and run again, it gets the answer", async () => {
  const first = claim("4711");
  await arrived("claim-4711");
  first.process.kill("SIGKILL");
  await assert.rejects(first.ended);
  await client.decide("claim-4711", { decision: "approved" });
  assert.deepEqual(await claim("4711").ended, { decision: "approved", method: "human" });
  assert.equal((await client.listApprovalRequests({ approvalRequestId: "claim-4711" })).items.length, 1);
});

test("claim: code of before runs with the import, the client's name and the environment changed", async () => {
  const before = await readFile(`${ROOT}typescript/sdk/test/fixtures/claim.seed.txt`, "utf8");
  const after = before.replaceAll("AgentFieldClient", "SignoffClient").replaceAll("agentfield", "signoff");
  const wanted = after.replaceAll("AGENTFIELD", "SIGNOFF").trimEnd().split("\n");
  // The published page has lost its indentation.
  const example = (await readFile(`${ROOT}examples/claim/typescript/main.ts`, "utf8"))
    .split("\n")
    .map((line) => line.trim());
  let at = 0;
  for (const line of wanted) {
    at = example.indexOf(line, at) + 1;
    assert.ok(at > 0, `the example lacks, in this place: ${line}`);
  }
});
