package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
)

// createReview is your code: it writes to your DB or queue. Here: a line in a file.
func createReview(id string, decision *RefundDecision) error {
	file, err := os.OpenFile(cmp.Or(os.Getenv("REVIEWS_LOG"), "reviews.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	text, err := json.Marshal(decision)
	if err == nil {
		_, err = fmt.Fprintf(file, "%s %s\n", id, text)
	}
	return err
}
