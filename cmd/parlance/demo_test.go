package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/parlance-chat/parlance/internal/console/browsertest"
)

// startDemo has a demo run at some free port, which keeps its files in dir.
func startDemo(t *testing.T, dir string) (cmd *exec.Cmd, out io.ReadCloser) {
	t.Helper()
	cmd = exec.Command(binary, "demo", "--listen", "127.0.0.1:0", "--rate", "20")
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return cmd, out
}

// The demo as a visitor has it: one chats with oneself, and looks around. The
// README's pictures are made here; see CONTRIBUTING.md.
func TestDemoInBrowser(t *testing.T) {
	cmd, out := startDemo(t, t.TempDir())
	in := bufio.NewReader(out)
	var address []string
	for address == nil {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		address = regexp.MustCompile(`(http://[^ ]*)/playground`).FindStringSubmatch(line)
	}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		_, _ = io.Copy(io.Discard, in) // until it ends
	}()
	defer func() {
		_ = cmd.Process.Signal(os.Interrupt) // it is there
		<-drained
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}()

	tab := browsertest.Open(t, address[1])
	tab.Go("/playground")
	tab.Type("#text-customer", "Hello! Do you ship to Norway?\n")
	tab.See(".chat.agent .bubbles .customer", "Do you ship to Norway?")
	tab.Type("#text-agent", "We do. It takes three days.\n")
	tab.See(".chat.customer .bubbles .agent", "It takes three days.")
	tab.See(".flow .kind.event a", "Live Chat Conversation Started")
	tab.See(".flow .kind.event a", "Live Chat Message Received")
	tab.Shots("demo-playground")
	tab.Go("/")
	tab.See(".notice.good", "Everything flows")
	tab.See(".record.delivery", "ok")
	tab.Shots("demo-live")
	tab.Go("/reports?range=30d")
	tab.See("h2", "First response time")
	tab.Shots("demo-reports")
	tab.Go("/conversations")
	tab.See("td", "ended")
	tab.Go("/quality")
	tab.See("h1", "Quality")
}

func TestDemo(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(binary, "demo", "--for", "2s", "--rate", "20")
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "calls arrived") || !strings.Contains(string(out), " 0 of them broke the specification") {
		t.Errorf("got %v and\n%s", err, out)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("it left %v behind (%v)", left, err)
	}
}

// However a demo ends, nothing is left.
func TestDemoCutShort(t *testing.T) {
	for name, end := range map[string]func(*os.Process, io.Closer) error{
		"interrupt":       func(p *os.Process, _ io.Closer) error { return p.Signal(os.Interrupt) },
		"closed terminal": func(p *os.Process, _ io.Closer) error { return p.Signal(syscall.SIGHUP) },
		"closed pipe":     func(_ *os.Process, out io.Closer) error { return out.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			cmd, out := startDemo(t, dir)
			in := bufio.NewReader(out)
			for line := ""; !strings.Contains(line, "Live Chat"); {
				var err error
				if line, err = in.ReadString('\n'); err != nil {
					t.Fatal(err)
				}
			}
			if err := end(cmd.Process, out); err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, in) // until it ends
			_ = cmd.Wait()                 // a closed pipe is an error
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("it left %v behind (%v)", left, err)
			}
		})
	}
}
