package signoff

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// vectors are shared by all languages; tools/webhook_vectors.py writes them.
type vectors struct {
	Cases []struct {
		Name     string            `json:"name"`
		Verify   string            `json:"verify"`
		Secrets  []string          `json:"secrets"`
		Now      float64           `json:"now"`
		Body     string            `json:"body"`
		Base64   *string           `json:"body_base64"`
		Headers  map[string]string `json:"headers"`
		Sign     bool              `json:"sign"`
		Verified *struct {
			Kind      SignatureForm `json:"kind"`
			ID        string        `json:"id"`
			Timestamp int64         `json:"timestamp"`
		} `json:"verified"`
		Reason SignatureReason `json:"reason"`
	} `json:"cases"`
}

func readVectors(t testing.TB) vectors {
	t.Helper()
	text, err := os.ReadFile("../conformance/vectors/webhook_signatures.json")
	if err != nil {
		t.Fatal(err)
	}
	var found vectors
	if err := json.Unmarshal(text, &found); err != nil || len(found.Cases) < 20 {
		t.Fatalf("%d cases: %v", len(found.Cases), err)
	}
	return found
}

type verifier func(http.Header, []byte, []string, time.Time) (*Verified, error)

var verifiers = map[string]verifier{"webhook": VerifyWebhook, "approval_response": VerifyApprovalResponse}

func TestSignaturesAreThoseOfTheSharedVectors(t *testing.T) {
	for _, test := range readVectors(t).Cases {
		t.Run(test.Name, func(t *testing.T) {
			body := []byte(test.Body)
			if test.Base64 != nil {
				body, _ = base64.StdEncoding.DecodeString(*test.Base64)
			}
			header := http.Header{}
			for name, value := range test.Headers {
				header[name] = []string{value}
			}
			now := time.UnixMilli(int64(test.Now * 1000))
			verified, err := verifiers[test.Verify](header, body, test.Secrets, now)
			var bad *SignatureError
			switch {
			case test.Verified == nil:
				if !errors.As(err, &bad) || bad.Reason != test.Reason {
					t.Fatalf("want %s, got %+v, %v", test.Reason, verified, err)
				}
				return
			case err != nil:
				t.Fatal(err)
			case verified.Form != test.Verified.Kind || verified.ID != test.Verified.ID:
				t.Fatalf("got %+v", verified)
			case verified.Form == SignatureTimestamped && verified.Timestamp.Unix() != test.Verified.Timestamp:
				t.Fatalf("got %+v", verified)
			}
			if test.Sign {
				wantSigned(t, test.Secrets[0], body, header, verified)
			}
		})
	}
}

func wantSigned(t *testing.T, secret string, body []byte, want http.Header, verified *Verified) {
	t.Helper()
	got := http.Header{}
	if verified.Form == SignatureBody {
		signature, err := SignApprovalResponse(secret, body)
		if err != nil {
			t.Fatal(err)
		}
		got.Set("X-Webhook-Signature", signature)
	} else {
		var err error
		if got, err = SignWebhook(secret, verified.ID, verified.Timestamp, body); err != nil {
			t.Fatal(err)
		}
	}
	for name, values := range want {
		if !slices.Equal(values, got.Values(name)) {
			t.Errorf("%s: want %v, got %v", name, values, got)
		}
	}
}

func TestAHeaderThatIsThereTwiceIsRefused(t *testing.T) {
	now := time.Unix(1767605400, 0)
	header, err := SignWebhook(testSecret, "msg_1", now, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name := range header {
		for _, doubled := range []http.Header{
			{name: {header.Get(name), header.Get(name)}},
			{name: header[name], strings.ToLower(name): header[name]},
		} {
			for other := range header {
				if doubled.Get(other) == "" {
					doubled[other] = header[other]
				}
			}
			_, err := VerifyApprovalResponse(doubled, nil, []string{testSecret}, now)
			var bad *SignatureError
			if !errors.As(err, &bad) || bad.Reason != SignatureMalformed {
				t.Errorf("%v: got %v", doubled, err)
			}
		}
	}
}

func TestANewSecretServesBothForms(t *testing.T) {
	secret, now := NewSecret(), time.Unix(1767605400, 0)
	if secret == NewSecret() {
		t.Fatal("it is not new")
	}
	header, err := SignWebhook(secret, "msg_1", now, []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := VerifyWebhook(header, []byte("{}"), []string{testSecret, secret}, now); err != nil {
		t.Error(err)
	}
	signature, err := SignApprovalResponse(secret, []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := VerifyApprovalResponse(http.Header{"X-Webhook-Signature": {signature}}, []byte("{}"), []string{secret}, now); err != nil {
		t.Error(err)
	}
}

func FuzzVerifyWebhook(f *testing.F) {
	for _, test := range readVectors(f).Cases {
		id, timestamp, signature := "", "", ""
		for name, value := range test.Headers {
			switch strings.ToLower(name) {
			case "webhook-id":
				id = value
			case "webhook-timestamp":
				timestamp = value
			case "webhook-signature":
				signature = value
			}
		}
		f.Add(id, timestamp, signature, []byte(test.Body))
	}
	now := time.Unix(1767225600, 0)
	f.Fuzz(func(t *testing.T, id, timestamp, signature string, body []byte) {
		header := http.Header{"Webhook-Id": {id}, "Webhook-Timestamp": {timestamp}, "Webhook-Signature": {signature}}
		verified, err := VerifyWebhook(header, body, []string{testSecret}, now)
		wantOneOf(t, verified, err)
		if err != nil {
			return
		}
		// Nobody but the holder of the secret can make what is believed.
		signed, err := SignWebhook(testSecret, id, verified.Timestamp, body)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(strings.Split(signature, " "), signed.Get("Webhook-Signature")) && !strings.HasPrefix(timestamp, "0") {
			t.Errorf("%q is believed, signed is %q", signature, signed.Get("Webhook-Signature"))
		}
	})
}

func FuzzVerifyApprovalResponse(f *testing.F) {
	for _, test := range readVectors(f).Cases {
		for name, value := range test.Headers {
			for _, secret := range test.Secrets {
				f.Add(name, value, []byte(test.Body), secret)
			}
		}
	}
	f.Fuzz(func(t *testing.T, name, value string, body []byte, secret string) {
		verified, err := VerifyApprovalResponse(http.Header{name: {value}}, body, []string{secret}, time.Unix(1767225600, 0))
		wantOneOf(t, verified, err)
		if err != nil {
			return
		}
		if signature, err := SignApprovalResponse(secret, body); err != nil || !strings.EqualFold(signature, value) {
			t.Errorf("%q is believed, signed is %q", value, signature)
		}
	})
}

// wantOneOf wants a good signature or the one kind of error.
func wantOneOf(t *testing.T, verified *Verified, err error) {
	t.Helper()
	var bad *SignatureError
	if (verified == nil) == (err == nil) || (err != nil && !errors.As(err, &bad)) {
		t.Fatalf("got %+v, %v", verified, err)
	}
}
