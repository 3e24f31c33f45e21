package whatsappcloud

import (
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	const who = "1122334455667:US.13491208655302741918"
	connectortest.Corpus(t, Type(), connectortest.Says{
		"messages.image.json":          "message by customer wamid.xyzxyz in " + who,
		"messages.text.json":           "message by customer wamid.xyzxyz in " + who,
		"smb_message_echoes.text.json": "message by agent <WHATSAPP_MESSAGE_ID> in 1122334455667:<BSUID>",
		"statuses.delivered.json":      "message by company wamid.xyzxyz in " + who,
		"statuses.failed.json":         "",
		"statuses.sent.json":           "",
	})
}

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func says(t *testing.T, field, value string) string {
	t.Helper()
	body := `{"object":"whatsapp_business_account","entry":[{"id":"9","changes":[{"field":"` + field + `","value":{"metadata":{"phone_number_id":"1"},` + value + `}}]}]}`
	p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	connectortest.Check(t, p)
	return connectortest.Summary(p)
}

func TestMessages(t *testing.T) {
	const head = `"messages":[{"from":"49","id":"m","timestamp":"1772442045",`
	for value, want := range map[string]string{
		head + `"type":"text","text":{"body":"hi"}}]`:                                                         "message by customer m in 1:49",
		head + `"type":"video","video":{"id":"1"}}]`:                                                          "message by customer m in 1:49",
		head + `"type":"location","location":{"latitude":1}}]`:                                                "message by customer m in 1:49",
		head + `"type":"order","order":{"catalog_id":"1"}}]`:                                                  "message by customer m in 1:49",
		head + `"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"body":"Sent"}}}]`:        "message by customer m in 1:49",
		head + `"type":"reaction","reaction":{"emoji":"x"}}]`:                                                 "",
		head + `"type":"system","system":{"type":"user_changed_user_id"}}]`:                                   "",
		head + `"type":"request_welcome"}]`:                                                                   "",
		head + `"type":"unsupported"}]`:                                                                       "(unknown_kind)",
		head + `"type":"telepathy"}]`:                                                                         "(unknown_kind)",
		head + `"group_id":"g","type":"text","text":{"body":"hi"}}]`:                                          "(group)",
		`"messages":[{"from":"49","timestamp":"1","type":"text"}]`:                                            "(no_id)",
		`"messages":[{"from":"49","id":"m","type":"text"}]`:                                                   "(no_time)",
		`"messages":[{"id":"m","timestamp":"1772442045","type":"text"}]`:                                      "(no_contact)",
		`"contacts":[{"wa_id":"49","user_id":"DE.1"}],` + head + `"type":"text","text":{"body":"hi"}}]`:       "message by customer m in 1:DE.1",
		`"contacts":[{"wa_id":"48","user_id":"DE.1"}],` + head + `"type":"text","text":{"body":"hi"}}]`:       "message by customer m in 1:49",
		`"messages":[{"from_user_id":"DE.1","id":"m","timestamp":"1772442045","type":"text"}]`:                "message by customer m in 1:DE.1",
		`"message_echoes":[{"to":"49","to_user_id":"DE.1","id":"m","timestamp":"1772442045","type":"audio"}]`: "message by agent m in 1:DE.1",
		`"message_echoes":[{"to":"49","id":"m","timestamp":"1772442045","type":"edit"}]`:                      "",
	} {
		if got := says(t, "messages", value); got != want {
			t.Errorf("%s: got %q, want %q", value, got, want)
		}
	}
	if got := says(t, "account_update", `"event":7`); got != "" {
		t.Errorf("another field: got %q, want nothing", got)
	}
}

// Only what was received counts, and only if it is known whether it was a
// template.
func TestStatuses(t *testing.T) {
	const tail = `"id":"m","timestamp":"1772442045","recipient_id":"49"`
	for fields, want := range map[string]string{
		`"status":"sent","pricing":{"category":"service"},`:                                                   "",
		`"status":"delivered","pricing":{"category":"service"},`:                                              "message by company m in 1:49",
		`"status":"read","pricing":{"category":"service"},`:                                                   "message by company m in 1:49",
		`"status":"delivered","recipient_user_id":"DE.1","pricing":{"category":"service"},`:                   "message by company m in 1:DE.1",
		`"status":"delivered","conversation":{"id":"c","origin":{"type":"service"}},`:                         "message by company m in 1:49",
		`"status":"delivered","conversation":{"origin":{"type":"service"}},"pricing":{"category":"utility"},`: "message by automation m in 1:49",
		`"status":"delivered","pricing":{"category":"marketing"},`:                                            "message by automation m in 1:49",
		`"status":"delivered","pricing":{"category":"referral_conversion"},`:                                  "(unknown_author)",
		`"status":"delivered",`: "(unknown_author)",
		`"status":"delivered","recipient_type":"group","pricing":{"category":"service"},`: "(group)",
		`"status":"failed",`:   "",
		`"status":"pondered",`: "(unknown_event)",
	} {
		if got := says(t, "messages", `"statuses":[{`+fields+tail+`}]`); got != want {
			t.Errorf("%s: got %q, want %q", fields, got, want)
		}
	}
}

// A message that is told twice, once with its text and once as delivered, is
// one.
func TestStory(t *testing.T) {
	hook := func(field, value string) *connector.Request {
		return &connector.Request{Body: []byte(`{"object":"whatsapp_business_account","entry":[{"id":"9","changes":[{"field":"` + field + `","value":{"metadata":{"phone_number_id":"1"},` + value + `}}]}]}`)}
	}
	const want = `Started 0s Hello at 09:00:45
Sent 0s Hello at 09:00:45
Received 45s One moment. at 09:01:30
Received 95s  at 09:02:20
Started 0s Me again at 09:00:46
Sent 0s Me again at 09:00:46
`
	got := connectortest.Story(t, Type(),
		hook("messages", `"messages":[{"from":"49","id":"a","timestamp":"1772442045","type":"text","text":{"body":"Hello"}}]`),
		hook("smb_message_echoes", `"message_echoes":[{"to":"49","id":"b","timestamp":"1772442090","type":"text","text":{"body":"One moment."}}]`),
		hook("messages", `"statuses":[{"id":"b","status":"delivered","timestamp":"1772442091","recipient_id":"49","pricing":{"category":"service"}}]`),
		hook("messages", `"statuses":[{"id":"c","status":"delivered","timestamp":"1772442140","recipient_id":"49","pricing":{"category":"service"}}]`),
		hook("messages", `"statuses":[{"id":"c","status":"read","timestamp":"1772442150","recipient_id":"49","pricing":{"category":"service"}}]`),
		hook("messages", `"messages":[{"from":"49","id":"d","timestamp":"1772614846","type":"text","text":{"body":"Me again"}}]`))
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
