package gateway

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/deliver"
)

func TestSettle(t *testing.T) {
	for yaml, want := range map[string]time.Duration{"": 2 * time.Second, "settle: 0": NoSettle, "settle: 0s": NoSettle, "settle: 1m30s": 90 * time.Second, "settle: 1d": 24 * time.Hour} {
		c := parse(t, yaml)
		resolve(t, c) // as a gateway does once more
		if c.Settle != want {
			t.Errorf("%q: got %v, want %v", yaml, c.Settle, want)
		}
	}
}

// A source's switch goes before the workspace's, that before the top level's.
func TestSwitches(t *testing.T) {
	c := parse(t, `
bots: drop
ended: any
channels: chat
message_body: omit
sources:
  a: {type: api, token: a, bots: include, identify: on, reopen: restart, inactivity: 1h}
destinations:
  log: {type: file, path: a, perspective: company}
workspaces:
  acme:
    bots: include
    inactivity: 1d
    inactivity_end: on
    message_body: redact
    sources:
      b: {type: api, token: b, ended: explicit, identity: email, channels: [chat, email]}
      c: {type: api, token: c, automation: include, first_message: started_only, inactivity: 0, inactivity_end: off}
    destinations:
      log: {type: file, path: b}
      all: {type: file, path: c, message_body: include}
`)
	got := resolve(t, c)
	wantRules := []conversation.Rules{
		{Bots: conversation.Include, Ended: conversation.Any, Channels: []string{"chat"}, Identify: true, Reopen: conversation.Restart, Inactivity: time.Hour},
		{Bots: conversation.Include, Ended: conversation.Explicit, Channels: []string{"chat", "email"}, Identity: conversation.Email, Inactivity: 24 * time.Hour, InactivityEnd: true},
		{Bots: conversation.Include, Ended: conversation.Any, Channels: []string{"chat"}, Automation: conversation.Include, FirstMessage: conversation.StartedOnly},
	}
	for i, want := range wantRules {
		if s := got.Sources[i]; !reflect.DeepEqual(s.Rules, want) {
			t.Errorf("%s: got %+v, want %+v", s.Name, s.Rules, want)
		}
	}
	wantPolicy := []deliver.Policy{
		{MessageBody: deliver.Omit, Perspective: deliver.Company},
		{MessageBody: deliver.Redact},
		{MessageBody: deliver.Include},
	}
	for i, want := range wantPolicy {
		if d := got.Destinations[i]; d.Policy != want {
			t.Errorf("%s: got %+v, want %+v", d.Name, d.Policy, want)
		}
	}
}

// A chat tool's own reopen and inactivity hold unless the configuration says
// otherwise.
func TestRulesOfTheTool(t *testing.T) {
	r := newResolver()
	r.connectors = []connector.Type{{Name: "thread", Reopen: conversation.Restart, Inactivity: time.Hour, New: func(connector.Options) connector.Connector { return nil }}}
	got, problems := r.resolve(&Config{Data: "d", Listen: NoListener, Retention: Retention{1, 1}, Sources: []Source{
		{Name: "a", Type: "thread", Secrets: []Secret{"x"}},
		{Name: "b", Type: "thread", Secrets: []Secret{"x"}, Rules: Rules{Reopen: conversation.Continue, Inactivity: NoInactivity}},
	}})
	if len(problems) > 0 {
		t.Fatalf("got %v, want no problems", problems)
	}
	if a, b := got.Sources[0].Rules.Reopen, got.Sources[1].Rules.Reopen; a != conversation.Restart || b != conversation.Continue {
		t.Errorf("got %q and %q, want restart and continue", a, b)
	}
	if a, b := got.Sources[0].Rules.Inactivity, got.Sources[1].Rules.Inactivity; a != time.Hour || b != 0 {
		t.Errorf("inactivity: got %v and %v, want 1h and 0", a, b)
	}
}

