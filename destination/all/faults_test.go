package all

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/customerio"
	"github.com/parlance-chat/parlance/destination/dreamdata"
	"github.com/parlance-chat/parlance/destination/hightouch"
	"github.com/parlance-chat/parlance/destination/jitsu"
	"github.com/parlance-chat/parlance/destination/rudderstack"
	"github.com/parlance-chat/parlance/destination/segment"
	"github.com/parlance-chat/parlance/internal/deliver/delivertest"
)

// family are the types that speak Segment's API, with settings for a URL.
var family = map[string]func(url string) any{
	"segment":     func(url string) any { return &segment.Settings{WriteKey: "k", Region: "us", Endpoint: url} },
	"rudderstack": func(url string) any { return &rudderstack.Settings{WriteKey: "k", Endpoint: url} },
	"jitsu":       func(url string) any { return &jitsu.Settings{WriteKey: "k:s", Endpoint: url} },
	"customerio":  func(url string) any { return &customerio.Settings{WriteKey: "k", Region: "us", Endpoint: url} },
	"hightouch":   func(url string) any { return &hightouch.Settings{WriteKey: "k", Endpoint: url} },
	"dreamdata":   func(url string) any { return &dreamdata.Settings{WriteKey: "k", Endpoint: url} },
}

// Whatever a receiver does, nothing is lost, order is kept, and what comes
// again has the same messageId.
func TestFaults(t *testing.T) {
	var types sync.WaitGroup
	defer types.Wait()
	for _, typ := range Types() {
		settings, ok := family[typ.Name]
		if !ok {
			if typ.Segment {
				t.Errorf("%s: speaks Segment's API, and has no settings here", typ.Name)
			}
			continue
		}
		types.Go(func() {
			t.Run(typ.Name, func(t *testing.T) {
				delivertest.Faults(t, delivertest.Harness{
					Open: func(t *testing.T, url string) destination.Destination {
						d, err := typ.Open(settings(url))
						if err != nil {
							t.Fatal(err)
						}
						return d
					},
					IDs: messageIDs,
					Taken: func(w http.ResponseWriter, n int) {
						fmt.Fprintf(w, `{"success":true,"ok":true,"receivedEvents":%d,"okEvents":%[1]d}`, n)
					},
				})
			})
		})
	}
}

// messageIDs reads a batch.
func messageIDs(_ *http.Request, body []byte) (ids []string, err error) {
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	var batch struct{ Batch []struct{ MessageID string } }
	err = json.Unmarshal(text, &batch)
	for _, c := range batch.Batch {
		ids = append(ids, c.MessageID)
	}
	return ids, err
}
