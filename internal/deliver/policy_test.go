package deliver

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/internal/journal"
)

func TestRender(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	const sent = `{"userId":"u1","event":"Live Chat Message Sent","properties":{"conversation_duration":1e1,"message_body":"mail mia@example.com","message_id":"1"},"messageId":"m1"}`
	const order = `{"event":"Order Completed","properties":{"message_body":"mia@example.com","total":1.10},"messageId":"m1"}`
	tests := []struct {
		name, event, call string
		policy            Policy
		want              string
	}{
		{"nothing", "Live Chat Message Sent", sent, Policy{}, sent},
		{"include", "Live Chat Message Sent", sent, Policy{MessageBody: Include, Perspective: Customer}, sent},
		{"omit", "Live Chat Message Sent", sent, Policy{MessageBody: Omit}, strings.Replace(sent, `"message_body":"mail mia@example.com",`, "", 1)},
		{"redact", "Live Chat Message Sent", sent, Policy{MessageBody: Redact}, strings.Replace(sent, "mia@example.com", mask, 1)},
		{"company", "Live Chat Message Sent", sent, Policy{Perspective: Company}, strings.Replace(sent, "Sent", "Received", 1)},
		{"salt", "Live Chat Message Sent", sent, Policy{Salt: "second"}, strings.Replace(sent, `"m1"`, `"`+salted("second", "m1")+`"`, 1)},
		{"others are not redacted", "Order Completed", order, Policy{MessageBody: Omit, Perspective: Company}, order},
		{"others are salted", "Order Completed", order, Policy{Salt: "second"}, strings.Replace(order, `"m1"`, `"`+salted("second", "m1")+`"`, 1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := tt.policy.render(journal.Event{Name: tt.event, MessageID: "m1", JSON: []byte(tt.call), Skew: time.Second}, now)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.TrimSuffix(tt.want, "}") + `,"sentAt":"2026-03-02T09:00:01.000Z"}`
			if string(c.JSON) != want {
				t.Errorf("got\n%s\nwant\n%s", c.JSON, want)
			}
			if !strings.Contains(string(c.JSON), `"messageId":"`+c.MessageID+`"`) {
				t.Errorf("messageId of the call is not %s", c.MessageID)
			}
		})
	}
	if _, err := (Policy{}).render(journal.Event{JSON: []byte("null")}, now); err == nil {
		t.Error("null: got no error")
	}
}

func TestRedact(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""},
		{"write to mia.berg+x@mail.example.co.uk, please", "write to [redacted], please"},
		{"mia@münchen.example", "[redacted]"},
		{"call +49 (30) 901820 now", "call [redacted] now"},
		{"call 030/901-8200.", "call [redacted]."},
		{"my card is 4111 1111 1111 1111, ok?", "my card is [redacted], ok?"},
		{"4111-1111-1111-1111", "[redacted]"},
		{"order 4711 of 2026-03-02", "order 4711 of 2026-03-02"},
		{"on 02.03.2026 at 10:30", "on 02.03.2026 at 10:30"},
		{"12 of 20 at 3.50", "12 of 20 at 3.50"},
	}
	for _, tt := range tests {
		if got := redact(tt.in); got != tt.want {
			t.Errorf("redact(%q): got %q, want %q", tt.in, got, tt.want)
		}
	}
}

func FuzzRender(f *testing.F) {
	f.Add(`{"event":"Live Chat Message Sent","properties":{"message_body":"a@example.com 4111111111111111"},"messageId":"m1"}`, "m1", "salt")
	f.Add(`{}`, "", "")
	f.Add(`[]`, "", "s")
	f.Fuzz(func(t *testing.T, call, id, salt string) {
		if !json.Valid([]byte(call)) {
			return
		}
		p := Policy{MessageBody: Redact, Perspective: Company, Salt: salt}
		c, err := p.render(journal.Event{Name: "Live Chat Message Sent", MessageID: id, JSON: []byte(call)}, time.Unix(0, 0))
		if err == nil && !json.Valid(c.JSON) {
			t.Errorf("%q: got %q, which is not JSON", call, c.JSON)
		}
	})
}
