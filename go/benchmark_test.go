package signoff

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// BenchmarkDecideToReturn takes the time from the call of Decide to the return of WaitForApproval.
func BenchmarkDecideToReturn(b *testing.B) {
	if errShared != nil {
		b.Fatal(errShared)
	}
	client, err := NewClient()
	if err != nil {
		b.Fatal(err)
	}
	returned := make(chan time.Time, 1)
	var took []time.Duration
	for index := 0; b.Loop(); index++ {
		asked, err := client.RequestApproval(b.Context(), claim(fmt.Sprintf("benchmark-%d-%d", b.N, index)))
		if err != nil {
			b.Fatal(err)
		}
		go func() {
			if _, err := client.WaitForApproval(b.Context(), asked.ID, nil); err != nil {
				b.Error(err)
			}
			returned <- time.Now()
		}()
		// Until the poll is held, as it is in life.
		time.Sleep(10 * time.Millisecond)
		began := time.Now()
		if _, err := client.Decide(b.Context(), asked.ID, &NewDecision{Decision: DecisionApproved}); err != nil {
			b.Fatal(err)
		}
		took = append(took, (<-returned).Sub(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
