package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/gateway"
	"github.com/parlance-chat/parlance/internal/control"
	"github.com/parlance-chat/parlance/internal/simulate"
)

const (
	// demoDays is how far back the demo's chats go, and demoChats how many of
	// them each source has had.
	demoDays  = 30
	demoChats = 250
)

// remember imports what the chat tools told before the demo began, as 'parlance
// import' does, so that there is something to report.
func (d *demo) remember(ctx context.Context) error {
	// It listens a moment after it runs. Without that, the journal would be asked.
	for socket := filepath.Join(d.config.Data, control.SocketName); ctx.Err() == nil; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(socket); err == nil {
			break
		}
	}
	c, err := gateway.Control(d.config)
	if err != nil {
		return err
	}
	defer c.Close()
	for i, s := range d.config.Sources {
		tool, err := newFaker(s.Type, d.secret, "http://"+d.config.Listen+"/in/"+s.Name)
		if err != nil {
			return err
		}
		for batch := range slices.Chunk(past(tool, uint64(i+1), int64(500_000+1000*i)), 100) {
			q := control.ImportRequest{Workspace: "default", Source: s.Name, Requests: batch}
			if err := c.Post(ctx, "/import", q, new(control.ImportReply)); err != nil {
				return err
			}
		}
	}
	return nil
}

// past returns the webhooks of a month's conversations, in the order in which
// they were sent. There are fewer at night and at weekends.
func past(tool connector.Faker, seed uint64, first int64) (list []connector.Request) {
	random := rand.New(rand.NewPCG(seed, demoDays))
	now := time.Now()
	for n := int64(0); n < demoChats; {
		began := now.Add(-time.Duration(random.Int64N(int64(demoDays*24*time.Hour))) - time.Hour)
		busy := 1.0
		if h := began.Hour(); h < 8 || h > 19 {
			busy = 0.1
		}
		if day := began.Weekday(); day == time.Saturday || day == time.Sunday {
			busy *= 0.3
		}
		if random.Float64() > busy {
			continue
		}
		list = append(list, conversationOf(tool, simulate.Script(seed, first+n), began)...)
		n++
	}
	slices.SortStableFunc(list, func(a, b connector.Request) int { return a.Received.Compare(b.Received) })
	return list
}

// conversationOf returns the webhooks of one.
func conversationOf(tool connector.Faker, lines []simulate.Line, began time.Time) (list []connector.Request) {
	var history []conversation.Activity
	for _, l := range lines {
		a := l.Activity
		a.Time = began.Add(l.At).UTC().Truncate(time.Millisecond)
		a.StartedAt = began.UTC().Truncate(time.Second)
		history = append(history, a)
		for _, r := range tool.Fake(history) {
			r.Received = a.Time
			if r.Method == "" {
				r.Method = http.MethodPost
			}
			list = append(list, r)
		}
	}
	return list
}
