package signoff

import (
	"bufio"
	"bytes"
	"io"
	"strings"
)

// longestLine of a stream: an event may carry as much user JSON as a request.
const longestLine = 64 << 20

// eventReader reads the data of server-sent events. Lines end at CR, LF or both, and at nothing
// else: U+2028 in a text is part of it. Comments and other fields are passed over.
type eventReader struct{ lines *bufio.Scanner }

func newEventReader(stream io.Reader) *eventReader {
	scanner := bufio.NewScanner(stream)
	scanner.Buffer(nil, longestLine)
	// searched: what of the line at hand is known to hold no end of one.
	afterCR, searched := false, 0
	scanner.Split(func(text []byte, _ bool) (int, []byte, error) {
		skipped := 0
		if afterCR && len(text) > 0 {
			// The second half of a CRLF ends nothing.
			if text[0] == '\n' {
				skipped, text = 1, text[1:]
			}
			afterCR = false
		}
		if end := bytes.IndexAny(text[searched:], "\r\n"); end >= 0 {
			end += searched
			afterCR, searched = text[end] == '\r', 0
			return skipped + end + 1, text[:end], nil
		}
		searched = len(text)
		// What the end of the stream cuts off is no line: its event was not sent whole.
		return skipped, nil, nil
	})
	return &eventReader{scanner}
}

// next returns the data of the next event; io.EOF at the end of the stream.
func (r *eventReader) next() ([]byte, error) {
	var data []string
	for r.lines.Scan() {
		line := r.lines.Text()
		if line == "" {
			if data != nil {
				return []byte(strings.Join(data, "\n")), nil
			}
			continue
		}
		if name, value, _ := strings.Cut(line, ":"); name == "data" {
			data = append(data, strings.TrimPrefix(value, " "))
		}
	}
	if err := r.lines.Err(); err != nil {
		return nil, err
	}
	return nil, io.EOF
}
