package signoff

import (
	"errors"
	"testing"
)

func TestAnEmptyOwnIDIsNobodysQuestion(t *testing.T) {
	client := realClient(t)
	asked := must(client.RequestApproval(soon(t), claim(ownID(t))))(t)
	_, decided := client.Decide(soon(t), "", &NewDecision{Decision: DecisionApproved})
	_, waited := client.WaitForApproval(soon(t), "", nil)
	_, found := client.FindApprovalRequest(soon(t), "", "")
	for _, err := range []error{decided, waited, found} {
		wantError(t, err, ErrInvalidRequest)
		wantText(t, err.Error(), "approval_request_id", "must not be empty")
	}
	if now := must(client.GetApprovalRequest(soon(t), asked.ID, nil))(t); now.Status != ApprovalStatusPending {
		t.Errorf("it is %s", now.Status)
	}
}

func TestAnEmptyOwnIDResumesNothing(t *testing.T) {
	agent := newAgent(t)
	AddReasoner(agent, "ask", func(run *Run, _ struct{}) (bool, error) {
		if _, err := run.Pause(&ApprovalRequest{ApprovalRequestID: "q-1"}); err != nil {
			return false, err
		}
		result, err := run.WaitForResume("", nil)
		return result == nil && errors.Is(err, ErrInvalidRequest), nil
	})
	s := serve(t, agent)
	id := s.begin("ask", nil).ExecutionID
	s.decide(s.asked(id).ID, DecisionApproved, "")
	if got := s.succeeded(id); got != "true" {
		t.Errorf("got %s", got)
	}
}
