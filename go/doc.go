// Package signoff holds the messages of the signoff contract.
//
// The types are generated from openapi.yaml and keep the values that they are given: times and URLs are
// the text that they were, a word that this version does not know stays in its field, and user JSON
// (Payload, Response, Result and so on) is a [encoding/json.RawMessage], so that integers of any size and the
// order of keys survive. An optional field is a pointer only where its zero value says something else
// than its absence. Fields that this version does not know are dropped when an answer is decoded.
package signoff
