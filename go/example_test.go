package signoff_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/signoff-dev/signoff/go"
)

// reviewer stands for a person at a dashboard, with a client of their own.
func reviewer(id string, decision signoff.Decision, feedback string) {
	client, err := signoff.NewClient()
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.Decide(context.Background(), id, &signoff.NewDecision{Decision: decision, Feedback: feedback})
	if err != nil {
		log.Fatal(err)
	}
}

func ExampleClient_Pause() {
	ctx := context.Background()
	client, err := signoff.NewClient() // SIGNOFF_SERVER, SIGNOFF_API_KEY
	if err != nil {
		log.Fatal(err)
	}
	question := &signoff.ApprovalRequest{
		ApprovalRequestID: "deploy-42",
		Title:             "Deploy 42 to production",
		Payload:           json.RawMessage(`{"service":"checkout-api","blast_radius":"10%"}`),
		ExpiresInHours:    0.5,
	}
	// Asked ahead, so that the reviewer of this example finds it; Pause attaches to it.
	if _, err := client.RequestApproval(ctx, question); err != nil {
		log.Fatal(err)
	}
	go reviewer("deploy-42", signoff.DecisionApproved, "Go ahead.")

	result, err := client.Pause(ctx, question)
	if err != nil {
		log.Fatal(err)
	}
	if result.Approved() {
		fmt.Println("deploying:", result.Feedback)
	}
	// Output: deploying: Go ahead.
}

func ExampleAddReasoner() {
	type release struct {
		Version string `json:"version"`
	}
	build := func(context.Context) (string, error) { return "registry/shop:42", nil } // your code

	agent := signoff.NewAgent("example-deployer") // SIGNOFF_SERVER, SIGNOFF_API_KEY
	signoff.AddReasoner(agent, "deploy", func(run *signoff.Run, in release) (signoff.Outcome, error) {
		image, err := signoff.StepAs(run, "build", build, signoff.StepInput(in)) // done once
		if err != nil {
			return "", err
		}
		result, err := run.Pause(&signoff.ApprovalRequest{
			ApprovalRequestID: "deploy-" + in.Version,
			Title:             "Deploy " + image + " to production",
		})
		if err != nil {
			return "", err
		}
		return result.Decision, nil
	})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if err := agent.Run(ctx, "127.0.0.1:0"); err != nil { // until SIGTERM; here, for a moment
		log.Fatal(err)
	}
}

func ExampleClient_WaitForApproval_timeout() {
	ctx := context.Background()
	client, err := signoff.NewClient()
	if err != nil {
		log.Fatal(err)
	}
	asked, err := client.RequestApproval(ctx, &signoff.ApprovalRequest{ApprovalRequestID: "mailing-7"})
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.WaitForApproval(ctx, asked.ID, &signoff.WaitOptions{Timeout: 10 * time.Millisecond})
	if errors.Is(err, signoff.ErrWaitTimeout) {
		fmt.Println("no answer yet; the question stays open")
	}
	// Output: no answer yet; the question stays open
}

func ExampleClient_Decide() {
	ctx := context.Background()
	client, err := signoff.NewClient()
	if err != nil {
		log.Fatal(err)
	}
	if _, err := client.RequestApproval(ctx, &signoff.ApprovalRequest{ApprovalRequestID: "refund-8821"}); err != nil {
		log.Fatal(err)
	}
	reviewer("refund-8821", signoff.DecisionRejected, "Not a double charge.")

	_, err = client.Decide(ctx, "refund-8821", &signoff.NewDecision{Decision: signoff.DecisionApproved})
	var refused *signoff.Error
	if errors.As(err, &refused) && errors.Is(err, signoff.ErrAlreadyDecided) {
		fmt.Println("too late:", refused.Approval.Decision)
	}
	// Output: too late: rejected
}

func ExampleClient_IterApprovalRequests() {
	ctx := context.Background()
	client, err := signoff.NewClient()
	if err != nil {
		log.Fatal(err)
	}
	if _, err := client.RequestApproval(ctx, &signoff.ApprovalRequest{ApprovalRequestID: "claim-12", Title: "Claim 12"}); err != nil {
		log.Fatal(err)
	}
	filter := &signoff.ApprovalFilter{Status: signoff.ApprovalStatusFilterPending, ApprovalRequestID: "claim-12"}
	for approval, err := range client.IterApprovalRequests(ctx, filter) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(approval.ApprovalRequestID, "waits:", *approval.Title)
	}
	// Output: claim-12 waits: Claim 12
}

func ExampleSignApprovalResponse() {
	body := []byte(`{"requestId":"draft-review","decision":"approved"}`)
	signature, err := signoff.SignApprovalResponse("s3cr3t", body)
	if err != nil {
		log.Fatal(err)
	}
	header := http.Header{"X-Webhook-Signature": {signature}}
	_, err = signoff.VerifyApprovalResponse(header, body, []string{"s3cr3t"}, time.Now())
	fmt.Println(err)
	_, err = signoff.VerifyApprovalResponse(header, append(body, ' '), []string{"s3cr3t"}, time.Now())
	fmt.Println(err)
	// Output:
	// <nil>
	// signoff: X-Webhook-Signature does not fit the body and the secret
}

func ExampleWebhookHandler() {
	http.Handle("/hooks/signoff", &signoff.WebhookHandler{
		Secrets: []string{"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="},
		Handle: func(_ context.Context, message *signoff.Notification) error {
			if message.Type == "approval.requested" {
				fmt.Println("please look at", message.Approval.ApprovalRequestURL)
			}
			return nil
		},
	})
}
