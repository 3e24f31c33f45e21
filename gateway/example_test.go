package gateway_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/destination/file"
	"github.com/parlance-chat/parlance/gateway"
)

// A program with chats of its own embeds a whole gateway, and tells it what
// happens.
func Example() {
	dir, err := os.MkdirTemp("", "parlance-example-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	events := filepath.Join(dir, "events.jsonl")

	g, err := gateway.Open(gateway.Config{
		Data:         dir,
		Listen:       gateway.NoListener, // nothing comes over the network
		Settle:       gateway.NoSettle,   // nothing arrives late
		Sources:      []gateway.Source{{Name: "shop", Type: "api", Tokens: []gateway.Secret{"a token"}}},
		Destinations: []gateway.Destination{{Name: "log", Type: "file", Settings: &file.Settings{Path: events, Keep: 1}}},
		Log:          slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()

	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	ann := conversation.Agent{ID: "7", Name: "Ann Lee", Username: "ann"}
	err = g.Record(ctx, "default", "shop",
		conversation.Activity{ID: "1", Type: conversation.Message, By: conversation.Customer, Conversation: "17", Time: at,
			Message: conversation.Text{ID: "m1", Body: "Where is my order?"}, Customer: conversation.Person{UserID: "u-1"}},
		conversation.Activity{ID: "2", Type: conversation.Message, By: conversation.HumanAgent, Conversation: "17", Time: at.Add(45 * time.Second),
			Message: conversation.Text{ID: "m2", Body: "It left this morning."}, Agent: ann},
		conversation.Activity{ID: "3", Type: conversation.Closed, By: conversation.HumanAgent, Conversation: "17", Time: at.Add(time.Minute), Agent: ann},
	)
	if err != nil {
		panic(err)
	}
	for _, line := range wait(events, 4) {
		var call struct {
			Event      string
			Properties struct {
				Duration int `json:"conversation_duration"`
			}
		}
		if err := json.Unmarshal([]byte(line), &call); err != nil {
			panic(err)
		}
		fmt.Println(call.Event, call.Properties.Duration)
	}
	stop()
	if err := <-done; err != nil {
		panic(err)
	}
	if err := g.Close(); err != nil {
		panic(err)
	}
	// Output:
	// Live Chat Conversation Started 0
	// Live Chat Message Sent 0
	// Live Chat Message Received 45
	// Live Chat Conversation Ended 60
}

// wait returns the lines of a file once there are so many.
func wait(path string, n int) []string {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		b, err := os.ReadFile(path)
		if lines := strings.Split(strings.TrimSpace(string(b)), "\n"); err == nil && len(b) > 0 && len(lines) >= n {
			return lines
		}
	}
	panic("the events do not come")
}
