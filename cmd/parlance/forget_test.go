package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/conversation"
)

// A person is forgotten beside a gateway's work, and while it stands still, when
// its files are written anew. The others' chats go on.
func TestForget(t *testing.T) {
	p := newProgram(t, "data")
	p.start()
	for conv := 1; conv <= 2; conv++ {
		for n := range 3 {
			a := turn(conv, n)
			a.Message.Body = fmt.Sprintf("said %d in %d", n, conv)
			if a.By == conversation.Customer {
				a.Customer = conversation.Person{ContactID: fmt.Sprint(conv), UserID: fmt.Sprintf("user-of-%d", conv), Email: fmt.Sprintf("customer%d@example.com", conv)}
			}
			p.say(a)
		}
	}
	p.ledger.await(t, 6)
	p.eventually("the archive has got all", func() bool {
		out, _ := parlance(t, p.dir, "", "forget", "--user", "user-of-1", "--dry-run")
		return strings.Contains(out, "would be forgotten: 1 conversation\n") && strings.Contains(out, "in the archive 4 events")
	})
	p.run(0, "run this again while the gateway is stopped", "forget", "--user", "user-of-1")
	if !p.holds("user-of-2") || p.holds("user-of-1") || p.holds("in 1") || p.holds("customer1@example.com") {
		t.Errorf("got %v of who stays, %v, %v and %v of who goes; want true and false", p.holds("user-of-2"), p.holds("user-of-1"), p.holds("in 1"), p.holds("customer1@example.com"))
	}
	p.chat(3, 3, 9)
	p.stop()
	out := p.run(0, "forgotten: 1 conversation\n", "forget", "--user", "user-of-2")
	if strings.Contains(out, "again") || p.holds("user-of-2") || p.holds("in 2") {
		t.Errorf("got %v and\n%s", p.holds("user-of-2"), out)
	}
	p.run(1, "nobody is known by that ID in workspace default", "forget", "--user", "user-of-2")
	p.run(1, "no workspace", "forget", "--user", "user-of-2", "--workspace", "other")
	p.start()
	p.chat(4, 4, 12)
	p.stop()
}

// holds reports whether any file of the data directory has a text.
func (p *program) holds(text string) (found bool) {
	p.t.Helper()
	err := filepath.WalkDir(filepath.Join(p.dir, "data"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		found = found || bytes.Contains(b, []byte(text))
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return found
}
