// Code generated from openapi.yaml by tools/generate.py; DO NOT EDIT.

package signoff

import "encoding/json"

// schemaNames lists the schemas of the contract.
var schemaNames = []string{
	"ExecutionStatus",
	"ExecutionStatusFilter",
	"ReportedStatus",
	"ApprovalStatus",
	"ApprovalStatusFilter",
	"Decision",
	"Outcome",
	"DecisionReceiptStatus",
	"PrincipalSource",
	"StepKind",
	"NewStepKind",
	"InstanceState",
	"DeliveryKind",
	"DeliveryState",
	"DeliveryStateFilter",
	"ReadinessStatus",
	"ProblemCode",
	"Time",
	"Sha256",
	"IdText",
	"OwnIdText",
	"NewOwnIdText",
	"NodeIdText",
	"TargetText",
	"StepKeyText",
	"IdempotencyKeyText",
	"CursorText",
	"ShortText",
	"LongText",
	"Url",
	"HeaderText",
	"PathText",
	"EventStream",
	"MetricsText",
	"Features",
	"NewReasoner",
	"NodeRegistration",
	"NodeRegistered",
	"InHand",
	"Heartbeat",
	"HeartbeatReceipt",
	"NodeShutdown",
	"Reasoner",
	"Instance",
	"Node",
	"NodeList",
	"ExecutionWebhook",
	"ExecuteRequest",
	"EventHead",
	"Execution",
	"ExecutionList",
	"StatusReport",
	"Cancellation",
	"Note",
	"StepRecord",
	"Step",
	"StepList",
	"Principal",
	"NewEvent",
	"Event",
	"EventList",
	"ApprovalRequest",
	"ExecutionApprovalRequest",
	"Approval",
	"ApprovalList",
	"ApprovalState",
	"NewDecision",
	"ReviewerClaim",
	"ApprovalResponse",
	"DecisionReceipt",
	"Delivery",
	"DeliveryList",
	"DispatchInput",
	"DispatchResult",
	"DispatchReceipt",
	"CancelNotice",
	"ApprovalCallback",
	"CallbackReceipt",
	"ApprovalNotification",
	"ExecutionNotification",
	"Health",
	"ReadinessCheck",
	"Readiness",
	"Candidate",
	"ProblemError",
	"Problem",
}

// newOfSchema makes an empty value of the schema of that name.
func newOfSchema(name string) any {
	switch name {
	case "ExecutionStatus":
		return new(ExecutionStatus)
	case "ExecutionStatusFilter":
		return new(ExecutionStatusFilter)
	case "ReportedStatus":
		return new(ReportedStatus)
	case "ApprovalStatus":
		return new(ApprovalStatus)
	case "ApprovalStatusFilter":
		return new(ApprovalStatusFilter)
	case "Decision":
		return new(Decision)
	case "Outcome":
		return new(Outcome)
	case "DecisionReceiptStatus":
		return new(DecisionReceiptStatus)
	case "PrincipalSource":
		return new(PrincipalSource)
	case "StepKind":
		return new(StepKind)
	case "NewStepKind":
		return new(NewStepKind)
	case "InstanceState":
		return new(InstanceState)
	case "DeliveryKind":
		return new(DeliveryKind)
	case "DeliveryState":
		return new(DeliveryState)
	case "DeliveryStateFilter":
		return new(DeliveryStateFilter)
	case "ReadinessStatus":
		return new(ReadinessStatus)
	case "ProblemCode":
		return new(ProblemCode)
	case "Time":
		return new(string)
	case "Sha256":
		return new(string)
	case "IdText":
		return new(string)
	case "OwnIdText":
		return new(string)
	case "NewOwnIdText":
		return new(string)
	case "NodeIdText":
		return new(string)
	case "TargetText":
		return new(string)
	case "StepKeyText":
		return new(string)
	case "IdempotencyKeyText":
		return new(string)
	case "CursorText":
		return new(string)
	case "ShortText":
		return new(string)
	case "LongText":
		return new(string)
	case "Url":
		return new(string)
	case "HeaderText":
		return new(string)
	case "PathText":
		return new(string)
	case "EventStream":
		return new(string)
	case "MetricsText":
		return new(string)
	case "Features":
		return new(Features)
	case "NewReasoner":
		return new(NewReasoner)
	case "NodeRegistration":
		return new(NodeRegistration)
	case "NodeRegistered":
		return new(NodeRegistered)
	case "InHand":
		return new(InHand)
	case "Heartbeat":
		return new(Heartbeat)
	case "HeartbeatReceipt":
		return new(HeartbeatReceipt)
	case "NodeShutdown":
		return new(NodeShutdown)
	case "Reasoner":
		return new(Reasoner)
	case "Instance":
		return new(Instance)
	case "Node":
		return new(Node)
	case "NodeList":
		return new(NodeList)
	case "ExecutionWebhook":
		return new(ExecutionWebhook)
	case "ExecuteRequest":
		return new(ExecuteRequest)
	case "EventHead":
		return new(EventHead)
	case "Execution":
		return new(Execution)
	case "ExecutionList":
		return new(ExecutionList)
	case "StatusReport":
		return new(StatusReport)
	case "Cancellation":
		return new(Cancellation)
	case "Note":
		return new(Note)
	case "StepRecord":
		return new(StepRecord)
	case "Step":
		return new(Step)
	case "StepList":
		return new(StepList)
	case "Principal":
		return new(Principal)
	case "NewEvent":
		return new(NewEvent)
	case "Event":
		return new(Event)
	case "EventList":
		return new(EventList)
	case "ApprovalRequest":
		return new(ApprovalRequest)
	case "ExecutionApprovalRequest":
		return new(ExecutionApprovalRequest)
	case "Approval":
		return new(Approval)
	case "ApprovalList":
		return new(ApprovalList)
	case "ApprovalState":
		return new(ApprovalState)
	case "NewDecision":
		return new(NewDecision)
	case "ReviewerClaim":
		return new(ReviewerClaim)
	case "ApprovalResponse":
		return new(ApprovalResponse)
	case "DecisionReceipt":
		return new(DecisionReceipt)
	case "Delivery":
		return new(Delivery)
	case "DeliveryList":
		return new(DeliveryList)
	case "DispatchInput":
		return new(json.RawMessage)
	case "DispatchResult":
		return new(json.RawMessage)
	case "DispatchReceipt":
		return new(DispatchReceipt)
	case "CancelNotice":
		return new(CancelNotice)
	case "ApprovalCallback":
		return new(ApprovalCallback)
	case "CallbackReceipt":
		return new(CallbackReceipt)
	case "ApprovalNotification":
		return new(ApprovalNotification)
	case "ExecutionNotification":
		return new(ExecutionNotification)
	case "Health":
		return new(Health)
	case "ReadinessCheck":
		return new(ReadinessCheck)
	case "Readiness":
		return new(Readiness)
	case "Candidate":
		return new(Candidate)
	case "ProblemError":
		return new(ProblemError)
	case "Problem":
		return new(Problem)
	}
	return nil
}
