package signoff

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A schema is the JSON Schema of a Go type, as far as package json makes its JSON what it is. The
// empty one takes anything.
type schema struct {
	// Types are the words of JSON that fit; empty for all.
	Types      typeWords          `json:"type,omitempty"`
	Format     string             `json:"format,omitempty"`
	Minimum    *int               `json:"minimum,omitempty"`
	Properties map[string]*schema `json:"properties,omitempty"`
	Required   []string           `json:"required,omitempty"`
	// Additional are the members of a map; Closed says that there are no others than Properties.
	Additional any     `json:"additionalProperties,omitempty"`
	Items      *schema `json:"items,omitempty"`
}

// typeWords are written as one where there is one.
type typeWords []string

func (w typeWords) MarshalJSON() ([]byte, error) {
	if len(w) == 1 {
		return json.Marshal(w[0])
	}
	return json.Marshal([]string(w))
}

var (
	// Types that read or write themselves, as any JSON or as text.
	itself    = []reflect.Type{reflect.TypeFor[json.Unmarshaler](), reflect.TypeFor[json.Marshaler]()}
	asText    = []reflect.Type{reflect.TypeFor[encoding.TextUnmarshaler](), reflect.TypeFor[encoding.TextMarshaler]()}
	moment    = reflect.TypeFor[time.Time]()
	anyNumber = reflect.TypeFor[json.Number]()
)

// schemaOf reads a type. A type within itself is anything there.
func schemaOf(kind reflect.Type) *schema { return readType(kind, nil) }

func readType(kind reflect.Type, within []reflect.Type) *schema {
	switch {
	case kind == moment:
		return &schema{Types: typeWords{"string"}, Format: "date-time"}
	case kind == anyNumber:
		return &schema{Types: typeWords{"number"}}
	case slices.Contains(within, kind), slices.ContainsFunc(itself, reflect.PointerTo(kind).Implements):
		return &schema{}
	case slices.ContainsFunc(asText, reflect.PointerTo(kind).Implements):
		return &schema{Types: typeWords{"string"}}
	}
	within = append(slices.Clip(within), kind)
	switch kind.Kind() {
	case reflect.Bool:
		return &schema{Types: typeWords{"boolean"}}
	case reflect.String:
		return &schema{Types: typeWords{"string"}}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return &schema{Types: typeWords{"integer"}}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return &schema{Types: typeWords{"integer"}, Minimum: new(int)}
	case reflect.Float32, reflect.Float64:
		return &schema{Types: typeWords{"number"}}
	case reflect.Pointer:
		return orNull(readType(kind.Elem(), within))
	case reflect.Array:
		return &schema{Types: typeWords{"array"}, Items: readType(kind.Elem(), within)}
	case reflect.Slice:
		if kind.Elem().Kind() == reflect.Uint8 {
			return &schema{Types: typeWords{"string", "null"}} // base64
		}
		return &schema{Types: typeWords{"array", "null"}, Items: readType(kind.Elem(), within)}
	case reflect.Map:
		return &schema{Types: typeWords{"object", "null"}, Additional: readType(kind.Elem(), within)}
	case reflect.Struct:
		return readStruct(kind, within)
	}
	return &schema{}
}

func orNull(of *schema) *schema {
	if of.Types != nil && !slices.Contains(of.Types, "null") {
		of.Types = append(of.Types, "null")
	}
	return of
}

// readStruct has a property for each field that package json fills. One that may be left out says
// so, by omitempty, omitzero or a pointer.
func readStruct(kind reflect.Type, within []reflect.Type) *schema {
	of := &schema{Types: typeWords{"object"}, Properties: map[string]*schema{}, Additional: false}
	for _, field := range reflect.VisibleFields(kind) {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Tag.Get("json") == "-" || (field.Anonymous && name == "") || !field.IsExported() {
			continue
		}
		if name == "" {
			name = field.Name
		}
		property := readType(field.Type, within)
		given := strings.Split(options, ",")
		if slices.Contains(given, "string") {
			property = &schema{Types: typeWords{"string"}}
		}
		of.Properties[name] = property
		optional := slices.Contains(given, "omitempty") || slices.Contains(given, "omitzero") || field.Type.Kind() == reflect.Pointer
		if !optional && !slices.Contains(of.Required, name) {
			of.Required = append(of.Required, name)
		}
	}
	return of
}

// faults are the places of a JSON text that do not fit.
func (s *schema) faults(text []byte) []ProblemError {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return []ProblemError{{In: "body", Detail: "is no JSON"}}
	}
	return s.check(value, "")
}

func (s *schema) check(value any, at string) []ProblemError {
	if len(s.Types) > 0 && !slices.ContainsFunc(typesOf(value), func(word string) bool { return slices.Contains(s.Types, word) }) {
		return []ProblemError{{In: "body", Pointer: at, Detail: "is no " + strings.Join(s.Types, " or ")}}
	}
	switch value := value.(type) {
	case json.Number:
		if s.Minimum != nil && strings.HasPrefix(value.String(), "-") {
			return []ProblemError{{In: "body", Pointer: at, Detail: "is below 0"}}
		}
	case []any:
		if s.Items != nil {
			return s.checkItems(value, at)
		}
	case map[string]any:
		return s.checkMembers(value, at)
	}
	return nil
}

func (s *schema) checkItems(items []any, at string) (faults []ProblemError) {
	for index, item := range items {
		faults = append(faults, s.Items.check(item, at+"/"+strconv.Itoa(index))...)
	}
	return faults
}

func (s *schema) checkMembers(members map[string]any, at string) (faults []ProblemError) {
	for _, name := range s.Required {
		if _, there := members[name]; !there {
			faults = append(faults, ProblemError{In: "body", Pointer: at + "/" + escaped(name), Detail: "is required"})
		}
	}
	for name, member := range members {
		place := at + "/" + escaped(name)
		if property, known := s.Properties[name]; known {
			faults = append(faults, property.check(member, place)...)
		} else if others, open := s.Additional.(*schema); open {
			faults = append(faults, others.check(member, place)...)
		} else if s.Additional == false {
			faults = append(faults, ProblemError{In: "body", Pointer: place, Detail: "is not known here"})
		}
	}
	slices.SortFunc(faults, func(one, other ProblemError) int { return strings.Compare(one.Pointer, other.Pointer) })
	return faults
}

// typesOf are the words of JSON Schema that a value answers to.
func typesOf(value any) []string {
	switch value := value.(type) {
	case nil:
		return []string{"null"}
	case bool:
		return []string{"boolean"}
	case string:
		return []string{"string"}
	case json.Number:
		if isWhole(value.String()) {
			return []string{"number", "integer"}
		}
		return []string{"number"}
	case []any:
		return []string{"array"}
	}
	return []string{"object"}
}

// isWhole: package json reads 1.0 into no integer of Go's.
func isWhole(number string) bool { return !strings.ContainsAny(number, ".eE") }

func escaped(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
