//go:build unix

package postgres

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/parlance-chat/parlance/internal/listentest"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// A server is a PostgreSQL of its own, in a temporary directory.
type server struct {
	dir, bin string
	port     int
	as       *syscall.SysProcAttr // PostgreSQL does not run as root
}

// shared is the server of all tests but those that stop theirs. TestMain ends it.
var shared struct {
	once sync.Once
	*server
	err error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.server != nil {
		_ = shared.stop("immediate")
		_ = os.RemoveAll(shared.dir)
	}
	os.Exit(code)
}

// binaries returns where initdb and pg_ctl are, or "".
func binaries() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if slices.Sort(found); len(found) > 0 {
		return filepath.Dir(found[len(found)-1])
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	return ""
}

func needServer(t testing.TB) {
	t.Helper()
	if _, err := user.Lookup("postgres"); binaries() != "" && (os.Getuid() != 0 || err == nil) {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("no PostgreSQL server here: run scripts/need-postgres first")
	}
	t.Skip("no PostgreSQL server here: run scripts/need-postgres, or install one")
}

// startServer makes a server and starts it.
func startServer(t testing.TB) (*server, error) {
	s := &server{bin: binaries()}
	var err error
	if s.dir, err = os.MkdirTemp("", "parlance-postgres-"); err != nil {
		return nil, err
	}
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			return nil, err
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		s.as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		if err := os.Chown(s.dir, uid, gid); err != nil {
			return nil, err
		}
	}
	if err := s.run("initdb", "-D", s.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"); err != nil {
		return nil, err
	}
	hba := "local all all trust\nhost all locked 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n"
	if err := os.WriteFile(filepath.Join(s.data(), "pg_hba.conf"), []byte(hba), 0o644); err != nil {
		return nil, err
	}
	s.port = listentest.Port(t)
	return s, s.start()
}

func (s *server) data() string { return filepath.Join(s.dir, "data") }

func (s *server) run(name string, args ...string) error {
	c := exec.Command(filepath.Join(s.bin, name), args...)
	c.Dir, c.SysProcAttr, c.Env = s.dir, s.as, []string{"LC_ALL=C", "PATH=/usr/bin:/bin"}
	// Not a pipe: the server would inherit it, and never close it.
	log, err := os.CreateTemp("", "parlance-postgres-log-")
	if err != nil {
		return err
	}
	defer os.Remove(log.Name())
	defer log.Close()
	c.Stdout, c.Stderr = log, log
	if err := c.Run(); err != nil {
		said, _ := os.ReadFile(log.Name())
		return fmt.Errorf("%s: %w: %s", name, err, said)
	}
	return nil
}

func (s *server) start() error {
	options := fmt.Sprintf("-c listen_addresses=127.0.0.1 -c port=%d -c unix_socket_directories=%s -c max_prepared_transactions=1 -c timezone=UTC", s.port, s.dir)
	return s.run("pg_ctl", "start", "-w", "-t", "120", "-D", s.data(), "-l", filepath.Join(s.dir, "log"), "-o", options)
}

func (s *server) stop(mode string) error {
	return s.run("pg_ctl", "stop", "-w", "-t", "120", "-m", mode, "-D", s.data())
}

func (s *server) address(user, database string) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable", user, s.port, database)
}

// own returns a server that a test may stop.
func own(t *testing.T) *server {
	t.Helper()
	needServer(t)
	s, err := startServer(t)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.stop("immediate") // it may be down
		_ = os.RemoveAll(s.dir)
	})
	return s
}

// database makes an empty database, and returns its address and a connection.
func database(t testing.TB) (string, *pgx.Conn) {
	t.Helper()
	needServer(t)
	shared.once.Do(func() { shared.server, shared.err = startServer(t) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	admin := connect(t, shared.address("postgres", "postgres"))
	name := "t" + strconv.FormatInt(time.Now().UnixNano(), 36)
	run(t, admin, "create database "+name)
	address := shared.address("postgres", name)
	return address, connect(t, address)
}

func connect(t testing.TB, address string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func run(t testing.TB, c *pgx.Conn, sql string) {
	t.Helper()
	if err := c.PgConn().Exec(t.Context(), sql).Close(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// role has the server have a role, which belongs to all databases and may be
// there.
func role(t testing.TB, c *pgx.Conn, name, options string) {
	t.Helper()
	run(t, c, fmt.Sprintf("do $$ begin create role %s login %s; exception when duplicate_object then null; end $$", name, options))
}

// query returns rows as lines, with | between values, truth in words, and
// numbers without zeros at their end.
func query(t testing.TB, c *pgx.Conn, sql string) string {
	t.Helper()
	results, err := c.PgConn().Exec(t.Context(), sql).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var lines []string
	last := results[len(results)-1]
	for _, row := range last.Rows {
		var line []string
		for i, v := range row {
			text := string(v)
			switch kind := last.FieldDescriptions[i].DataTypeOID; {
			case kind == pgtype.BoolOID:
				text = map[string]string{"t": "true", "f": "false"}[text]
			case kind == pgtype.NumericOID && strings.Contains(text, "."):
				text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
			}
			line = append(line, text)
		}
		lines = append(lines, strings.Join(line, "|"))
	}
	return strings.Join(lines, "\n")
}

func open(t testing.TB, address string) *Destination {
	t.Helper()
	d, err := Open(Settings{URL: strictyaml.Secret(address), Schema: "live_chat"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}
