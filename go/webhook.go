package signoff

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Two forms of signatures are in use, both made and checked over the raw bytes:
//
//   - timestamped (Standard Webhooks): webhook-id, webhook-timestamp (seconds since 1970) and
//     webhook-signature, which holds "v1," and the base64 HMAC-SHA256 of {id}.{timestamp}.{body};
//     several may stand there, separated by spaces. The key is the base64 after whsec_. Everything
//     that the server sends is signed like this.
//   - body: X-Webhook-Signature, "sha256=" and the hex HMAC-SHA256 of the body, keyed by the secret
//     as written. A reviewer's service may answer like this. No time is in it: it can be replayed.

// SignatureWindow is how far webhook-timestamp may be from now, to either side.
const SignatureWindow = 300 * time.Second

const (
	headerID            = "Webhook-Id"
	headerTimestamp     = "Webhook-Timestamp"
	headerSignature     = "Webhook-Signature"
	headerBodySignature = "X-Webhook-Signature"
	secretPrefix        = "whsec_"
)

// SignatureReason says why a message is not to be believed.
type SignatureReason string

const (
	// SignatureMissing: there is no signature.
	SignatureMissing SignatureReason = "missing"
	// SignatureMalformed: a header has no such form, or is there twice.
	SignatureMalformed SignatureReason = "malformed"
	// SignatureStale: the time is outside the window.
	SignatureStale SignatureReason = "stale"
	// SignatureMismatch: none of the secrets has signed this.
	SignatureMismatch SignatureReason = "mismatch"
	// SignatureSecret: no secret that this form could use was given.
	SignatureSecret SignatureReason = "secret"
)

// SignatureError says that a message is not to be believed. It holds no secret and no signature.
type SignatureError struct {
	Reason SignatureReason
	detail string
}

// Error says what is wrong.
func (e *SignatureError) Error() string { return "signoff: " + e.detail }

// SignatureForm is a form of signatures.
type SignatureForm string

const (
	// SignatureTimestamped is that of Standard Webhooks.
	SignatureTimestamped SignatureForm = "timestamped"
	// SignatureBody is that of X-Webhook-Signature.
	SignatureBody SignatureForm = "body"
)

// Verified is what a good signature vouches for: its form, and in the timestamped form id and time.
type Verified struct {
	Form SignatureForm
	// ID stays the same when a message is sent again; empty in the body form.
	ID string
	// Timestamp is when the message was signed, to the second; zero in the body form.
	Timestamp time.Time
}

// NewSecret is a fresh secret for both forms: whsec_ and the base64 of 32 random bytes.
func NewSecret() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return secretPrefix + base64.StdEncoding.EncodeToString(key)
}

// SignWebhook returns the three headers of the timestamped form. A secret that has not the form
// whsec_<base64> is a [*SignatureError].
func SignWebhook(secret, id string, at time.Time, body []byte) (http.Header, error) {
	key, err := keyOf(secret)
	if err != nil {
		return nil, err
	}
	timestamp := strconv.FormatInt(at.Unix(), 10)
	signature := base64.StdEncoding.EncodeToString(timestamped(key, id, timestamp, body))
	return http.Header{headerID: {id}, headerTimestamp: {timestamp}, headerSignature: {"v1," + signature}}, nil
}

// SignApprovalResponse returns the value of X-Webhook-Signature, the body form. An empty secret is a
// [*SignatureError].
func SignApprovalResponse(secret string, body []byte) (string, error) {
	if secret == "" {
		return "", &SignatureError{SignatureSecret, secretEmpty}
	}
	return "sha256=" + hex.EncodeToString(sum([]byte(secret), body)), nil
}

// VerifyWebhook checks the timestamped form, in which the server signs all that it sends. body is as it
// came, unread by anybody; several secrets may be given while one is being replaced. All its errors are
// [*SignatureError].
//
// It refuses sha256=, the body form: the server never sends it, and as no time is in it, whoever has seen
// one message could send that again for ever. What comes to a server may have either form:
// [VerifyApprovalResponse].
func VerifyWebhook(header http.Header, body []byte, secrets []string, now time.Time) (*Verified, error) {
	id, timestamp, candidates, err := timestampedHeaders(header)
	if err != nil {
		return nil, err
	}
	seconds, _ := strconv.ParseInt(timestamp, 10, 64)
	signedAt := time.Unix(seconds, 0)
	if age := now.Sub(signedAt); age > SignatureWindow || age < -SignatureWindow {
		return nil, &SignatureError{SignatureStale, "webhook-timestamp is not within 300 s of now"}
	}
	var wanted [][]byte
	for _, secret := range secrets {
		if !strings.HasPrefix(secret, secretPrefix) {
			continue
		}
		key, err := keyOf(secret)
		if err != nil {
			return nil, err
		}
		wanted = append(wanted, []byte(base64.StdEncoding.EncodeToString(timestamped(key, id, timestamp, body))))
	}
	if len(wanted) == 0 {
		return nil, &SignatureError{SignatureSecret, secretForm}
	}
	if !anyEqual(wanted, candidates) {
		return nil, &SignatureError{SignatureMismatch, "webhook-signature does not fit the body and the secret"}
	}
	return &Verified{SignatureTimestamped, id, signedAt}, nil
}

