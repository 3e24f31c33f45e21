package doctor

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/deliver"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/livechat"
)

// TestEvent is the name of the event that is sent as a test.
const TestEvent = "Parlance Test Event"

// tester is who does the test event, so that no customer has it.
const tester = "parlance-doctor"

// Send sends a test event, as the gateway would by the policy, and returns its
// messageId. What the policy keeps back or transforms is the events' affair:
// those programs know nothing of this one.
func Send(ctx context.Context, workspace string, d destination.Destination, p deliver.Policy) (id string, err error) {
	p.Only, p.Except, p.Transform = nil, nil, nil
	p.Salt = "" // so that the messageId is the one that we tell of
	id = uuid.NewString()
	call, err := json.Marshal(map[string]any{
		"type": "track", "event": TestEvent, "messageId": id, "anonymousId": tester,
		"timestamp":  livechat.FormatTime(time.Now()),
		"properties": map[string]any{"test": true},
		"context":    map[string]any{"library": map[string]string{"name": "parlance", "version": "doctor"}},
	})
	if err != nil {
		return "", err
	}
	return id, deliver.Once(ctx, deliver.Options{Destination: d, Policy: p},
		journal.Event{Workspace: workspace, Source: "doctor", Name: TestEvent, MessageID: id, JSON: call})
}
