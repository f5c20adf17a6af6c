package signoff

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// digest is the SHA-256, in hex, of the canonical form of a JSON text.
func digest(text []byte) (string, error) {
	form, err := canonical(text)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(form)
	return hex.EncodeToString(sum[:]), nil
}

// canonical is the RFC 8785 form of a JSON text, as all languages of the contract write it: no
// spaces, members in the order of their UTF-16 code units, numbers as ECMAScript writes them. One
// thing goes beyond the RFC: an integer keeps every digit, whatever its size.
func canonical(text []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if decoder.More() {
		return nil, errors.New("there is more than one value")
	}
	return appendCanonical(nil, value)
}

func appendCanonical(out []byte, value any) ([]byte, error) {
	switch value := value.(type) {
	case nil:
		return append(out, "null"...), nil
	case bool:
		return strconv.AppendBool(out, value), nil
	case string:
		return appendQuoted(out, value), nil
	case json.Number:
		return appendNumber(out, value.String())
	case []any:
		return appendArray(out, value)
	case map[string]any:
		return appendObject(out, value)
	}
	return nil, fmt.Errorf("%T is not a JSON type", value)
}

func appendArray(out []byte, items []any) ([]byte, error) {
	var err error
	out = append(out, '[')
	for index, item := range items {
		if index > 0 {
			out = append(out, ',')
		}
		if out, err = appendCanonical(out, item); err != nil {
			return nil, err
		}
	}
	return append(out, ']'), nil
}

func appendObject(out []byte, members map[string]any) ([]byte, error) {
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	slices.SortFunc(names, inUTF16)
	var err error
	out = append(out, '{')
	for index, name := range names {
		if index > 0 {
			out = append(out, ',')
		}
		out = append(appendQuoted(out, name), ':')
		if out, err = appendCanonical(out, members[name]); err != nil {
			return nil, err
		}
	}
	return append(out, '}'), nil
}

// inUTF16 orders astral characters before U+E000..U+FFFF, as their surrogates are.
func inUTF16(one, other string) int {
	if order := slices.Compare(utf16.Encode([]rune(one)), utf16.Encode([]rune(other))); order != 0 {
		return order
	}
	return cmp.Compare(one, other)
}

// appendQuoted escapes what the RFC wants escaped, the way it wants it, and nothing else.
func appendQuoted(out []byte, text string) []byte {
	out = append(out, '"')
	for _, letter := range text {
		switch {
		case letter == '"' || letter == '\\':
			out = append(out, '\\', byte(letter))
		case letter >= 0x20:
			out = append(out, string(letter)...)
		default:
			if at := strings.IndexRune("\b\t\n\f\r", letter); at >= 0 {
				out = append(out, '\\', "btnfr"[at])
			} else {
				out = fmt.Appendf(out, `\u%04x`, letter)
			}
		}
	}
	return append(out, '"')
}

func appendNumber(out []byte, text string) ([]byte, error) {
	if !strings.ContainsAny(text, ".eE") {
		whole, ok := new(big.Int).SetString(text, 10)
		if !ok {
			return nil, fmt.Errorf("%s is no number", text)
		}
		return whole.Append(out, 10), nil
	}
	number, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, fmt.Errorf("%s is out of the range of a double", text)
	}
	if number == 0 {
		return append(out, '0'), nil // -0 too
	}
	// Package json writes numbers as ECMAScript does.
	written, err := json.Marshal(number)
	return append(out, written...), err
}
