package deliver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/jq"
	"github.com/parlance-chat/parlance/livechat"
)

// A Filter names events by where they are from and what they are. A list that
// is empty does not count.
type Filter struct {
	Sources  []string
	Channels []string // as in context.live_chat.channel
	Events   []string // full names, types of calls such as identify, or Started, Sent, Received, Ended
}

// short are the names that people give the four events.
var short = map[string]livechat.Kind{"Started": livechat.Started, "Sent": livechat.Sent, "Received": livechat.Received, "Ended": livechat.Ended}

// lets reports whether e is named by every list, as an only: wants it.
func (f *Filter) lets(e journal.Event) bool {
	return f == nil || (len(f.Sources) == 0 || slices.Contains(f.Sources, e.Source)) &&
		(len(f.Events) == 0 || f.names(e)) && (len(f.Channels) == 0 || f.from(e))
}

// leavesOut reports whether e is named by any list, as an except: wants it.
func (f *Filter) leavesOut(e journal.Event) bool {
	return f != nil && (slices.Contains(f.Sources, e.Source) || f.names(e) || len(f.Channels) > 0 && f.from(e))
}

func (f *Filter) names(e journal.Event) bool {
	return slices.ContainsFunc(f.Events, func(name string) bool { return name == e.Name || string(short[name]) == e.Name })
}

// from reports whether e is from one of the channels. Calls that pass through
// have none.
func (f *Filter) from(e journal.Event) bool {
	var call struct {
		Context struct {
			LiveChat struct{ Channel string } `json:"live_chat"`
		}
	}
	return json.Unmarshal(e.JSON, &call) == nil && slices.Contains(f.Channels, call.Context.LiveChat.Channel)
}

var errManyCalls = errors.New("transform: the program makes several calls of one, or something else than a call")

// transform runs a program on a call. Its messageId stays, for the receiver
// recognises repetition by it.
func transform(p *jq.Program, c *destination.Call) (*destination.Call, error) {
	d := json.NewDecoder(bytes.NewReader(c.JSON))
	d.UseNumber()
	var call map[string]any
	if err := d.Decode(&call); err != nil {
		return nil, errNoObject
	}
	var out map[string]any
	err := p.Run(call, func(v any) error {
		object, ok := v.(map[string]any)
		if !ok || out != nil {
			return errManyCalls
		}
		out = object
		return nil
	})
	switch {
	case err == errManyCalls:
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("transform: %w", err)
	case out == nil:
		return nil, nil
	}
	out["messageId"] = c.MessageID
	delete(out, "sentAt")
	c.Event = "" // the program may have changed it
	c.JSON, err = json.Marshal(out)
	return c, err
}
