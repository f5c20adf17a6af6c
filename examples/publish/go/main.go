// Two gates in one run: an editor reviews the draft, a publisher signs off.
package main

import (
	"context"
	"log"

	"github.com/signoff-dev/signoff/go"
)

func publishWithReview(run *signoff.Run, in Brief) (*Outcome, error) {
	// Step 1: AI drafts
	draft, err := write(run, "You are a senior copywriter.", in.Brief)
	if err != nil {
		return nil, err
	}
	// Pause #1 — editor reviews the draft (the wait is now a row in the database)
	review, err := run.Pause(&signoff.ApprovalRequest{
		ApprovalRequestID:  "draft-review",
		ApprovalRequestURL: "https://cms.example.com/review/draft",
		ExpiresInHours:     24,
	})
	if err != nil {
		return nil, err
	}
	if !review.Approved() {
		return &Outcome{review.Decision, review.Feedback}, nil
	}
	// Step 2: AI revises using the editor's feedback
	final, err := write(run, "Revise based on editorial feedback.", "Draft: "+draft+"\nFeedback: "+review.Feedback)
	if err != nil {
		return nil, err
	}
	// Pause #2 — publisher signs off before going live
	signOff, err := run.Pause(&signoff.ApprovalRequest{
		ApprovalRequestID:  "final-approval",
		ApprovalRequestURL: "https://cms.example.com/review/final",
		ExpiresInHours:     4,
	})
	if err != nil {
		return nil, err
	}
	if signOff.Approved() {
		if _, err := run.Call("publisher.publish", map[string]string{"content": final}); err != nil {
			return nil, err
		}
	}
	return &Outcome{Status: signOff.Decision}, nil
}

func main() {
	agent := signoff.NewAgent("content-pipeline", signoff.WithVersion("1.0.0"))
	signoff.AddReasoner(agent, "publish_with_review", publishWithReview)
	if err := agent.Run(context.Background(), ""); err != nil {
		log.Fatal(err)
	}
}