// A tool whose times have no zone can be told it, also on a machine that knows
// no zones; and any other tool cannot.
func TestTimezone(t *testing.T) {
	var zone string
	var types []connector.Type
	for name, zoneless := range map[string]bool{"zoneless": true, "other": false} {
		types = append(types, connector.Type{Name: name, Zoneless: zoneless, New: func(o connector.Options) connector.Connector {
			zone = o.Zone.String()
			return nil
		}})
	}
	for _, tt := range []struct {
		tool, zone, want string
		problems         int
	}{
		{"zoneless", "Europe/Berlin", "Europe/Berlin", 0}, {"zoneless", "", "UTC", 0}, {"zoneless", "Local", "", 1}, {"zoneless", "Berlin", "", 1}, {"other", "Europe/Berlin", "", 1},
	} {
		r := newResolver()
		r.connectors = types
		_, problems := r.resolve(&Config{Data: "d", Listen: NoListener, Retention: Retention{1, 1}, Sources: []Source{{Name: "a", Type: tt.tool, Secrets: []Secret{"x"}, Timezone: tt.zone}}})
		if len(problems) != tt.problems || tt.problems == 0 && zone != tt.want {
			t.Errorf("%+v: got %q and problems %v", tt, zone, problems)
		}
	}
}

// A signature that vouches for nothing of a body, or not for its time, is none.
func TestSignatureVouches(t *testing.T) {
	for signature, want := range map[string]string{
		`{header: X-Sign}`:                                                            "",
		`{header: X-Sign, signed: "{url}{form}"}`:                                     "",
		`{header: X-Sign, signed: "{time}.{body}", time: X-Time}`:                     "",
		`{header: X-Sign, signed: "{time}.{body}", value: "t={time},v1={signature}"}`: "",
		`{query: token, hash: token}`:                                                 "",
		`{header: X-Sign, signed: "{url}"}`:                                           "holds neither {body} nor {form}",
		`{header: X-Sign, time: X-Time}`:                                              "does not hold {time}",
		`{header: X-Sign, signed: "{body}", value: "t={time},v1={signature}"}`:        "does not hold {time}",
	} {
		_, err := Parse([]byte("sources: {a: {type: custom, secret: x, program: empty, signature: "+signature+"}}\ndestinations: {log: {type: file, path: a}}"), "f", nil)
		if err == nil && want != "" || err != nil && (want == "" || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", signature, err, want)
		}
	}
}

// The namespace follows the first secret, and nothing else.
func TestNamespace(t *testing.T) {
	of := func(yaml string) string { return resolve(t, parse(t, yaml)).Sources[0].Namespace }
	plain := of("sources: {a: {type: chatwoot, secret: one}}")
	for yaml, same := range map[string]bool{
		"sources: {b: {type: chatwoot, secret: one, bots: drop}}": true,
		"sources: {a: {type: chatwoot, secret: [one, two]}}":      true,
		"sources: {a: {type: chatwoot, secret: [two, one]}}":      false,
		"sources: {a: {type: api, token: one}}":                   true,
		"sources: {a: {type: api, token: two}}":                   false,
	} {
		if got := of(yaml); (got == plain) != same || len(got) != 64 {
			t.Errorf("%s: got %s, the same %v: %v", yaml, got, got == plain, same)
		}
	}
	for yaml, want := range map[string]string{
		"namespace: top\nsources: {a: {type: api, token: x}}":                                               "top",
		"namespace: top\nsources: {a: {type: api, token: x, namespace: own}}":                               "own",
		"namespace: top\nworkspaces: {w: {namespace: w, sources: {a: {type: api, token: x}}}}":              "w",
		"namespace: top\nworkspaces: {w: {sources: {a: {type: chatwoot, secret: x, identity: email}}}}":     "top",
		"sources: {a: {type: chatwoot, unsigned: true, path: 0123456789abcdefghijkl, namespace: \"$${a\"}}": "${a",
	} {
		if got := of(yaml); got != want {
			t.Errorf("%s: got %q, want %q", yaml, got, want)
		}
	}
}
