package parquet

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
)

// The way to an S3 server breaks in every way, at each kind of request. What is
// there in the end is each row, once.
func TestFaults(t *testing.T) {
	for name, fails := range map[string]func(*http.Request) bool{
		"the record is read":    func(r *http.Request) bool { return r.Method == http.MethodGet },
		"the record is written": isRecord,
		"a file is written":     func(r *http.Request) bool { return r.Method == http.MethodPut && !isRecord(r) },
	} {
		t.Run(name, func(t *testing.T) {
			destinationtest.TestFaults(t, destinationtest.HTTPHarness{
				Open: func(url string) (destination.Destination, error) {
					d, err := Open(at(url))
					return hasty{d}, err
				},
				Secret: "the-secret",
				Tells:  true,
				Classes: map[string]string{
					"400": "pause", "413": "pause", // no call is at fault
				},
				Platform: platform,
				Fails:    fails,
			})
		})
	}
}

// A hasty destination does not let calls wait for others.
type hasty struct{ *Destination }

func (h hasty) Limits() destination.Limits {
	l := h.Destination.Limits()
	l.Age = 0
	return l
}

func isRecord(r *http.Request) bool {
	return r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, recordKey)
}

// platform is an S3 server, and the messageIds of the rows it has.
func platform(t *testing.T) (http.Handler, func() []string) {
	s := newS3(t)
	return s, func() []string {
		h := httptest.NewServer(s)
		defer h.Close()
		there := objects(t, at(h.URL))
		list := ids(t, there, "live_chat_message_sent")
		slices.Sort(list)
		all := ids(t, there, "tracks")
		slices.Sort(all)
		if !slices.Equal(list, all) {
			t.Errorf("tracks has %v, and the event's table %v", all, list)
		}
		return list
	}
}
