package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"github.com/signoff-dev/signoff/go"
)

type Brief struct {
	Brief string `json:"brief"`
}

type Outcome struct {
	Status   signoff.Outcome `json:"status"`
	Feedback string          `json:"feedback,omitempty"`
}

// write lets a model write. It is recorded: a later attempt gets the same text.
func write(run *signoff.Run, system, user string) (string, error) {
	return signoff.StepAs(run, "ai", func(ctx context.Context) (string, error) {
		return ask(ctx, system, user)
	}, signoff.StepInput(system, user))
}

// ask asks a model, at any endpoint that speaks OpenAI's protocol (SIGNOFF_MODEL_URL, SIGNOFF_MODEL).
func ask(ctx context.Context, system, user string) (string, error) {
	body, _ := json.Marshal(map[string]any{
		"model":    cmp.Or(os.Getenv("SIGNOFF_MODEL"), "gpt-5"),
		"messages": []map[string]string{{"role": "system", "content": system}, {"role": "user", "content": user}},
	})
	url := cmp.Or(os.Getenv("SIGNOFF_MODEL_URL"), "https://api.openai.com/v1") + "/chat/completions"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header = http.Header{"Authorization": {"Bearer " + os.Getenv("OPENAI_API_KEY")}, "Content-Type": {"application/json"}}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var answer struct {
		Choices []struct{ Message struct{ Content string } }
	}
	if json.NewDecoder(response.Body).Decode(&answer) != nil || len(answer.Choices) == 0 {
		return "", fmt.Errorf("the model answers %s and no text", response.Status)
	}
	return answer.Choices[0].Message.Content, nil
}
