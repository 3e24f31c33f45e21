package clickhouse

import (
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
	"github.com/parlance-chat/parlance/destination/warehouse/warehousetest"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// check asks what is there.
func (db database) check(t *testing.T, want map[string]string) {
	t.Helper()
	for statement, want := range want {
		if got := db.ask(t, statement); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", statement, got, want)
		}
	}
}

func TestDestination(t *testing.T) {
	db := newDatabase(t)
	destinationtest.Test(t, destinationtest.Harness{
		Type: Type(),
		Settings: func(*testing.T) any {
			s := db.settings()
			return &s
		},
		Received: func(t *testing.T) []string {
			rows := db.ask(t, `select format('{{"type":"track","userId":"{}","event":{},"messageId":"{}","sentAt":"{}"}}', assumeNotNull(user_id),
				replace(toJSONString(assumeNotNull(event_text)), 'é', '\\u00e9'), id, formatDateTime(assumeNotNull(sent_at), '%Y-%m-%dT%H:%i:%SZ'))
				from {db}.tracks order by sent_at, toUInt32(splitByChar('.', id)[2]) format TSVRaw`)
			return strings.Split(rows, "\n")
		},
	})
}

// Columns are Segment's, types are fixed, and nothing is lost.
func TestColumns(t *testing.T) {
	db := newDatabase(t)
	warehousetest.Send(t, db.open(t), warehousetest.Started)
	db.check(t, map[string]string{
		`select id, user_id, anonymous_id, event, event_text, agent_id, agent_name, agent_username, conversation_duration, conversation_id, message_body, message_id
			from {db}.live_chat_conversation_started`: "e1|u1|a1|live_chat_conversation_started|Live Chat Conversation Started|7|Ann Lee|ann|0|17|2024-05-01|m1",
		`select received_at, sent_at, original_timestamp, timestamp, uuid_ts > now() - 60 from {db}.live_chat_conversation_started`: "2026-03-02 10:00:00.000|2026-03-02 10:00:00.000|2026-03-02 09:00:00.250|2026-03-02 09:00:00.250|1",
		`select context_integration_name, context_library_name, context_live_chat_agent_type, context_live_chat_source, context_user_agent, context_page_url, context
			from {db}.live_chat_conversation_started format TSVRaw`: `Chatwoot|parlance|human|support|Mozilla|https://example.com/a|{"live_chat":{"further":1},"os":{"name":"x"}}`,
		`select properties, JSONExtractString(properties, 'campaign') from {db}.live_chat_conversation_started format TSVRaw`: `{"campaign":"spring","user_id":"x"}|spring`,
		`select id, event, event_text, user_id, context_live_chat_channel, properties is null from {db}.tracks`:               "e1|live_chat_conversation_started|Live Chat Conversation Started|u1|chat|1",
		`select name, type from system.columns where database = '{db}' and table = 'live_chat_message_sent' and name in
			('id', 'received_at', 'sent_at', 'conversation_duration', 'message_body', 'event', 'properties') order by 1 format TSVRaw`: "conversation_duration|Nullable(Int64)\nevent|LowCardinality(Nullable(String))\nid|String\n" +
			"message_body|Nullable(String)\nproperties|Nullable(String)\nreceived_at|DateTime64(3, 'UTC')\nsent_at|Nullable(DateTime64(3, 'UTC'))",
	})
}

// Texts, numbers and times come out as they went in, or as near as can be.
func TestStrangeValues(t *testing.T) {
	db := newDatabase(t)
	warehousetest.Send(t, db.open(t),
		`{"type":"track","event":"Live Chat Message Sent","properties":{"message_body":"a\u0000b\ud800c`+"\xff"+`\t\\\"'\n{x:String}","conversation_duration":"12",
			"k\u0000":["\u0000",1e999999,12345678901234567890123456789,{"a":1,"a":2}],"message_id":17,"agent_id":true,"agent_name":{"x":[1]},"conversation_id":null}}`,
		`{"type":"track","event":"Live Chat Message Sent","messageId":"big","properties":{"conversation_duration":9223372036854775807}}`,
		`{"type":"track","event":"a","messageId":"old","timestamp":"0001-01-01T00:00:00Z"}`,
		`{"type":"track","event":"a","messageId":"new","timestamp":"9999-12-31T00:00:00Z"}`,
		`{"type":"track","event":"`+strings.Repeat("long", 5000)+`","userId":"","messageId":"long","timestamp":"soon"}`)
	db.check(t, map[string]string{
		"select message_body, message_id, agent_id, agent_name, conversation_id is null, conversation_duration is null from {db}.live_chat_message_sent where id = 'id-0' format TSVRaw": "a\uFFFDb\uFFFDc\uFFFD|\\\"'\n{x:String}|17|true|{\"x\":[1]}|1|1",
		"select properties from {db}.live_chat_message_sent where id = 'id-0' format TSVRaw":                                                                                             "{\"conversation_duration\":\"12\",\"k\uFFFD\":[\"\uFFFD\",\"1e999999\",12345678901234567890123456789,{\"a\":1,\"a\":2}]}",
		"select conversation_duration from {db}.live_chat_message_sent where id = 'big'":                                                                                                 "9223372036854775807",
		"select original_timestamp from {db}.tracks where id in ('old', 'new') order by 1":                                                                                               "1900-01-01 00:00:00.000\n2299-12-31 23:59:59.999",
		"select user_id is null, timestamp = received_at, length(event_text) from {db}.tracks where id = 'long'":                                                                         "1|1|20000",
	})
}

