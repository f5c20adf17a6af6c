package signoff

import "net/http"

// What makes a second request of an operation harmless.
type repeat int

const (
	// repeatNever: the second request may do something again.
	repeatNever repeat = iota
	// repeatAlways: the operation itself; it reads, or the first write wins.
	repeatAlways
	// repeatWithKey: the header Idempotency-Key, which is made up once per call and kept over its tries.
	repeatWithKey
)

// A route is where an operation is, and when it may be sent again after it left this machine.
type route struct {
	operation, method, path string
	repeat                  repeat
}

// routes has a row for each operation that the client or an agent calls, in the contract's order. A
// test compares them with openapi.yaml.
var routes = []route{
	{"registerNode", http.MethodPost, "/api/v1/nodes/register", repeatAlways},
	{"heartbeatNode", http.MethodPost, "/api/v1/nodes/{node_id}/heartbeat", repeatAlways},
	{"shutdownNode", http.MethodPost, "/api/v1/nodes/{node_id}/shutdown", repeatAlways},
	{"listNodes", http.MethodGet, "/api/v1/nodes", repeatAlways},
	{"getNode", http.MethodGet, "/api/v1/nodes/{node_id}", repeatAlways},
	{"execute", http.MethodPost, "/api/v1/execute/{target}", repeatWithKey},
	{"executeAsync", http.MethodPost, "/api/v1/execute/async/{target}", repeatWithKey},
	{"listExecutions", http.MethodGet, "/api/v1/executions", repeatAlways},
	{"getExecution", http.MethodGet, "/api/v1/executions/{execution_id}", repeatAlways},
	{"reportExecutionStatus", http.MethodPost, "/api/v1/executions/{execution_id}/status", repeatAlways},
	{"cancelExecution", http.MethodPost, "/api/v1/executions/{execution_id}/cancel", repeatAlways},
	{"addNote", http.MethodPost, "/api/v1/executions/note", repeatAlways},
	{"recordStep", http.MethodPut, "/api/v1/executions/{execution_id}/steps/{step_key}", repeatAlways},
	{"listSteps", http.MethodGet, "/api/v1/executions/{execution_id}/steps", repeatAlways},
	{"listExecutionEvents", http.MethodGet, "/api/v1/executions/{execution_id}/events", repeatAlways},
	{"streamExecutionEvents", http.MethodGet, "/api/v1/executions/{execution_id}/events/stream", repeatAlways},
	{"requestExecutionApproval", http.MethodPost, "/api/v1/agents/{node_id}/executions/{execution_id}/request-approval", repeatAlways},
	{"getExecutionApprovalStatus", http.MethodGet, "/api/v1/agents/{node_id}/executions/{execution_id}/approval-status", repeatAlways},
	{"createApprovalRequest", http.MethodPost, "/api/v1/approval-requests", repeatAlways},
	{"listApprovalRequests", http.MethodGet, "/api/v1/approval-requests", repeatAlways},
	{"getApprovalRequest", http.MethodGet, "/api/v1/approval-requests/{id}", repeatAlways},
	{"listApprovalRequestEvents", http.MethodGet, "/api/v1/approval-requests/{id}/events", repeatAlways},
	{"decideApprovalRequest", http.MethodPost, "/api/v1/approval-requests/{id}/decision", repeatAlways},
	{"cancelApprovalRequest", http.MethodPost, "/api/v1/approval-requests/{id}/cancel", repeatAlways},
	{"receiveApprovalResponse", http.MethodPost, "/api/v1/webhooks/approval-response", repeatAlways},
	{"listDeliveries", http.MethodGet, "/api/v1/deliveries", repeatAlways},
	{"retryDelivery", http.MethodPost, "/api/v1/deliveries/{id}/retry", repeatNever},
	{"getHealth", http.MethodGet, "/api/v1/health", repeatAlways},
	{"getReadiness", http.MethodGet, "/api/v1/ready", repeatAlways},
	{"getOpenapi", http.MethodGet, "/api/v1/openapi.yaml", repeatAlways},
	{"getMetrics", http.MethodGet, "/api/v1/metrics", repeatAlways},
}

var routeOf = func() map[string]route {
	found := map[string]route{}
	for _, row := range routes {
		found[row.operation] = row
	}
	return found
}()
