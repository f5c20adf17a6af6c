package signoff

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// encode writes a body: user JSON as it is, without HTML's escapes. It fails where what arrives
// would not be what was given.
func encode(body any) ([]byte, error) {
	if !isText(reflect.ValueOf(body)) {
		return nil, errors.New("signoff: there is text in the request that is not UTF-8")
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		return nil, fmt.Errorf("signoff: %w", err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// isText tells whether all text in a model is UTF-8. Package json would replace what is not.
func isText(value reflect.Value) bool {
	switch value.Kind() {
	case reflect.String:
		return utf8.ValidString(value.String())
	case reflect.Pointer:
		return value.IsNil() || isText(value.Elem())
	case reflect.Struct:
		for index := range value.NumField() {
			if !isText(value.Field(index)) {
				return false
			}
		}
	case reflect.Slice:
		if isRaw(value.Type()) {
			return utf8.Valid(value.Bytes())
		}
		for index := range value.Len() {
			if !isText(value.Index(index)) {
				return false
			}
		}
	}
	return true
}

// decode reads a JSON text into a model of the contract. It is stricter than package json, which
// takes "Decision" for "decision", the last of two members of one name, and silence for any field:
// here the first is a member that is not known, the others are errors. A member that is not known is
// kept in the field Extra, where there is one.
func decode(text []byte, model any) error {
	if !utf8.Valid(text) {
		return errors.New("it is not UTF-8")
	}
	if !json.Valid(text) {
		return errors.New("it is no JSON")
	}
	return fill(text, reflect.ValueOf(model).Elem(), "")
}

func fill(text []byte, value reflect.Value, at string) error {
	switch kind := value.Kind(); {
	case kind == reflect.Struct:
		return fillStruct(text, value, at)
	case kind == reflect.Pointer && !isNull(text):
		value.Set(reflect.New(value.Type().Elem()))
		return fill(text, value.Elem(), at)
	case kind == reflect.Slice && !isRaw(value.Type()):
		return fillSlice(text, value, at)
	}
	if err := json.Unmarshal(text, value.Addr().Interface()); err != nil {
		return fmt.Errorf("%s is no %s", orWhole(at), value.Type())
	}
	return nil
}

func fillSlice(text []byte, value reflect.Value, at string) error {
	var items []json.RawMessage
	if err := json.Unmarshal(text, &items); err != nil {
		return fmt.Errorf("%s is no array", orWhole(at))
	}
	value.Set(reflect.MakeSlice(value.Type(), len(items), len(items)))
	for index, item := range items {
		if err := fill(item, value.Index(index), fmt.Sprintf("%s/%d", at, index)); err != nil {
			return err
		}
	}
	return nil
}

func fillStruct(text []byte, value reflect.Value, at string) error {
	given, err := members(text)
	if err != nil {
		return fmt.Errorf("%s %w", orWhole(at), err)
	}
	for index := range value.NumField() {
		tag := strings.Split(value.Type().Field(index).Tag.Get("json"), ",")
		name, optional := tag[0], slices.Contains(tag, "omitempty") || slices.Contains(tag, "omitzero")
		if name == "-" {
			continue
		}
		member, there := given[name]
		delete(given, name)
		// null is a value of user JSON only; elsewhere it stands for absence.
		if there && isNull(member) && !isRaw(value.Field(index).Type()) {
			there = false
		}
		if !there && !optional {
			return fmt.Errorf("%s/%s is missing", at, name)
		}
		if !there {
			continue
		}
		if err := fill(member, value.Field(index), at+"/"+name); err != nil {
			return err
		}
	}
	if extra := value.FieldByName("Extra"); extra.IsValid() && len(given) > 0 {
		extra.Set(reflect.ValueOf(given))
	}
	return nil
}

// withExtra writes a model and then, in the order of their names, the members that it does not know.
func withExtra(plain any, extra map[string]json.RawMessage) ([]byte, error) {
	text, err := encode(plain)
	if err != nil || len(extra) == 0 {
		return text, err
	}
	more, err := encode(extra)
	if err != nil {
		return nil, err
	}
	if len(text) > len("{}") {
		text = append(text[:len(text)-1], ',')
		more = more[1:]
	} else {
		text = text[:0]
	}
	return append(text, more...), nil
}

// members returns the members of an object, each as its text.
func members(text []byte) (map[string]json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, errors.New("is no object")
	}
	found := map[string]json.RawMessage{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string)
		if _, twice := found[name]; twice {
			return nil, fmt.Errorf("has %q twice", name)
		}
		var member json.RawMessage
		if err := decoder.Decode(&member); err != nil {
			return nil, err
		}
		found[name] = member
	}
	return found, nil
}

func isRaw(kind reflect.Type) bool { return kind == reflect.TypeFor[json.RawMessage]() }

func isNull(text []byte) bool { return string(bytes.TrimSpace(text)) == "null" }

func orWhole(at string) string {
	if at == "" {
		return "it"
	}
	return at
}
