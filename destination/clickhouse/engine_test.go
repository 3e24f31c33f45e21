package clickhouse

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/internal/listentest"
	"github.com/parlance-chat/parlance/internal/npmtest"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// An engine is a ClickHouse of its own, in a temporary directory: see
// testdata/engine.mjs.
type engine struct {
	dir  string
	port string
	cmd  *exec.Cmd
	in   io.Closer
}

// shared is the engine of all tests but those that stop theirs. TestMain ends it.
var shared struct {
	once sync.Once
	*engine
	err error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.engine != nil {
		shared.kill()
		_ = os.RemoveAll(shared.dir)
	}
	os.Exit(code)
}

// packages returns where chDB is.
func packages(t testing.TB) string {
	t.Helper()
	dir := npmtest.Install(t, "testdata")
	if found, _ := filepath.Glob(filepath.Join(dir, "node_modules", "@chdb", "lib-*")); len(found) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("chDB has no engine for this kind of machine, and in CI nothing skips")
		}
		t.Skip("chDB has no engine for this kind of machine")
	}
	return dir
}

// startEngine makes one that listens at a port; "0" is any.
func startEngine(packages, port string) (*engine, error) {
	dir, err := os.MkdirTemp("", "parlance-clickhouse-")
	if err != nil {
		return nil, err
	}
	e := &engine{dir: dir, port: port}
	return e, e.start(packages)
}

// start starts it where its data are, at its port.
func (e *engine) start(packages string) error {
	program, err := filepath.Abs("testdata/engine.mjs")
	if err != nil {
		return err
	}
	e.cmd = exec.Command("node", program, filepath.Join(e.dir, "data"), e.port)
	e.cmd.Dir, e.cmd.Stderr = packages, os.Stderr
	if e.in, err = e.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := e.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := e.cmd.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return fmt.Errorf("the engine does not say where it listens: %w", err)
	}
	e.port = strings.TrimSpace(line)
	return nil
}

// kill ends it as a crash does.
func (e *engine) kill() {
	_ = e.cmd.Process.Kill() // it may be dead
	_ = e.cmd.Wait()
	e.in.Close()
}

func (e *engine) address(user string) string { return "http://" + user + "@127.0.0.1:" + e.port }

// own returns an engine that a test may stop.
func own(t *testing.T) *engine {
	t.Helper()
	e, err := startEngine(packages(t), fmt.Sprint(listentest.Port(t)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		e.kill()
		_ = os.RemoveAll(e.dir)
	})
	return e
}

// A database is one that no other test has.
type database struct {
	address string // of its server
	name    string
}

func newDatabase(t testing.TB) database {
	t.Helper()
	installed := packages(t)
	shared.once.Do(func() { shared.engine, shared.err = startEngine(installed, "0") })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return database{shared.address("parlance:right"), "t" + strconv.FormatInt(time.Now().UnixNano(), 36)}
}

func (db database) settings() Settings {
	return Settings{URL: strictyaml.Secret(db.address), Database: db.name}
}

func (db database) open(t testing.TB) *Destination {
	t.Helper()
	d, err := Open(db.settings())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// ask runs a statement, in which {db} is the database, and returns what it says
// with | between values.
func (db database) ask(t testing.TB, statement string, settings ...string) string {
	t.Helper()
	q := url.Values{"query": {strings.ReplaceAll(statement, "{db}", db.name)}}
	for _, s := range settings {
		name, value, _ := strings.Cut(s, "=")
		q.Set(name, value)
	}
	resp, err := http.Post(db.address+"/?"+q.Encode(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s (%v)", statement, resp.StatusCode, said, err)
	}
	return strings.NewReplacer("\t", "|", `\N`, "").Replace(strings.TrimSuffix(string(said), "\n"))
}
