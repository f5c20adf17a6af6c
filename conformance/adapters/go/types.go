package main

import (
	"reflect"

	"github.com/signoff-dev/signoff/go"
)

// types are those of the contract that the SDK has, by their names there.
var types = func() map[string]reflect.Type {
	named := map[string]reflect.Type{}
	for _, kind := range []reflect.Type{
		reflect.TypeFor[signoff.Approval](),
		reflect.TypeFor[signoff.ApprovalCallback](),
		reflect.TypeFor[signoff.ApprovalList](),
		reflect.TypeFor[signoff.ApprovalNotification](),
		reflect.TypeFor[signoff.ApprovalRequest](),
		reflect.TypeFor[signoff.ApprovalResponse](),
		reflect.TypeFor[signoff.ApprovalState](),
		reflect.TypeFor[signoff.ApprovalStatus](),
		reflect.TypeFor[signoff.ApprovalStatusFilter](),
		reflect.TypeFor[signoff.CallbackReceipt](),
		reflect.TypeFor[signoff.CancelNotice](),
		reflect.TypeFor[signoff.Cancellation](),
		reflect.TypeFor[signoff.Candidate](),
		reflect.TypeFor[signoff.Decision](),
		reflect.TypeFor[signoff.DecisionReceipt](),
		reflect.TypeFor[signoff.DecisionReceiptStatus](),
		reflect.TypeFor[signoff.Delivery](),
		reflect.TypeFor[signoff.DeliveryKind](),
		reflect.TypeFor[signoff.DeliveryList](),
		reflect.TypeFor[signoff.DeliveryState](),
		reflect.TypeFor[signoff.DeliveryStateFilter](),
		reflect.TypeFor[signoff.DispatchReceipt](),
		reflect.TypeFor[signoff.Event](),
		reflect.TypeFor[signoff.EventHead](),
		reflect.TypeFor[signoff.EventList](),
		reflect.TypeFor[signoff.ExecuteRequest](),
		reflect.TypeFor[signoff.Execution](),
		reflect.TypeFor[signoff.ExecutionApprovalRequest](),
		reflect.TypeFor[signoff.ExecutionList](),
		reflect.TypeFor[signoff.ExecutionNotification](),
		reflect.TypeFor[signoff.ExecutionStatus](),
		reflect.TypeFor[signoff.ExecutionStatusFilter](),
		reflect.TypeFor[signoff.ExecutionWebhook](),
		reflect.TypeFor[signoff.Features](),
		reflect.TypeFor[signoff.Health](),
		reflect.TypeFor[signoff.Heartbeat](),
		reflect.TypeFor[signoff.HeartbeatReceipt](),
		reflect.TypeFor[signoff.InHand](),
		reflect.TypeFor[signoff.Instance](),
		reflect.TypeFor[signoff.InstanceState](),
		reflect.TypeFor[signoff.NewDecision](),
		reflect.TypeFor[signoff.NewEvent](),
		reflect.TypeFor[signoff.NewReasoner](),
		reflect.TypeFor[signoff.NewStepKind](),
		reflect.TypeFor[signoff.Node](),
		reflect.TypeFor[signoff.NodeList](),
		reflect.TypeFor[signoff.NodeRegistered](),
		reflect.TypeFor[signoff.NodeRegistration](),
		reflect.TypeFor[signoff.NodeShutdown](),
		reflect.TypeFor[signoff.Note](),
		reflect.TypeFor[signoff.Outcome](),
		reflect.TypeFor[signoff.Principal](),
		reflect.TypeFor[signoff.PrincipalSource](),
		reflect.TypeFor[signoff.Problem](),
		reflect.TypeFor[signoff.ProblemCode](),
		reflect.TypeFor[signoff.ProblemError](),
		reflect.TypeFor[signoff.Readiness](),
		reflect.TypeFor[signoff.ReadinessCheck](),
		reflect.TypeFor[signoff.ReadinessStatus](),
		reflect.TypeFor[signoff.Reasoner](),
		reflect.TypeFor[signoff.ReportedStatus](),
		reflect.TypeFor[signoff.ReviewerClaim](),
		reflect.TypeFor[signoff.StatusReport](),
		reflect.TypeFor[signoff.Step](),
		reflect.TypeFor[signoff.StepKind](),
		reflect.TypeFor[signoff.StepList](),
		reflect.TypeFor[signoff.StepRecord](),
	} {
		named[kind.Name()] = kind
	}
	return named
}()
