package streamchat

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
		"message.new.json": "message by customer 8bffc454-e1da-4d91-8b88-a87853dfb41c in messaging:fun-d5f396e3-fbaf-469c-9b45-8837b4f75baa user tommaso-52ec3a5f-e916-469f-bf54-b53b5247a4b0",
	})
}

func body(user, message, members string) []byte {
	return []byte(`{"type":"message.new","cid":"messaging:1","message":{"id":"m-1","created_at":"2026-03-02T09:00:00Z","text":"Hello","user":{` + user + `},` + message + `},"members":[` + members + `]}`)
}

// Nobody is taken for the customer or for an agent without a reason, and what
// the customer does not see is not told.
func TestAuthors(t *testing.T) {
	agents := connector.Options{AgentIDs: []string{"ann", "role:support"}, BotIDs: []string{"helper", "role:bot"}}
	const regular, mia = `"type":"regular"`, `"id":"mia","role":"user"`
	for _, tt := range []struct {
		options                connector.Options
		user, message, members string
		want                   string // the author, or why it is dropped
	}{
		{agents, mia, regular, "", "customer"},
		{agents, `"id":"ann","role":"user"`, regular, "", "agent"},
		{agents, `"id":"bo","role":"support"`, regular, "", "agent"},
		{agents, `"id":"bo","role":"admin"`, regular, "", "agent"},
		{agents, `"id":"helper","role":"admin"`, regular, "", "bot"},
		{agents, `"id":"h","role":"bot"`, regular, "", "bot"},
		{agents, `"id":"","role":"user"`, regular, "", "unknown_author"},
		{connector.Options{}, mia, regular, "", "unknown_author"},
		{connector.Options{}, `"id":"x","role":"wizard"`, regular, "", "unknown_author"},
		{connector.Options{}, `"id":"x","role":"guest"`, regular, "", "customer"},
		{connector.Options{}, `"id":"x","role":"anonymous"`, regular, "", "customer"},
		{connector.Options{}, `"id":"x","role":"moderator"`, regular, "", "agent"},
		{connector.Options{}, mia, `"type":"regular","ai_generated":true`, "", "bot"},
		{agents, mia, `"type":"regular","ai_generated":false`, "", "customer"},
		{agents, mia, `"type":"reply"`, "", "customer"},
		{agents, mia, `"type":"system"`, "", "activity_line"},
		{agents, mia, `"type":"ephemeral"`, "", "unknown_kind"},
		{agents, mia, `"type":"error"`, "", "unknown_kind"},
		{agents, mia, `"type":"hologram"`, "", "unknown_kind"},
		{agents, mia, `"silent":true`, "", "unknown_kind"},
		{agents, mia, `"type":"deleted"`, "", "deleted"},
		{agents, mia, `"type":"regular","deleted_at":"2026-03-02T09:00:01Z"`, "", "deleted"},
		{agents, mia, `"type":"regular","shadowed":true`, "", "shadowed"},
		{agents, `"id":"ann"`, `"type":"regular","restricted_visibility":["bo"]`, "", "private_note"},
		{agents, `"id":"ann"`, `"type":"regular","restricted_visibility":[ ]`, "", "agent"},
		{agents, `"id":"ann"`, `"type":"regular","restricted_visibility":null`, "", "agent"},
		// Two people talk, none of whom is the company's.
		{agents, mia, regular, `{"user":{"id":"mia"}},{"user":{"id":"cy"}}`, "no_agent"},
		{agents, mia, regular, `{"user":{"id":"mia"}},{"user":{"id":"bo","role":"admin"}}`, "customer"},
		{agents, mia, regular, `{"user":{"id":"mia"}},{"user":{"id":"helper"}}`, "customer"},
		{agents, mia, regular, `{"user":{"id":"mia"}}`, "customer"},
		// Colleagues talk.
		{agents, `"id":"ann"`, regular, `{"user":{"id":"ann"}},{"user":{"id":"bo","role":"admin"}}`, "no_customer"},
		{connector.Options{}, `"id":"bo","role":"admin"`, regular, `{"user":{"id":"bo","role":"admin"}},{"user":{"id":"cy","role":"user"}}`, "agent"},
	} {
		p, err := Type().New(tt.options).Parse(&connector.Request{Body: body(tt.user, tt.message, tt.members)})
		got := strings.Join(p.Dropped, ",")
		for _, a := range p.Activities {
			got += string(a.By)
		}
		if got != tt.want || err != nil {
			t.Errorf("%s, %s, [%s]: got %q (%v), want %q", tt.user, tt.message, tt.members, got, err, tt.want)
		}
	}
}

func TestEvents(t *testing.T) {
	for body, want := range map[string]string{
		`{"type":"message.read","message":7}`: "",
		`{"type":"message.deleted"}`:          "",
		`{"type":"channel.updated"}`:          "",
		`{"type":"user.banned"}`:              "",
		`{"type":"hologram.made"}`:            "(unknown_event)",
		`{}`:                                  "(unknown_event)",
	} {
		p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)})
		if got := connectortest.Summary(p); got != want || err != nil {
			t.Errorf("%s: got %q (%v), want %q", body, got, err, want)
		}
	}
	for _, body := range []string{`{"type":"message.new","message":7}`, `{"type":"message.new","cid":"messaging:1","message":{"type":"regular"}}`} {
		if _, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)}); err == nil {
			t.Errorf("%s: got no error", body)
		}
	}
}

// A guest's id is made up, and none of the company's.
func TestIdentity(t *testing.T) {
	for _, tt := range []struct {
		user, field string
		want        conversation.Person
	}{
		{`"id":"mia","role":"user","name":"Mia Berg","email":"mia@example.com","anonymous_id":"site-1"`, "",
			conversation.Person{UserID: "mia", ContactID: "mia", Name: "Mia Berg", Email: "mia@example.com", AnonymousID: "site-1"}},
		{`"id":"mia","role":"user","number":17`, "number", conversation.Person{UserID: "17", ContactID: "mia"}},
		{`"id":"mia","role":"user"`, "number", conversation.Person{ContactID: "mia"}},
		{`"id":"guest-1-mia","role":"guest","segment_anonymous_id":"site-1"`, "", conversation.Person{ContactID: "guest-1-mia", AnonymousID: "site-1"}},
	} {
		c := Type().New(connector.Options{AgentIDs: []string{"ann"}, UserIDField: tt.field})
		p, err := c.Parse(&connector.Request{Body: body(tt.user, `"type":"regular"`, "")})
		if err != nil || len(p.Activities) != 1 || p.Activities[0].Customer != tt.want {
			t.Errorf("%s: got %+v (%v), want %+v", tt.user, p, err, tt.want)
		}
	}
}
