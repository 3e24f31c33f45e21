package livechat

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
	"github.com/parlance-chat/parlance/conversation"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	connectortest.Corpus(t, Type(), connectortest.Says{
		"constructed_v3_6_chat_deactivated.by_router.json":        "closed by system agent smith@example.com in K600PKZON8",
		"constructed_v3_6_chat_deactivated.json":                  "closed by agent agent smith@example.com in K600PKZON8",
		"constructed_v3_6_chat_transferred.json":                  "",
		"constructed_v3_6_incoming_chat.json":                     "identified agent smith@example.com in K600PKZON8 user user-97980cfea0067; message by automation K600PKZON8_2 in K600PKZON8 user user-97980cfea0067 (form)",
		"constructed_v3_6_incoming_event.agent_message.json":      "message by agent agent smith@example.com K600PKZON8_4 in K600PKZON8",
		"constructed_v3_6_incoming_event.agent_private_note.json": "(private_note)",
		"constructed_v3_6_incoming_event.customer_message.json":   "message by customer agent smith@example.com K600PKZON8_3 in K600PKZON8",
		"constructed_v3_6_incoming_event.system_message.json":     "(activity_line)",
		"constructed_v3_6_user_added_to_chat.json":                "",
		"constructed_v3_6_user_removed_from_chat.json":            "",
		"old_access_granted.json":                                 "",
		"old_access_revoked.json":                                 "",
		"old_access_set.json":                                     "",
		"old_agent_deleted.json":                                  "",
		"old_chat_deactivated.json":                               "closed by agent agent agent@example.com in PZ070E0W1B",
		"old_chat_properties_deleted.json":                        "",
		"old_chat_properties_updated.json":                        "",
		"old_chat_user_added.json":                                "",
		"old_chat_user_removed.json":                              "",
		"old_customer_created.json":                               "",
		"old_event_properties_deleted.json":                       "",
		"old_event_properties_updated.json":                       "",
		"old_event_updated.json":                                  "",
		"old_events_marked_as_seen.json":                          "",
		"old_incoming_chat.json":                                  "identified agent agent@example.com in PZ070E0W1B; message by automation PZ070E0W1B_2 in PZ070E0W1B (form)",
		"old_incoming_event.json":                                 "message by customer PZ070E0W1B_3 in PZ070E0W1B",
		"old_incoming_rich_message_postback.json":                 "",
		"old_routing_status_set.json":                             "",
		"old_thread_properties_deleted.json":                      "",
		"old_thread_properties_updated.json":                      "",
		"old_thread_tagged.json":                                  "",
		"old_thread_untagged.json":                                "",
	}, "v3_6_struct_*")
}

const (
	customer = "b7eff798-0000-4000-8000-649c35c9ed00"
	bot      = "5c9871d5372c824cbf22d860a707a500"
)

// parse reads an event of a chat in which some are present.
func parse(t *testing.T, o connector.Options, event string, present ...string) connector.Parsed {
	t.Helper()
	body := `{"action":"incoming_event","payload":{"chat_id":"C","thread_id":"T","event":{"id":"T_1","created_at":"2026-03-02T09:00:00.000001Z",` + event +
		`}},"additional_data":{"chat_presence_user_ids":["` + strings.Join(present, `","`) + `"]}}`
	p, err := Type().New(o).Parse(&connector.Request{Body: []byte(body)})
	if err != nil {
		t.Fatalf("%s: %v", event, err)
	}
	return p
}

// says is what a webhook says in a line: types, authors and reasons.
func says(p connector.Parsed) string {
	var words []string
	for _, a := range p.Activities {
		words = append(words, strings.TrimSpace(string(a.Type)+" "+string(a.By)))
	}
	return strings.Join(append(words, p.Dropped...), ",")
}

