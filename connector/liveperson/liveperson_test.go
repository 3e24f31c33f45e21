package liveperson

import (
	"net/http"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	connectortest.Corpus(t, Type(), connectortest.Says{
		"cqm.ExConversationChangeNotification.close.json":   "closed by customer in b8b83fe9-75f0-46f2-baaa-2930f7192cfb",
		"cqm.ExConversationChangeNotification.open.json":    "assigned in 69d7026e-67e7-47ab-8dcb-ec14dfcdd31d",
		"ms.MessagingEventNotification.ChatStateEvent.json": "",
		"ms.MessagingEventNotification.ContentEvent.json":   "message by customer ms::dialog:69d7026e-67e7-47ab-8dcb-ec14dfcdd31d::msg:4 in 69d7026e-67e7-47ab-8dcb-ec14dfcdd31d",
	}, "signature_vector.json")
}

func message(differs string) string {
	return `{"type":"ms.MessagingEventNotification","body":{"changes":[{"sequence":4,"serverTimestamp":1772442000000,"conversationId":"c-1",` + differs + `}]}}`
}

// What is not for the customer's eyes, or by nobody that we know, says nothing.
func TestAuthors(t *testing.T) {
	const plain = `"event":{"type":"ContentEvent","message":"Hello","contentType":"text/plain"},"dialogId":"c-1",`
	by := func(role string) string { return `"originatorMetadata":{"id":"7","role":"` + role + `"}` }
	for differs, want := range map[string]string{
		plain + `"messageAudience":"ALL",` + by("CONSUMER"):                 "customer Hello",
		plain + by("CONSUMER"):                                              "customer Hello",
		plain + `"messageAudience":"AGENTS_AND_MANAGERS",` + by("CONSUMER"): "private_note",
		plain + `"messageAudience":"ALL",` + by("ASSIGNED_AGENT"):           "agent Hello",
		plain + `"messageAudience":"ALL",` + by("AGENT"):                    "agent Hello",
		plain + `"messageAudience":"ALL",` + by("MANAGER"):                  "agent Hello",
		plain + `"messageAudience":"AGENTS_AND_MANAGERS",` + by("MANAGER"):  "private_note",
		plain + `"messageAudience":"SOMEBODY",` + by("AGENT"):               "private_note",
		plain + by("AGENT"): "private_note",
		plain + `"messageAudience":"ALL",` + by("CONTROLLER"):                                       "automation Hello",
		plain + by("CONTROLLER"):                                                                    "private_note",
		plain + `"messageAudience":"ALL",` + by("READER"):                                           "unknown_author",
		plain + `"messageAudience":"ALL","originatorId":"7"`:                                        "unknown_author",
		plain + `"messageAudience":"ALL","originatorMetadata":{"id":"900","role":"ASSIGNED_AGENT"}`: "bot Hello",
		`"event":{"type":"ContentEvent","message":"Hello","contentType":"text/plain"},"dialogId":"d-2","messageAudience":"ALL",` + by("AGENT"):                       "other_dialog",
		`"event":{"type":"ContentEvent","message":{"caption":"a"},"contentType":"hosted/file"},"dialogId":"c-1",` + by("CONSUMER"):                                   "customer a",
		`"event":{"type":"ContentEvent","message":{"title":"Card"},"contentType":"forms/secure-invitation"},"dialogId":"c-1","messageAudience":"ALL",` + by("AGENT"): "agent ",
		`"event":{"type":"ContentEvent","message":"x","contentType":"video/hologram"},"dialogId":"c-1",` + by("CONSUMER"):                                            "unknown_kind",
		`"event":{"type":"ContentEvent","message":7,"contentType":"text/plain"},"dialogId":"c-1",` + by("CONSUMER"):                                                  "customer ",
		`"event":{"type":"RichContentEvent","content":{}},"dialogId":"c-1","messageAudience":"ALL",` + by("AGENT"):                                                   "agent ",
		`"event":{"type":"AcceptStatusEvent"},"dialogId":"c-1",` + by("CONSUMER"):                                                                                    "",
		`"event":{"type":"HologramEvent"},"dialogId":"c-1",` + by("CONSUMER"):                                                                                        "unknown_event",
		`"dialogId":"c-1",` + by("CONSUMER"): "unknown_event",
	} {
		p, err := Type().New(connector.Options{BotIDs: []string{"900"}}).Parse(&connector.Request{Body: []byte(message(differs))})
		got := strings.Join(p.Dropped, ",")
		if len(p.Activities) > 0 {
			got += string(p.Activities[0].By) + " " + p.Activities[0].Message.Body
		}
		if got != want || err != nil {
			t.Errorf("%s: got %q (%v), want %q", differs, got, err, want)
		}
	}
}

