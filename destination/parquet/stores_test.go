package parquet

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
	"github.com/parlance-chat/parlance/internal/listentest"
)

// Servers that are run as their users run them.
const (
	versity = "github.com/versity/versitygw/cmd/versitygw@v1.8.0" // S3, with signatures
	fakeGCS = "github.com/fsouza/fake-gcs-server@v1.56.1"
)

// Each kind of store takes the same, and has each row once.
func TestStores(t *testing.T) {
	t.Run("directory", func(t *testing.T) { exercise(t, Settings{URL: "file://" + filepath.ToSlash(t.TempDir())}) })
	t.Run("gofakes3", func(t *testing.T) {
		h := httptest.NewServer(newS3(t))
		defer h.Close()
		exercise(t, at(h.URL))
	})
	t.Run("versitygw", func(t *testing.T) {
		dir := t.TempDir()
		for _, name := range []string{"root/lake", "meta"} {
			if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		address := free(t)
		serve(t, address, install(t, versity), "--access", "key-id", "--secret", "the-secret", "--port", address, "--quiet",
			"posix", "--sidecar", filepath.Join(dir, "meta"), filepath.Join(dir, "root"))
		set := at("http://" + address)
		exercise(t, set)
		for says, wrong := range map[string]Settings{
			"SignatureDoesNotMatch": {URL: set.URL, AccessKeyID: "key-id", SecretAccessKey: "wrong"},
			"NoSuchBucket":          {URL: strings.Replace(set.URL, "//lake/", "//pond/", 1), AccessKeyID: "key-id", SecretAccessKey: "the-secret"},
		} {
			d := open(t, wrong)
			if err := d.Send(t.Context(), attempt(event("a", 0))); destinationtest.Class(err) != "pause" || !strings.Contains(err.Error(), says) {
				t.Errorf("got %v, want a pause that says %s", err, says)
			}
			if f := d.Examine(t.Context()); len(f) != 1 || f[0].Level != destination.Problem || !strings.Contains(f[0].Text, says) || f[0].Do == "" {
				t.Errorf("got %+v, want a problem that says %s and what to do", f, says)
			}
		}
	})
	t.Run("fake-gcs-server", func(t *testing.T) {
		address := free(t)
		host, port, _ := net.SplitHostPort(address)
		serve(t, address, install(t, fakeGCS), "-scheme", "http", "-host", host, "-port", port, "-backend", "memory", "-public-host", address, "-log-level", "error")
		answer, err := http.Post("http://"+address+"/storage/v1/b?project=p", "application/json", strings.NewReader(`{"name":"lake"}`))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		t.Setenv("STORAGE_EMULATOR_HOST", address)
		exercise(t, Settings{URL: "gs://lake/chat"})
		if err := open(t, Settings{URL: "gs://pond/chat"}).Send(t.Context(), attempt(event("a", 0))); destinationtest.Class(err) != "pause" {
			t.Errorf("a bucket that is not there: got %v, want a pause", err)
		}
	})
	// Another one that somebody has, with the credentials of its environment.
	if url := os.Getenv("PARLANCE_PARQUET_URL"); url != "" {
		t.Run("another", func(t *testing.T) { exercise(t, Settings{URL: url}) })
	}
}

// exercise has a store examined, written to, and found in the middle of an
// attempt.
func exercise(t *testing.T, set Settings) {
	d := open(t, set)
	for _, f := range d.Examine(t.Context()) {
		if f.Level != destination.Good {
			t.Fatalf("it is examined: got %+v", f)
		}
	}
	send := func(calls ...string) {
		t.Helper()
		if err := d.Send(t.Context(), attempt(calls...)); err != nil {
			t.Fatal(err)
		}
	}
	send(event("a", 0), event("b", 1), event("c", 90_000))
	d = open(t, set) // which knows nothing of it
	send(event("b", 1), event("c", 90_000), event("d", 2))
	// Somebody ended amid an attempt, with one of two files written.
	s, err := openStore(t.Context(), &set)
	if err != nil {
		t.Fatal(err)
	}
	defer s.bucket.Close()
	last, err := s.last(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	last.Files = []string{"tracks/date=2026-03-02/half.parquet", "tracks/date=2026-03-03/half.parquet"}
	if err = s.write(t.Context(), last.Files[0], "text/plain", []byte("?")); err == nil {
		err = s.note(t.Context(), last)
	}
	if err != nil {
		t.Fatal(err)
	}
	if found := d.Examine(t.Context()); !strings.Contains(found[len(found)-1].Text, "not finished") {
		t.Errorf("it is examined amid an attempt: got %+v", found)
	}
	send(event("d", 2), event("e", 3))
	there := objects(t, set)
	for _, table := range []string{"live_chat_message_sent", "tracks"} {
		got := ids(t, there, table)
		if slices.Sort(got); !slices.Equal(got, []string{"a", "b", "c", "d", "e"}) {
			t.Errorf("%s has %v", table, got)
		}
	}
	if there[examinedKey] != nil {
		t.Error("an examination left its file behind")
	}
}

// install returns a program that is built once.
func install(t *testing.T, program string) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	name, version, _ := strings.Cut(program, "@")
	dir := filepath.Join(cache, "parlance-parquet-"+version)
	path := filepath.Join(dir, filepath.Base(name))
	if _, err := os.Stat(path); err == nil {
		return path
	}
	t.Logf("building %s into %s, once", program, dir)
	cmd := exec.CommandContext(t.Context(), "go", "install", program)
	cmd.Env = append(os.Environ(), "GOBIN="+dir, "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s: %v: %s", program, err, out)
		}
		t.Skipf("%s cannot be built here, and is not tried: %v", program, err)
	}
	return path
}

func free(t *testing.T) string { return fmt.Sprint("127.0.0.1:", listentest.Port(t)) }

// serve runs a program until the test ends.
func serve(t *testing.T, address, program string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, args...)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if _ = cmd.Wait(); t.Failed() {
			t.Log(out.String())
		}
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not listen", program)
		}
	}
}