// What it cannot keep at all is refused alone, without anybody's words.
func TestRefusals(t *testing.T) {
	db := newDatabase(t)
	d := db.open(t)
	for name, call := range map[string]destination.Call{
		"no id":        {JSON: []byte(`{"type":"track"}`)},
		"no object":    {MessageID: "a", JSON: []byte(`[]`)},
		"no JSON":      {MessageID: "a", JSON: []byte(`{"type":"track","properties":{"a":tru}}`)},
		"unknown type": {MessageID: "a", JSON: []byte(`{"type":"secret"}`)},
	} {
		err := d.Send(t.Context(), destination.Attempt{SentAt: warehousetest.Nine, Calls: []destination.Call{call}})
		if destinationtest.Class(err) != "refusal" || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %s (%.200v), want a refusal", name, destinationtest.Class(err), err)
		}
	}
}

// asWarehouse returns a database for tests of every warehouse, which asks with a
// setting.
func asWarehouse(t *testing.T, setting string) warehousetest.Warehouse {
	db := newDatabase(t)
	return warehousetest.Warehouse{
		Open: func() destination.Destination { return db.open(t) },
		Query: func(sql string) string {
			return db.ask(t, strings.ReplaceAll(sql, "{schema}", "{db}"), "session_timezone=UTC", setting)
		},
	}
}

func TestWarehouse(t *testing.T) {
	warehousetest.Test(t, func(t *testing.T) warehousetest.Warehouse { return asWarehouse(t, "final=0") })
}

// The views say the same whatever who asks has set.
func TestViews(t *testing.T) {
	for _, setting := range []string{"join_use_nulls=1", "final=1", "enable_analyzer=0"} {
		t.Run(setting, func(t *testing.T) { warehousetest.TestViews(t, asWarehouse(t, setting)) })
	}
}

// Days are those of who asks.
func TestDays(t *testing.T) {
	db := newDatabase(t)
	warehousetest.Send(t, db.open(t), warehousetest.History()...)
	for zone, want := range map[string]string{"UTC": "2026-03-02 2026-03-03", "Asia/Tokyo": "2026-03-02 2026-03-03", "Pacific/Honolulu": "2026-03-01 2026-03-02"} {
		if got := db.ask(t, "select arrayStringConcat(arraySort(groupArray(toString(day))), ' ') from {db}.live_chat_days", "session_timezone="+zone); got != want {
			t.Errorf("%s: got %s, want %s", zone, got, want)
		}
	}
}

func TestSettings(t *testing.T) {
	destinationtest.TestSettings(t, Open, map[string]Settings{
		"url: is missing":                  {Database: "live_chat"},
		"url: is no address":               {URL: "clickhouse://u:hidden@host:9000", Database: "live_chat"},
		"url: port 9440":                   {URL: "https://u:hidden@host:9440", Database: "live_chat"},
		"database: must be":                {URL: "https://u:hidden@host:8443", Database: "Live Chat"},
		"database: must be a name such as": {URL: "https://u:hidden@host:8443", Database: "system"},
	}, "hidden")
	place := func(url, database string) string { return Type().Place(&Settings{strictyaml.Secret(url), database}) }
	a := place("https://u:hidden@host", "x")
	if a != place("https://v:other@host:443", "x") || a == place("https://u:hidden@host", "y") || strings.Contains(a, "hidden") {
		t.Errorf("place: got %s", a)
	}
}

// The order of what a call holds, and when it was sent, change no token; what
// it says does.
func TestToken(t *testing.T) {
	l := newLayout("x")
	of := func(at time.Time, call string) string {
		rows, err := l.Rows(destination.Attempt{SentAt: at, Calls: []destination.Call{{MessageID: "a", JSON: []byte(call)}}})
		if err != nil {
			t.Fatal(err)
		}
		for i, table := range l.Tables {
			if table.Name == "tracks" {
				return token(table, rows[i])
			}
		}
		return ""
	}
	a := of(warehousetest.Nine, `{"type":"track","event":"x","userId":"u","properties":{"a":1,"b":2},"sentAt":"2026-03-02T09:00:00Z","timestamp":"2026-03-02T08:00:00Z"}`)
	if b := of(warehousetest.Nine.Add(time.Minute), `{"type":"track","event":"x","properties":{"b":2,"a":1},"userId":"u","sentAt":"2026-03-02T09:01:00Z","timestamp":"2026-03-02T08:00:00Z"}`); a != b {
		t.Error("a repetition has another token")
	}
	if b := of(warehousetest.Nine, `{"type":"track","event":"x","userId":"u","properties":{"a":1,"b":3},"sentAt":"2026-03-02T09:00:00Z","timestamp":"2026-03-02T08:00:00Z"}`); a == b {
		t.Error("another call has the same token")
	}
}
