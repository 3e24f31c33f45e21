package mixpanel

import (
	"encoding/json"

	"github.com/parlance-chat/parlance/destination/tracking"
)

// A format makes what Mixpanel takes of calls.
type format struct {
	token    string
	profiles tracking.Frame // of updates of profiles
}

// parts returns Mixpanel's event of a call, or of an identify call what joins
// its two ids and the update of the profile.
func (f *format) parts(call *tracking.Object) (list []tracking.Part, err error) {
	properties := call.In("properties")
	switch kind, _ := call.Text("type"); kind {
	case "track":
		return event(call, call.Get("event"), properties), nil
	case "page":
		properties.Set("name", call.Get("name"))
		properties.Copy("url", "$current_url")
		return event(call, json.RawMessage(`"Loaded a Page"`), properties), nil
	case "screen":
		properties.Set("name", call.Get("name"))
		return event(call, json.RawMessage(`"Loaded a Screen"`), properties), nil
	case "identify":
		if call.Get("userId") != nil && call.Get("anonymousId") != nil {
			list = join(call)
		}
		return append(list, f.profile(call)...), nil
	default:
		return nil, tracking.NoCounterpart(kind)
	}
}

// join joins an anonymous person with a known one, in projects with Mixpanel's
// Original ID Merge. In the others any event with both ids does.
func join(call *tracking.Object) []tracking.Part {
	properties := &tracking.Object{}
	properties.Set("$identified_id", call.Get("userId"))
	properties.Set("$anon_id", call.Get("anonymousId"))
	return event(call, json.RawMessage(`"$identify"`), properties)
}

// event returns an event with whose it is, its time and its id.
func event(call *tracking.Object, name json.RawMessage, properties *tracking.Object) []tracking.Part {
	user, device := call.Get("userId"), call.Get("anonymousId")
	id, _ := call.Text("messageId")
	who := user
	if who == nil {
		who = device
	}
	properties.SetMillis("time", call.Time())
	properties.Set("distinct_id", who)
	properties.Set("$user_id", user)
	properties.Set("$device_id", device)
	properties.SetText("$insert_id", tracking.UUID(id))
	properties.SetText("mp_lib", "parlance")
	if address, _ := call.In("context").Text("ip"); address != "" { // Mixpanel tells the place from it
		properties.SetText("ip", address)
	}
	e := &tracking.Object{}
	e.Set("event", name)
	e.SetObject("properties", properties)
	return []tracking.Part{{Object: e}}
}

// reserved are the traits that Mixpanel knows, by its names.
var reserved = map[string]string{
	"name": "$name", "email": "$email", "phone": "$phone", "avatar": "$avatar",
	"firstName": "$first_name", "lastName": "$last_name", "createdAt": "$created",
}

// profile returns the update of the profile, if there is anything to say.
func (f *format) profile(call *tracking.Object) []tracking.Part {
	set := &tracking.Object{}
	for key, value := range call.In("traits").All() {
		if known := reserved[key]; known != "" {
			key = known
		}
		set.Set(key, value)
	}
	if set.Len() == 0 {
		return nil
	}
	p := &tracking.Object{}
	p.SetText("$token", f.token)
	if user := call.Get("userId"); user != nil {
		p.Set("$distinct_id", user)
	} else {
		device, _ := call.Text("anonymousId")
		p.SetText("$distinct_id", "$device:"+device) // as Mixpanel names who is anonymous
	}
	p.SetObject("$set", set)
	return []tracking.Part{{Object: p, Frame: f.profiles}}
}
