// A refund that the agent is not sure of: a person looks before the money moves.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"log"
	"os"

	"github.com/signoff-dev/signoff/go"
)

type Outcome struct {
	Status   string          `json:"status"`
	Feedback string          `json:"feedback,omitempty"`
	Decision *RefundDecision `json:"decision,omitempty"`
}

func decideRefund(run *signoff.Run, in Ticket) (*Outcome, error) {
	decision, err := signoff.StepAs(run, "ai", func(ctx context.Context) (*RefundDecision, error) {
		return ask(ctx, in.Model, "Decide whether to refund. Return approve, amount_usd, reason, confidence.", in.Ticket)
	}, signoff.StepInput(in)) // recorded: asked once
	if err != nil {
		return nil, err
	}
	if decision.Confidence >= 0.9 {
		return &Outcome{Status: "auto_approved", Decision: decision}, nil
	}
	// Low confidence: create the review on your reviewer service, then suspend.
	requestID, err := signoff.StepAs(run, "create_review", func(context.Context) (string, error) {
		id := "req-" + rand.Text()[:8]
		return id, createReview(id, decision)
	}, signoff.StepInput(decision))
	if err != nil {
		return nil, err
	}
	result, err := run.Pause(&signoff.ApprovalRequest{
		ApprovalRequestID:  requestID,
		ApprovalRequestURL: "https://review.acme.com/refunds/" + requestID,
		ExpiresInHours:     48,
	})
	if err != nil {
		return nil, err
	}
	if result.Approved() {
		return &Outcome{string(result.Decision), result.Feedback, decision}, nil
	}
	return &Outcome{string(result.Decision), result.Feedback, nil}, nil
}

func main() {
	agent := signoff.NewAgent("refund-agent")
	signoff.AddReasoner(agent, "decide_refund", decideRefund, signoff.ReasonerTags("entry"))
	if err := agent.Run(context.Background(), ":"+cmp.Or(os.Getenv("PORT"), "8001")); err != nil {
		log.Fatal(err)
	}
}
