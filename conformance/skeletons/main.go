// An adapter: one JSON object a line in, one a line out. ADAPTERS.md says what each message wants.
//
// It speaks HTTP by itself so that it runs as it is. Put your client in the place of send.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
)

type message struct {
	Do        string          `json:"do"`
	ID        int             `json:"id"`
	ServerURL string          `json:"server_url"`
	APIKey    string          `json:"api_key"`
	Op        string          `json:"op"`
	Args      json.RawMessage `json:"args"`
}

// unsupported: your client has no such thing; name it in lacks.
var unsupported = errors.New("there is no such verb or message here")

// A failure is what your client gave to its caller instead of an answer.
type failure struct{ Kind, Message, Code string }

func (f *failure) Error() string { return f.Message }

var settings message

func send(method, path string, body []byte) (any, error) {
	request, err := http.NewRequest(method, settings.ServerURL+path, bytes.NewReader(body))
	if err != nil {
		return nil, &failure{"validation", err.Error(), ""}
	}
	request.Header.Set("X-API-Key", settings.APIKey)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, &failure{"transport", err.Error(), ""}
	}
	defer response.Body.Close()
	var answer json.RawMessage
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, &failure{"protocol", err.Error(), ""}
	}
	if response.StatusCode >= 400 {
		var problem struct{ Code, Detail string }
		_ = json.Unmarshal(answer, &problem)
		// Map the errors of your client to the kinds in SPEC.md here.
		return nil, &failure{"internal", problem.Detail, problem.Code}
	}
	return answer, nil
}

func answer(m message) (any, error) {
	switch m.Do {
	case "hello":
		return map[string]any{
			"protocol": 1, "name": "my-client", "language": "go", "version": "0.1.0",
			// Claim clock once sleeps come as events, and what else your client can do.
			"abilities": map[string]bool{"exact_integers": true, "key_order": true},
			// This loop makes one call at a time and hears no cancel before it is over.
			"lacks": []string{"cancel", "parallel"},
		}, nil
	case "open":
		settings = m
		return struct{}{}, nil
	case "bye":
		return struct{}{}, nil
	case "call":
		switch m.Op {
		case "getHealth":
			return send("GET", "/api/v1/health", nil)
		case "createApprovalRequest":
			return send("POST", "/api/v1/approval-requests", m.Args)
		}
	}
	return nil, unsupported
}

func main() {
	lines := bufio.NewReader(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var m message
		if err := json.Unmarshal(line, &m); err != nil {
			os.Exit(1)
		}
		value, err := answer(m)
		reply := map[string]any{"id": m.ID}
		var failed *failure
		switch {
		case err == nil:
			reply["ok"] = value
		case errors.As(err, &failed):
			reply["error"] = map[string]string{"kind": failed.Kind, "message": failed.Message, "code": failed.Code}
		default:
			reply["unsupported"] = err.Error()
		}
		_ = out.Encode(reply)
		if m.Do == "bye" {
			return
		}
	}
}
