// How long it takes from the call of decide() until waitForApproval() returns; prints milliseconds as JSON.
// Usage: node bench/waits.mjs SERVER_URL SAMPLES   (after `npm run build`)
import { setTimeout as sleep } from "node:timers/promises";
import { SignoffClient } from "../dist/index.js";

const [serverUrl, samples] = process.argv.slice(2);
const client = new SignoffClient({ serverUrl });
const took = [];
for (let sample = 0; sample < Number(samples); sample++) {
  const { id } = await client.requestApproval({ approvalRequestId: `bench-${process.pid}-${sample}` });
  const waiting = client.waitForApproval(id).then(() => performance.now());
  // Until the poll is held, as it is in life.
  await sleep(10);
  const began = performance.now();
  const deciding = client.decide(id, { decision: "approved" });
  took.push((await waiting) - began);
  await deciding;
}
console.log(JSON.stringify(took));
