package signoff

import (
	"encoding/json"
	"strings"
	"testing"
)

const approvalHead = `{"id":"apr_1","approval_request_id":"a","expires_at":"2026-01-01T00:00:00.000Z",` +
	`"created_at":"2026-01-01T00:00:00.000Z","event_head":{"seq":1,"hash":"0"}`

func TestAMemberCountsUnderItsOwnNameOnly(t *testing.T) {
	var approval Approval
	// A decoder that is lax about case would read a yes here.
	text := approvalHead + `,"status":"pending","Decision":"approved","DECIDED_AT":"2026-01-01T00:00:00.000Z"}`
	if err := decode([]byte(text), &approval); err != nil {
		t.Fatal(err)
	}
	if approval.Decision != "" || isDecided(&approval) {
		t.Errorf("a new member is taken for a decision: %+v", approval)
	}
}

func TestAnAnswerThatIsNotInTheContractIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		approvalHead + `,"status":"pending","status":"approved"}`: `it has "status" twice`,
		approvalHead + `}`:               "/status is missing",
		approvalHead + `,"status":null}`: "/status is missing",
		approvalHead + `,"status":7}`:    "/status is no signoff.ApprovalStatus",
		strings.Replace(approvalHead, `"seq":1`, `"seq":1.5`, 1) + `,"status":"pending"}`: "/event_head/seq is no int64",
		`[]`:           "it is no object",
		`null`:         "it is no object",
		``:             "it is no JSON",
		`{} {}`:        "it is no JSON",
		"{\"a\":\xff}": "it is not UTF-8",
	} {
		if err := decode([]byte(text), new(Approval)); err == nil || err.Error() != want {
			t.Errorf("%s: want %s, got %v", text, want, err)
		}
	}
	if err := decode([]byte(`{"items":[`+approvalHead+`}]}`), new(ApprovalList)); err == nil || err.Error() != "/items/0/status is missing" {
		t.Errorf("got %v", err)
	}
}

func TestNullStandsForAbsenceOutsideUserJSON(t *testing.T) {
	var approval Approval
	if err := decode([]byte(approvalHead+`,"status":"pending","feedback":null,"reviewer":null,"response":null}`), &approval); err != nil {
		t.Fatal(err)
	}
	if approval.Feedback != nil || approval.Reviewer != nil || string(approval.Response) != "null" {
		t.Errorf("got %+v", approval)
	}
}

func TestWhatWouldArriveAsSomethingElseIsNotSent(t *testing.T) {
	for _, body := range []any{
		&NewDecision{Decision: "approved", Feedback: "\xff"},
		&NewDecision{Decision: "approved", Response: json.RawMessage("\"\xff\"")},
		&NewDecision{Decision: "approved", Response: json.RawMessage("{")},
		&Note{Message: "m", Tags: []string{"\xff"}},
		&ApprovalResponse{Reviewer: &ReviewerClaim{ID: "\xff"}},
	} {
		if text, err := encode(body); err == nil {
			t.Errorf("sent %s", text)
		}
	}
}
