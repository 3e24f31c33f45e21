package zendesksunco

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	const chat = "67ab5f53a96f98663935c3f2"
	connectortest.Corpus(t, Type(), connectortest.Says{
		"client.add.json":                                "",
		"client.remove.json":                             "",
		"client.update.json":                             "",
		"constructed_agent_message.json":                 "message by agent agent 8447388090495 67ab60aa0000000000000001 in " + chat,
		"constructed_bot_message.json":                   "message by bot 67ab5f55155becd183e284cb in " + chat,
		"constructed_customer_message.json":              "message by customer 67ab60000000000000000004 in " + chat + " user user-97980cfea0067",
		"constructed_ended_by_user.json":                 "closed by customer in " + chat,
		"constructed_release_control_ticket_closed.json": "closed in " + chat,
		"constructed_trigger_message.json":               "message by automation 67ab5f600000000000000003 in " + chat,
		"conversation.create.json":                       "identified in f52b01137aa6c250bc7251fa user 912382197",
		"conversation.join.json":                         "",
		"conversation.leave.json":                        "",
		"conversation.message.delivery.channel.json":     "",
		"conversation.message.delivery.failure.json":     "",
		"conversation.message.delivery.user.json":        "",
		"conversation.message.json":                      "message by customer 5f74c7d84a146f3abd72af1d in f52b01137aa6c250bc7251fa user 912382197",
		"conversation.postback.json":                     "",
		"conversation.read.json":                         "",
		"conversation.referral.json":                     "",
		"conversation.remove.json":                       "",
		"conversation.typing.json":                       "",
		"switchboard.acceptControl.failure.json":         "",
		"switchboard.acceptControl.json":                 "",
		"switchboard.offerControl.failure.json":          "",
		"switchboard.offerControl.json":                  "",
		"switchboard.passControl.failure.json":           "",
		"switchboard.passControl.json":                   "",
		"switchboard.releaseControl.json":                "", // without a reason nobody closed anything
		"user.merge.json":                                "",
		"user.remove.json":                               "",
		"user.update.json":                               "",
	}, "api_*")
}

func parse(t *testing.T, o connector.Options, kind, payload string) connector.Parsed {
	t.Helper()
	body := `{"events":[{"type":"` + kind + `","createdAt":"2026-03-02T09:00:00.000Z","payload":` + payload + `}]}`
	p, err := Type().New(o).Parse(&connector.Request{Body: []byte(body)})
	if err != nil {
		t.Fatalf("%s: %v", payload, err)
	}
	return p
}

// Whoever cannot be told apart for sure says nothing.
func TestAuthors(t *testing.T) {
	const text = `"content":{"type":"text","text":"hello"}`
	for message, want := range map[string]string{
		`"author":{"type":"user","userId":"u"},` + text:                                                               "customer",
		`"author":{"type":"user","userId":"u","subtypes":["agent"]},` + text:                                          "unknown_author",
		`"author":{"type":"business","subtypes":["agent"]},` + text:                                                   "agent",
		`"author":{"type":"business"},"metadata":{"__zendesk_msg.agent.id":"7"},` + text:                              "agent",
		`"author":{"type":"business"},"metadata":{"__zendesk_msg.agent.id":7},` + text:                                "agent",
		`"author":{"type":"business"},"metadata":{"__zendesk_msg.agent.id":"__new"},` + text:                          "unknown_author",
		`"author":{"type":"business"},"metadata":{"__zendesk_msg.agent.id":"__trigger"},` + text:                      "automation",
		`"author":{"type":"business","displayName":"Automated Response"},` + text:                                     "automation",
		`"author":{"type":"business","subtypes":["bot"]},` + text:                                                     "bot",
		`"author":{"type":"business","subtypes":["AI"]},"metadata":{"__zendesk_msg.agent.id":"7"},` + text:            "bot",
		`"author":{"type":"business"},"source":{"type":"zd:answerBot"},` + text:                                       "bot",
		`"author":{"type":"business","subtypes":["whisper"]},"metadata":{"__zendesk_msg.agent.id":"7"},` + text:       "unknown_author",
		`"author":{"type":"business","subtypes":["activity"]},` + text:                                                "activity_line",
		`"author":{"type":"business"},"activity":{"type":"conversation:merged"},` + text:                              "activity_line",
		`"author":{"type":"ghost"},` + text:                                                                           "unknown_author",
		`"author":null,` + text:                                                                                       "unknown_author",
		`"author":{"type":"user","userId":"u"},"deleted":true,` + text:                                                "deleted",
		`"author":{"type":"user","userId":"u"},"content":{"type":"hologram","text":"x"}`:                              "unknown_kind",
		`"author":{"type":"user","userId":"u"},"content":{"text":"x"}`:                                                "unknown_kind",
		`"author":{"type":"user","userId":"u"},"content":{"type":"formResponse"}`:                                     "form",
		`"author":{"type":"business","subtypes":["bot"]},"content":{"type":"form"}`:                                   "form",
		`"author":{"type":"user","userId":"u"},"content":{"type":"location","coordinates":{"lat":1,"long":2}}`:        "customer",
		`"author":{"type":"business","subtypes":["activity"]},"activity":{"type":"conversation:endedByUser"},` + text: "closed customer",
		`"author":{"type":"business","subtypes":["activity"]},"activity":{"type":"ticket:closed"},` + text:            "closed ",
		`"author":{"type":"business","subtypes":["activity"]},"activity":{"type":"ticket:transfer:email"},` + text:    "closed system",
	} {
		p := parse(t, connector.Options{}, "conversation:message", `{"conversation":{"id":"c"},"message":{"id":"m","received":"2026-03-02T09:00:00.000Z",`+message+`}}`)
		got := strings.Join(p.Dropped, ",")
		for _, a := range p.Activities {
			if a.Type != "message" {
				got = string(a.Type) + " "
			}
			got += string(a.By)
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", message, got, want)
		}
	}
}

