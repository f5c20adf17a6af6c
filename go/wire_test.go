package signoff

import (
	"encoding/json"
	"reflect"
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

func TestWhatIsNotKnownIsKept(t *testing.T) {
	text := `{"id":"42","source":"key","team":{"z":1,"a":[12345678901234567890]},"level":null}`
	var principal Principal
	if err := decode([]byte(text), &principal); err != nil {
		t.Fatal(err)
	}
	if string(principal.Extra["team"]) != `{"z":1,"a":[12345678901234567890]}` || string(principal.Extra["level"]) != "null" || len(principal.Extra) != 2 {
		t.Errorf("got %v", principal.Extra)
	}
	want := `{"id":"42","source":"key","level":null,"team":{"z":1,"a":[12345678901234567890]}}`
	if got := encoded(t, principal); got != want {
		t.Errorf("want %s\ngot  %s", want, got)
	}
	// As whoever stores one does.
	var again Principal
	if err := json.Unmarshal(must(json.Marshal(&principal))(t), &again); err != nil || !reflect.DeepEqual(principal, again) {
		t.Errorf("want %+v\ngot  %+v, %v", principal, again, err)
	}
	if err := json.Unmarshal([]byte(`{"id":"42"}`), &again); err == nil {
		t.Error("source is not missed")
	}
	if got := string(must(withExtra(struct{}{}, principal.Extra))(t)); got != `{"level":null,"team":{"z":1,"a":[12345678901234567890]}}` {
		t.Errorf("got %s", got)
	}
}
