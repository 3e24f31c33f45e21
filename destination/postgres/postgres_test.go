//go:build unix

package postgres

import (
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
	"github.com/parlance-chat/parlance/destination/warehouse/warehousetest"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

func TestDestination(t *testing.T) {
	address, db := database(t)
	destinationtest.Test(t, destinationtest.Harness{
		Type:     Type(),
		Settings: func(*testing.T) any { return &Settings{URL: strictyaml.Secret(address), Schema: "live_chat"} },
		Received: func(t *testing.T) []string {
			rows := query(t, db, `select format('{"type":"track","userId":"%s","event":%s,"messageId":"%s","sentAt":"%s"}', user_id,
				replace(to_json(event_text)::text, 'é', '\u00e9'), id, to_char(sent_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
				from live_chat.tracks order by sent_at, split_part(id, '.', 2)::int`)
			return strings.Split(rows, "\n")
		},
	})
}

// Columns are Segment's, types are fixed, and nothing is lost.
func TestColumns(t *testing.T) {
	address, db := database(t)
	warehousetest.Send(t, open(t, address), warehousetest.Started)
	for sql, want := range map[string]string{
		`select id, user_id, anonymous_id, event, event_text, agent_id, agent_name, agent_username, conversation_duration, conversation_id, message_body, message_id
			from live_chat.live_chat_conversation_started`: "e1|u1|a1|live_chat_conversation_started|Live Chat Conversation Started|7|Ann Lee|ann|0|17|2024-05-01|m1",
		`set timezone to 'UTC'; select received_at, sent_at, original_timestamp, timestamp, uuid_ts is not null from live_chat.live_chat_conversation_started`: "2026-03-02 10:00:00+00|2026-03-02 10:00:00+00|2026-03-02 09:00:00.25+00|2026-03-02 09:00:00.25+00|true",
		`select context_integration_name, context_library_name, context_live_chat_agent_type, context_live_chat_source, context_user_agent, context_page_url, context
			from live_chat.live_chat_conversation_started`: `Chatwoot|parlance|human|support|Mozilla|https://example.com/a|{"os": {"name": "x"}, "live_chat": {"further": 1}}`,
		`select properties from live_chat.live_chat_conversation_started`:                                            `{"user_id": "x", "campaign": "spring"}`,
		`select id, event, event_text, user_id, context_live_chat_channel, properties is null from live_chat.tracks`: "e1|live_chat_conversation_started|Live Chat Conversation Started|u1|chat|true",
		`select column_name, data_type from information_schema.columns where table_name = 'live_chat_message_sent' and column_name in
			('id', 'received_at', 'conversation_duration', 'message_body', 'timestamp', 'properties') order by 1`: "conversation_duration|bigint\nid|text\nmessage_body|text\nproperties|jsonb\nreceived_at|timestamp with time zone\ntimestamp|timestamp with time zone",
	} {
		if got := query(t, db, sql); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", sql, got, want)
		}
	}
}

