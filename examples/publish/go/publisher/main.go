// The agent that publishes: here, a line in a file.
package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"os"

	"github.com/signoff-dev/signoff/go"
)

type Content struct {
	Content string `json:"content"`
}

func publish(_ *signoff.Run, in Content) (map[string]int, error) {
	file, err := os.OpenFile(cmp.Or(os.Getenv("PUBLISHED_LOG"), "published.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	_, err = fmt.Fprintln(file, in.Content)
	return map[string]int{"published": len(in.Content)}, err
}

func main() {
	agent := signoff.NewAgent("publisher", signoff.WithVersion("1.0.0"))
	signoff.AddReasoner(agent, "publish", publish)
	if err := agent.Run(context.Background(), "127.0.0.1:"+cmp.Or(os.Getenv("PORT"), "8002")); err != nil {
		log.Fatal(err)
	}
}