// Whoever cannot be told apart for sure says nothing, and what is not for
// everybody's eyes is nobody's.
func TestAuthors(t *testing.T) {
	const all, from = `"visibility":"all","text":"hello",`, `"type":"message",`
	for event, want := range map[string]string{
		from + all + `"author_id":"` + customer + `"`:                                               "message customer",
		from + all + `"author_id":"ann@example.com"`:                                                "message agent",
		from + all + `"author_id":"` + bot + `"`:                                                    "message bot",
		from + all + `"author_id":"agent-7"`:                                                        "message agent",
		from + all + `"author_id":"robot"`:                                                          "message bot",
		from + all + `"author_id":"somebody"`:                                                       "unknown_author",
		from + all + `"author_id":""`:                                                               "unknown_author",
		from + all + `"author_id":null`:                                                             "unknown_author",
		from + all + `"author_id":"ann@example.com","properties":{"lc2":{"welcome_message":true}}`:  "message automation",
		from + all + `"author_id":"ann@example.com","properties":{"lc2":{"welcome_message":false}}`: "message agent",
		from + `"author_id":"ann@example.com","visibility":"agents"`:                                "private_note",
		from + `"author_id":"ann@example.com","recipients":"agents"`:                                "private_note",
		from + `"author_id":"ann@example.com","visibility":"all","recipients":"agents"`:             "private_note",
		from + `"author_id":"ann@example.com","visibility":"supervisors"`:                           "private_note",
		from + `"author_id":"ann@example.com"`:                                                      "private_note",
		from + `"author_id":"ann@example.com","recipients":"all"`:                                   "message agent",
		from + `"author_id":"` + customer + `","visibility":"all","deleted":true`:                   "deleted",
		`"type":"file","author_id":"` + customer + `","visibility":"all"`:                           "message customer",
		`"type":"rich_message","author_id":"` + bot + `","visibility":"all","elements":[]`:          "message bot",
		`"type":"filled_form","author_id":"` + customer + `","visibility":"all"`:                    "form",
		`"type":"form","author_id":"ann@example.com","visibility":"all"`:                            "form",
		`"type":"custom","author_id":"ann@example.com","visibility":"all"`:                          "unknown_kind",
		`"type":"system","visibility":"all"`:                                                        "activity_line",
		`"type":"system_message","system_message_type":"routing.assigned"`:                          "activity_line",
		`"visibility":"all","author_id":"ann@example.com"`:                                          "unknown_kind",
	} {
		o := connector.Options{AgentIDs: []string{"agent-*"}, BotIDs: []string{"robot"}}
		if got := says(parse(t, o, event)); got != want {
			t.Errorf("%s: got %q, want %q", event, got, want)
		}
	}
}

// A chat says who is who.
func TestUsers(t *testing.T) {
	for kind, want := range map[string]string{"customer": "identified,message customer", "agent": "identified,message agent", "ghost": "identified,unknown_author"} {
		body := `{"action":"incoming_chat","payload":{"chat":{"users":[{"id":"x","type":"` + kind + `"}],"thread":{"id":"T","created_at":"2026-03-02T09:00:00Z",` +
			`"events":[{"id":"T_1","type":"message","author_id":"x","visibility":"all","created_at":"2026-03-02T09:00:00Z"}]}}}}`
		p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)})
		if err != nil || says(p) != want {
			t.Errorf("%s: got %q (%v), want %q", kind, says(p), err, want)
		}
	}
}

func TestArchived(t *testing.T) {
	for kind, want := range map[string]string{
		"manual_archived_customer":        "closed customer",
		"manual_archived_agent":           "closed agent",
		"customer_banned":                 "closed agent",
		"archived_customer_disconnected":  "closed system",
		"system_archived":                 "closed system",
		"routing.archived_inactive":       "closed system",
		"routing.archived_anything":       "closed system",
		"routing.unassigned_disconnected": "activity_line",
		"routing.idle":                    "activity_line",
		"chat_transferred":                "activity_line",
		"":                                "activity_line",
	} {
		if got := says(parse(t, connector.Options{}, `"type":"system_message","system_message_type":"`+kind+`"`, customer, "ann@example.com")); got != want {
			t.Errorf("%s: got %q, want %q", kind, got, want)
		}
	}
	if got := says(parse(t, connector.Options{}, `"type":"system_message","system_message_type":"manual_archived_agent"`, customer, bot)); got != "closed bot" {
		t.Errorf("a bot alone with the customer: got %q", got)
	}
}

// Who closed a chat is told without a time: that of its arrival counts, if it
// is known.
func TestDeactivated(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 10, 0, 0, time.UTC)
	for user, want := range map[string]string{
		`,"user_id":"` + customer + `"`: "closed customer",
		`,"user_id":"ann@example.com"`:  "closed agent",
		`,"user_id":"` + bot + `"`:      "closed bot",
		`,"user_id":"somebody"`:         "closed",
		``:                              "closed system",
	} {
		r := &connector.Request{Received: at, Body: []byte(`{"action":"chat_deactivated","payload":{"thread_id":"T"` + user + `}}`)}
		p, err := Type().New(connector.Options{}).Parse(r)
		if err != nil || says(p) != want || !p.Activities[0].Time.Equal(at) {
			t.Errorf("%s: got %+v (%v), want %q", user, p, err, want)
		}
		r.Received = time.Time{}
		if p, err = Type().New(connector.Options{}).Parse(r); err != nil || says(p) != "no_time" {
			t.Errorf("without a time: got %+v (%v)", p, err)
		}
	}
}

