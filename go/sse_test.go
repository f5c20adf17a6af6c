package signoff

import (
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestEventsAreReadHoweverTheyAreCut(t *testing.T) {
	for text, want := range map[string][]string{
		"id: 1\nevent: note\ndata: a\n\nid: 2\ndata: b\n\n":  {"a", "b"},
		"data: a\r\n\r\ndata: b\r\n\r\n":                     {"a", "b"},
		"data: a\r\rdata: b\r\r":                             {"a", "b"},
		": comment\n\n\ndata:a\ndata: b\ndata\nretry: 5\n\n": {"a\nb\n"},
		"data: a\u2028b\u0085c\n\n":                          {"a\u2028b\u0085c"},
		"data: whole\n\ndata: cut off\n":                     {"whole"},
		"data: whole\n\ndata: cut o":                         {"whole"},
		"":                                                   nil,
		"data: " + strings.Repeat("x", 1<<20) + "\n\n":       {strings.Repeat("x", 1<<20)},
	} {
		for _, stream := range []io.Reader{strings.NewReader(text), iotest.HalfReader(strings.NewReader(text)), iotest.OneByteReader(strings.NewReader(text))} {
			reader := newEventReader(stream)
			var got []string
			data, err := reader.next()
			for ; err == nil; data, err = reader.next() {
				got = append(got, string(data))
			}
			if err != io.EOF || !slices.Equal(want, got) {
				t.Errorf("%.60q: want %.60q, got %.60q, %v", text, want, got, err)
			}
		}
	}
}