func TestEvents(t *testing.T) {
	state := func(rest string) string {
		return `{"type":"cqm.ExConversationChangeNotification","body":{"changes":[{"type":"UPSERT","result":{"convId":"c-1","conversationDetails":{"startTs":1772442000000,"metaDataLastUpdateTs":1772442001000,` + rest + `}}}]}}`
	}
	const assigned = `,"participants":[{"id":"1","role":"CONSUMER"},{"id":"2","role":"MANAGER"},{"id":"7","role":"ASSIGNED_AGENT"}]`
	main := func(by string) string {
		return `"state":"OPEN","dialogs":[{"dialogType":"POST_SURVEY","state":"OPEN"},{"dialogType":"MAIN","state":"CLOSE","endTs":1772442002000,"closedBy":"` + by + `"}]`
	}
	for body, want := range map[string]string{
		state(`"state":"OPEN"` + assigned): "assigned agent 7 in c-1",
		state(`"state":"OPEN"`):            "assigned in c-1",
		state(`"state":"LOCKED"`):          "(unknown_state)",
		state(main("AGENT") + assigned):    "closed by agent agent 7 in c-1",
		state(main("CONSUMER")):            "closed by customer in c-1",
		state(main("SYSTEM")):              "closed by system in c-1",
		state(main("GHOST")):               "closed in c-1",
		state(`"state":"CLOSE","closeReason":"TIMEOUT","endTs":1772442002000`):                                             "closed by system in c-1",
		state(`"state":"OPEN","participants":[{"id":"900","role":"ASSIGNED_AGENT"}]`):                                      "assigned in c-1",
		`{"type":"cqm.ExConversationChangeNotification","body":{"changes":[{"type":"DELETE","result":{"convId":"c-1"}}]}}`: "",
		state(main("AGENT") + `,"participants":[{"id":"900","role":"ASSIGNED_AGENT"}]`):                                    "closed by bot in c-1",
		`{"type":"cqm.ExConversationChangeNotification","body":{}}`:                                                        "",
		`{"type":"routing.RoutingTaskNotification","body":[]}`:                                                             "(unknown_event)",
	} {
		p, err := Type().New(connector.Options{BotIDs: []string{"900"}}).Parse(&connector.Request{Body: []byte(body)})
		if got := connectortest.Summary(p); got != want || err != nil {
			t.Errorf("%s: got %q (%v), want %q", body, got, err, want)
		}
	}
	for _, body := range []string{
		`{"type":"ms.MessagingEventNotification","body":7}`,
		state(`"state":"CLOSE"`),
		message(`"event":{"type":"ContentEvent","contentType":"text/plain"},"originatorMetadata":{"role":"CONSUMER"}`)[:80],
		`{"type":"ms.MessagingEventNotification","body":{"changes":[{"event":{"type":"ContentEvent","contentType":"text/plain"},"originatorMetadata":{"role":"CONSUMER"}}]}}`,
	} {
		if _, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)}); err == nil {
			t.Errorf("%s: got no error", body)
		}
	}
}

// The survey after the end does not make it another one, nor a timer's.
func TestEndOfSurvey(t *testing.T) {
	ids := map[string]bool{}
	for _, c := range []string{
		`"state":"OPEN","metaDataLastUpdateTs":1772442003000,"dialogs":[{"dialogType":"MAIN","state":"CLOSE","endTs":1772442002000,"closedBy":"CONSUMER"}]`,
		`"state":"CLOSE","metaDataLastUpdateTs":1772442900000,"closeReason":"SYSTEM","endTs":1772442900000,"dialogs":[{"dialogType":"MAIN","state":"CLOSE","endTs":1772442002000,"closedBy":"CONSUMER"},{"dialogType":"POST_SURVEY","state":"CLOSE","endTs":1772442900000}]`,
	} {
		body := `{"type":"cqm.ExConversationChangeNotification","body":{"changes":[{"type":"UPSERT","result":{"convId":"c-1","conversationDetails":{` + c + `}}}]}}`
		p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)})
		if got := connectortest.Summary(p); got != "closed by customer in c-1" || err != nil {
			t.Fatalf("%s: got %q (%v)", body, got, err)
		}
		ids[p.Activities[0].ID] = true
	}
	if len(ids) != 1 {
		t.Errorf("got %d ids, want 1", len(ids))
	}
}

// Base64, and not hex as everybody else has it after "sha1=".
func TestSignature(t *testing.T) {
	r := connector.Request{Body: []byte(`{"kind":"notification"}`), Header: http.Header{scheme.Header: {"sha1=u21wualmKHVAgTwW6CqadI1birw="}}}
	if err := Type().New(connector.Options{Secrets: []string{"app secret"}}).Verify(&r); err != nil {
		t.Error(err)
	}
}
