// Insurance claims: a person looks at claim 4711 (go run . 4711). Run again, it asks no second time.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/signoff-dev/signoff/go"
)

func processClaim(ctx context.Context, client *signoff.Client, claimID string, amount float64) error {
	// Request approval from a human reviewer
	result, err := client.RequestApproval(ctx, &signoff.ApprovalRequest{
		ApprovalRequestID:  fmt.Sprintf("claim-%s", claimID),
		ApprovalRequestURL: fmt.Sprintf("https://dashboard.example.com/claims/%s", claimID),
		ExpiresInHours:     24,
	})
	if err != nil {
		return fmt.Errorf("requesting approval: %w", err)
	}
	// Wait for the reviewer's decision (blocks until approved, rejected, or expired)
	approval, err := client.WaitForApproval(ctx, result.ApprovalRequestID, &signoff.WaitOptions{
		Timeout: 24 * time.Hour,
	})
	if err != nil {
		return fmt.Errorf("waiting for approval: %w", err)
	}
	switch approval.Decision {
	case "approved":
		return processApprovedClaim(ctx, claimID, approval.Feedback)
	case "request_changes":
		return flagForReview(ctx, claimID, approval.Feedback)
	default:
		return rejectClaim(ctx, claimID, approval.Feedback)
	}
}

func processApprovedClaim(_ context.Context, id, text string) error { return say("paid", id, text) }

func flagForReview(_ context.Context, id, text string) error { return say("flagged", id, text) }

func rejectClaim(_ context.Context, id, text string) error { return say("rejected", id, text) }

func say(what, id, text string) error {
	_, err := fmt.Printf("claim %s is %s: %s\n", id, what, text)
	return err
}

func main() {
	client, err := signoff.NewClient() // SIGNOFF_SERVER and SIGNOFF_API_KEY say where
	if err == nil {
		err = processClaim(context.Background(), client, os.Args[1], 2_000_000)
	}
	if err != nil {
		log.Fatal(err)
	}
}
