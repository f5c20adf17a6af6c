package signoff

import (
	"context"
	"crypto/rand"
	"iter"
	"strconv"
	"time"
)

// ExecuteOptions are those of Execute and ExecuteAsync.
type ExecuteOptions struct {
	// Wait is how long Execute waits for the end, up to 10 minutes; 0 stands for 90 s.
	Wait time.Duration
	// IdempotencyKey makes a repeat by another process the same execution, for a day or while it is
	// unfinished. One is made up for each call where none is given.
	IdempotencyKey string
	// ParentExecutionID is the attempt id of the execution that makes this call.
	ParentExecutionID string
}

// GetOptions are those of GetExecution and GetApprovalRequest.
type GetOptions struct {
	// Wait is how long the server holds its answer until there is an end, up to a minute; 0 for the
	// present state at once.
	Wait time.Duration
}

// ExecutionFilter says which executions a list has; empty fields let all through.
type ExecutionFilter struct {
	Status ExecutionStatusFilter
	NodeID string
	// RunID is that of a tree of executions.
	RunID string
}

// Execute runs the reasoner target (node.reasoner) and waits for the end (execute).
//
// Finished is what has CompletedAt. Without it, the run came to a gate or took longer than Wait, and
// goes on: see [Client.WaitForExecution]. A repeat after a lost reply joins the first run.
func (c *Client) Execute(ctx context.Context, target string, request *ExecuteRequest, options *ExecuteOptions) (*Execution, error) {
	what := executing("execute", target, request, options)
	what.hold = 90 * time.Second
	if options != nil && options.Wait != 0 {
		what.hold = options.Wait
		what.query = map[string]string{"wait_seconds": seconds(options.Wait)}
	}
	return ask[Execution](ctx, c, what)
}

// ExecuteAsync starts the reasoner target and comes back once that is stored (executeAsync).
// Options.Wait does not count here.
func (c *Client) ExecuteAsync(ctx context.Context, target string, request *ExecuteRequest, options *ExecuteOptions) (*Execution, error) {
	return ask[Execution](ctx, c, executing("executeAsync", target, request, options))
}

func executing(operation, target string, request *ExecuteRequest, options *ExecuteOptions) call {
	if request == nil {
		request = &ExecuteRequest{}
	}
	given := ExecuteOptions{}
	if options != nil {
		given = *options
	}
	if given.IdempotencyKey == "" {
		given.IdempotencyKey = rand.Text()
	}
	return call{
		operation: operation,
		path:      map[string]string{"target": target},
		headers:   map[string]string{"Idempotency-Key": given.IdempotencyKey, "X-Parent-Execution-ID": given.ParentExecutionID},
		body:      request,
	}
}

// ListExecutions is one page of executions, newest first (listExecutions).
func (c *Client) ListExecutions(ctx context.Context, filter *ExecutionFilter, page *PageOptions) (*ExecutionList, error) {
	if filter == nil {
		filter = &ExecutionFilter{}
	}
	query := page.and(map[string]string{"status": string(filter.Status), "node_id": filter.NodeID, "run_id": filter.RunID})
	return ask[ExecutionList](ctx, c, call{operation: "listExecutions", query: query})
}

// GetExecution is an execution as it is, or, with Wait, once it is finished (getExecution).
// [Client.WaitForExecution] waits for as long as you like.
func (c *Client) GetExecution(ctx context.Context, executionID string, options *GetOptions) (*Execution, error) {
	return ask[Execution](ctx, c, options.held("getExecution", "execution_id", executionID))
}

// CancelExecution cancels an execution and its descendants (cancelExecution).
func (c *Client) CancelExecution(ctx context.Context, executionID string, cancellation *Cancellation) (*Execution, error) {
	return ask[Execution](ctx, c, cancelling("cancelExecution", "execution_id", executionID, cancellation))
}

// ListSteps is one page of recorded steps, oldest first (listSteps).
func (c *Client) ListSteps(ctx context.Context, executionID string, page *PageOptions) (*StepList, error) {
	return ask[StepList](ctx, c, call{operation: "listSteps", path: map[string]string{"execution_id": executionID}, query: page.query()})
}

// ListExecutionEvents is one page of events, oldest first (listExecutionEvents).
func (c *Client) ListExecutionEvents(ctx context.Context, executionID string, page *PageOptions) (*EventList, error) {
	return ask[EventList](ctx, c, call{operation: "listExecutionEvents", path: map[string]string{"execution_id": executionID}, query: page.query()})
}

// WaitForExecution waits until an execution is finished, however it ends: Status says how.
//
// Lost connections and restarts of the server are waited through. It returns a [*WaitTimeoutError]
// when the time is over; the execution goes on.
func (c *Client) WaitForExecution(ctx context.Context, executionID string, options *WaitOptions) (*Execution, error) {
	poll := func(ctx context.Context, c *Client, hold time.Duration) (*Execution, error) {
		return c.GetExecution(ctx, executionID, &GetOptions{Wait: hold})
	}
	end, err := c.deadline(options.timeout())
	if err != nil {
		return nil, err
	}
	return until(ctx, c, executionID, end, poll, func(e *Execution) bool { return e.CompletedAt != "" })
}

// IterExecutions are all executions that fit, newest first.
func (c *Client) IterExecutions(ctx context.Context, filter *ExecutionFilter) iter.Seq2[*Execution, error] {
	return rows(func(page *PageOptions) ([]Execution, string, error) {
		list, err := c.ListExecutions(ctx, filter, page)
		if err != nil {
			return nil, "", err
		}
		return list.Items, list.NextCursor, nil
	})
}

// IterSteps are all recorded steps of an execution, oldest first.
func (c *Client) IterSteps(ctx context.Context, executionID string) iter.Seq2[*Step, error] {
	return rows(func(page *PageOptions) ([]Step, string, error) {
		list, err := c.ListSteps(ctx, executionID, page)
		if err != nil {
			return nil, "", err
		}
		return list.Items, list.NextCursor, nil
	})
}

// IterExecutionEvents are all events of an execution so far, oldest first.
func (c *Client) IterExecutionEvents(ctx context.Context, executionID string) iter.Seq2[*Event, error] {
	return rows(func(page *PageOptions) ([]Event, string, error) {
		list, err := c.ListExecutionEvents(ctx, executionID, page)
		if err != nil {
			return nil, "", err
		}
		return list.Items, list.NextCursor, nil
	})
}

// held is a read of one thing that the server may hold back.
func (o *GetOptions) held(operation, name, id string) call {
	what := call{operation: operation, path: map[string]string{name: id}}
	if o != nil && o.Wait != 0 {
		what.hold = o.Wait
		what.query = map[string]string{"wait_seconds": seconds(o.Wait)}
	}
	return what
}

func cancelling(operation, name, id string, cancellation *Cancellation) call {
	if cancellation == nil {
		cancellation = &Cancellation{}
	}
	return call{operation: operation, path: map[string]string{name: id}, body: cancellation}
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }
