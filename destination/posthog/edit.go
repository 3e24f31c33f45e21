package posthog

import "github.com/parlance-chat/parlance/destination/tracking"

// edit makes PostHog's event of a call. What has no event there, such as a
// group or an alias call, gets no name, and PostHog refuses it.
func edit(call *tracking.Object) {
	kind, _ := call.Text("type")
	id, _ := call.Text("messageId")
	anonymous := call.Get("anonymousId")
	distinct := call.Get("userId")
	if distinct == nil {
		distinct = anonymous
	}
	if call.Get("properties") == nil {
		call.Set("properties", []byte("{}"))
	}
	switch kind {
	case "page":
		call.SetText("event", "$pageview")
	case "screen":
		call.SetText("event", "$screen")
	case "identify":
		call.SetText("event", "$identify")
	}
	traits := call.Get("traits")
	address, _ := call.In("context").Text("ip")
	call.Within("properties", func(p *tracking.Object) {
		p.SetText("$lib", "parlance")
		// Without it PostHog takes the gateway's place for the customer's.
		if address == "" {
			p.Set("$geoip_disable", []byte("true"))
		} else {
			p.SetText("$ip", address)
		}
		if kind != "identify" {
			return
		}
		if traits != nil {
			p.Set("$set", traits)
		}
		if anonymous != nil && call.Get("userId") != nil {
			p.Set("$anon_distinct_id", anonymous)
		}
	})
	if distinct != nil {
		call.Set("distinct_id", distinct)
	}
	// PostHog drops events whose uuid is none.
	call.SetText("uuid", tracking.UUID(id))
	for _, key := range []string{"type", "messageId", "userId", "anonymousId", "traits", "context", "integrations", "sentAt", "channel", "name", "category"} {
		call.Remove(key)
	}
}
