// Asks, waits and decides by a client that @hey-api/openapi-ts has made. Usage: node client.js SERVER_URL
import { createApprovalRequest, decideApprovalRequest, getApprovalRequest } from "./generated";
import { client } from "./generated/client.gen";

client.setConfig({ baseUrl: process.argv[2] ?? "" });

async function main(): Promise<string> {
  const payload = { claim_id: 1, camelKey: [null] };
  const body = { approval_request_id: "generated-typescript", payload, expires_in_hours: 0.5 };
  const { data: asked } = await createApprovalRequest({ body, throwOnError: true });
  if (asked.status !== "pending" || JSON.stringify(asked.payload) !== JSON.stringify(payload)) throw asked;
  const path = { id: asked.id };
  const waiting = getApprovalRequest({ path, query: { wait_seconds: 30 }, throwOnError: true });
  const approved = { decision: "approved", feedback: "seen" } as const;
  const { data: receipt } = await decideApprovalRequest({ path, body: approved, throwOnError: true });
  if (receipt.status !== "processed") throw receipt;
  const { error } = await decideApprovalRequest({ path, body: { decision: "rejected" } });
  if (error?.code !== "already_decided" || error.approval?.decision !== "approved") throw error;
  const { data: answered } = await waiting;
  return `${answered.decision} ${answered.feedback}`;
}

main().then(console.log, (error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
