package userlike

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
	"github.com/parlance-chat/parlance/conversation"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	connectortest.Corpus(t, Type(), connectortest.Says{
		"chat_meta.start.json":         "identified agent 5 in 71",
		"chat_meta.forward.json":       "assigned agent 13 in 71",
		"chat_meta.receive.json":       "message by customer b7a38932f359171ef417ace0 in 67; closed agent 13 in 67",
		"offline_message.receive.json": "",
	})
}

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func request(t *testing.T, name string) *connector.Request {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return &connector.Request{Body: b}
}

// Each webhook holds what was said so far, so it does not matter which of them
// arrive.
func TestLifecycle(t *testing.T) {
	start, received, sent, forward, end := request(t, "chat_session.start"), request(t, "chat_session.message_received"),
		request(t, "chat_session.message_sent"), request(t, "chat_session.forward"), request(t, "chat_session.end")
	const whole = `Started 0s Hello? at 09:00:02 by 5 Ann Lee
Sent 0s Hello? at 09:00:02 by 5 Ann Lee
Received 45s One moment, please. at 09:00:47 by 5 Ann Lee
Sent 45s ok at 09:00:47 by 5 Ann Lee
Sent 45s ok at 09:00:47 by 5 Ann Lee
Received 88s Hi, I am Bo. at 09:01:30 by 13 Bo Chen
Ended 201s Hi, I am Bo. at 09:03:23 by 13 Bo Chen
`
	for name, requests := range map[string][]*connector.Request{
		"all":           {start, received, sent, forward, end},
		"all, repeated": {start, start, received, sent, received, forward, end, forward, end, start},
		"some":          {start, forward, end},
	} {
		if got := connectortest.Story(t, Type(), requests...); got != whole {
			t.Errorf("%s: got\n%swant\n%s", name, got, whole)
		}
	}
	if got := connectortest.Story(t, Type(), end, received); strings.Count(got, "\n") != 7 || !strings.Contains(got, "Ended 201s") {
		t.Errorf("the end alone: got\n%s", got)
	}
}

// What the account's clock says lies in its zone.
func TestZone(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for want, zone := range map[string]*time.Location{"09:03:23": nil, "08:03:23": berlin} {
		p, err := Type().New(connector.Options{Zone: zone}).Parse(request(t, "chat_session.end"))
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Activities[len(p.Activities)-1].Time.Format("15:04:05"); got != want {
			t.Errorf("%v: got %s, want %s", zone, got, want)
		}
	}
}

func TestAuthors(t *testing.T) {
	for in, want := range map[string]string{
		`"type":"co","person":"Ann Lee"`:                      "customer",
		`"type":"contact"`:                                    "customer",
		`"type":"op","person":"Ann Lee"`:                      "agent 5 Ann Lee",
		`"type":"cc","person":"Ann"`:                          "agent 5 Ann Lee",
		`"type":"oc","operator_id":13,"display_name":"Robot"`: "bot 13 Helper",
		`"type":"operator","operator_id":7,"name":"Cy"`:       "agent 7 Cy",
		`"type":"op","person":"Cy"`:                           "(unknown_author)",
		`"type":"op"`:                                         "(unknown_author)",
		`"type":"note","person":"Ann Lee"`:                    "(unknown_author)",
		`"person":"Ann Lee"`:                                  "(unknown_author)",
		`"type":"co","sent_at":"yesterday"`:                   "(no_time)",
		`"type":"co","sent_at":null`:                          "(no_time)",
	} {
		if !strings.Contains(in, "sent_at") {
			in += `,"sent_at":"2026-03-02 09:00:02"`
		}
		p, err := Type().New(connector.Options{BotIDs: []string{"13"}}).Parse(&connector.Request{Body: []byte(`{"_type":"chat_session","_event":"unread","id":1,
			"operator_current":{"id":5,"name":"Ann Lee","first_name":"Ann"},"operator_created":{"id":13,"name":"Helper"},"messages":[{"message":"x",` + in + `}]}`)})
		if err != nil {
			t.Fatal(err)
		}
		got := "(" + strings.Join(p.Dropped, ",") + ")"
		if len(p.Activities) > 0 {
			a := p.Activities[0]
			if got = string(a.By); a.By != conversation.Customer {
				got += " " + a.Agent.ID + " " + a.Agent.Name
			}
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func TestEvents(t *testing.T) {
	c := Type().New(connector.Options{})
	for in, want := range map[string]string{
		`"_type":"um_widget","_event":"config","id":[]`:                                                         "",
		`"_type":"chat_widget","_event":"config","id":[]`:                                                       "",
		`"_type":"sneeze","id":[]`:                                                                              "(unknown_event)",
		`"_type":"chat_session","_event":"sneeze","id":1`:                                                       "(unknown_event)",
		`"_type":"chat_session","_event":"rating","id":1`:                                                       "",
		`"_type":"chat_session","_event":"message_received","id":1`:                                             "(no_messages)",
		`"_type":"chat_session","_event":"end","id":1`:                                                          "(no_time)",
		`"_type":"chat_session","_event":"start","id":1`:                                                        "(no_time)",
		`"_type":"chat_session","_event":"end","id":1,"created_at":"2026-03-02 09:00:00","duration":"00:01:00"`: "closed in 1",
		`"_type":"chat_session","_event":"forward","id":1`:                                                      "",
		`"_type":"conversation","_event":"ended","id":1,"ended_at":"2026-03-02 09:03:23"`:                       "closed in 1",
		`"_type":"conversation","_event":"ended","id":1`:                                                        "(no_time)",
		`"_type":"conversation","_event":"begun","id":1`:                                                        "(unknown_event)",
	} {
		if p, err := c.Parse(&connector.Request{Body: []byte("{" + in + "}")}); err != nil || connectortest.Summary(p) != want {
			t.Errorf("%s: got %q (%v), want %q", in, connectortest.Summary(p), err, want)
		}
	}
	for in, want := range map[string]string{`{"_type":"chat_session"}`: "id", `{"_type":"chat_session","id":[]}`: "/id", `[]`: "JSON"} {
		if _, err := c.Parse(&connector.Request{Body: []byte(in)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error that says %q", in, err, want)
		}
	}
	p, err := c.Parse(request(t, "operator.online"))
	if err != nil || len(p.Agents) != 1 || p.Agents[0] != (conversation.Agent{ID: "5", Name: "Ann Lee", Username: "ann"}) {
		t.Errorf("an operator: got %+v (%v)", p, err)
	}
}

// Operators' notes stand beside the messages, and stay there.
func TestNotes(t *testing.T) {
	p, err := Type().New(connector.Options{}).Parse(request(t, "chat_session.end"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(p)
	if err != nil || strings.Contains(string(b), "between us") {
		t.Errorf("got %s (%v)", b, err)
	}
}

func TestToken(t *testing.T) {
	with := connector.Options{Secrets: []string{"s3cret"}}
	for _, tt := range []struct {
		o               connector.Options
		header, address string
		ok              bool
	}{
		{with, "s3cret", "", true}, {with, "Bearer s3cret", "", true}, {with, "", "https://gw.example.com/in/x?token=s3cret", true},
		{with, "other", "", false}, {with, "", "https://gw.example.com/in/x?token=other", false}, {with, "", "", false}, {connector.Options{}, "", "", true},
	} {
		err := Type().New(tt.o).Verify(&connector.Request{URL: tt.address, Header: http.Header{"Authorization": {tt.header}}})
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, connector.ErrSignature) {
			t.Errorf("%+v: got %v", tt, err)
		}
	}
}
