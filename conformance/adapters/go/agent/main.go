// Command agent is an agent of the Go SDK under test. See ../../../ADAPTERS.md, Agents.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/signoff-dev/signoff/go"
)

// A settings is how the agent is started: CONFORMANCE_SETTINGS.
type settings struct {
	ShutdownMS     *float64 `json:"shutdown_ms"`
	SuspendAfterMS *float64 `json:"suspend_after_ms"`
	MaxRunning     *int     `json:"max_running"`
}

// A script is the input of the reasoner.
type script struct {
	Do      []json.RawMessage `json:"do"`
	Attempt string            `json:"attempt"`
}

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	options, err := readOptions(os.Getenv("CONFORMANCE_SETTINGS"))
	if err != nil {
		return err
	}
	agent := signoff.NewAgent("conformance", options...)
	signoff.AddReasoner(agent, "script", func(run *signoff.Run, input script) ([]any, error) {
		return perform(run, input.Attempt, input.Do)
	})
	hello := map[string]any{
		"protocol": 1, "name": "signoff-go", "language": "go", "version": "0.1.0",
		"abilities": map[string]bool{"exact_integers": true, "key_order": true, "suspend": true, "max_running": true},
	}
	if err := write(map[string]any{"hello": hello}); err != nil {
		return err
	}
	return agent.Run(context.Background(), "")
}

func readOptions(text string) (options []signoff.AgentOption, err error) {
	var given settings
	if text != "" {
		if err := json.Unmarshal([]byte(text), &given); err != nil {
			return nil, fmt.Errorf("CONFORMANCE_SETTINGS: %w", err)
		}
	}
	if given.ShutdownMS != nil {
		options = append(options, signoff.WithShutdownTimeout(duration(*given.ShutdownMS)))
	}
	if given.SuspendAfterMS != nil {
		options = append(options, signoff.WithSuspendAfter(duration(*given.SuspendAfterMS)))
	}
	if given.MaxRunning != nil {
		options = append(options, signoff.WithMaxRunning(*given.MaxRunning))
	}
	return options, nil
}

func duration(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// write appends a line to the log, whole.
func write(line any) error {
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(os.Getenv("CONFORMANCE_LOG"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	_, err = log.Write(append(text, '\n'))
	return err
}
