// Two gates in one run: an editor reviews the draft, a publisher signs off.
import { Agent } from "@signoff/sdk/agent";
import { ask } from "./model.js";

const agent = new Agent("content-pipeline", { version: "1.0.0" });

agent.reasoner("publish_with_review", async (ctx, { brief }: { brief: string }) => {
  // Step 1: AI drafts
  const draft = await ctx.step("ai", ask, "You are a senior copywriter.", brief);

  // Pause #1 — editor reviews the draft (the wait is now a row in the database)
  const review = await ctx.pause({
    approvalRequestId: "draft-review",
    approvalRequestUrl: "https://cms.example.com/review/draft",
    expiresInHours: 24,
  });
  if (review.decision !== "approved") return { status: review.decision, feedback: review.feedback };

  // Step 2: AI revises using the editor's feedback
  const final = await ctx.step(
    "ai",
    ask,
    "Revise based on editorial feedback.",
    `Draft: ${draft}\nFeedback: ${review.feedback}`,
  );

  // Pause #2 — publisher signs off before going live
  const signOff = await ctx.pause({
    approvalRequestId: "final-approval",
    approvalRequestUrl: "https://cms.example.com/review/final",
    expiresInHours: 4,
  });
  if (signOff.decision === "approved") await ctx.call("publisher.publish", { content: final });
  return { status: signOff.decision };
});

await agent.listen();
