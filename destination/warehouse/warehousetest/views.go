package warehousetest

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// history is what happened in some conversations, in lines: seconds after Nine,
// conversation, what happened, agent (of whom bot-… are bots), and the duration.
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

// History returns the calls that tell of it, in no order, as after an outage or
// a replay.
func History() (calls []string) {
	names := map[string]string{"started": "Conversation Started", "ended": "Conversation Ended", "sent": "Message Sent", "received": "Message Received"}
	for i, line := range strings.Split(strings.TrimSpace(history), "\n") {
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
			names[f[2]], i, Nine.Add(time.Duration(second)*time.Second).Format("2006-01-02T15:04:05Z"), properties, kind))
	}
	for i := range calls {
		calls[i], calls[(i*7)%len(calls)] = calls[(i*7)%len(calls)], calls[i]
	}
	return calls
}

// answers are what views must say of the history, with | between values, true
// and false, and numbers without zeros at their end.
var answers = []struct{ view, columns, want string }{
	{"live_chat_first_responses", "conversation_id, session, leg, reopened, response_seconds, agent_id, bot_response_seconds, bot_id", `
answered|1|1|false|60|ann|20|bot-1
answered|1|2|true|30|bob||
dropped|1|1|false|10|ann||
missed|1|1|false||||
proactive|1|1|false|5|ann||
thread|1|1|false|30|bob||
thread|2|1|false|100|bob||`},
	{"live_chat_conversations", `conversation_id, session, case when started_at is null then '?' else 'started' end, is_ended, closings, reopenings, first_response_seconds, first_bot_response_seconds,
		first_duration_seconds, duration_seconds, customer_messages, people_messages, bot_messages, missed, dropped, agent_id, agent_name, user_id, source`, `
answered|1|started|true|2|1|60|20|200|1100|3|3|1|false|false|bob|Name of bob|u|support
dropped|1|started|true|1|0|10||30|30|2|1|0|false|true|ann|Name of ann|u|support
late|1|?|false|0|0|||||1|1|0|false|false|ann|Name of ann|u|support
missed|1|started|true|1|0|||50|50|1|0|0|true|true|||u|support
never|1|?|false|0|0|||||0|1|0|false|false|ann|Name of ann|u|support
proactive|1|started|false|0|0|5||||1|2|0|false|false|ann|Name of ann|u|support
thread|1|started|false|0|0|30||||1|1|0|false|false|bob|Name of bob|u|support
thread|2|started|false|0|0|100||||1|1|0|false|false|bob|Name of bob|u|support`},
	{"live_chat_agents", `agent_type, agent_id, agent_name, agent_username, conversations, messages, first_responses, median_first_response_seconds, p90_first_response_seconds,
		average_first_response_seconds, closings, median_duration_seconds, average_duration_seconds, source`, `
bot|bot-1|Name of bot-1||1|1|1|20|20|20|0|||support
human|ann|Name of ann||5|6|3|10|50|25|2|115|115|support
human|bob|Name of bob||3|4|3|30|86|53.333|1|1100|1100|support`},
	{"live_chat_days", `day, source, started, reopenings, closings, missed, dropped, sent, received_from_people, received_from_bots, waits, first_responses,
		median_first_response_seconds, p90_first_response_seconds, p99_first_response_seconds, average_first_response_seconds, bot_first_responses,
		median_bot_first_response_seconds, average_bot_first_response_seconds, median_duration_seconds, round(p90_duration_seconds), average_duration_seconds`, `
2026-03-02|support|5|1|4|1|2|9|9|1|6|5|30|48|58.8|27|1|20|20|125|830|345
2026-03-03|support|1|0|0|0|0|1|1|0|1|1|100|100|100|100|0|||||`},
	{"live_chat_timeline", "conversation_id, session, leg, conversation_duration, rank, kind, agent_type, agent_id, message_id", `
answered|1|1|0|1|started|||m0
answered|1|1|0|2|sent|||m0
answered|1|1|20|3|received|bot|bot-1|m20
answered|1|1|60|3|received|human|ann|m60
answered|1|1|90|2|sent|||m90
answered|1|1|100|3|received|human|bob|m100
answered|1|1|200|4|ended|human|ann|m200
answered|1|2|1000|2|sent|||m1000
answered|1|2|1030|3|received|human|bob|m1030
answered|1|2|1100|4|ended|human|bob|m1100
dropped|1|1|0|1|started|||m0
dropped|1|1|0|2|sent|||m0
dropped|1|1|10|3|received|human|ann|m10
dropped|1|1|20|2|sent|||m20
dropped|1|1|30|4|ended|human|ann|m30
late|1|1|7|2|sent|||m7
late|1|1|9|3|received|human|ann|m9
missed|1|1|0|1|started|||m0
missed|1|1|0|2|sent|||m0
missed|1|1|50|4|ended|human||m50
never|1|1|0|3|received|human|ann|m0
proactive|1|1|0|1|started|||m40
proactive|1|1|0|2|sent|||m40
proactive|1|1|0|3|received|human|ann|m0
proactive|1|1|5|3|received|human|ann|m45
thread|1|1|0|1|started|||m0
thread|1|1|0|2|sent|||m0
thread|1|1|30|3|received|human|bob|m30
thread|2|1|0|1|started|||m86400
thread|2|1|0|2|sent|||m86400
thread|2|1|100|3|received|human|bob|m86500`},
}

// TestViews asks the views of the history, some of which comes twice.
func TestViews(t *testing.T, w Warehouse) {
	d := w.Open()
	Send(t, d, `{"type":"page"}`) // which makes the tables
	for _, a := range answers {
		if got := w.Query("select count(*) from {schema}." + a.view); got != "0" {
			t.Errorf("%s: got %s rows before there was anything, want 0", a.view, got)
		}
	}
	calls := History()
	Send(t, d, calls...)
	Send(t, d, calls[1:]...) // as after a replay
	for _, a := range answers {
		if got := "\n" + w.Query("select "+a.columns+" from {schema}."+a.view+" order by 1, 2, 3, 4, 5"); got != a.want {
			t.Errorf("%s: got%s\nwant%s", a.view, got, a.want)
		}
	}
}
