//go:build unix

package clickhouse

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination/destinationtest"
	"github.com/parlance-chat/parlance/destination/tracking"
	"github.com/parlance-chat/parlance/destination/warehouse/warehousetest"
	"github.com/parlance-chat/parlance/internal/listentest"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

const config = `<yandex>
<logger><level>none</level><console>1</console></logger>
<http_port>%d</http_port><listen_host>127.0.0.1</listen_host>
<path>%[2]s/data/</path><tmp_path>%[2]s/tmp/</tmp_path><users_config>%[2]s/users.xml</users_config>
<default_profile>default</default_profile><default_database>default</default_database><mark_cache_size>100000000</mark_cache_size>
</yandex>`

const users = `<yandex><profiles><default></default><reader><readonly>1</readonly></reader></profiles><quotas><default></default></quotas><users>
<parlance><password>right</password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota></parlance>
<reader><password>right</password><networks><ip>::/0</ip></networks><profile>reader</profile><quota>default</quota></reader>
</users></yandex>`

// server starts a whole server, of whatever age, and returns its address.
func server(t *testing.T) string {
	t.Helper()
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin")
	program, err := exec.LookPath("clickhouse-server")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("no ClickHouse server here: run scripts/need-clickhouse first")
		}
		t.Skip("no ClickHouse server here: run scripts/need-clickhouse, or install one")
	}
	port, dir := listentest.Port(t), t.TempDir()
	for name, text := range map[string]string{"config.xml": fmt.Sprintf(config, port, dir), "users.xml": users} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, "--config-file="+filepath.Join(dir, "config.xml"))
	cmd.Dir = dir
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may be dead
		_ = cmd.Wait()
	})
	for range 300 {
		if resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/ping", port)); err == nil {
			resp.Body.Close()
			return fmt.Sprintf("127.0.0.1:%d", port)
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the server does not answer within 30 s")
	return ""
}

// The engine of the other tests has no HTTP interface of its own. A server that
// has one understands our requests, and what it says is understood. Debian's is
// too old for our tables, and is told so.
func TestServer(t *testing.T) {
	host := server(t)
	open := func(user string) *Destination {
		d, err := Open(Settings{URL: strictyaml.Secret("http://" + user + "@" + host), Database: "live_chat"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Close() })
		return d
	}
	for _, tt := range []struct{ user, says string }{
		{"parlance:hidden", "are user and password in url right"},
		{"nobody:hidden", "are user and password in url right"},
	} {
		err := open(tt.user).Send(t.Context(), warehousetest.Attempt(warehousetest.Started))
		if destinationtest.Class(err) != "pause" || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: got %v, want a pause that says %q", tt.user, err, tt.says)
		}
	}
	c := connection{d: open("parlance:right")}
	version, err := single(t.Context(), c, "select version() as Value")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.d.Send(t.Context(), warehousetest.Attempt(warehousetest.Started)); old(version) != (destinationtest.Class(err) == "pause") || err != nil && !strings.Contains(err.Error(), "too old") {
		t.Errorf("ClickHouse %s: got %v", version, err)
	}

	const create = "create table default.t (id String, received_at DateTime, n Nullable(Int64)) engine = ReplacingMergeTree(received_at) order by id"
	if err := c.exec(t.Context(), create); err != nil {
		t.Fatal(err)
	}
	insert := func(d *Destination, table, row string) error {
		body, err := tracking.Compress(func(w io.Writer) error { _, err := io.WriteString(w, row); return err })
		if err != nil {
			t.Fatal(err)
		}
		_, err = connection{d: d}.do(t.Context(), request{statement: "insert into " + table + " (id, received_at, n) format JSONEachRow", body: body, most: maxSaid})
		return err
	}
	const row = `{"id":"a\t\"é","received_at":"2026-03-02 09:00:0%d","n":%d}` + "\n"
	for i := range 3 {
		if err := insert(c.d, "default.t", fmt.Sprintf(row, i, i)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := query[struct {
		ID string `json:"id"`
		N  any    `json:"n"`
	}](t.Context(), c, "select id, n from default.t final", nil)
	if err != nil || len(got) != 1 || got[0].ID != "a\t\"é" || fmt.Sprint(got[0].N) != "2" {
		t.Errorf("got %+v, %v, want the row received last", got, err)
	}
	for name, tt := range map[string]struct {
		user, table, row, want string
	}{
		"a value":      {"parlance:right", "default.t", `{"id":"x","received_at":"hidden","n":1}`, "refusal"},
		"no table":     {"parlance:right", "default.u", row, "again"},
		"no database":  {"parlance:right", "nowhere.t", row, "again"},
		"no right":     {"reader:right", "default.t", row, "pause"},
		"no JSON":      {"parlance:right", "default.t", `{"id":`, "refusal"},
		"other column": {"parlance:right", "default.t", `{"what":"hidden"}`, "refusal"},
	} {
		err := insert(open(tt.user), tt.table, strings.NewReplacer("%d", "1").Replace(tt.row))
		if destinationtest.Class(err) != tt.want || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: got %s (%v), want %s", name, destinationtest.Class(err), err, tt.want)
		}
	}
}
