package livechat

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func valid() Event {
	return Event{
		UserID: "019mr8mf4r",
		Kind:   Sent,
		Properties: Properties{
			AgentID: "bce89acdd11901", AgentName: "Peter Gibbons", AgentUsername: "pgibbons",
			ConversationDuration: 45, ConversationID: "abd627dbecffc",
			MessageBody: "But my stapler...", MessageID: "beaffc193618cbe",
		},
		MessageID: "5b8b1f5e-6ef8-5f0a-9d9e-0c2f3f8a1b11",
		Timestamp: time.Date(2026, 3, 1, 9, 0, 45, 0, time.UTC),
	}
}

func paths(ps []Problem) []string {
	var s []string
	for _, p := range ps {
		s = append(s, p.Path)
	}
	return s
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(*Event)
		want  []string // paths
	}{
		{"all is well", func(e *Event) {}, nil},
		{"anonymousId alone", func(e *Event) { e.UserID, e.AnonymousID = "", "a1" }, nil},
		{"nobody", func(e *Event) { e.UserID = "" }, []string{"userId"}},
		{"no event", func(e *Event) { e.Kind = "" }, []string{"event"}},
		{"another event", func(e *Event) { e.Kind = "Order Completed" }, []string{"event"}},
		{"no conversation", func(e *Event) { e.Properties.ConversationID = "" }, []string{"properties.conversation_id"}},
		{"sent without message", func(e *Event) { e.Properties.MessageID = "" }, []string{"properties.message_id"}},
		{"started without message", func(e *Event) { e.Kind, e.Properties.MessageID = Started, "" }, []string{"properties.message_id"}},
		{"received without message", func(e *Event) { e.Kind, e.Properties.MessageID = Received, "" }, []string{"properties.message_id"}},
		{"ended without message", func(e *Event) { e.Kind, e.Properties.MessageID = Ended, "" }, nil},
		{"agent and body unknown", func(e *Event) {
			e.Properties = Properties{ConversationID: "c", MessageID: "m"}
		}, nil},
		{"negative duration", func(e *Event) { e.Properties.ConversationDuration = -1 }, []string{"properties.conversation_duration"}},
		{"duration beyond doubles", func(e *Event) { e.Properties.ConversationDuration = 1 << 53 }, []string{"properties.conversation_duration"}},
		{"no messageId", func(e *Event) { e.MessageID = "" }, []string{"messageId"}},
		{"100 characters", func(e *Event) { e.MessageID = strings.Repeat("é", 100) }, nil},
		{"101 characters", func(e *Event) { e.MessageID = strings.Repeat("é", 101) }, []string{"messageId"}},
		{"no timestamp", func(e *Event) { e.Timestamp = time.Time{} }, []string{"timestamp"}},
		{"1970", func(e *Event) { e.Timestamp = time.Unix(0, 0) }, nil},
		{"1969", func(e *Event) { e.Timestamp = time.Unix(-1, 0) }, []string{"timestamp"}},
		{"10000", func(e *Event) { e.Timestamp = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, []string{"timestamp"}},
		{"everything at once", func(e *Event) { *e = Event{Properties: Properties{ConversationDuration: -1}} }, []string{
			"userId", "event", "properties.conversation_duration", "properties.conversation_id",
			"properties.message_id", "messageId", "timestamp"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := valid()
			tt.spoil(&e)
			if got := paths(e.Validate()); !slices.Equal(got, tt.want) {
				t.Errorf("got problems at %q, want %q", got, tt.want)
			}
		})
	}
}

func TestValidateNamesSegmentsCodes(t *testing.T) {
	ps := Event{}.Validate()
	want := map[string]string{"userId": "no_user_anon_id", "event": "event_not_defined"}
	for _, p := range ps {
		if p.Code != want[p.Path] {
			t.Errorf("%s: got code %q, want %q", p.Path, p.Code, want[p.Path])
		}
	}
	if got, want := ps[0].String(), "userId: missing, and so is anonymousId: one of them is required (Segment: no_user_anon_id)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestValidateAllocatesNothing matters because every event passes it on its
// way into the journal.
func TestValidateAllocatesNothing(t *testing.T) {
	e := valid()
	if n := testing.AllocsPerRun(100, func() { e.Validate() }); n != 0 {
		t.Errorf("got %v allocations for a valid event, want 0", n)
	}
}
