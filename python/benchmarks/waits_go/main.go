// How long it takes from the call of Decide until WaitForApproval returns; prints milliseconds as JSON.
// Usage: waits SERVER_URL SAMPLES
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"github.com/signoff-dev/signoff/go"
)

// untilHeld is the time after which the poll is held by the server, as it is in life.
const untilHeld = 10 * time.Millisecond

func main() {
	client, err := signoff.NewClient(signoff.WithServerURL(os.Args[1]))
	check(err)
	samples, err := strconv.Atoi(os.Args[2])
	check(err)
	ctx := context.Background()
	returned := make(chan time.Time, 1)
	took := make([]float64, 0, samples)
	for sample := range samples {
		asked, err := client.RequestApproval(ctx, &signoff.ApprovalRequest{ApprovalRequestID: fmt.Sprintf("bench-go-%d", sample)})
		check(err)
		go func() {
			_, err := client.WaitForApproval(ctx, asked.ID, nil)
			check(err)
			returned <- time.Now()
		}()
		time.Sleep(untilHeld)
		began := time.Now()
		_, err = client.Decide(ctx, asked.ID, &signoff.NewDecision{Decision: signoff.DecisionApproved})
		check(err)
		took = append(took, float64((<-returned).Sub(began).Microseconds())/1000)
	}
	check(json.NewEncoder(os.Stdout).Encode(took))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