// Both tellings of an end make one, whichever comes first.
func TestEndsOnce(t *testing.T) {
	c := &Connector{connector.Options{Secrets: []string{"x"}}}
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	said := conversation.Activity{Type: conversation.Message, By: conversation.Customer, Conversation: "T", Time: at, Customer: conversation.Person{ContactID: customer},
		Message: conversation.Text{ID: "1", Body: "hello"}}
	end := conversation.Activity{Type: conversation.Closed, By: conversation.HumanAgent, Conversation: "T", Time: at.Add(time.Minute), Agent: conversation.Agent{ID: "ann@example.com"}}
	var list []conversation.Activity
	for _, r := range append(c.Fake([]conversation.Activity{said}), c.Fake([]conversation.Activity{said, end})...) {
		r.Received = at.Add(61 * time.Second)
		p, err := c.Parse(&r)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p.Activities...)
	}
	for range 2 {
		n, s := 0, conversation.State{}
		for _, a := range list {
			var o conversation.Output
			s, o = conversation.Step(conversation.Origin{}, conversation.Rules{}, s, a)
			for _, e := range o.Events {
				if e.Kind == "Live Chat Conversation Ended" {
					n++
				}
			}
		}
		if n != 1 {
			t.Errorf("got %d ends, want 1", n)
		}
		slices.Reverse(list[len(list)-2:])
	}
}

func TestIdentity(t *testing.T) {
	tests := []struct {
		options    connector.Options
		fields     string
		user, site string
	}{
		{connector.Options{}, `[{"user_id":"u-1"},{"anonymous_id":"s-1"}]`, "u-1", "s-1"},
		{connector.Options{}, `[{"external_id":4711}]`, "4711", ""},
		{connector.Options{UserIDField: "crm", AnonymousIDField: "visitor"}, `[{"user_id":"u-1"},{"crm":"c-1","visitor":"v-1"}]`, "c-1", "v-1"},
		{connector.Options{}, `[]`, "", ""},
		{connector.Options{}, `null`, "", ""},
	}
	for _, tt := range tests {
		body := `{"action":"incoming_customer","payload":{"id":"` + customer + `","type":"customer","name":"Mia Berg","email":"mia@example.com","session_fields":` + tt.fields + `}}`
		p, err := Type().New(tt.options).Parse(&connector.Request{Body: []byte(body)})
		want := conversation.Person{ContactID: customer, Name: "Mia Berg", Email: "mia@example.com", UserID: tt.user, AnonymousID: tt.site}
		if err != nil || len(p.Contacts) != 1 || p.Contacts[0] != want {
			t.Errorf("%s: got %+v (%v), want %+v", tt.fields, p, err, want)
		}
	}
}

// An assignee is known if one agent alone is there.
func TestPresent(t *testing.T) {
	event := `"type":"message","visibility":"all","author_id":"` + customer + `"`
	for want, present := range map[string][]string{"ann@example.com": {customer, "ann@example.com", bot}, "": {customer, "ann@example.com", "bo@example.com"}} {
		if got := parse(t, connector.Options{}, event, present...).Activities[0].Agent.ID; got != want {
			t.Errorf("%v: got %q, want %q", present, got, want)
		}
	}
}

func TestOtherActions(t *testing.T) {
	for action, want := range map[string]string{"event_updated": "", "chat_transferred": "", "thread_summary_set": "", "bot_deleted": "", "weather_changed": "unknown_event", "": "unknown_event"} {
		p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(`{"action":"` + action + `","payload":[]}`)}) // which may have any shape
		if err != nil || says(p) != want {
			t.Errorf("%s: got %+v (%v), want %q", action, p, err, want)
		}
	}
	p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(`{"action":"bot_updated","payload":{"id":"` + bot + `","name":"Helper"}}`)})
	if want := (conversation.Agent{ID: bot, Name: "Helper"}); err != nil || len(p.Agents) != 1 || p.Agents[0] != want {
		t.Errorf("got %+v (%v), want %+v", p, err, want)
	}
}

func TestUnreadable(t *testing.T) {
	for _, body := range []string{
		`{"action":"incoming_chat","payload":{"chat":{"thread":{"id":"T"}}}}`,
		`{"action":"incoming_event","payload":{"thread_id":"T","event":{"id":"1"}}}`,
		`{"action":"incoming_event","payload":{"event":{"id":"1","created_at":"2026-03-02T09:00:00Z"}}}`,
		`{"action":"incoming_event","payload":"x"}`,
		`{"action":"chat_deactivated","payload":{"chat_id":"C"}}`,
	} {
		if p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)}); err == nil {
			t.Errorf("%s: got %+v, want an error", body, p)
		}
	}
}

// The secret comes in the body, is checked, and is not kept.
func TestSecret(t *testing.T) {
	c := &Connector{connector.Options{Secrets: []string{"right"}}}
	for body, ok := range map[string]bool{`{"secret_key":"right"}`: true, `{"secret_key":"wrong"}`: false, `{"secret_key":""}`: false, `{"secret_key":17}`: false,
		`{"secret_key":"right","secret_key":"wrong"}`: false, `{"Secret_Key":"right"}`: false, `{"payload":{"secret_key":"right"}}`: false} {
		if err := c.Verify(&connector.Request{Body: []byte(body)}); (err == nil) != ok || err != nil && !errors.Is(err, connector.ErrSignature) {
			t.Errorf("%s: got %v", body, err)
		}
	}
	if got := c.Scrub([]byte(`{"secret_key" : "right", "payload":{}}`)); bytes.Contains(got, []byte("right")) {
		t.Errorf("got %s", got)
	}
}
