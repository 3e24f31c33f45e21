package warehouse

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination"
)

var nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func attempt(calls ...string) destination.Attempt {
	a := destination.Attempt{SentAt: nine}
	for i, c := range calls {
		a.Calls = append(a.Calls, destination.Call{MessageID: fmt.Sprintf("id-%d", i), JSON: []byte(c)})
	}
	return a
}

// tell writes the rows of a table with the columns that are filled.
func tell(l *Layout, rows [][][]any, table string) string {
	var out []string
	t := l.Tables[l.index[table]]
	for _, row := range rows[l.index[table]] {
		var line []string
		for i, v := range row {
			switch v := v.(type) {
			case nil:
			case []byte:
				line = append(line, t.Columns[i].Name+"="+string(v))
			case time.Time:
				line = append(line, t.Columns[i].Name+"="+v.Format("15:04:05.000"))
			default:
				line = append(line, fmt.Sprintf("%s=%v", t.Columns[i].Name, v))
			}
		}
		out = append(out, strings.Join(line, " "))
	}
	return strings.Join(out, "\n")
}

const (
	sent = `{"type":"track","userId":"u","event":"Live Chat Message Sent","timestamp":"2026-03-02T08:59:59.5Z","sentAt":"2026-03-02T09:00:00Z",
"properties":{"conversation_id":17,"conversation_duration":5,"messageBody":"b","message_body":"a","z":1,"y":{"b":1e9999,"a":"\u0000"},"user_id":"x"},
"context":{"live_chat":{"channel":"chat","further":true},"ip":"::1","os":"z"}}`
	identify = `{"type":"identify","userId":"u","timestamp":"2026-03-02T08:00:0%dZ","traits":%s}`
)

// Each call has its row, and what has no column stays beside those that do.
func TestRows(t *testing.T) {
	l := New()
	rows, err := l.Rows(attempt(sent, fmt.Sprintf(identify, 2, `{"name":"new"}`), fmt.Sprintf(identify, 1, `{"name":"old","email":"e","plan":"x"}`)))
	if err != nil {
		t.Fatal(err)
	}
	times := " received_at=09:00:00.000 user_id=u original_timestamp="
	for table, want := range map[string]string{
		"live_chat_message_sent": "id=id-0" + times + `08:59:59.500 sent_at=09:00:00.000 timestamp=08:59:59.500 context_live_chat_channel=chat context_ip=::1 ` +
			`context={"live_chat":{"further":true},"os":"z"} event=live_chat_message_sent event_text=Live Chat Message Sent conversation_duration=5 conversation_id=17 ` +
			`message_body=b properties={"message_body":"a","user_id":"x","y":{"b":"1e9999","a":"` + "\uFFFD" + `"},"z":1}`,
		Tracks: "id=id-0" + times + `08:59:59.500 sent_at=09:00:00.000 timestamp=08:59:59.500 context_live_chat_channel=chat context_ip=::1 ` +
			`context={"live_chat":{"further":true},"os":"z"} event=live_chat_message_sent event_text=Live Chat Message Sent`,
		Identifies: "id=id-1" + times + "08:00:02.000 timestamp=08:00:02.000 name=new\nid=id-2" + times + `08:00:01.000 timestamp=08:00:01.000 email=e name=old traits={"plan":"x"}`,
		Users:      `id=u received_at=09:00:00.000 timestamp=08:00:02.000 email=e name=new traits={"plan":"x"}`,
	} {
		if got := tell(l, rows, table); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", table, got, want)
		}
	}
}

// The same calls give the same rows, and every value is of its column's kind.
func TestSameRows(t *testing.T) {
	l := New()
	first, _ := l.Rows(attempt(sent, fmt.Sprintf(identify, 2, `{"a":1,"b":2,"c":3,"firstName":"x","first_name":"y"}`)))
	for range 20 {
		again, err := l.Rows(attempt(sent, fmt.Sprintf(identify, 2, `{"a":1,"b":2,"c":3,"firstName":"x","first_name":"y"}`)))
		if err != nil || !reflect.DeepEqual(again, first) {
			t.Fatalf("got other rows (%v)", err)
		}
	}
	for i, table := range l.Tables {
		for _, row := range first[i] {
			for j, v := range row {
				ok := map[Kind]func() bool{
					Text:    func() bool { _, ok := v.(string); return ok },
					Integer: func() bool { _, ok := v.(int64); return ok },
					Time:    func() bool { _, ok := v.(time.Time); return ok },
					JSON:    func() bool { _, ok := v.([]byte); return ok },
				}[table.Columns[j].Kind]
				if v != nil && !ok() {
					t.Errorf("%s.%s: got %T", table.Name, table.Columns[j].Name, v)
				}
			}
		}
	}
}

func FuzzRows(f *testing.F) {
	for _, calls := range strange {
		for _, c := range calls {
			f.Add([]byte(c))
		}
	}
	l := New()
	f.Fuzz(func(t *testing.T, call []byte) {
		rows, err := l.Rows(destination.Attempt{SentAt: nine, Calls: []destination.Call{{MessageID: "a", JSON: call}}})
		if err != nil {
			if !errors.As(err, new(*destination.Refusal)) {
				t.Fatalf("got %v, want a refusal", err)
			}
			return
		}
		for i, table := range l.Tables {
			for _, row := range rows[i] {
				for j, v := range row {
					if b, ok := v.([]byte); ok && bytes.IndexByte(b, 0) >= 0 {
						t.Errorf("%s.%s holds NUL", table.Name, table.Columns[j].Name)
					}
				}
			}
		}
	})
}
