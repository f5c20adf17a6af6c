package signoff

import (
	"context"
	"os/exec"
	"testing"
	"time"
)

func TestTheExampleOfAClaimRunsToEachOfItsEnds(t *testing.T) {
	client := realClient(t)
	program := built(t, "claim/go")
	for decision, want := range map[Decision]string{
		DecisionApproved:       "paid",
		DecisionRequestChanges: "flagged",
		DecisionRejected:       "rejected",
	} {
		number := "4711-" + string(decision)
		killed := exec.CommandContext(soon(t), program, number)
		if err := killed.Start(); err != nil {
			t.Fatal(err)
		}
		asked := found(t, client, "claim-"+number)
		_ = killed.Process.Kill()
		_ = killed.Wait()
		decideLater(t, client, asked.ID, decision)
		out, err := exec.CommandContext(soon(t), program, number).CombinedOutput()
		if err != nil || string(out) != "claim "+number+" is "+want+": words\n" {
			t.Errorf("want %s, got %q, %v", want, out, err)
		}
		page := must(client.ListApprovalRequests(soon(t), &ApprovalFilter{ApprovalRequestID: "claim-" + number}, nil))(t)
		if len(page.Items) != 1 {
			t.Errorf("it asked %d times", len(page.Items))
		}
	}
}

// found is the request under an own id, once it is there.
func found(t *testing.T, client *Client, own string) *Approval {
	t.Helper()
	ctx := soon(t)
	for ctx.Err() == nil {
		if approval, err := client.FindApprovalRequest(ctx, own, ""); err == nil {
			return approval
		}
		_ = systemClock{}.Sleep(ctx, 20*time.Millisecond)
	}
	t.Fatal(context.Cause(ctx))
	return nil
}
