package conversation

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Keys order activities as Compare does, whatever a tool calls them and
// whenever it says that they were.
func TestKeys(t *testing.T) {
	ids := rapid.SampledFrom([]string{"", "9", "10", "a", "aa", "ä", "\x00", "\xff"})
	draw := rapid.Custom(func(t *rapid.T) Activity {
		return Activity{
			ID:      ids.Draw(t, "id"),
			Message: Text{ID: ids.Draw(t, "message_id"), Body: rapid.SampledFrom([]string{"", "hello"}).Draw(t, "body")},
			Type:    rapid.SampledFrom([]Type{Message, Closed, Assigned, Reopened, Identified}).Draw(t, "type"),
			Time: rapid.SampledFrom([]time.Time{{}, morning.AddDate(-100, 0, 0), morning, morning.Add(1), morning.In(time.FixedZone("", 3600)),
				morning.AddDate(7000, 0, 0)}).Draw(t, "time"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw.Draw(t, "a"), draw.Draw(t, "b")
		keys, both := bytes.Compare(AppendKey(nil, &a), AppendKey(nil, &b)), Compare(a, b)
		same := a.ID == b.ID && a.Message.ID == b.Message.ID && rank(a.Type) == rank(b.Type) && a.Time.Equal(b.Time)
		if same != (keys == 0) || !same && keys != both {
			t.Errorf("keys: %d, Compare: %d, for\n%+v\n%+v", keys, both, a, b)
		}
	})
}
