package signoff

import (
	"context"
	"errors"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// words are those of the contract's ProblemCode.
func words(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n    ProblemCode:\n")
	block, _, _ := strings.Cut(rest, "x-unreachable")
	var found []string
	for _, match := range regexp.MustCompile(`(?m)^ {8}- (\w+)$`).FindAllStringSubmatch(block, -1) {
		found = append(found, match[1])
	}
	if len(found) < 28 {
		t.Fatalf("only %d words found", len(found))
	}
	return found
}

// errName is the name of a word's error by the rule.
func errName(word string) string {
	name := "Err"
	for part := range strings.SplitSeq(strings.TrimSuffix(word, "_error"), "_") {
		switch part {
		case "id", "url", "json":
			name += strings.ToUpper(part)
		default:
			name += strings.ToUpper(part[:1]) + part[1:]
		}
	}
	return name
}

func TestEveryWordHasAnErrorByOneRule(t *testing.T) {
	source, err := os.ReadFile("errors.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`(Err\w+) error = problemKind\(`).FindAllStringSubmatch(string(source), -1)
	if len(declared) != len(words(t)) {
		t.Errorf("%d errors for %d words", len(declared), len(words(t)))
	}
	for index, word := range words(t) {
		if want, got := errName(word), declared[index][1]; want != got {
			t.Errorf("want %s, got %s", want, got)
		}
	}
}

func TestAnErrorIsThatOfItsCodeAndNoOther(t *testing.T) {
	for _, word := range words(t) {
		refused := &Error{Status: 409, Code: ProblemCode(word)}
		for _, other := range words(t) {
			if is := errors.Is(refused, problemKind(other)); is != (word == other) {
				t.Errorf("%s is %s: %v", word, other, is)
			}
		}
	}
	wantError(t, &Error{Code: "not_found"}, ErrNotFound)
	wantError(t, &Error{Code: "internal_error"}, ErrInternal)
	if errors.Is(&Error{Code: "escalated"}, ErrNotFound) || errors.Is(&Error{}, ErrNotFound) {
		t.Error("a word that is not known is no other")
	}
}

func TestAProblemIsReadWithAllItSays(t *testing.T) {
	body := `{"type":"about:blank","title":"Bad Request","status":400,"code":"invalid_request","detail":"no","new":1,
		"errors":[{"in":"body","pointer":"/expires_in_hours","detail":"must be greater than 0"},{"in":"query","pointer":"","detail":"x"}]}`
	err := refusal(400, http.Header{"Retry-After": {"3"}}, []byte(body), time.Time{})
	wantError(t, err, ErrInvalidRequest)
	want := "signoff: 400 invalid_request: no\n  body /expires_in_hours: must be greater than 0\n  query /: x"
	if err.Error() != want {
		t.Errorf("want %s\ngot  %s", want, err)
	}
	if wait, asked := err.RetryAfter(); wait != 3*time.Second || !asked {
		t.Errorf("Retry-After is %v, %v", wait, asked)
	}
}

func TestWhatIsNoProblemIsAnErrorAllTheSame(t *testing.T) {
	for _, body := range []string{"", "<html>", "[]", "{}", `{"code":"not_found"}`, "\xff", `{"a":1,"a":2}`} {
		err := refusal(502, http.Header{}, []byte(body), time.Time{})
		if err.Code != "" || err.Status != 502 || err.Error() != "signoff: 502: the answer is no problem document" {
			t.Errorf("%q is %v", body, err)
		}
	}
}

func TestATimeoutIsAnErrorOfItsOwnKind(t *testing.T) {
	over := waitOver(context.Background(), "apr_1", ErrShuttingDown)
	wantError(t, over, ErrWaitTimeout)
	if errors.Is(over, context.DeadlineExceeded) || errors.Is(over, ErrShuttingDown) {
		t.Error("it is nothing else")
	}
	var timeout *WaitTimeoutError
	if !errors.As(over, &timeout) || timeout.ID != "apr_1" || !timeout.Timeout() {
		t.Errorf("it does not say what was waited for: %v", over)
	}
}

func TestTheCallersReasonIsKept(t *testing.T) {
	reason := errors.New("the user has gone")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(reason)
	over := waitOver(ctx, "apr_1", nil)
	wantError(t, over, reason)
	wantError(t, over, context.Canceled)
	if errors.Is(over, ErrWaitTimeout) {
		t.Error("a cancelled wait is no time-out")
	}
}
