import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Server } from "./server.js";

const NODE = "test-agent";

/**
 * The least that an agent is: `echo` gives back its input, `ask` asks a person and gives back the decision.
 * What it returns ends it.
 */
export async function startAgent(server: Server): Promise<() => void> {
  const listener = createServer(async (request, response) => {
    const input = JSON.parse((await text(request)) || "null");
    const result = request.url === "/reasoners/ask" ? await ask(server, request, input) : input;
    response.setHeader("Content-Type", "application/json").end(JSON.stringify(result));
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  await server.post("/api/v1/nodes/register", {
    id: NODE,
    base_url: `http://127.0.0.1:${port}`,
    reasoners: [{ id: "echo", input_schema: { properties: { order_id: {} } } }, { id: "ask" }],
  });
  return () => {
    listener.close();
    listener.closeAllConnections();
  };
}

async function ask(server: Server, request: IncomingMessage, input: object): Promise<unknown> {
  const execution = String(request.headers["x-execution-id"]);
  const path = `/api/v1/agents/${NODE}/executions/${execution}/request-approval`;
  const asked = await server.post(path, { approval_request_id: "ask-a-person", ...input });
  const decided = await fetch(`${server.url}/api/v1/approval-requests/${asked["id"]}?wait_seconds=60`);
  const { decision } = (await decided.json()) as { decision: string };
  return { decision };
}
