package signoff

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A described operation is one of openapi.yaml, as far as a client is concerned.
type described struct{ id, method, path, security string }

var (
	pathLine      = regexp.MustCompile(`^  (/\S+):$`)
	methodLine    = regexp.MustCompile(`^    (get|post|put|delete|patch):$`)
	operationLine = regexp.MustCompile(`^      operationId: (\S+)$`)
	securityLine  = regexp.MustCompile(`^      security: \[(.*)\]$`)
)

// described reads the operations under paths. The file is written by hand in one form, which is all
// that this understands.
func describedOperations(t *testing.T) []described {
	t.Helper()
	text, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, paths, _ := strings.Cut(string(text), "\npaths:\n")
	paths, _, _ = strings.Cut(paths, "\nwebhooks:\n")
	var found []described
	var path, method string
	for line := range strings.Lines(paths) {
		line = strings.TrimRight(line, "\n")
		if match := pathLine.FindStringSubmatch(line); match != nil {
			path = match[1]
		} else if match := methodLine.FindStringSubmatch(line); match != nil {
			method = strings.ToUpper(match[1])
		} else if match := operationLine.FindStringSubmatch(line); match != nil {
			found = append(found, described{id: match[1], method: method, path: path})
		} else if match := securityLine.FindStringSubmatch(line); match != nil {
			found[len(found)-1].security = match[1]
		}
	}
	if len(found) < 30 {
		t.Fatalf("only %d operations found in openapi.yaml", len(found))
	}
	return found
}

// isOfClients tells whether more than agents may call it.
func (d described) isOfClients() bool {
	return strings.Contains(d.security, "[client]") || strings.Contains(d.security, "[reviewer]") || !strings.Contains(d.security, "[agent]")
}

func TestEveryOperationHasARowInTheContractsOrder(t *testing.T) {
	var want []route
	for _, operation := range describedOperations(t) {
		// Agents say what they have to say by notes.
		if operation.id == "appendExecutionEvent" {
			continue
		}
		row := route{operation.id, operation.method, operation.path, repeatAlways}
		switch {
		case strings.HasPrefix(operation.id, "execute"):
			row.repeat = repeatWithKey
		case operation.id == "retryDelivery":
			// The contract does not call it safe.
			row.repeat = repeatNever
		}
		want = append(want, row)
	}
	if !slices.Equal(want, routes) {
		t.Errorf("want %v\ngot  %v", want, routes)
	}
}

func TestEveryClientSideOperationHasAMethodInTheContractsOrder(t *testing.T) {
	isOperation := map[string]bool{}
	var want []string
	for _, operation := range describedOperations(t) {
		if !operation.isOfClients() {
			continue
		}
		name := strings.ToUpper(operation.id[:1]) + operation.id[1:]
		isOperation[name] = true
		want = append(want, name)
	}
	var got []string
	// The order of the tags in the contract.
	for _, file := range []string{"client_nodes.go", "client_executions.go", "client_streams.go", "client_approvals.go", "client_webhooks.go", "client_system.go"} {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range parsed.Decls {
			method, ok := declaration.(*ast.FuncDecl)
			if ok && method.Recv != nil && isOperation[method.Name.Name] {
				got = append(got, method.Name.Name)
			}
		}
	}
	if !slices.Equal(want, got) {
		t.Errorf("want %v\ngot  %v", want, got)
	}
}
