package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"regexp"
	"testing"

	"github.com/parlance-chat/parlance/internal/console/browsertest"
)

// The demo as a visitor has it: one chats with oneself, and looks around. The
// README's pictures are made here; see CONTRIBUTING.md.
func TestDemoInBrowser(t *testing.T) {
	cmd := exec.Command(binary, "demo", "--listen", "127.0.0.1:0", "--rate", "20")
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
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
