package console_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination/file"
	"github.com/parlance-chat/parlance/gateway"
	"github.com/parlance-chat/parlance/internal/console/browsertest"
)

// What is typed on the playground goes through a real source, and its way is
// shown as it happens; a private note goes nowhere.
func TestPlaygroundInBrowser(t *testing.T) {
	c := shop()
	c.Sources = append(c.Sources, gateway.Source{Name: "support", Type: "chatwoot", Secrets: []gateway.Secret{"secret"}})
	c.Destinations = []gateway.Destination{{Name: "log", Type: "file", Settings: &file.Settings{Path: filepath.Join(t.TempDir(), "events.jsonl"), Keep: 1}}}
	url := run(t, c)
	tab := browsertest.Open(t, url)
	tab.Go("/playground?source=support")
	tab.See("p", "The events do go to log.")
	tab.See("#through", "The source whose chat tool is played")
	tab.Type("#text-customer", "Do you ship to <i>Norway</i>?\n")
	tab.See(".chat.agent .bubbles .customer", "Do you ship to <i>Norway</i>?")
	tab.See(".flow .kind.event a", "Live Chat Conversation Started")
	tab.See(".flow .kind.event a", "Live Chat Message Sent")

	browsertest.Eval[any](tab, `document.querySelector('.chat.agent select').value = 'note'`)
	tab.Type("#text-agent", "He is a spy\n")
	tab.See(".chat.agent .bubbles .note", "He is a spy")
	tab.Type("#text-agent", "We do.\n")
	tab.See(".chat.customer .bubbles .agent", "We do.")
	tab.See(".flow .kind.event a", "Live Chat Message Received")
	if text := tab.Text(".chat.customer") + tab.Text(".flow"); strings.Contains(text, "spy") {
		t.Error("the customer, or what becomes of it, has the private note")
	}
	tab.Click("button[value=end]")
	tab.See(".flow .kind.event a", "Live Chat Conversation Ended")
	tab.See(".chat.agent p", "The conversation has ended")
	if n := browsertest.Eval[int](tab, `document.querySelectorAll('button[value=end]').length`); n != 0 {
		t.Error("what has ended can be ended again")
	}
	tab.Shots("playground")

	tab.Go("/playground?source=shop")
	tab.Type("#text-customer", "hello\n")
	tab.See(".flow .kind.event a", "Live Chat Conversation Started")
}
