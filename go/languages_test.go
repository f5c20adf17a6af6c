package signoff

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const pythonInterpreter = "../python/.venv/bin/python"

// pythonShop is an agent in Python whose process does not live to the end of its run.
const pythonShop = `
import os
from pydantic import BaseModel
from signoff import Agent

app = Agent("NODE")

class Order(BaseModel):
    number: int
    price: float

@app.step
def reserve(order: Order, place: str) -> dict:
    with open(os.environ["SHOP_LOG"], "a") as log:
        log.write("reserved in Python\n")
    return {"reserved": order.number}

@app.reasoner()
def weigh(number: int) -> float:
    with open(os.environ["SHOP_LOG"], "a") as log:
        log.write("weighed in Python\n")
    return number * 1.5

@app.reasoner()
async def sell(number: int) -> dict:
    app.note("selling", tags=["shop"])
    reserved = await reserve(Order(number=number, price=4000.0), "Köln")
    await app.call("NODE.weigh", number=reserved["reserved"])
    await app.pause("sell", title="Sell?", payload={"number": number})

app.run(port=int(os.environ["PORT"]), auto_port=False)
`

type pythonOrder struct {
	Number int     `json:"number"`
	Price  float64 `json:"price"`
}

// goShop takes the same way.
func goShop(t *testing.T, node string) *Agent {
	agent := NewAgent(node)
	AddReasoner(agent, "sell", func(run *Run, in order) (map[string]any, error) {
		run.Note("selling", "shop")
		reserved, err := StepAs(run, "reserve", func(context.Context) (map[string]int, error) {
			return nil, errors.New("it is done again")
		}, StepInput(pythonOrder{in.Number, 4000}, "Köln"))
		if err != nil {
			return nil, err
		}
		weight, err := CallAs[float64](run, node+".weigh", order{reserved["reserved"]})
		if err != nil {
			return nil, err
		}
		result, err := run.Pause(&ApprovalRequest{ApprovalRequestID: "sell", Title: "Sell?", Payload: []byte(`{"number":7}`)})
		if err != nil {
			return nil, err
		}
		return map[string]any{"weight": weight, "decision": result.Decision}, nil
	})
	return agent
}

func TestARunThatPythonBeganIsFinishedInGo(t *testing.T) {
	seen := onlooker(t, strings.ToLower(ownID(t)))
	if _, err := os.Stat(pythonInterpreter); err != nil {
		t.Fatal(err)
	}
	folder, port := t.TempDir(), freePort(t)
	program, log := filepath.Join(folder, "shop.py"), filepath.Join(folder, "shop.log")
	if err := os.WriteFile(program, []byte(strings.ReplaceAll(pythonShop, "NODE", seen.nodeID)), 0o600); err != nil {
		t.Fatal(err)
	}
	interpreter := must(filepath.Abs(pythonInterpreter))(t)
	python := startedWith(t, []string{interpreter, program}, "PORT="+port, "SHOP_LOG="+log)
	seen.known()
	id := seen.begin("sell", order{7}).ExecutionID
	question := seen.asked(id)
	python.kill()
	seen.decide(question.ID, DecisionApproved, "")
	// At the same place, so that the lease of the dead process ends soon.
	agent := goShop(t, seen.nodeID)
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	listener := must(net.Listen("tcp", "127.0.0.1:"+port))(t)
	go func() { ended <- agent.Serve(ctx, listener) }()
	if got := seen.succeeded(id); got != `{"decision":"approved","weight":10.5}` {
		t.Errorf("got %s", got)
	}
	end()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if done := seen.finished(id); done.Attempt != 2 || len(seen.events(id, "note")) != 1 || len(seen.events(id, "approval.requested")) != 1 {
		t.Errorf("attempt %d", done.Attempt)
	}
	if did := string(must(os.ReadFile(log))(t)); did != "reserved in Python\nweighed in Python\n" {
		t.Errorf("did %q", did)
	}
}
