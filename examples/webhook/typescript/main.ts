// A reviewer service: it hears of every question (SIGNOFF_NOTIFY_URL) and answers refunds by a limit.
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { isProblem, isSignatureError, SignoffClient, verifyWebhook } from "@signoff/sdk";

const LIMIT_USD = 100;
const {
  SIGNOFF_NOTIFY_SECRET = "",
  SIGNOFF_APPROVAL_WEBHOOK_SECRET: secret = "",
  PORT = "8003",
} = process.env;

const client = new SignoffClient(); // SIGNOFF_SERVER says where

interface Notification {
  type: string;
  data: { id: string; payload?: { amount_usd?: unknown } };
}

/** Answers with a signed decision. When it fails, the server tells of the question again. */
async function review({ type, data }: Notification): Promise<void> {
  const amount = data.payload?.amount_usd;
  if (type !== "approval.requested" || typeof amount !== "number") return; // not a refund: somebody else's
  const within = amount <= LIMIT_USD;
  try {
    await client.respond(
      {
        requestId: data.id,
        decision: within ? "approved" : "rejected",
        feedback: within ? "Within the limit." : "Over the limit.",
        reviewer: { id: "refund-limit", name: "Refund limit" },
      },
      { secret },
    );
  } catch (error) {
    if (!isProblem(error, "already_decided")) throw error; // a person was faster
  }
}

const server = createServer(async (request, response) => {
  try {
    const body = await buffer(request);
    await verifyWebhook(request.headers, body, SIGNOFF_NOTIFY_SECRET); // over the raw bytes, before parsing
    await review(JSON.parse(body.toString()));
    response.writeHead(204).end();
  } catch (error) {
    if (!isSignatureError(error)) console.error(error);
    response.writeHead(isSignatureError(error) ? 401 : 500).end();
  }
});

server.listen(Number(PORT), "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" ? address?.port : PORT;
  console.log(`reviewer listens on http://127.0.0.1:${port}/notifications`);
});
