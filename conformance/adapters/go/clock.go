package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// A clock stands still until the runner fires it.
type clock struct {
	mutex  sync.Mutex
	now    time.Time
	count  int
	timers map[int]*timer
}

type timer struct {
	due   time.Time
	woken chan struct{}
}

func newClock(nowMS float64) *clock {
	return &clock{now: time.UnixMilli(int64(nowMS)), timers: map[int]*timer{}}
}

// Now is where the clock stands.
func (c *clock) Now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.now
}

// Sleep comes back when the clock was fired so far, or ctx is over.
func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	c.mutex.Lock()
	c.count++
	number, mine := c.count, &timer{c.now.Add(d), make(chan struct{})}
	c.timers[number] = mine
	c.mutex.Unlock()
	say(map[string]any{"event": "sleeping", "timer": number, "ms": float64(d) / float64(time.Millisecond)})
	select {
	case <-mine.woken:
		return nil
	case <-ctx.Done():
		c.mutex.Lock()
		delete(c.timers, number)
		c.mutex.Unlock()
		say(map[string]any{"event": "awake", "timer": number})
		return ctx.Err()
	}
}

// fire goes to the time of a timer, or so many milliseconds on where it is 0.
func (c *clock) fire(number int, advanceMS float64) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	at := c.now.Add(millis(advanceMS))
	if number != 0 {
		named, there := c.timers[number]
		if !there {
			return &unsupported{fmt.Sprintf("nothing sleeps on timer %d", number)}
		}
		at = named.due
	}
	if at.After(c.now) {
		c.now = at
	}
	for number, waiting := range c.timers {
		if !waiting.due.After(c.now) {
			close(waiting.woken)
			delete(c.timers, number)
		}
	}
	return nil
}
