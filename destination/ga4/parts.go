package ga4

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/tracking"
)

// maxAge is how far back GA4 takes an event's time; it gives an older one
// another. A minute of it is for the way.
const maxAge = 72*time.Hour - time.Minute

// A format makes what GA4 takes of calls.
type format struct{ url string }

// parts returns GA4's event of a call, in a request with whose it is. What GA4
// would drop unseen is refused.
func (f *format) parts(call *tracking.Object) ([]tracking.Part, error) {
	e, properties, about := &tracking.Object{}, call.In("properties"), &tracking.Object{}
	switch kind, _ := call.Text("type"); kind {
	case "track":
		title, _ := call.Text("event")
		name, why := eventName(title)
		if why != "" {
			return nil, &destination.Refusal{Reason: "the event's name: " + why}
		}
		e.SetText("name", name)
	case "page":
		e.SetText("name", "page_view")
		for _, m := range [][2]string{{"url", "page_location"}, {"title", "page_title"}, {"referrer", "page_referrer"}} {
			properties.Copy(m[0], m[1])
			properties.Remove(m[0])
		}
	case "screen": // GA4 keeps screen_view for itself
		e.SetText("name", "screen")
		properties.Set("screen_name", call.Get("name"))
	case "identify":
		e.SetText("name", "identify")
		about = userProperties(call)
		if about.Len() == 0 && call.Get("userId") == nil {
			return nil, nil // nothing that GA4 may be told
		}
	default:
		return nil, tracking.NoCounterpart(kind)
	}
	at := call.Time()
	if sent, err := time.Parse(time.RFC3339, text(call, "sentAt")); err == nil && sent.Sub(at) > maxAge {
		return nil, &destination.Refusal{Reason: "it happened more than 72 hours ago, and GA4 would give it another time"}
	}
	id, _ := call.Text("messageId")
	e.SetObject("params", params(properties, id))
	e.Set("timestamp_micros", micros(at))
	frame, err := f.frame(call, about)
	return []tracking.Part{{Object: e, Frame: frame}}, err
}

// frame returns a request's members that say whose its events are.
func (f *format) frame(call, about *tracking.Object) (tracking.Frame, error) {
	user, client := text(call, "userId"), text(call, "anonymousId")
	who := &tracking.Object{}
	switch {
	case len([]rune(user)) > maxUser:
		return tracking.Frame{}, &destination.Refusal{Reason: "its userId is longer than the 256 characters that GA4 takes"}
	case client != "":
	case user != "": // GA4 wants one in any case: the same for the same user
		client = tracking.UUID(user)
	default:
		return tracking.Frame{}, &destination.Refusal{Reason: "it has neither userId nor anonymousId"}
	}
	who.SetText("client_id", client)
	if user != "" {
		who.SetText("user_id", user)
	}
	if address := text(call.In("context"), "ip"); address != "" { // from which GA4 tells the place
		who.SetText("ip_override", address)
	}
	if about.Len() > 0 {
		who.SetObject("user_properties", about)
	}
	members, err := json.Marshal(who)
	return tracking.Frame{URL: f.url, Before: strings.TrimSuffix(string(members), "}") + `,"events":[`, After: "]}", Plain: true}, err
}

// text returns a member that is a text, or "".
func text(o *tracking.Object, key string) string {
	t, _ := o.Text(key)
	return t
}
