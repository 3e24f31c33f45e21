package deliver

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/jq"
)

func TestFilter(t *testing.T) {
	e := journal.Event{Source: "support", Name: "Live Chat Message Sent", JSON: []byte(`{"context":{"live_chat":{"channel":"chat"}}}`)}
	page := journal.Event{Source: "website", Name: "page", JSON: []byte(`{"type":"page"}`)}
	tests := []struct {
		name         string
		only, except *Filter
		sent, page   bool
	}{
		{"none", nil, nil, true, true},
		{"only a source", &Filter{Sources: []string{"support", "x"}}, nil, true, false},
		{"only an event", &Filter{Events: []string{"Sent"}}, nil, true, false},
		{"only an event by its full name", &Filter{Events: []string{"Live Chat Message Sent"}}, nil, true, false},
		{"only a type of call", &Filter{Events: []string{"page"}}, nil, false, true},
		{"only a channel", &Filter{Channels: []string{"chat"}}, nil, true, false},
		{"only both", &Filter{Sources: []string{"support"}, Events: []string{"Received"}}, nil, false, false},
		{"except a source", nil, &Filter{Sources: []string{"support"}}, false, true},
		{"except an event or a channel", nil, &Filter{Events: []string{"page"}, Channels: []string{"email"}}, true, false},
		{"except a channel", nil, &Filter{Channels: []string{"chat"}}, false, true},
		{"only and except", &Filter{Sources: []string{"support"}}, &Filter{Events: []string{"Sent"}}, false, false},
	}
	for _, tt := range tests {
		for _, x := range []struct {
			e    journal.Event
			want bool
		}{{e, tt.sent}, {page, tt.page}} {
			c, err := Policy{Only: tt.only, Except: tt.except}.render(x.e)
			if err != nil || (c != nil) != x.want {
				t.Errorf("%s: %s: got %v (%v), want %v", tt.name, x.e.Name, c != nil, err, x.want)
			}
		}
	}
}

func TestTransform(t *testing.T) {
	const call = `{"event":"Live Chat Message Sent","properties":{"message_body":"mail mia@example.com","n":12345678901234567890},"messageId":"m1"}`
	for program, want := range map[string]string{
		`.event = "Chat" | .properties.team = "b"`: `{"event":"Chat","messageId":"m1","properties":{"message_body":"mail ***","n":12345678901234567890,"team":"b"}}`,
		`select(.event == "nothing")`:              "",
		`.messageId = "mine" | del(.properties)`:   `{"event":"Live Chat Message Sent","messageId":"m1"}`,
		`., .`:                                     "error: transform: the program makes several calls of one",
		`.event`:                                   "error: transform: the program makes several calls of one, or something else",
		`.properties.message_body | tonumber`:      "error: transform: the program failed",
		`def f: f; f`:                              "error: transform: the program ran longer",
	} {
		p, err := jq.Compile(program, nil)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Policy{MessageBody: Redact, Transform: p}.render(journal.Event{Name: "Live Chat Message Sent", MessageID: "m1", JSON: []byte(call)})
		got := ""
		if err != nil {
			got = "error: " + err.Error()
		} else if c != nil {
			got = string(c.JSON)
			if name, err := c.Name(); err != nil || !strings.Contains(got, `"event":"`+name+`"`) {
				t.Errorf("%s: got name %q (%v), but %s", program, name, err, got)
			}
		}
		if got != want && (!strings.HasPrefix(want, "error") || !strings.HasPrefix(got, want)) || strings.Contains(got, "mia") {
			t.Errorf("%s: got %s, want %s", program, got, want)
		}
	}
}

// What a destination is not to get lies behind its cursor, and what a program
// fails at is parked.
func TestFilteredEventsArePassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := jq.Compile(`if .messageId == "m0003" then error("no") elif .messageId > "m0010" then empty else . end`, nil)
		if err != nil {
			t.Fatal(err)
		}
		j, r := openJournal(t), &receiver{}
		o := options(j, "default", "d", r)
		o.Policy = Policy{Transform: p}
		defer start(o)()
		tell(t, j, "default", numbered(1, 20)...)
		synctest.Wait()
		want := slices.DeleteFunc(numbered(1, 10), func(id string) bool { return id == "m0003" })
		if got := r.ids(); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if lag, err := j.Lag(t.Context(), "default", "d"); lag.Events != 0 || err != nil {
			t.Errorf("got a lag of %d (%v), want none", lag.Events, err)
		}
		if parked, err := j.Parked(t.Context(), journal.ParkedQuery{Workspace: "default", Destination: "d"}, 10); len(parked) != 1 || !strings.Contains(parked[0].Reason, "program failed") || err != nil {
			t.Errorf("got %+v parked (%v), want m0003", parked, err)
		}
	})
}