// VerifyApprovalResponse checks either form; where webhook-signature is given, the timestamped form
// decides alone. Arguments and errors are as for [VerifyWebhook].
func VerifyApprovalResponse(header http.Header, body []byte, secrets []string, now time.Time) (*Verified, error) {
	if _, there, err := single(header, headerSignature); there || err != nil {
		return VerifyWebhook(header, body, secrets, now)
	}
	signature, there, err := single(header, headerBodySignature)
	if err != nil {
		return nil, err
	}
	if !there {
		return nil, &SignatureError{SignatureMissing, "neither X-Webhook-Signature nor webhook-signature is there"}
	}
	match := bodySignature.FindStringSubmatch(signature)
	if match == nil {
		return nil, &SignatureError{SignatureMalformed, "X-Webhook-Signature is not sha256= and 64 hex digits"}
	}
	var wanted [][]byte
	for _, secret := range secrets {
		if secret != "" {
			wanted = append(wanted, []byte(hex.EncodeToString(sum([]byte(secret), body))))
		}
	}
	if len(wanted) == 0 {
		return nil, &SignatureError{SignatureSecret, secretEmpty}
	}
	if !anyEqual(wanted, []string{strings.ToLower(match[1])}) {
		return nil, &SignatureError{SignatureMismatch, "X-Webhook-Signature does not fit the body and the secret"}
	}
	return &Verified{Form: SignatureBody}, nil
}

const (
	secretForm  = "the timestamped form needs a secret of the form whsec_<base64>"
	secretEmpty = "the secret is empty"
)

var (
	messageID     = regexp.MustCompile(`^[!-~]{1,255}$`)
	secondsText   = regexp.MustCompile(`^[0-9]{1,15}$`)
	bodySignature = regexp.MustCompile(`^sha256=([0-9a-fA-F]{64})$`)
)

// timestampedHeaders are those of the timestamped form, in which each has its form.
func timestampedHeaders(header http.Header) (id, timestamp string, candidates []string, err error) {
	values := map[string]string{}
	for _, name := range []string{headerID, headerTimestamp, headerSignature} {
		value, there, err := single(header, name)
		if err != nil {
			return "", "", nil, err
		}
		if !there {
			return "", "", nil, &SignatureError{SignatureMissing, "the header " + strings.ToLower(name) + " is missing"}
		}
		values[name] = value
	}
	if !messageID.MatchString(values[headerID]) {
		return "", "", nil, &SignatureError{SignatureMalformed, "webhook-id is not 1 to 255 visible ASCII characters"}
	}
	if !secondsText.MatchString(values[headerTimestamp]) {
		return "", "", nil, &SignatureError{SignatureMalformed, "webhook-timestamp is not a number of seconds"}
	}
	for token := range strings.SplitSeq(values[headerSignature], " ") {
		if signature, ok := strings.CutPrefix(token, "v1,"); ok {
			candidates = append(candidates, signature)
		}
	}
	if candidates == nil {
		return "", "", nil, &SignatureError{SignatureMalformed, "webhook-signature holds no v1 signature"}
	}
	return values[headerID], values[headerTimestamp], candidates, nil
}

// single is the one value of a header, whose name counts in any case. Of two values nobody knows
// which was signed.
func single(header http.Header, name string) (value string, there bool, err error) {
	for given, values := range header {
		if !strings.EqualFold(given, name) || len(values) == 0 {
			continue
		}
		if there || len(values) > 1 {
			return "", true, &SignatureError{SignatureMalformed, "the header " + strings.ToLower(name) + " is there twice"}
		}
		value, there = values[0], true
	}
	return value, there, nil
}

func keyOf(secret string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(secret, secretPrefix)
	// Some write it without its padding. The decoder of package base64 passes over line ends.
	key, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(encoded, "="))
	if !ok || err != nil || strings.ContainsAny(encoded, "\r\n") {
		return nil, &SignatureError{SignatureSecret, secretForm}
	}
	if len(key) == 0 {
		return nil, &SignatureError{SignatureSecret, secretEmpty}
	}
	return key, nil
}

func timestamped(key []byte, id, timestamp string, body []byte) []byte {
	return sum(key, []byte(id+"."+timestamp+"."), body)
}

func sum(key []byte, parts ...[]byte) []byte {
	hash := hmac.New(sha256.New, key)
	for _, part := range parts {
		hash.Write(part)
	}
	return hash.Sum(nil)
}

// anyEqual compares every pair, each in constant time: how long it takes tells nothing.
func anyEqual(wanted [][]byte, candidates []string) bool {
	equal := false
	for _, mine := range wanted {
		for _, theirs := range candidates {
			equal = hmac.Equal(mine, []byte(theirs)) || equal
		}
	}
	return equal
}
