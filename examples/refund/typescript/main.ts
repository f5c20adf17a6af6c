// A refund that the agent is not sure of: a person looks before the money moves.
import { randomUUID } from "node:crypto";
import { appendFile } from "node:fs/promises";
import { Agent } from "@signoff/sdk/agent";
import { ask, type RefundDecision } from "./model.js";

const agent = new Agent("refund-agent");

/** Your code: writes to your DB or queue. Here: a line in a file. */
async function createReview(decision: RefundDecision): Promise<string> {
  const requestId = `req-${randomUUID().slice(0, 8)}`;
  const log = process.env.REVIEWS_LOG ?? "reviews.log";
  await appendFile(log, `${requestId} ${JSON.stringify(decision)}\n`);
  return requestId;
}

interface Ticket {
  ticket: string;
  model?: string;
}

agent.reasoner(
  "decide_refund",
  async (ctx, { ticket, model }: Ticket) => {
    const system = "Decide whether to refund. Return approve, amount_usd, reason, confidence.";
    const decision = await ctx.step("ai", ask, system, ticket, model); // recorded: asked once

    if (decision.confidence >= 0.9) return { status: "auto_approved", decision };

    // Low confidence: create the review on your reviewer service, then suspend.
    const requestId = await ctx.step("create_review", createReview, decision); // done once

    const result = await ctx.pause({
      approvalRequestId: requestId,
      approvalRequestUrl: `https://review.acme.com/refunds/${requestId}`,
      expiresInHours: 48,
    });

    if (result.approved) return { status: "approved", feedback: result.feedback, decision };
    return { status: result.decision, feedback: result.feedback };
  },
  {
    tags: ["entry"],
    inputSchema: {
      type: "object",
      properties: { ticket: { type: "string" }, model: { type: "string" } },
      required: ["ticket"],
    },
  },
);

await agent.listen({ autoPort: false }); // PORT, else 8001