// A client whose clock is an hour ahead is set right, as Segment does.
func TestSkew(t *testing.T) {
	address, db := database(t)
	a := destination.Attempt{SentAt: warehousetest.Nine, Calls: []destination.Call{{MessageID: "a",
		JSON: []byte(`{"type":"track","event":"x","timestamp":"2026-03-02T09:30:00Z","sentAt":"2026-03-02T10:00:00Z"}`)}}}
	if err := open(t, address).Send(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	want := "2026-03-02 08:30:00+00|2026-03-02 09:30:00+00|2026-03-02 10:00:00+00"
	if got := query(t, db, "set timezone to 'UTC'; select timestamp, original_timestamp, sent_at from live_chat.tracks"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// What PostgreSQL can keep nowhere is kept as near as it can be.
func TestStrangeValues(t *testing.T) {
	address, db := database(t)
	d := open(t, address)
	warehousetest.Send(t, d,
		`{"type":"track","event":"Live Chat Message Sent","properties":{"message_body":"a\u0000b\ud800c`+"\xff"+`","conversation_duration":"12",
			"k\u0000":["\u0000",1e999999,-0,12345678901234567890123456789,{"a":1,"a":2}],"message_id":17,"agent_id":true,"agent_name":{"x":[1]},"conversation_id":null}}`,
		`{"type":"track","event":"a\u0000","properties":[1,"\u0000"],"context":"none"}`,
		`{"type":"track","event":"`+strings.Repeat("long", 5000)+`","userId":"","timestamp":"soon"}`)
	for sql, want := range map[string]string{
		"select message_body, message_id, agent_id, agent_name, conversation_id is null, conversation_duration is null from live_chat.live_chat_message_sent": "a\uFFFDb\uFFFDc\uFFFD|17|true|{\"x\":[1]}|true|true",
		"select properties from live_chat.live_chat_message_sent":                                 "{\"k\uFFFD\": [\"\uFFFD\", \"1e999999\", 0, 12345678901234567890123456789, {\"a\": 2}], \"conversation_duration\": \"12\"}",
		"select properties, context from live_chat.tracks where id = 'id-1'":                      "[1, \"\uFFFD\"]|\"none\"",
		"select user_id is null, timestamp = received_at from live_chat.tracks where id = 'id-2'": "true|true",
	} {
		if got := query(t, db, sql); got != want {
			t.Errorf("%s: got %s, want %s", sql, got, want)
		}
	}
}

// What it cannot keep at all is refused alone, without anybody's words.
func TestRefusals(t *testing.T) {
	address, db := database(t)
	d := open(t, address)
	warehousetest.Send(t, d, warehousetest.Started)
	for name, call := range map[string]destination.Call{
		"no id":         {JSON: []byte(`{"type":"track"}`)},
		"no object":     {MessageID: "a", JSON: []byte(`[]`)},
		"no JSON":       {MessageID: "a", JSON: []byte(`{"type":"track","properties":{"a":tru}}`)},
		"unknown type":  {MessageID: "a", JSON: []byte(`{"type":"secret"}`)},
		"id too large":  {MessageID: incompressible(9000), JSON: []byte(`{"type":"track"}`)},
		"nested deeply": {MessageID: "a", JSON: []byte(`{"type":"track","properties":{"secret":` + strings.Repeat("[", 9990) + strings.Repeat("]", 9990) + `}}`)},
	} {
		err := d.Send(t.Context(), destination.Attempt{SentAt: warehousetest.Nine, Calls: []destination.Call{call}})
		if name == "nested deeply" && err == nil {
			continue // this server has the stack for it
		}
		if destinationtest.Class(err) != "refusal" || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %s (%.200v), want a refusal", name, destinationtest.Class(err), err)
		}
	}
	warehousetest.Send(t, d, warehousetest.Identify(1, "u", `{}`))
	if got := query(t, db, "select (select count(*) from live_chat.tracks where id <> 'a'), (select count(*) from live_chat.users)"); got != "1|1" {
		t.Errorf("beside the refusals: got %s, want 1|1", got)
	}
}

// incompressible is text that an index cannot make small.
func incompressible(n int) string {
	var b strings.Builder
	for x := uint32(1); b.Len() < n; {
		x = x*1664525 + 1013904223
		b.WriteByte("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"[x>>26])
	}
	return b.String()
}

func TestSettings(t *testing.T) {
	for want, s := range map[string]Settings{
		"url: is missing":  {Schema: "live_chat"},
		"url: is no":       {URL: "postgres://u:hidden@host:port/db", Schema: "live_chat"},
		"schema: must be":  {URL: "postgres://u:hidden@host/db", Schema: "Live Chat"},
		"schema: must be ": {URL: "postgres://u:hidden@host/db", Schema: "pg_chat"},
	} {
		if _, err := Open(s); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("got %v, want one that says %s", err, want)
		}
	}
	place := func(url, schema string) string { return Type().Place(&Settings{strictyaml.Secret(url), schema}) }
	a := place("postgres://u:hidden@host/db", "x")
	if a != place("postgresql://v:other@host:5432/db?sslmode=disable", "x") || a == place("postgres://u:hidden@host/db", "y") || strings.Contains(a, "hidden") {
		t.Errorf("place: got %s", a)
	}
}
