package segment

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/tracking"
)

// settingsServer tells SDKs how a source is set up.
const settingsServer = "https://cdn.segment.com"

// sendTest is what to do where nothing else can tell.
const sendTest = "send an event with --send-test, and look whether it arrives in the source's Debugger"

// examine asks how the source is set up: the Tracking API itself answers 200 to
// any write key.
func (s *Settings) examine(ctx context.Context, server string) []destination.Finding {
	if s.Endpoint != "" {
		return []destination.Finding{{Text: "the endpoint is not Segment's own, so that nobody can be asked about the write key", Do: sendTest}}
	}
	source, found := ask(ctx, server, string(s.WriteKey))
	if source == nil {
		return found
	}
	found = append(found, destination.Finding{Text: "Segment knows a source with this write key"})
	if f := source.region(s.Region); f.Text != "" {
		found = append(found, f)
	}
	return append(found, source.browsers()...)
}

// Browsers finds out whether the browsers of a website send Live Chat events
// themselves, from integrations that its Segment source loads. The write key is
// that source's; it stands in the website's pages.
func Browsers(ctx context.Context, writeKey string) []destination.Finding {
	return browsers(ctx, settingsServer, writeKey)
}

func browsers(ctx context.Context, server, writeKey string) []destination.Finding {
	source, found := ask(ctx, server, writeKey)
	if source == nil {
		return found
	}
	if found = source.browsers(); len(found) == 0 {
		found = []destination.Finding{{Text: "no integration of this source sends Live Chat events from browsers"}}
	}
	return found
}

// A source is how Segment has one set up, as far as it tells browsers.
type source struct {
	Integrations map[string]struct {
		APIHost string `json:"apiHost"`
		Listen  bool   `json:"listen"`
	} `json:"integrations"`
}

// ask asks for a source's settings. If there are none, the findings say why.
func ask(ctx context.Context, server, writeKey string) (*source, []destination.Finding) {
	status, said, err := tracking.Fetch(ctx, server+"/v1/projects/"+url.PathEscape(writeKey)+"/settings")
	var s source
	switch {
	case err != nil:
		return nil, []destination.Finding{{Level: destination.Warning, Text: "cdn.segment.com, which knows the write keys: " + err.Error(), Do: sendTest}}
	case status == http.StatusNotFound:
		// No proof: https://github.com/segmentio/analytics-react-native/issues/873
		return nil, []destination.Finding{{Level: destination.Warning, Text: "cdn.segment.com knows no source with this write key; Segment's API answers 200 to an unknown one, and drops what is sent",
			Do: "compare the key with Connections → Sources → the source → Settings → API Keys; if it is right, or the source is less than an hour old, " + sendTest}}
	case status != http.StatusOK || json.Unmarshal(said, &s) != nil:
		return nil, []destination.Finding{{Text: "Segment does not say whether it knows the write key, and its API takes any", Do: sendTest}}
	}
	return &s, nil
}

// region compares where browsers are to send to with where we do.
func (s *source) region(region string) destination.Finding {
	host := s.Integrations["Segment.io"].APIHost
	is := "us"
	switch {
	case host == "":
		return destination.Finding{}
	case strings.Contains(host, ".eu1."):
		is = "eu"
	case !strings.HasPrefix(host, "api.segment.io"):
		return destination.Finding{} // a proxy of the customer's own
	}
	if is == region {
		return destination.Finding{Text: "the region is right: " + region}
	}
	return destination.Finding{Level: destination.Problem, Text: "the source is in the region " + is + ", and Segment rejects what is sent to another", Do: "write region: " + is}
}

// emitters are the browser integrations that send Live Chat events, if they are
// told to listen.
//
// Source: github.com/segmentio/analytics.js-integrations.
var emitters = []string{"LiveChat", "Olark", "SnapEngage", "Userlike", "Zopim"}

// browsers warns of integrations that send Live Chat events.
func (s *source) browsers() (found []destination.Finding) {
	for _, name := range slices.Sorted(maps.Keys(s.Integrations)) {
		if slices.Contains(emitters, name) && s.Integrations[name].Listen {
			found = append(found, destination.Finding{Level: destination.Warning,
				Text: "the browser integration " + name + " of this Segment source sends Live Chat events of its own: chats of that tool are counted twice",
				Do:   "in Segment: Connections → Destinations → " + name + " → Settings → switch off “Record Live Chat Events”, or send that tool's chats from one place only"})
		}
	}
	return found
}
