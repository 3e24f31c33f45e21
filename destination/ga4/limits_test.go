package ga4

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parlance-chat/parlance/destination/tracking/trackingtest"
	"github.com/parlance-chat/parlance/livechat"
)

// Whatever a call has, GA4 takes it as it is sent, or it is refused: nothing is
// dropped unseen.
func TestAnyCall(t *testing.T) {
	s := newStandIn(t)
	d := open(t, s.url)
	value := rapid.OneOf(rapid.String().AsAny(), rapid.StringN(30, 120, -1).AsAny(), rapid.Float64Range(-1e9, 1e9).AsAny(), rapid.Bool().AsAny(), rapid.SliceOfN(rapid.String(), 0, 2).AsAny(), rapid.Just[any](nil))
	key := rapid.OneOf(rapid.String(), rapid.StringMatching(`(google_|GA_|_|é|[a-z])[a-zA-Z0-9_ -]{0,50}`))
	object := rapid.OneOf(rapid.MapOfN(key, value, 0, 5), rapid.MapOfN(rapid.StringMatching(`[a-z]{1,26}`), value, 20, 40))
	rapid.Check(t, func(t *rapid.T) {
		now := livechat.FormatTime(time.Now())
		b, err := json.Marshal(map[string]any{
			"type":      rapid.SampledFrom([]string{"track", "page", "screen", "identify", "alias"}).Draw(t, "type"),
			"event":     key.Draw(t, "event"),
			"name":      rapid.String().Draw(t, "name"),
			"userId":    rapid.StringN(0, 300, -1).Draw(t, "userId"),
			"messageId": "m", "timestamp": now, "sentAt": now,
			"properties": object.Draw(t, "properties"),
			"traits":     object.Draw(t, "traits"),
		})
		if err != nil {
			t.Fatal(err)
		}
		events, sent := len(s.events), 0
		err = d.Send(t.Context(), attempt(string(b)))
		if err == nil {
			sent = 1
		}
		if len(s.events) != events+sent || len(s.dropped) > 0 || err != nil && trackingtest.Class(err) != "refusal" {
			t.Fatal(fmt.Sprintf("%s: got %v; dropped: %q", b, err, s.dropped))
		}
	})
}
