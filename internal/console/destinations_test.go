package console_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/parlance-chat/parlance/destination/segment"
	"github.com/parlance-chat/parlance/gateway"
	"github.com/parlance-chat/parlance/internal/console/browsertest"
	"github.com/parlance-chat/parlance/internal/standin"
)

// A destination fails and recovers; what it refused is resent.
func TestDestinationInBrowser(t *testing.T) {
	var status atomic.Int64
	status.Store(200)
	taken := standin.New(standin.Options{WriteKey: "key"})
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s := status.Load(); s != 200 {
			http.Error(w, "not today, <b>Parlance</b>", int(s))
			return
		}
		taken.ServeHTTP(w, r)
	}))
	defer receiver.Close()
	c := shop()
	c.Destinations = []gateway.Destination{{Name: "segment", Type: "segment", Settings: &segment.Settings{WriteKey: "key", Region: "us", Endpoint: receiver.URL}}}
	url := run(t, c)
	tab := browsertest.Open(t, url)
	tab.Go("/destinations")
	tab.See(".chip.good", "ok")

	status.Store(401)
	tell(t, url, `{"activities":[`+hello+`]}`)
	tab.Go("/?kind=delivery")
	tab.See(".record.trouble", "pause")
	tab.See(".notice.bad", "segment takes nothing, and waits for somebody")
	tab.Go("/destinations")
	tab.See(".chip.bad", "paused")
	tab.See("td", "is the write key right")
	tab.Click("a[href^='/destinations/segment']")
	tab.See(".notice.warn", "not today, <b>Parlance</b>")
	tab.See(".card .value", "2")
	tab.Shots("destination")

	status.Store(200)
	tab.Click("button[value=resume]")
	tab.See(".notice.good", "It goes on")
	tab.SeeAt("/destinations/segment", ".card .chip.good", "ok")

	tab.Click("button[value=pause]")
	tab.See(".notice", "Paused by local")
	tab.Click("button[value=resume]")
	tab.See(".notice.good", "It goes on")

	status.Store(400)
	tell(t, url, `{"activities":[`+`{"id":"m2","type":"message","conversation_id":"17","time":"2026-03-02T09:00:05Z","by":"agent","agent":{"id":"7"},"message":{"id":"m2","body":"We do."}}`+`]}`)
	tab.SeeAt("/parked", "td", "not today, <b>Parlance</b>")
	tab.See("nav a[href='/parked'] .chip", "1")
	tab.Shots("parked")
	tab.Go("/events/3")
	tab.See("h3 .chip.bad", "parked")
	tab.See(".attempts", "→ 400")
	tab.Go("/events/1")
	tab.See("h3 .chip.good", "delivered")
	tab.See(".attempts", "/v1/batch")
	tab.See(".attempts .chip.warn", "pause")
	tab.Click("nav a[href='/parked']")
	tab.See("h1", "Parked calls")
	tab.Click("td input[type=checkbox]")
	tab.Click("button[value=resend]")
	tab.See(".notice.bad", "1 refused again")
	status.Store(200)
	tab.Click("input[name=all]")
	tab.Click("button[value=resend]")
	tab.See(".notice.good", "resend: 1 done")
	tab.See(".empty", "Nothing is parked")
	if tab.Shows("nav .chip", "") {
		t.Error("the navigation still counts parked calls")
	}
	if r := taken.Report(); r.Calls != 3 || r.Repeated != 0 {
		t.Errorf("got %+v, want the 3 events, each once", r)
	}

	tab.Go("/destinations/segment")
	tab.Type("input[name=conversation]", "17")
	tab.Click("button[value=count]")
	tab.See("button[value=replay]", "Replay 3 events")
	tab.Click("button[value=replay]")
	tab.See(".notice.good", "The replay is under way")
	tab.SeeAt("/destinations/segment", "td", "3 of 3")

	tab.Click("nav a[href='/audit']")
	tab.See("td", "resend parked")
	tab.See("td", "default/segment")
}
