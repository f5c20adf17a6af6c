// Insurance claims: a person looks at the large ones, and the question survives whoever asked it.
import { SignoffClient } from "@signoff/sdk";

interface ClaimDecision {
  decision: "approved" | "needs_review" | "rejected";
  method?: "automatic" | "human";
  feedback?: string | undefined;
  reason?: string | undefined;
}

const client = new SignoffClient({ serverUrl: process.env.SIGNOFF_SERVER });

async function processClaim(claimId: string, amount: number): Promise<ClaimDecision> {
  if (amount < 10_000) return { decision: "approved", method: "automatic" };

  // Request approval from a human reviewer
  const result = await client.requestApproval({
    approvalRequestId: `claim-${claimId}`,
    approvalRequestUrl: `https://dashboard.example.com/claims/${claimId}`,
    expiresInHours: 24,
  });

  // Wait for the reviewer's decision
  const approval = await client.waitForApproval(result.approvalRequestId, {
    timeout: 24 * 60 * 60 * 1000, // 24 hours in ms
  });

  if (approval.decision === "approved") {
    return { decision: "approved", method: "human", feedback: approval.feedback };
  }
  if (approval.decision === "request_changes") {
    return { decision: "needs_review", feedback: approval.feedback };
  }
  return { decision: "rejected", reason: approval.feedback };
}

const [claimId = "4711", amount = "2000000"] = process.argv.slice(2);
console.log(JSON.stringify(await processClaim(claimId, Number(amount))));
