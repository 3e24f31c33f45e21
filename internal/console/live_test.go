package console_test

import (
	"testing"

	"github.com/parlance-chat/parlance/internal/console/browsertest"
)

// An event arrives while somebody watches, and is shown as it is written.
func TestLiveInBrowser(t *testing.T) {
	url := run(t, shop())
	tab := browsertest.Open(t, url)
	tab.Go("/")
	tab.See(".empty", "Nothing has passed yet")
	tab.See(".notice.good", "Everything flows")
	tell(t, url, `{"activities":[`+hello+`]}`)
	tab.See(".record.event .name", "Live Chat Message Sent")
	tab.See(".record.event .body", "Do you ship to <b>Norway</b>?")
	tab.See(".record.webhook .name", "read")
	tab.Shots("live")

	tab.Type("input[name=user]", "u-2\n")
	tab.See(".empty", "Nothing has passed yet")
	tab.Go("/?user=u-1&kind=event")
	tab.See(".record.event", "Live Chat Conversation Started")
	if n := browsertest.Eval[int](tab, `document.querySelectorAll('.record:not(.event)').length`); n != 0 {
		t.Errorf("got %d records that are no events, want none", n)
	}
}

// One event's whole way, from the bytes to the call.
func TestChainInBrowser(t *testing.T) {
	url := run(t, shop())
	tab := browsertest.Open(t, url)
	tell(t, url, `{"activities":[`+hello+`]}`)
	tab.Go("/?kind=event")
	tab.See(".record.event", "Live Chat Conversation Started")
	tab.See(".record.event", "Live Chat Message Sent")
	tab.Click(".record.event .name a")
	tab.See("h1", "Live Chat Message Sent")
	tab.See("h3", "Activity")
	tab.See("td", "m1 · Do you ship to <b>Norway</b>?")
	tab.See("pre", `"message_body": "Do you ship to <b>Norway</b>?"`)
	tab.Shots("event")
	tab.Click(".chain a[href^='/webhooks/']")
	tab.See("h1", "Webhook 1")
	tab.See("pre", `"conversation_id": "17"`)
	tab.ExpectComplaints()
	tab.Go("/events/99")
	tab.See(".notice", "There is no such event")
}
