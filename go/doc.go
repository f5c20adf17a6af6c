// Package signoff lets a program ask a person before it does something risky, and go on with the
// answer. It is the client of the signoff control plane, and what agents are made of.
//
//	client, err := signoff.NewClient() // SIGNOFF_SERVER, SIGNOFF_API_KEY
//	…
//	result, err := client.Pause(ctx, &signoff.ApprovalRequest{ApprovalRequestID: "deploy-42"})
//	if err == nil && result.Approved() {
//		deploy()
//	}
//
// [Client] has one method for each operation of the contract (openapi.yaml) that is not for agents
// alone, and the verbs that people think in: RequestApproval, WaitForApproval, Pause, Decide, Respond,
// WaitForExecution, StreamEvents, and an Iter… for each list. [WebhookHandler] receives what the
// server sends.
//
// An agent serves reasoners: functions that the control plane runs, and that may ask a person in
// the middle. What they did before is recorded, so that a killed process that is started again goes on
// where it stopped:
//
//	agent := signoff.NewAgent("deployer")
//	signoff.AddReasoner(agent, "deploy", func(run *signoff.Run, in Release) (*Outcome, error) {
//		result, err := run.Pause(&signoff.ApprovalRequest{ApprovalRequestID: "deploy-" + in.Version})
//		…
//	})
//	err := agent.Run(ctx, "127.0.0.1:8001")
//
// # Messages
//
// The types of the messages are generated and keep the values that they are given: times and URLs are
// the text that they were, a word that this version does not know stays in its field, and user JSON
// (Payload, Response, Result and so on) is a [encoding/json.RawMessage], so that integers of any size and
// the order of keys survive. An optional field is a pointer only where its zero value says something
// else than its absence. Fields that this version does not know are kept in Extra, and written again with
// the rest.
package signoff
