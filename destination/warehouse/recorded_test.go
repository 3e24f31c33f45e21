package warehouse

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata/rows.txt")

// strange are attempts of all that SDKs may send, and the calls of each.
var strange = [][]string{
	{sent},
	{`{"type":"group","groupId":9,"traits":[1]}`, `{"type":"group","groupId":"g","traits":{"name":"Acme","group_id":"h","plan":"pro"}}`},
	{`{"type":"page","name":"P","context":{"page":{"url":1,"x":"\ud800"}},"properties":{"name":"other","url":"u","Title":"t","path":null}}`},
	{
		`{"type":"identify","userId":"u","timestamp":"2026-03-02T08:00:01Z","traits":{"email":"e","firstName":"x","first_name":"y","plan":{"a":[1,"}",{"b":null}]},"age":42.50}}`,
		`{"type":"identify","userId":"u","timestamp":"2026-03-02 08:00:02","sentAt":"2026-03-02T08:00:02+02:00","traits":{"plan":1,"x":null,"name":"\u0000\\\""}}`,
		`{"type":"identify","userId":"","anonymousId":"a","traits":{"email":["e"]}}`,
	},
	{`{"type":"identify","userId":"u","traits":[1]}`, `{"type":"identify","userId":"u","traits":[2]}`},
	{` { "type" : "screen" , "name":"N","category":["c"],"properties":{"name":"x","title":"t","n":-0.0,"m":1E400,"o":1E4000,"k":true} ,
		"context":{"integration":{"name":"x","v":{}},"live_chat":{"agent_type":{"a":1},"Agent Type":"h"},"page":{},"campaign":[],"library":"l",
		"userAgent":"u","user_agent":"v","ip":null,"ip":"1","page_path":"/"}} `},
	{`{"type":"alias","previousId":17,"userId":"","userId":"v"}`, `{"type":"alias","previousId":"p","previousId":null}`},
	{`{"type":"track","event":5,"properties":{"a":1}}`, `{"type":"track","event":"Order Completed","properties":"p","context":7}`, `{"type":"track"}`},
	{`{"type":"track","event":"Live Chat Conversation Ended","sentAt":"2026-03-02T09:00:10Z","timestamp":"2026-03-02T09:00:00Z",
		"properties":{"conversation_duration":1.5,"agentId":1e3,"conversation_id":null}}`},
	{`{"type":"track","event":"Live Chat Message Received","properties":{"conversation_duration":-7,"conversationDuration":9223372036854775808,"\u0061gent_id":"7"}}`},
	{"{\"type\":\"page\",\"name\":\"\xff\xfe\",\"\xff\":1,\"properties\":{\"\xff\\u0061\":\"\xff\",\"a\":{\"\xff\":1}}}"},
	{`{"type":"page"}x`}, {`{"type":"page","properties":{"a":tru}}`}, {`{"type":"other"}`}, {`[]`}, {``},
}

// Rows are as they were when they were recorded, whatever makes them faster.
func TestRecordedRows(t *testing.T) {
	const path = "testdata/rows.txt"
	var out strings.Builder
	l := New()
	for _, calls := range strange {
		for _, c := range calls {
			fmt.Fprintf(&out, "%q\n", c)
		}
		rows, err := l.Rows(attempt(calls...))
		if err != nil {
			fmt.Fprintf(&out, "\t%v\n", err)
			continue
		}
		for _, table := range l.Tables {
			for line := range strings.Lines(tell(l, rows, table.Name)) {
				fmt.Fprintf(&out, "\t%s %s\n", table.Name, strings.TrimSuffix(line, "\n"))
			}
		}
	}
	if *update {
		if err := os.WriteFile(path, []byte(out.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		t.Errorf("rows differ from %s; got\n%s", path, out.String())
	}
}