func TestEnds(t *testing.T) {
	for payload, want := range map[string]string{
		`{"conversation":{"id":"c"},"reason":"ticketClosed"}`:    "closed ",
		`{"conversation":{"id":"c"},"reason":"transferToEmail"}`: "closed system",
		`{"conversation":{"id":"c"},"reason":"other"}`:           "",
		`{"conversation":{"id":"c"},"reason":null}`:              "",
		`{"conversation":{"id":"c"}}`:                            "",
	} {
		for _, kind := range []string{"switchboard:passControl", "switchboard:releaseControl"} {
			got := ""
			for _, a := range parse(t, connector.Options{}, kind, payload).Activities {
				got += string(a.Type) + " " + string(a.By)
			}
			if got != want {
				t.Errorf("%s %s: got %q, want %q", kind, payload, got, want)
			}
		}
	}
}

func TestIdentity(t *testing.T) {
	tests := []struct {
		options    connector.Options
		user       string
		id, site   string
		name, mail string
	}{
		{connector.Options{}, `"externalId":"u-1","authenticated":true`, "u-1", "", "", ""},
		{connector.Options{}, `"externalId":4711,"authenticated":true`, "4711", "", "", ""},
		{connector.Options{}, `"externalId":"u-1","authenticated":false`, "", "", "", ""},
		{connector.Options{UnverifiedIDs: true}, `"externalId":"u-1"`, "u-1", "", "", ""},
		{connector.Options{UserIDField: "crm"}, `"externalId":"u-1","authenticated":true,"metadata":{"crm":17}`, "17", "", "", ""},
		{connector.Options{}, `"metadata":{"anonymous_id":"s-1"},"profile":{"givenName":"Mia","email":"mia@example.com"}`, "", "s-1", "Mia", "mia@example.com"},
		{connector.Options{AnonymousIDField: "visitor"}, `"metadata":{"anonymous_id":"s-1","visitor":"s-2"}`, "", "s-2", "", ""},
	}
	for _, tt := range tests {
		p := parse(t, tt.options, "conversation:create", `{"conversation":{"id":"c"},"user":{"id":"k",`+tt.user+`}}`)
		if c := p.Activities[0].Customer; c.UserID != tt.id || c.AnonymousID != tt.site || c.ContactID != "k" || c.Name != tt.name || c.Email != tt.mail {
			t.Errorf("%s: got %+v", tt.user, c)
		}
	}
}

func TestChannels(t *testing.T) {
	for in, want := range map[string]string{"web": "chat", "ios": "chat", "whatsapp": "messaging", "twilio": "sms", "mailgun": "email",
		"api:conversations": "", "zd:agentWorkspace": "", "": "", "fax": "fax"} {
		if got := channel(in); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func TestUnreadable(t *testing.T) {
	for _, body := range []string{
		`{"events":[{"type":"conversation:message","payload":{}}]}`,
		`{"events":[{"type":"conversation:message","payload":{"message":{"id":"m","received":"2026-03-02T09:00:00Z"}}}]}`,
		`{"events":[{"type":"conversation:message","payload":[]}]}`,
		`{"events":[{"type":"conversation:create","payload":{"conversation":{"id":"c"}}}]}`,
		`{"events":[{"type":"switchboard:releaseControl","payload":{"reason":"ticketClosed"}}]}`,
		`{"events":{}}`,
	} {
		if p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)}); err == nil {
			t.Errorf("%s: got %+v, want an error", body, p)
		}
	}
}

// The secret is the webhook's own, in one header.
func TestVerify(t *testing.T) {
	c := Type().New(connector.Options{Secrets: []string{"right"}})
	for key, ok := range map[string]bool{"right": true, "wrong": false, "": false} {
		err := c.Verify(&connector.Request{Header: http.Header{"X-Api-Key": {key}}, Body: []byte("{}")})
		if (err == nil) != ok || err != nil && !errors.Is(err, connector.ErrSignature) {
			t.Errorf("%q: got %v", key, err)
		}
	}
}
