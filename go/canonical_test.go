package signoff

import (
	"encoding/json"
	"os"
	"testing"
)

func TestTheCanonicalFormIsThatOfTheSharedVectors(t *testing.T) {
	text, err := os.ReadFile("../conformance/vectors/canonical_json.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct{ Text, Canonical, Sha256 string }
	if err := json.Unmarshal(text, &vectors); err != nil || len(vectors) < 10 {
		t.Fatalf("%d vectors: %v", len(vectors), err)
	}
	for _, vector := range vectors {
		if got := must(canonical([]byte(vector.Text)))(t); string(got) != vector.Canonical {
			t.Errorf("%s\nwant %s\ngot  %s", vector.Text, vector.Canonical, got)
		}
		if got := must(digest([]byte(vector.Text)))(t); got != vector.Sha256 {
			t.Errorf("%s has the digest %s", vector.Text, got)
		}
	}
}

func TestWhatIsNoJSONHasNoDigest(t *testing.T) {
	for _, text := range []string{"", "{", "1 2", "1e400", "[1e400]", `{"a":1e400}`} {
		if got, err := digest([]byte(text)); err == nil {
			t.Errorf("%q has the digest %s", text, got)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	f.Add([]byte(`{"b":[1,2.50,"x"],"a":null}`))
	f.Add([]byte(`"\ud83d\ude00"`))
	f.Fuzz(func(t *testing.T, text []byte) {
		form, err := canonical(text)
		if err != nil {
			return
		}
		if again := must(canonical(form))(t); string(again) != string(form) {
			t.Errorf("%q of %q of %q", again, form, text)
		}
	})
}
