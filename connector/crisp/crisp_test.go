package crisp

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	const session = "session_94e30081-c1ff-4656-b612-9c6e18d70ffb"
	connectortest.Corpus(t, Type(), connectortest.Says{
		"constructed_message.received.automated.json":   "message by bot 163239623329116 in " + session,
		"constructed_message.received.event.json":       "(activity_line)",
		"constructed_message.received.note.json":        "(private_note)",
		"constructed_message.send.file.json":            "message by customer 163239614854321 in " + session,
		"constructed_session.set_data.json":             "identified in " + session + " user user-97980cfea0067",
		"constructed_session.set_email.json":            "identified in " + session,
		"constructed_session.set_routing.json":          "assigned agent 440ac64d-fee9-4935-b7a8-4c8cb44bb13c in " + session,
		"constructed_session.set_state.pending.json":    "",
		"constructed_session.set_state.resolved.json":   "closed in " + session,
		"constructed_session.set_state.unresolved.json": "",
		"constructed_session.sync.rating.json":          "",
		"message.received.json":                         "message by agent agent 440ac64d-fee9-4935-b7a8-4c8cb44bb13c 163239623329114 in " + session,
		"message.send.json":                             "message by customer 163239614854320 in " + session,
		"session.removed.json":                          "",
	})
}

