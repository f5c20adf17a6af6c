package signoff

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// A call is what a method of the client knows of its request.
type call struct {
	operation string
	// path holds the parameters of the path, by name.
	path map[string]string
	// query holds the others; those without a value are left out.
	query map[string]string
	// headers beyond those that every request has; those without a value are left out.
	headers map[string]string
	// body is a model, or bytes that go out as they are; nil for none.
	body any
	// hold is how long the server may keep its answer back.
	hold time.Duration
}

// A request is ready to be sent as often as need be.
type request struct {
	method string
	// target is path and query, encoded.
	target     string
	header     http.Header
	body       []byte
	repeatable bool
	hold       time.Duration
}

// at is method and address, for messages; without the query. The server's URL holds no secret.
func (r *request) at(serverURL string) string {
	path, _, _ := strings.Cut(r.target, "?")
	return r.method + " " + serverURL + path
}

// visible is what a header may hold, up to 2000 of it.
var visible = regexp.MustCompile(`^[!-~]([ -~]*[!-~])?$`)

// build makes the request of a call.
func build(c call) (*request, error) {
	row := routeOf[c.operation]
	target, err := c.target(row.path)
	if err != nil {
		return nil, err
	}
	built := &request{method: row.method, target: target, header: http.Header{}, hold: c.hold}
	for name, value := range c.headers {
		if value == "" {
			continue
		}
		if len(value) > 2000 || !visible.MatchString(value) {
			// A header may hold a signature: its value stays out of the message.
			return nil, fmt.Errorf("signoff: %s must be 1 to 2000 visible ASCII characters", name)
		}
		built.header.Set(name, value)
	}
	switch body := c.body.(type) {
	case nil:
	case []byte:
		built.body = body
	default:
		if built.body, err = encode(body); err != nil {
			return nil, err
		}
	}
	if c.body != nil {
		built.header.Set("Content-Type", "application/json")
	}
	hasKey := built.header.Get("Idempotency-Key") != ""
	built.repeatable = row.repeat == repeatAlways || (row.repeat == repeatWithKey && hasKey)
	return built, nil
}

func (c call) target(template string) (string, error) {
	target := template
	for name, value := range c.path {
		// A client of HTTP takes these away before it sends, and then asks for something else.
		if value == "" || value == "." || value == ".." {
			return "", fmt.Errorf("signoff: %s: %q cannot stand in a path", name, value)
		}
		target = strings.Replace(target, "{"+name+"}", url.PathEscape(value), 1)
	}
	query := url.Values{}
	for name, value := range c.query {
		if value != "" {
			query.Set(name, value)
		}
	}
	if len(query) > 0 {
		target += "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
	}
	return target, nil
}

// outsideContract is the error for a status that the contract does not have.
func outsideContract(status int) error {
	if status >= 300 && status < 400 {
		return &ProtocolError{fmt.Sprintf("the server answers %d; redirects are not followed", status)}
	}
	return &ProtocolError{fmt.Sprintf("the server answers %d, which the contract does not know", status)}
}
