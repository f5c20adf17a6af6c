package signoff

import "context"

// The operations of the contract that agents alone call. There is no appendExecutionEvent: nothing in
// an agent says what a note does not.

func (c *Client) registerNode(ctx context.Context, told *NodeRegistration) (*NodeRegistered, error) {
	return ask[NodeRegistered](ctx, c, call{operation: "registerNode", body: told})
}

func (c *Client) heartbeatNode(ctx context.Context, nodeID string, beat *Heartbeat) (*HeartbeatReceipt, error) {
	return ask[HeartbeatReceipt](ctx, c, call{operation: "heartbeatNode", path: map[string]string{"node_id": nodeID}, body: beat})
}

func (c *Client) shutdownNode(ctx context.Context, nodeID string, shutdown *NodeShutdown) (*Node, error) {
	return ask[Node](ctx, c, call{operation: "shutdownNode", path: map[string]string{"node_id": nodeID}, body: shutdown})
}

func (c *Client) reportExecutionStatus(ctx context.Context, attemptID string, report *StatusReport) (*Execution, error) {
	return ask[Execution](ctx, c, call{operation: "reportExecutionStatus", path: map[string]string{"execution_id": attemptID}, body: report})
}

// addNote is safe to repeat, as each note has a key.
func (c *Client) addNote(ctx context.Context, attemptID string, note *Note) (*Event, error) {
	return ask[Event](ctx, c, call{operation: "addNote", headers: map[string]string{"X-Execution-ID": attemptID}, body: note})
}

func (c *Client) recordStep(ctx context.Context, attemptID, key string, record *StepRecord) (*Step, error) {
	path := map[string]string{"execution_id": attemptID, "step_key": key}
	return ask[Step](ctx, c, call{operation: "recordStep", path: path, body: record})
}

// requestExecutionApproval is safe to repeat, as each request has a step key.
func (c *Client) requestExecutionApproval(ctx context.Context, nodeID, attemptID string, request *ExecutionApprovalRequest) (*Approval, error) {
	path := map[string]string{"node_id": nodeID, "execution_id": attemptID}
	return ask[Approval](ctx, c, call{operation: "requestExecutionApproval", path: path, body: request})
}
