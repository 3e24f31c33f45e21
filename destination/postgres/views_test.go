//go:build unix

package postgres

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// told sends conversations that are told in lines: seconds after nine,
// conversation, what happened, agent (of whom bot-… are bots), and the duration.
func told(t *testing.T, d *Destination, lines string) {
	t.Helper()
	names := map[string]string{"started": "Conversation Started", "ended": "Conversation Ended", "sent": "Message Sent", "received": "Message Received"}
	var calls []string
	for i, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		f := append(strings.Fields(line), "", "")
		var second, duration int
		_, _ = fmt.Sscan(f[0], &second)
		_, _ = fmt.Sscan(f[4], &duration)
		// Started is about the same message as the Sent beside it.
		properties := fmt.Sprintf(`"conversation_id":%q,"message_id":"m%d","conversation_duration":%d`, f[1], second, duration)
		kind := "human"
		if strings.HasPrefix(f[3], "bot") {
			kind = "bot"
		}
		if f[3] != "" && f[3] != "-" {
			properties += fmt.Sprintf(`,"agent_id":%q,"agent_name":"Name of %s"`, f[3], f[3])
		}
		calls = append(calls, fmt.Sprintf(`{"type":"track","userId":"u","event":"Live Chat %s","messageId":"v%d","timestamp":%q,"properties":{%s},"context":{"live_chat":{"agent_type":%q,"source":"support"}}}`,
			names[f[2]], i, nine.Add(time.Duration(second)*time.Second).Format("2006-01-02T15:04:05Z"), properties, kind))
	}
	// In any order, as after an outage or a replay.
	for i := range calls {
		calls[i], calls[(i*7)%len(calls)] = calls[(i*7)%len(calls)], calls[i]
	}
	send(t, d, calls...)
}

const history = `
0 answered started
0 answered sent
20 answered received bot-1 20
60 answered received ann 60
90 answered sent - 90
100 answered received bob 100
200 answered ended ann 200
1000 answered sent - 1000
1030 answered received bob 1030
1100 answered ended bob 1100
0 missed started
0 missed sent
50 missed ended - 50
0 dropped started
0 dropped sent
10 dropped received ann 10
20 dropped sent - 20
30 dropped ended ann 30
0 proactive received ann 0
40 proactive started
40 proactive sent
45 proactive received ann 5
0 never received ann 0
0 thread started
0 thread sent
30 thread received bob 30
86400 thread started
86400 thread sent
86500 thread received bob 100
7 late sent - 7
9 late received ann 9
`

// The views say what reports ask first, however conversations went.
func TestViews(t *testing.T) {
	address, db := database(t)
	told(t, open(t, address), history)
	run(t, db, "set timezone to 'UTC'")
	for _, tt := range []struct{ name, sql, want string }{
		{"first responses", `select conversation_id, session, leg, reopened, response_seconds::float, agent_id, bot_response_seconds::float, bot_id
			from live_chat.live_chat_first_responses order by 1, 2, 3`, `
answered|1|1|f|60|ann|20|bot-1
answered|1|2|t|30|bob||
dropped|1|1|f|10|ann||
missed|1|1|f||||
proactive|1|1|f|5|ann||
thread|1|1|f|30|bob||
thread|2|1|f|100|bob||`},
		{"conversations", `select conversation_id, session, started_at is not null, is_ended, closings, reopenings, first_response_seconds::float, first_bot_response_seconds::float,
			first_duration_seconds, duration_seconds, customer_messages, people_messages, bot_messages, missed, dropped, agent_id, agent_name, user_id
			from live_chat.live_chat_conversations order by 1, 2`, `
answered|1|t|t|2|1|60|20|200|1100|3|3|1|f|f|bob|Name of bob|u
dropped|1|t|t|1|0|10||30|30|2|1|0|f|t|ann|Name of ann|u
late|1|f|f|0|0|||||1|1|0|f|f|ann|Name of ann|u
missed|1|t|t|1|0|||50|50|1|0|0|t|t|||u
never|1|f|f|0|0|||||0|1|0|f|f|ann|Name of ann|u
proactive|1|t|f|0|0|5||||1|2|0|f|f|ann|Name of ann|u
thread|1|t|f|0|0|30||||1|1|0|f|f|bob|Name of bob|u
thread|2|t|f|0|0|100||||1|1|0|f|f|bob|Name of bob|u`},
		{"agents", `select agent_type, agent_id, agent_name, conversations, messages, first_responses, median_first_response_seconds, average_first_response_seconds::float,
			closings, median_duration_seconds, average_duration_seconds::float from live_chat.live_chat_agents order by 1, 2`, `
bot|bot-1|Name of bot-1|1|1|1|20|20|0||
human|ann|Name of ann|5|6|3|10|25|2|115|115
human|bob|Name of bob|3|4|3|30|53.333|1|1100|1100`},
		{"days", `select day, source, started, reopenings, closings, missed, dropped, sent, received_from_people, received_from_bots, waits, first_responses,
			median_first_response_seconds, average_first_response_seconds::float, bot_first_responses, median_bot_first_response_seconds, median_duration_seconds
			from live_chat.live_chat_days`, `
2026-03-02|support|5|1|4|1|2|9|9|1|6|5|30|27|1|20|125
2026-03-03|support|1|0|0|0|0|1|1|0|1|1|100|100|0||`},
		{"another zone's days", `set timezone to 'Pacific/Kiritimati'; select day from live_chat.live_chat_days order by 1 limit 1`, "\n2026-03-02"},
	} {
		if got := "\n" + query(t, db, tt.sql); got != tt.want {
			t.Errorf("%s: got%s\nwant%s", tt.name, got, tt.want)
		}
	}
}

// Without events there is nothing to report, and no error.
func TestEmptyViews(t *testing.T) {
	address, db := database(t)
	send(t, open(t, address), `{"type":"page"}`)
	for _, v := range viewNames {
		if got := query(t, db, "select count(*) from live_chat."+pgx.Identifier{v}.Sanitize()); got != "0" {
			t.Errorf("%s: got %s rows, want 0", v, got)
		}
	}
}
