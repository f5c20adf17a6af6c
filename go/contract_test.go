package signoff

import (
	"bytes"
	"encoding/json"
	"math/big"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// contractExample is one example of openapi.yaml; tools/examples.py says what the fields mean.
type contractExample struct {
	ID     string   `json:"id"`
	Schema *string  `json:"schema"`
	Free   []string `json:"free"`
	Value  string   `json:"value"`
}

func readExamples(t *testing.T) []contractExample {
	t.Helper()
	text, err := os.ReadFile("../conformance/vectors/contract_examples.json")
	if err != nil {
		t.Fatal(err)
	}
	var examples []contractExample
	if err := json.Unmarshal(text, &examples); err != nil {
		t.Fatal(err)
	}
	return examples
}

// encoded writes a value as a client does.
func encoded(t *testing.T, value any) string {
	t.Helper()
	text, err := encode(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// roundTrip decodes text into the generated type of a schema and encodes it again.
func roundTrip(t *testing.T, schema, text string) string {
	t.Helper()
	value := newOfSchema(schema)
	if value == nil {
		t.Fatalf("no type for the schema %s", schema)
	}
	if err := decode([]byte(text), value); err != nil {
		t.Fatal(err)
	}
	return encoded(t, value)
}

// tree parses JSON so that equal values are deeply equal: exact numbers, members in any order.
func tree(t *testing.T, text string) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return exact(value)
}

func exact(value any) any {
	switch value := value.(type) {
	case json.Number:
		number, _ := new(big.Rat).SetString(value.String())
		return number.RatString()
	case []any:
		for index, inner := range value {
			value[index] = exact(inner)
		}
	case map[string]any:
		for key, inner := range value {
			value[key] = exact(inner)
		}
	}
	return value
}

// at returns the JSON text that a JSON pointer names, without white space.
func at(t *testing.T, text, pointer string) string {
	t.Helper()
	rest := json.RawMessage(text)
	for _, part := range strings.Split(pointer, "/")[1:] {
		part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		var members map[string]json.RawMessage
		var items []json.RawMessage
		if json.Unmarshal(rest, &members) == nil {
			rest = members[part]
		} else if json.Unmarshal(rest, &items) == nil {
			index, _ := strconv.Atoi(part)
			rest = items[index]
		}
	}
	var out bytes.Buffer
	if err := json.Compact(&out, rest); err != nil {
		t.Fatalf("%s at %s: %v", text, pointer, err)
	}
	return out.String()
}

func TestEveryExampleOfTheContractComesBackEqual(t *testing.T) {
	for _, example := range readExamples(t) {
		t.Run(example.ID, func(t *testing.T) {
			schema := "DispatchInput" // any JSON
			if example.Schema != nil {
				schema = *example.Schema
			}
			back := roundTrip(t, schema, example.Value)
			if want, got := tree(t, example.Value), tree(t, back); !reflect.DeepEqual(want, got) {
				t.Errorf("want %s\ngot  %s", example.Value, back)
			}
			for _, pointer := range example.Free {
				if want, got := at(t, example.Value, pointer), at(t, back, pointer); want != got {
					t.Errorf("user JSON at %q: want %s, got %s", pointer, want, got)
				}
			}
		})
	}
}

func TestEverySchemaHasAnExample(t *testing.T) {
	count := map[string]int{}
	for _, example := range readExamples(t) {
		if example.Schema != nil {
			count[*example.Schema]++
		}
	}
	if len(schemaNames) == 0 {
		t.Fatal("the contract has no schemas")
	}
	for _, name := range schemaNames {
		if count[name] == 0 {
			t.Errorf("%s has no example", name)
		}
	}
}

func TestValuesAreKept(t *testing.T) {
	const head = `"event_head":{"seq":1,"hash":"0"}`
	const approval = `{"id":"apr_1","approval_request_id":"a","expires_at":"2026-01-01T00:00:00.000Z",` +
		`"created_at":"2026-01-01T00:00:00.000Z",` + head
	for rule, test := range map[string]struct{ schema, text string }{
		"a field from a newer server":      {"Approval", approval + `,"status":"approved","priority":{"z":1,"a":12345678901234567890}}`},
		"a word from a newer server":       {"Approval", approval + `,"status":"escalated","decision":"postponed"}`},
		"absent is not null":               {"Approval", approval + `,"status":"approved"}`},
		"null is not absent":               {"Approval", approval + `,"status":"approved","response":null}`},
		"empty text is not absent":         {"Approval", approval + `,"status":"approved","feedback":"","title":""}`},
		"zero is not absent":               {"Delivery", `{"id":"msg_1","kind":"approvalCallback","state":"dead","url":"","attempts":0,"last_status":0,"resolved":false,"created_at":"2026-01-01T00:00:00.000Z"}`},
		"an empty list is not absent":      {"Note", `{"message":"m","tags":[]}`},
		"an absent list stays absent":      {"Note", `{"message":"m"}`},
		"an integer above 2^63":            {"Approval", approval + `,"status":"approved","response":[9223372036854775809,18446744073709551617]}`},
		"the order of keys":                {"Approval", approval + `,"status":"pending","payload":{"z":1,"10":2,"9":3,"a":{"b":1,"a":2}}}`},
		"text that HTML would escape":      {"Approval", approval + `,"status":"pending","payload":{"a":"<&>\u2028"}}`},
		"milliseconds that are zero":       {"Event", `{"seq":1,"type":"note","at":"2026-01-01T00:00:00.000Z","actor":{"id":"a","source":"key"},"data":{},"prev_hash":"0","hash":"1"}`},
		"a URL without a slash at its end": {"ApprovalRequest", `{"approval_request_id":"a","approval_request_url":"https://example.com"}`},
	} {
		t.Run(rule, func(t *testing.T) {
			back := roundTrip(t, test.schema, test.text)
			if !reflect.DeepEqual(tree(t, test.text), tree(t, back)) {
				t.Errorf("want %s\ngot  %s", test.text, back)
			}
			for _, member := range []string{"/payload", "/response"} {
				if strings.Contains(test.text, `"`+member[1:]+`"`) && at(t, test.text, member) != at(t, back, member) {
					t.Errorf("%s: want %s, got %s", member, at(t, test.text, member), at(t, back, member))
				}
			}
		})
	}
}

func TestFieldsAreNamedAsReadersExpect(t *testing.T) {
	request := ApprovalRequest{
		ApprovalRequestID:  "claim-4711",
		ApprovalRequestURL: "https://dashboard.example.com/claims/4711",
		ExpiresInHours:     24,
	}
	want := `{"approval_request_id":"claim-4711",` +
		`"approval_request_url":"https://dashboard.example.com/claims/4711","expires_in_hours":24}`
	if got := strings.TrimSpace(encoded(t, request)); got != want {
		t.Errorf("want %s\ngot  %s", want, got)
	}
	if got := strings.TrimSpace(encoded(t, ApprovalRequest{ApprovalRequestID: "a"})); got != `{"approval_request_id":"a"}` {
		t.Errorf("what is not set is sent: %s", got)
	}
}
