package console_test

import (
	"testing"

	"github.com/parlance-chat/parlance/internal/console/browsertest"
)

// What tools leave out is shown, with an event to look at.
func TestQualityInBrowser(t *testing.T) {
	url := run(t, shop())
	tab := browsertest.Open(t, url)
	tab.Go("/quality")
	tab.See(".empty", "No events yet")
	tell(t, url, `{"activities":[`+hello+`,{"id":"m2","type":"message","conversation_id":"17","time":"2026-03-02T09:00:05Z","by":"agent","agent":{"id":"7"},"message":{"id":"m2","body":"We do."}}]}`)
	tab.SeeAt("/quality", "td", "an answer without agent_name")
	tab.See("td", "100.0 %")
	tab.Shots("quality")
	tab.Click("td a[href^='/events/']")
	tab.See("h1", "Live Chat Message Received")
}
