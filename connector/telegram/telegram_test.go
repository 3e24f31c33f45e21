package telegram

import (
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
	"github.com/parlance-chat/parlance/conversation"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	connectortest.Corpus(t, Type(), connectortest.Says{"message.json": "message by customer 41 in 3527065"})
}

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func parse(t *testing.T, o connector.Options, body string) connector.Parsed {
	t.Helper()
	p, err := Type().New(o).Parse(&connector.Request{Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	connectortest.Check(t, p)
	return p
}

func TestKinds(t *testing.T) {
	const (
		chat  = `"message_id":41,"date":1772442045,"chat":{"id":5,"type":"private","first_name":"Mia"}`
		mia   = `,"from":{"id":5,"is_bot":false,"first_name":"Mia"}`
		ann   = `,"business_connection_id":"k","from":{"id":7,"is_bot":false,"first_name":"Ann","last_name":"Lee","username":"annlee"}`
		hello = `,"text":"hello"`
	)
	for body, want := range map[string]string{
		`"message":{` + chat + mia + hello + `}`:                                                       "message by customer 41 in 5",
		`"message":{` + chat + mia + `,"caption":"look","photo":[{"file_id":"f"}]}`:                    "message by customer 41 in 5",
		`"message":{` + chat + mia + `,"voice":{"file_id":"f"}}`:                                       "message by customer 41 in 5",
		`"message":{` + chat + mia + `,"pinned_message":{"message_id":1}}`:                             "(unknown_kind)",
		`"message":{` + chat + mia + `,"text":"/start"}`:                                               "",
		`"message":{` + chat + mia + `,"text":"/help"}`:                                                "message by customer 41 in 5",
		`"message":{` + chat + `,"from":{"id":7,"is_bot":false}` + hello + `}`:                         "(unknown_author)",
		`"message":{` + chat + `,"from":{"id":5,"is_bot":true}` + hello + `}`:                          "(unknown_author)",
		`"message":{` + chat + hello + `}`:                                                             "(unknown_author)",
		`"message":{"message_id":41,"date":1,"chat":{"id":-5,"type":"supergroup"}` + mia + hello + `}`: "(group)",
		`"message":{"date":1772442045,"chat":{"id":5,"type":"private"}` + mia + hello + `}`:            "(no_id)",
		`"message":{"message_id":41,"chat":{"id":5,"type":"private"}` + mia + hello + `}`:              "(no_time)",

		`"business_message":{` + chat + `,"business_connection_id":"k"` + mia + hello + `}`:                         "message by customer 41 in k:5",
		`"business_message":{` + chat + `,"business_connection_id":"k"` + mia + `,"text":"/start"}`:                 "message by customer 41 in k:5",
		`"business_message":{` + chat + ann + hello + `}`:                                                           "message by agent agent 7 41 in k:5",
		`"business_message":{` + chat + ann + `,"is_from_offline":true` + hello + `}`:                               "message by automation 41 in k:5",
		`"business_message":{` + chat + ann + `,"sender_business_bot":{"id":900,"is_bot":true}` + hello + `}`:       "message by bot agent 900 41 in k:5",
		`"business_message":{` + chat + `,"business_connection_id":"k","from":{"id":8,"is_bot":true}` + hello + `}`: "(unknown_author)",

		`"edited_message":{` + chat + mia + hello + `}`:                    "",
		`"edited_business_message":{` + chat + mia + hello + `}`:           "",
		`"deleted_business_messages":{"chat":{"id":5},"message_ids":[41]}`: "",
		`"business_connection":{"id":"k"}`:                                 "",
		`"callback_query":{"id":"1","from":{"id":5},"data":"x"}`:           "",
		`"my_chat_member":{"chat":{"id":5}}`:                               "",
		`"telepathy":{"id":1}`:                                             "(unknown_event)",
	} {
		if got := connectortest.Summary(parse(t, connector.Options{}, `{"update_id":1,`+body+`}`)); got != want {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
}

// An agent has the name and handle of their account.
func TestAgent(t *testing.T) {
	p := parse(t, connector.Options{}, `{"update_id":1,"business_message":{"message_id":41,"business_connection_id":"k","date":1772442045,"text":"hi",
		"from":{"id":7,"first_name":"Ann","last_name":"Lee","username":"annlee"},"chat":{"id":5,"type":"private","first_name":"Mia","last_name":"Berg"}}}`)
	a := p.Activities[0]
	if want := (conversation.Agent{ID: "7", Name: "Ann Lee", Username: "annlee"}); a.Agent != want {
		t.Errorf("got %+v, want %+v", a.Agent, want)
	}
	if want := (conversation.Person{ContactID: "5", Name: "Mia Berg"}); a.Customer != want {
		t.Errorf("got %+v, want %+v", a.Customer, want)
	}
}

// A link carries who the visitor is on the site.
func TestStart(t *testing.T) {
	for text, want := range map[string]conversation.Person{
		"/start anonymous_id-0b1c2d3e": {ContactID: "5", AnonymousID: "0b1c2d3e"},
		"/start user_id-4711":          {ContactID: "5", UserID: "4711"},
	} {
		p := parse(t, connector.Options{UnverifiedIDs: true}, `{"update_id":1,"message":{"message_id":41,"date":1772442045,"text":"`+text+`","from":{"id":5},"chat":{"id":5,"type":"private"}}}`)
		if len(p.Activities) != 1 || p.Activities[0].Type != conversation.Identified || p.Activities[0].Customer != want {
			t.Errorf("%s: got %+v, want %+v", text, p.Activities, want)
		}
	}
}
