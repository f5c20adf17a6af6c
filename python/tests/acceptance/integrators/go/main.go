// Asks, waits and decides by a client that oapi-codegen has made. Usage: go run . SERVER_URL
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"integrator/generated"
)

func main() {
	client, err := generated.NewClientWithResponses(os.Args[1])
	check(err)
	ctx := context.Background()
	payload, hours, feedback, seconds := map[string]any{"claim_id": 1, "camelKey": []any{nil}}, 0.5, "seen", 30.0
	asked, err := client.CreateApprovalRequestWithResponse(ctx, generated.ApprovalRequest{
		ApprovalRequestId: "generated-go", Payload: &payload, ExpiresInHours: &hours,
	})
	check(err)
	request := asked.JSON201
	want(request != nil && request.Status == generated.ApprovalStatusPending, asked.Body)

	answered := make(chan *generated.Approval)
	go func() {
		waited, err := client.GetApprovalRequestWithResponse(ctx, request.Id, &generated.GetApprovalRequestParams{WaitSeconds: &seconds})
		check(err)
		answered <- waited.JSON200
	}()
	decided, err := client.DecideApprovalRequestWithResponse(ctx, request.Id, generated.NewDecision{Decision: "approved", Feedback: &feedback})
	check(err)
	want(decided.JSON200 != nil && decided.JSON200.Status == "processed", decided.Body)
	refused, err := client.DecideApprovalRequestWithResponse(ctx, request.Id, generated.NewDecision{Decision: "rejected"})
	check(err)
	want(refused.ApplicationproblemJSON409 != nil && refused.ApplicationproblemJSON409.Code == "already_decided", refused.Body)
	approval := <-answered
	want(approval != nil && approval.Decision != nil && approval.Feedback != nil, nil)
	fmt.Println(*approval.Decision, *approval.Feedback)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func want(right bool, body []byte) {
	if !right {
		log.Fatalf("not what was expected: %s", body)
	}
}
