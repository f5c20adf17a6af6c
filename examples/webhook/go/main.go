// A reviewer service: it hears of every question (SIGNOFF_NOTIFY_URL) and answers refunds by a limit.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/signoff-dev/signoff/go"
)

const limitUSD = 100

// review answers with a signed decision. When it fails, the server tells of the question again.
func review(ctx context.Context, client *signoff.Client, message *signoff.Notification) error {
	if message.Type != "approval.requested" {
		return nil
	}
	var asked struct {
		AmountUSD *float64 `json:"amount_usd"`
	}
	if json.Unmarshal(message.Approval.Payload, &asked) != nil || asked.AmountUSD == nil {
		return nil // not a refund: somebody else's
	}
	response := &signoff.ApprovalResponse{RequestID: message.Approval.ID, Decision: "approved", Feedback: "Within the limit."}
	if *asked.AmountUSD > limitUSD {
		response.Decision, response.Feedback = "rejected", "Over the limit."
	}
	response.Reviewer = &signoff.ReviewerClaim{ID: "refund-limit", Name: "Refund limit"}
	_, err := client.Respond(ctx, os.Getenv("SIGNOFF_APPROVAL_WEBHOOK_SECRET"), response, nil)
	if errors.Is(err, signoff.ErrAlreadyDecided) {
		return nil // a person was faster
	}
	return err
}

func main() {
	client, err := signoff.NewClient() // SIGNOFF_SERVER says where
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/notifications", &signoff.WebhookHandler{
		Secrets: []string{os.Getenv("SIGNOFF_NOTIFY_SECRET")},
		Handle:  func(ctx context.Context, m *signoff.Notification) error { return review(ctx, client, m) },
	})
	listener, err := net.Listen("tcp", "127.0.0.1:"+cmp.Or(os.Getenv("PORT"), "8003"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("reviewer listens on http://%s/notifications\n", listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}
