package posthog

import (
	"crypto/sha256"

	"github.com/google/uuid"

	"github.com/parlance-chat/parlance/destination/tracking"
)

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
	address := ip(call)
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
	call.SetText("uuid", uuidOf(id))
	for _, key := range []string{"type", "messageId", "userId", "anonymousId", "traits", "context", "integrations", "sentAt", "channel", "name", "category"} {
		call.Remove(key)
	}
}

// ip returns the customer's address, if it is known.
func ip(call *tracking.Object) (address string) {
	call.Within("context", func(c *tracking.Object) { address, _ = c.Text("ip") })
	return address
}

// uuidOf returns a messageId that is a UUID as it is, and another as one that
// is derived from it: PostHog drops events with any other.
func uuidOf(id string) string {
	if len(id) == 36 && uuid.Validate(id) == nil {
		return id
	}
	h := sha256.Sum256([]byte(id))
	u := uuid.UUID(h[:16])
	u[6] = u[6]&0x0f | 0x80
	u[8] = u[8]&0x3f | 0x80
	return u.String()
}
