package sendbird

import (
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
	"github.com/parlance-chat/parlance/conversation"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	connectortest.Corpus(t, Type(), connectortest.Says{
		"group_channel.message_send.json": "message by customer 1287670462 in sendbird_group_channel_55246620_2e5e5d73799da93c9cbd1df51e4a6d446c2c659c user TestAdmin1",
	})
}

func message(typ, sender, rest string) string {
	return `{"category":"group_channel:message_send","type":"` + typ + `","sender":{"user_id":"` + sender + `"},"channel":{"channel_url":"ch-1"},` +
		`"payload":{"message_id":1,"created_at":1772442000000,"message":"Hello"` + rest + `}`
}

// Nobody is taken for the customer or for an agent without a reason.
func TestAuthors(t *testing.T) {
	desk := func(kind string) string {
		return `,"custom_type":"SENDBIRD_DESK_ADMIN_MESSAGE_CUSTOM_TYPE","data":"{\"type\":\"` + kind + `\"}"}`
	}
	agents := connector.Options{AgentIDs: []string{"sendbird_desk_agent_id_*", "ann"}, BotIDs: []string{"helper"}}
	for _, tt := range []struct {
		options connector.Options
		body    string
		want    string // what it is and by whom, or why it is dropped
	}{
		{agents, message("MESG", "mia", "}"), "message customer Hello"},
		{agents, message("MESG", "ann", "}"), "message agent Hello"},
		{agents, message("MESG", "sendbird_desk_agent_id_7", "}"), "message agent Hello"},
		{agents, message("MESG", "helper", "}"), "message bot Hello"},
		{agents, message("MESG", "", "}"), "unknown_author"},
		{connector.Options{}, message("MESG", "mia", "}"), "unknown_author"},
		{connector.Options{}, message("MESG", "ann", "}"), "unknown_author"},
		{agents, message("FILE", "mia", "}"), "message customer "},
		{agents, message("ADMM", "", "}"), "message automation Hello"},
		{agents, message("ADMM", "", `,"custom_type":"SENDBIRD:AUTO_EVENT_MESSAGE"}`), "activity_line"},
		{agents, message("ADMM", "", desk("SYSTEM_MESSAGE_TICKET_ASSIGNED_BY_SYSTEM")), "activity_line"},
		{agents, message("ADMM", "", desk("TICKET_ASSIGN")), "activity_line"},
		{agents, message("ADMM", "", `,"custom_type":"SENDBIRD_DESK_NOTE"}`), "activity_line"},
		{agents, message("ADMM", "", desk("TICKET_CLOSE")), "closed  "},
		{agents, message("ADMM", "", desk("SYSTEM_MESSAGE_TICKET_CLOSED_BY_AGENT")), "closed agent "},
		{agents, message("ADMM", "", desk("SYSTEM_MESSAGE_TICKET_CLOSED_BY_SYSTEM")), "closed system "},
		{agents, message("ADMM", "", `,"custom_type":"SENDBIRD_DESK_ADMIN_MESSAGE_CUSTOM_TYPE","data":"nonsense"}`), "activity_line"},
		{agents, message("HOLO", "mia", "}"), "unknown_kind"},
		// Two people talk, none of whom is the company's.
		{agents, message("MESG", "mia", `},"members":[{"user_id":"mia"},{"user_id":"bo"}]`), "no_agent"},
		{agents, message("MESG", "mia", `},"members":[{"user_id":"mia"},{"user_id":"ann"},{"user_id":"bo"}]`), "message customer Hello"},
		{agents, message("MESG", "mia", `},"members":[{"user_id":"mia"},{"user_id":"helper"}]`), "message customer Hello"},
		{agents, message("MESG", "mia", `},"members":[{"user_id":"mia"}]`), "message customer Hello"},
		// Colleagues talk.
		{agents, message("MESG", "ann", `},"members":[{"user_id":"ann"},{"user_id":"sendbird_desk_agent_id_7"}]`), "no_customer"},
		{agents, message("MESG", "ann", `},"members":[{"user_id":"ann"},{"user_id":"mia"}]`), "message agent Hello"},
	} {
		p, err := Type().New(tt.options).Parse(&connector.Request{Body: []byte(tt.body)})
		got := strings.Join(p.Dropped, ",")
		for _, a := range p.Activities {
			got += string(a.Type) + " " + string(a.By) + " " + a.Message.Body
		}
		if got != tt.want || err != nil {
			t.Errorf("%s: got %q (%v), want %q", tt.body, got, err, tt.want)
		}
	}
}

func TestEvents(t *testing.T) {
	for body, want := range map[string]string{
		`{"category":"group_channel:message_read","members":7}`:  "",
		`{"category":"group_channel:freeze_unfreeze"}`:           "",
		`{"category":"open_channel:message_send","type":"MESG"}`: "",
		`{"category":"user:block"}`:                              "",
		`{"category":"hologram:made"}`:                           "(unknown_event)",
		`{}`:                                                     "(unknown_event)",
	} {
		p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)})
		if got := connectortest.Summary(p); got != want || err != nil {
			t.Errorf("%s: got %q (%v), want %q", body, got, err, want)
		}
	}
	for _, body := range []string{`{"category":"group_channel:message_send"}`, `{"category":"group_channel:message_send","payload":7}`} {
		if _, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)}); err == nil {
			t.Errorf("%s: got no error", body)
		}
	}
}

func TestIdentity(t *testing.T) {
	body := `{"category":"group_channel:message_send","type":"MESG","channel":{"channel_url":"ch-1"},"payload":{"message_id":1,"created_at":1772442000000},` +
		`"sender":{"user_id":"mia","nickname":"Mia Berg","metadata":{"number":17,"anonymous_id":"site-1"}}}`
	for field, want := range map[string]conversation.Person{
		"":       {UserID: "mia", ContactID: "mia", Name: "Mia Berg", AnonymousID: "site-1"},
		"number": {UserID: "17", ContactID: "mia", Name: "Mia Berg", AnonymousID: "site-1"},
		"other":  {ContactID: "mia", Name: "Mia Berg", AnonymousID: "site-1"},
	} {
		p, err := Type().New(connector.Options{AgentIDs: []string{"ann"}, UserIDField: field}).Parse(&connector.Request{Body: []byte(body)})
		if err != nil || len(p.Activities) != 1 || p.Activities[0].Customer != want {
			t.Errorf("%q: got %+v (%v), want %+v", field, p, err, want)
		}
	}
}
