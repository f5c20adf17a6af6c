package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
)

type Ticket struct {
	Ticket string `json:"ticket"`
	Model  string `json:"model,omitempty"`
}

type RefundDecision struct {
	Approve    bool    `json:"approve"`
	AmountUSD  float64 `json:"amount_usd"`
	Reason     string  `json:"reason"`
	Confidence float64 `json:"confidence"` // 0.0 - 1.0
}

type completion struct {
	Choices []struct {
		Message struct{ Content string }
	}
}

// ask asks a model, at any endpoint that speaks OpenAI's protocol (SIGNOFF_MODEL_URL, SIGNOFF_MODEL).
func ask(ctx context.Context, model, system, user string) (*RefundDecision, error) {
	body, _ := json.Marshal(map[string]any{
		"model":           cmp.Or(model, os.Getenv("SIGNOFF_MODEL"), "gpt-5"),
		"response_format": map[string]string{"type": "json_object"},
		"messages":        []map[string]string{{"role": "system", "content": system + " Answer in JSON."}, {"role": "user", "content": user}},
	})
	url := cmp.Or(os.Getenv("SIGNOFF_MODEL_URL"), "https://api.openai.com/v1") + "/chat/completions"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header = http.Header{"Authorization": {"Bearer " + os.Getenv("OPENAI_API_KEY")}, "Content-Type": {"application/json"}}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var answer completion
	if json.NewDecoder(response.Body).Decode(&answer) != nil || len(answer.Choices) == 0 {
		return nil, fmt.Errorf("the model answers %s and no text", response.Status)
	}
	decision := new(RefundDecision)
	return decision, json.Unmarshal([]byte(answer.Choices[0].Message.Content), decision)
}
