package deliver

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination"
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
		{"redact keeps what is beside", "Live Chat Message Sent", strings.Replace(sent, "mail mia@", `<b> & \u2603 mia@`, 1), Policy{MessageBody: Redact}, strings.Replace(sent, "mail mia@example.com", "<b> & ☃ ***", 1)},
		{"no properties to look into", "Live Chat Message Sent", `{"event":"Live Chat Message Sent","properties":"mia@example.com"}`, Policy{MessageBody: Omit}, `{"event":"Live Chat Message Sent"}`},
		{"company", "Live Chat Message Sent", sent, Policy{Perspective: Company}, strings.Replace(sent, "Sent", "Received", 1)},
		{"salt", "Live Chat Message Sent", sent, Policy{Salt: "second"}, strings.Replace(sent, `"m1"`, `"`+salted("second", "m1")+`"`, 1)},
		{"others are not redacted", "Order Completed", order, Policy{MessageBody: Omit, Perspective: Company}, order},
		{"others are salted", "Order Completed", order, Policy{Salt: "second"}, strings.Replace(order, `"m1"`, `"`+salted("second", "m1")+`"`, 1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := journal.Event{Name: tt.event, MessageID: "m1", JSON: []byte(tt.call), Skew: time.Second}
			rendered, err := tt.policy.render(e)
			if err != nil {
				t.Fatal(err)
			}
			c := stamped(&item{event: e, call: rendered}, now)
			want := strings.TrimSuffix(tt.want, "}") + `,"sentAt":"2026-03-02T09:00:01.000Z"}`
			if string(c.JSON) != want {
				t.Errorf("got\n%s\nwant\n%s", c.JSON, want)
			}
			if strings.Contains(tt.call, "messageId") && !strings.Contains(string(c.JSON), `"messageId":"`+c.MessageID+`"`) {
				t.Errorf("messageId of the call is not %s", c.MessageID)
			}
			if name, err := (destination.Call{JSON: c.JSON}).Name(); err != nil || c.Event != name {
				t.Errorf("got event %q, but the call is of %q (%v)", c.Event, name, err)
			}
		})
	}
	if _, err := (Policy{}).render(journal.Event{JSON: []byte("null")}); err == nil {
		t.Error("null: got no error")
	}
}

func TestRedact(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""},
		{"write to mia.berg+x@mail.example.co.uk, please", "write to ***, please"},
		{"<mia@münchen.example>", "<***>"},
		{"a@b.c a@b.c", "*** ***"},
		{"call +49 (30) 901820 now", "call *** now"},
		{"call 030/901-8200.", "call ***."},
		{"call (555) 010-1234 or 5550101234", "call *** or ***"},
		{"call 030–901 82 00", "call ***"},
		{"اتصل ٠٥٠١٢٣٤٥٦٧", "اتصل ***"},
		{"call order desk +49 30 901820", "call order desk ***"},
		{"my card is 4111 1111 1111 1111, ok?", "my card is ***, ok?"},
		{"4111-1111-1111-1111", "***"},
		{"order 4111111111111111", "order ***"},
		{"order 4711 of 2026-03-02", "order 4711 of 2026-03-02"},
		{"order 10045871, order number: 20260302-0001, Order no. 1234567", "order 10045871, order number: 20260302-0001, Order no. 1234567"},
		{"#1234567 and ORD-2026-000123", "#1234567 and ORD-2026-000123"},
		{"on 02.03.2026 at 10:30", "on 02.03.2026 at 10:30"},
		{"2026-03-02 10:30 or 02/03/2026 10:30", "2026-03-02 10:30 or 02/03/2026 10:30"},
		{"2026-03-02 030 9018200", "2026-03-02 ***"},
		{"030 9018200 2026-03-02", "*** 2026-03-02"},
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
		e := journal.Event{Name: "Live Chat Message Sent", MessageID: id, JSON: []byte(call)}
		if c, err := p.render(e); err == nil && !json.Valid(stamped(&item{event: e, call: c}, time.Unix(0, 0)).JSON) {
			t.Errorf("%q: got %q, which is not JSON", call, c.JSON)
		}
		if redacted := redact(call); len(redacted) > len(call) {
			t.Errorf("%q: got %q, which is longer", call, redacted)
		}
	})
}
