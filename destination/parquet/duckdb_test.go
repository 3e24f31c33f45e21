package parquet

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/warehouse/warehousetest"
	"github.com/parlance-chat/parlance/internal/npmtest"
)

// DuckDB reads what destination parquet writes, and the views that are shipped
// say what they must. Then all of it comes again, as in a replay, and they say
// the same.
func TestDuckDB(t *testing.T) {
	dir := npmtest.Install(t, "testdata")
	npmtest.Copy(t, "testdata/duckdb.mjs", dir)
	lake, database := t.TempDir(), filepath.Join(t.TempDir(), "lake.duckdb")
	sql, err := os.ReadFile("duckdb.sql")
	if err != nil {
		t.Fatal(err)
	}
	open := func() destination.Destination {
		d := local(t, lake)
		d.remembered = 0 // a replay is of what was long ago
		return d
	}
	query := func(sql string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "node", "duckdb.mjs", database, strings.ReplaceAll(sql, "{schema}", "main"))
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return strings.TrimSuffix(string(out), "\n")
	}
	shipped := strings.ReplaceAll(string(sql), "LAKE", lake)
	made := false
	warehousetest.TestViews(t, warehousetest.Warehouse{Open: open, Query: func(sql string) string {
		if !made {
			made = true
			query(shipped) // once there are files
		}
		return query(sql)
	}})
	before := query("select * from live_chat_days order by 1, 2")
	for _, id := range []string{"one", "another"} { // the last two attempts would be recognised
		warehousetest.Send(t, open(), `{"type":"page","messageId":"`+id+`"}`)
	}
	warehousetest.Send(t, open(), warehousetest.History()[3:20]...)
	if after := query("select * from live_chat_days order by 1, 2"); after != before {
		t.Errorf("after a replay: got\n%s\nwant\n%s", after, before)
	}
	if got := query("select count(*) - (select count(*) from live_chat_message_sent) > 0 from live_chat_message_sent_files"); got != "true" {
		t.Error("the replay left no rows, and shows nothing")
	}
	warehousetest.Send(t, open(), warehousetest.Identify(1, "u", `{"name":"Una","email":"una@example.com"}`), warehousetest.Identify(2, "u", `{"name":"Una May"}`))
	if got, want := query("select id, name, email, date from users join (select distinct date from identifies) on true"), "u|Una May|una@example.com|2026-03-02"; got != want {
		t.Errorf("users: got %s, want %s", got, want)
	}
}
