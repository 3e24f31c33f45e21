package all

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/customerio"
	"github.com/parlance-chat/parlance/destination/dreamdata"
	"github.com/parlance-chat/parlance/destination/hightouch"
	"github.com/parlance-chat/parlance/destination/jitsu"
	"github.com/parlance-chat/parlance/destination/rudderstack"
	"github.com/parlance-chat/parlance/destination/tracking/trackingtest"
)

// Platforms that look at the key first are asked with a batch without calls.
func TestExamineWithAnEmptyBatch(t *testing.T) {
	opens := map[string]func(url string) (destination.Destination, error){
		"rudderstack": func(url string) (destination.Destination, error) {
			return rudderstack.Open(rudderstack.Settings{WriteKey: "k-1234", Endpoint: url})
		},
		"jitsu": func(url string) (destination.Destination, error) {
			return jitsu.Open(jitsu.Settings{WriteKey: "id:k-1234", Endpoint: url})
		},
		"customerio": func(url string) (destination.Destination, error) {
			return customerio.Open(customerio.Settings{WriteKey: "k-1234", Region: "us", Endpoint: url})
		},
		"hightouch": func(url string) (destination.Destination, error) {
			return hightouch.Open(hightouch.Settings{WriteKey: "k-1234", Endpoint: url})
		},
		"dreamdata": func(url string) (destination.Destination, error) {
			return dreamdata.Open(dreamdata.Settings{WriteKey: "k-1234", Endpoint: url})
		},
	}
	for name, open := range opens {
		for _, tt := range []struct {
			status int
			level  destination.Level
		}{{200, destination.Good}, {400, destination.Good}, {401, destination.Problem}, {404, destination.Problem}, {503, destination.Problem}, {429, destination.Warning}} {
			r := trackingtest.New(t, func(w http.ResponseWriter, q trackingtest.Request) {
				w.Header().Set("Retry-After", "5")
				if tt.status != 429 {
					w.Header().Del("Retry-After")
				}
				w.WriteHeader(tt.status)
				if tt.status == 200 {
					_, _ = io.WriteString(w, `{"ok":true,"success":true}`)
				} else {
					_, _ = io.WriteString(w, "no to k-1234")
				}
			})
			d, err := open(r.URL)
			if err != nil {
				t.Fatal(err)
			}
			found := d.(destination.Examiner).Examine(t.Context())
			if len(found) != 1 || found[0].Level != tt.level || strings.Contains(found[0].Text, "k-1234") || tt.level == destination.Problem && found[0].Do == "" {
				t.Errorf("%s, %d: got %+v, want level %d", name, tt.status, found, tt.level)
			}
			if calls := r.Calls(); len(calls) > 0 {
				t.Errorf("%s: %d calls were sent", name, len(calls))
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	// Somebody else answers 200 as well, but not as Jitsu does.
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	d, err := opens["jitsu"](server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if found := d.(destination.Examiner).Examine(t.Context()); len(found) != 1 || found[0].Level != destination.Problem {
		t.Errorf("got %+v", found)
	}
}
