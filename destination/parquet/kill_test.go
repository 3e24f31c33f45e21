//go:build unix

package parquet

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// killed is how many calls there are; each attempt has up to 50 of them.
const killed = 2000

// TestMain has this program be the gateway that TestKill kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv("PARLANCE_TEST_KILL"); dir != "" {
		if err := deliverAll(dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// deliverAll sends from the cursor, which is in a file, to the end.
func deliverAll(dir string) error {
	set := Settings{URL: "file://" + filepath.Join(dir, "lake")}
	d, err := Open(set)
	if err != nil {
		return err
	}
	fmt.Println("begun")
	path := filepath.Join(dir, "cursor")
	b, _ := os.ReadFile(path) // there is none at first
	for at, _ := strconv.Atoi(string(b)); at < killed; {
		n := min(1+rand.IntN(50), killed-at)
		var calls []string
		for i := at; i < at+n; i++ {
			calls = append(calls, event(fmt.Sprintf("e%04d", i), i*200))
		}
		if err := d.Send(context.Background(), attempt(calls...)); err != nil {
			return err
		}
		at += n
		if err := os.WriteFile(path+".new", []byte(strconv.Itoa(at)), 0o600); err != nil {
			return err
		}
		if err := os.Rename(path+".new", path); err != nil {
			return err
		}
	}
	return d.Close()
}

// Killed again and again, the gateway leaves each row once, and nothing but
// whole files where readers look.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	kills := 0
	for done := false; !done; {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "PARLANCE_TEST_KILL="+dir)
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		// It lives longer from kill to kill, so that it comes to an end however
		// slow the machine is.
		_, _ = out.Read(make([]byte, 1)) // until it has begun
		timer := time.AfterFunc(rand.N(time.Duration(4+kills)*10*time.Millisecond), func() { _ = cmd.Process.Kill() })
		_, _ = io.Copy(io.Discard, out)
		err = cmd.Wait()
		if timer.Stop(); err == nil {
			done = true
		} else if cmd.ProcessState.ExitCode() >= 0 {
			t.Fatalf("it ended by itself: %v", err)
		} else {
			kills++
		}
	}
	lake := filepath.Join(dir, "lake")
	got := make(map[string][]string)
	for _, name := range tree(t, lake) {
		b, err := os.ReadFile(filepath.Join(lake, name))
		if err != nil {
			t.Fatal(err)
		}
		table, _, _ := strings.Cut(name, "/")
		got[table] = append(got[table], first(t, b)...)
	}
	for table, list := range got {
		n := len(list)
		slices.Sort(list)
		if list = slices.Compact(list); n != killed || len(list) != killed {
			t.Errorf("%s: got %d rows and %d ids, want %d", table, n, len(list), killed)
		}
	}
	if t.Logf("%d kills", kills); kills < 3 || len(got) != 2 {
		t.Errorf("got %d kills and %d tables", kills, len(got))
	}
}
