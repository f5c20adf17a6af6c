// One of three agents that do the same in three languages: see relay.py.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/signoff-dev/signoff/go"
)

type Relay struct {
	OwnID   string   `json:"own_id"`
	Onwards []string `json:"onwards"`
}

type Answer struct {
	Asked    string          `json:"asked"`
	Heard    signoff.Outcome `json:"heard"`
	Feedback string          `json:"feedback"`
	Then     json.RawMessage `json:"then"`
}

var node = os.Getenv("NODE")

func effect(run *signoff.Run, what string) error {
	_, err := signoff.StepAs(run, "effect", func(context.Context) (string, error) {
		file, err := os.OpenFile(os.Getenv("EFFECTS"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return "", err
		}
		defer file.Close()
		_, err = fmt.Fprintln(file, what)
		return what, err
	}, signoff.StepInput(what))
	return err
}

// relay asks at one gate, then lets the agents of Onwards do so, each called by the one before.
func relay(run *signoff.Run, in Relay) (*Answer, error) {
	asked := in.OwnID + "-" + node
	if err := effect(run, "before "+asked); err != nil {
		return nil, err
	}
	result, err := run.Pause(&signoff.ApprovalRequest{ApprovalRequestID: asked})
	if err != nil {
		return nil, err
	}
	if err := effect(run, "after "+asked); err != nil {
		return nil, err
	}
	outcome := &Answer{Asked: asked, Heard: result.Decision, Feedback: result.Feedback}
	if len(in.Onwards) > 0 {
		outcome.Then, err = run.Call(in.Onwards[0]+".relay", Relay{in.OwnID, in.Onwards[1:]})
		if err != nil {
			return nil, err
		}
	}
	return outcome, effect(run, "end "+asked)
}

func main() {
	agent := signoff.NewAgent(node)
	signoff.AddReasoner(agent, "relay", relay)
	if err := agent.Run(context.Background(), ""); err != nil {
		log.Fatal(err)
	}
}