func parse(t *testing.T, o connector.Options, event, data string) connector.Parsed {
	t.Helper()
	body := `{"website_id":"w","event":"` + event + `","data":{"session_id":"s",` + data + `},"timestamp":1772442000123}`
	p, err := Type().New(o).Parse(&connector.Request{Body: []byte(body)})
	if err != nil {
		t.Fatalf("%s %s: %v", event, data, err)
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
// everybody's eyes is nobody's. Which of the two events it is does not count.
func TestAuthors(t *testing.T) {
	const text = `"type":"text","content":"hello",`
	for data, want := range map[string]string{
		text + `"from":"user","origin":"chat"`:                                              "message customer",
		text + `"from":"user","origin":"urn:example.com:fax:0"`:                             "message customer",
		text + `"from":"user","origin":"chat","automated":true`:                             "message automation",
		text + `"from":"operator","origin":"chat"`:                                          "message agent",
		text + `"from":"operator"`:                                                          "message agent",
		text + `"from":"operator","origin":"email"`:                                         "message agent",
		text + `"from":"operator","origin":"urn:crisp.im:slack:0"`:                          "message agent",
		text + `"from":"operator","origin":"chat","automated":true`:                         "message bot",
		text + `"from":"operator","origin":"urn:crisp.im:bot:0"`:                            "message bot",
		text + `"from":"operator","origin":"urn:crisp.im:triggers:0"`:                       "message automation",
		text + `"from":"operator","origin":"urn:crisp.im:triggers:0","automated":true`:      "message automation",
		text + `"from":"operator","origin":"urn:crisp.im:campaigns:0"`:                      "message automation",
		text + `"from":"operator","origin":"urn:example.com:desk:0"`:                        "unknown_author",
		text + `"from":"operator","origin":"urn:example.com:desk:0","automated":true`:       "message bot",
		text + `"from":"operator","origin":"urn:example.com:desk:0","user":{"user_id":"7"}`: "message agent",
		text + `"from":"operator","origin":"chat","user":{"user_id":"900"}`:                 "message bot",
		text + `"from":"ghost","origin":"chat"`:                                             "unknown_author",
		text + `"origin":"chat"`:                                                            "unknown_author",
		text + `"from":"operator","stealth":true`:                                           "private_note",
		text + `"from":"operator","stealthed":true`:                                         "private_note",
		`"type":"note","content":"hello","from":"operator"`:                                 "private_note",
		`"type":"note","content":"hello","from":"user"`:                                     "private_note",
		`"type":"event","content":{"namespace":"state:resolved"},"from":"operator"`:         "activity_line",
		`"type":"hologram","content":"hello","from":"operator"`:                             "unknown_kind",
		`"content":"hello","from":"operator"`:                                               "unknown_kind",
		`"type":"audio","content":{"url":"https://x.example.com/a.mp3"},"from":"user"`:      "message customer",
		`"type":"animation","content":{"url":"https://x.example.com/a.gif"},"from":"user"`:  "message customer",
		`"type":"field","content":{"text":"Your name?"},"from":"operator"`:                  "message agent",
		`"type":"carousel","content":{"text":"Look"},"from":"operator","automated":true`:    "message bot",
	} {
		o := connector.Options{AgentIDs: []string{"7"}, BotIDs: []string{"900"}}
		for _, event := range []string{"message:send", "message:received"} {
			if got := says(parse(t, o, event, data+`,"fingerprint":1,"timestamp":1772442000000`)); got != want {
				t.Errorf("%s %s: got %q, want %q", event, data, got, want)
			}
		}
	}
}

func TestBodies(t *testing.T) {
	for data, want := range map[string]string{
		`"type":"text","from":"operator","content":"**Hello**, see [this](https://example.com)"`:  "Hello, see this (https://example.com)",
		`"type":"text","from":"user","content":"2 *3* \"x\" \n"`:                                  `2 *3* "x"`,
		`"type":"text","from":"user","content":{"x":1}`:                                           "",
		`"type":"picker","from":"operator","content":{"text":"Which?","choices":[]}`:              "Which?",
		`"type":"file","from":"user","content":{"name":"secret.pdf","url":"https://example.com"}`: "",
		`"type":"file","from":"user"`:                                                             "",
	} {
		if got := parse(t, connector.Options{}, "message:send", data+`,"fingerprint":1`).Activities[0].Message.Body; got != want {
			t.Errorf("%s: got %q, want %q", data, got, want)
		}
	}
}

func TestSessions(t *testing.T) {
	for event, list := range map[string]map[string]string{
		"session:set_state":    {`"state":"resolved"`: "closed", `"state":"unresolved"`: "", `"state":"pending"`: "", `"state":null`: ""},
		"session:set_routing":  {`"routing_id":"7"`: "assigned", `"routing_id":null`: "assigned"},
		"session:set_email":    {`"email":"mia@example.com"`: "identified", `"email":""`: ""},
		"session:set_nickname": {`"nickname":"Mia Berg"`: "identified", `"nickname":"visitor17"`: ""},
		"session:set_data":     {`"data":{"user_id":7}`: "identified", `"data":{"plan":"pro"}`: "", `"data":null`: ""},
		"session:removed":      {`"x":1`: ""},
		"people:sync:profile":  {`"type":{}`: ""},
		"weather:changed":      {`"type":{}`: "unknown_event"},
	} {
		for data, want := range list {
			if got := says(parse(t, connector.Options{}, event, data)); got != want {
				t.Errorf("%s %s: got %q, want %q", event, data, got, want)
			}
		}
	}
}

func TestIdentity(t *testing.T) {
	tests := []struct {
		options    connector.Options
		data       string
		user, site string
	}{
		{connector.Options{}, `{"user_id":"u-1","anonymous_id":"s-1"}`, "u-1", "s-1"},
		{connector.Options{}, `{"external_id":4711}`, "4711", ""},
		{connector.Options{UserIDField: "crm", AnonymousIDField: "visitor"}, `{"user_id":"u-1","crm":"c-1","visitor":"v-1"}`, "c-1", "v-1"},
	}
	for _, tt := range tests {
		a := parse(t, tt.options, "session:set_data", `"data":`+tt.data).Activities[0]
		if a.Customer.UserID != tt.user || a.Customer.AnonymousID != tt.site || a.Customer.ContactID != "s" {
			t.Errorf("%s: got %+v", tt.data, a.Customer)
		}
	}
}

func TestChannels(t *testing.T) {
	for in, want := range map[string]string{"chat": "chat", "email": "email", "": "", "urn:crisp.im:whatsapp:0": "messaging", "urn:crisp.im:sms:0": "sms",
		"urn:crisp.im:phone:0": "phone", "urn:example.com:fax:0": "messaging"} {
		if got := channel(in); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func TestUnreadable(t *testing.T) {
	for _, body := range []string{
		`{"event":"message:send","data":{"type":"text","from":"user","session_id":"s"},"timestamp":1}`,
		`{"event":"message:send","data":{"type":"text","from":"user","fingerprint":1},"timestamp":1}`,
		`{"event":"message:send","data":{"type":"text","from":"user","fingerprint":1,"session_id":"s"}}`,
		`{"event":"message:send","data":[]}`,
		`{"event":"session:set_state","data":{"state":"resolved"},"timestamp":1}`,
		`{"event":"session:set_state","data":{"state":"resolved","session_id":"s"}}`,
	} {
		if p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)}); err == nil {
			t.Errorf("%s: got %+v, want an error", body, p)
		}
	}
}

// A plugin's hooks are signed, a website's carry a key in the address. A
// signature that is there must be right, whatever the address.
func TestVerify(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	c := Type().New(connector.Options{Secrets: []string{"a-plugin-secret", "a-key"}, Now: func() time.Time { return at }})
	const ms, s = "1772442000000", "1772442000"
	tests := []struct {
		url, time, signature string
		ok                   bool
	}{
		// Signatures that another program made, of {"event":"message:send"}.
		{"", ms, "79c759bbf2af395d683fcd1e207c517d78223ccedb3d64baf2c11e6f660569b8", true},
		{"", s, "0f50e2d0b4d609dd0733593ce5e87396027762b92402bc67745b9c3791f2df6d", true},
		{"", s, "79c759bbf2af395d683fcd1e207c517d78223ccedb3d64baf2c11e6f660569b8", false},
		{"", "", "79c759bbf2af395d683fcd1e207c517d78223ccedb3d64baf2c11e6f660569b8", false},
		{"", ms, "19c759bbf2af395d683fcd1e207c517d78223ccedb3d64baf2c11e6f660569b8", false},
		{"https://x.example.com/in/crisp?key=a-key", ms, "", true},
		{"https://x.example.com/in/crisp?key=a-key", "", "", true},
		{"https://x.example.com/in/crisp?key=wrong", ms, "", false},
		{"https://x.example.com/in/crisp?key=", "", "", false},
		{"https://x.example.com/in/crisp", "", "", false},
		{"https://x.example.com/in/crisp?key=a-key", ms, "19c759bbf2af395d683fcd1e207c517d78223ccedb3d64baf2c11e6f660569b8", false},
	}
	for _, tt := range tests {
		r := &connector.Request{URL: tt.url, Header: http.Header{}, Body: []byte(`{"event":"message:send"}`)}
		if tt.time != "" {
			r.Header.Set("X-Crisp-Request-Timestamp", tt.time)
		}
		if tt.signature != "" {
			r.Header.Set("X-Crisp-Signature", tt.signature)
		}
		if err := c.Verify(r); (err == nil) != tt.ok || err != nil && !errors.Is(err, connector.ErrSignature) {
			t.Errorf("%+v: got %v", tt, err)
		}
	}
	old := Type().New(connector.Options{Secrets: []string{"a-plugin-secret"}, Now: func() time.Time { return at.Add(time.Hour) }})
	r := &connector.Request{Header: http.Header{}, Body: []byte(`{"event":"message:send"}`)}
	r.Header.Set("X-Crisp-Request-Timestamp", ms)
	r.Header.Set("X-Crisp-Signature", "79c759bbf2af395d683fcd1e207c517d78223ccedb3d64baf2c11e6f660569b8")
	if err := old.Verify(r); !errors.Is(err, connector.ErrSignature) {
		t.Errorf("an hour later: got %v, want ErrSignature", err)
	}
}
