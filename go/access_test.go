package signoff

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"
)

// key makes a key of a server that does not run yet.
func key(t *testing.T, folder, role string) string {
	t.Helper()
	create := exec.Command(serverCommand, "keys", "create", "--name", role+"-key", "--role", role, "--json", "--database", "sqlite:///"+filepath.Join(folder, "signoff.db"))
	out, err := create.Output()
	var made struct{ Key string }
	if err == nil {
		err = json.Unmarshal(out, &made)
	}
	if err != nil || made.Key == "" {
		t.Fatalf("no key: %v\n%s", err, out)
	}
	return made.Key
}

func TestTheReviewerIsTheOwnerOfTheKey(t *testing.T) {
	if errShared != nil {
		t.Fatal(errShared)
	}
	folder := t.TempDir()
	clientKey, reviewerKey := key(t, folder, "client"), key(t, folder, "reviewer")
	server, err := startServer(folder, "0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.stop)
	with := func(key string) *Client { return newClient(t, WithServerURL(server.url), WithAPIKey(key)) }
	asked := must(with(clientKey).RequestApproval(soon(t), claim(ownID(t))))(t)

	_, err = with(clientKey).Decide(soon(t), asked.ID, &NewDecision{Decision: DecisionApproved})
	wantError(t, err, ErrForbidden)
	_, err = with("nobodys-key").GetApprovalRequest(soon(t), asked.ID, nil)
	wantError(t, err, ErrUnauthorized)
	_, err = newClient(t, WithServerURL(server.url)).ListNodes(soon(t), nil)
	wantError(t, err, ErrUnauthorized)

	must(with(reviewerKey).Decide(soon(t), ownID(t), &NewDecision{Decision: DecisionApproved}))(t)
	result := must(with(clientKey).WaitForApproval(soon(t), asked.ID, nil))(t)
	if result.Reviewer == nil || result.Reviewer.Source != PrincipalSourceKey || *result.Reviewer.Name != "reviewer-key" {
		t.Errorf("decided by %+v", result.Reviewer)
	}
}
