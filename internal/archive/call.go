package archive

import (
	"cmp"
	"encoding/hex"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/livechat"
)

// A call is what the archive reads of a call.
type call struct {
	UserID      string `json:"userId"`
	AnonymousID string `json:"anonymousId"`
	Properties  struct {
		AgentID        string  `json:"agent_id"`
		AgentName      string  `json:"agent_name"`
		AgentUsername  string  `json:"agent_username"`
		Duration       float64 `json:"conversation_duration"`
		ConversationID string  `json:"conversation_id"`
		Body           string  `json:"message_body"`
		MessageID      string  `json:"message_id"`
	} `json:"properties"`
	Traits struct {
		Email string `json:"email"`
		Name  string `json:"name"`
	} `json:"traits"`
	Timestamp time.Time `json:"timestamp"`
	Context   struct {
		Integration struct {
			Name string `json:"name"`
		} `json:"integration"`
		LiveChat livechat.LiveChat `json:"live_chat"`
	} `json:"context"`

	kind kind // 0 is an identify call
}

// lastTime is the first moment that no cell has.
const lastTime = (1 << dayBits) * day

// options let pass what a tracking source may have let pass.
var options = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// parse reads a call, and reports whether it has a place in the archive.
func parse(e *journal.Event, c *call) bool {
	switch livechat.Kind(e.Name) {
	case livechat.Started:
		c.kind = started
	case livechat.Sent:
		c.kind = sent
	case livechat.Received:
		c.kind = received
	case livechat.Ended:
		c.kind = ended
	case "identify":
	default:
		return false
	}
	if json.Unmarshal(e.JSON, c, options) != nil {
		return false
	}
	// Years far away are mistakes, and would make cells of their own.
	if at := c.Timestamp.UnixMilli(); at <= 0 || at >= lastTime {
		return false
	}
	return c.kind == 0 || c.Properties.ConversationID != ""
}

// agent is what tells an agent from others of the source: its id, else what
// else is known of it.
func (c *call) agent() string {
	p := &c.Properties
	return cmp.Or(p.AgentID, p.AgentUsername, p.AgentName)
}

// pack shortens a messageId that is a UUID.
func pack(id string) string {
	if len(id) == 36 && id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-' && strings.ToLower(id) == id {
		b, err := hex.DecodeString(id[:8] + id[9:13] + id[14:18] + id[19:23] + id[24:])
		if err == nil {
			return string(b)
		}
	}
	if len(id) == 16 || strings.HasPrefix(id, "\x00") {
		return "\x00" + id
	}
	return id
}

// unpack returns the messageId. One of 16 bytes that is no UUID would be taken
// for it, so such a one is packed with a zero before it.
func unpack(id string) string {
	if len(id) != 16 {
		return strings.TrimPrefix(id, "\x00")
	}
	h := hex.EncodeToString([]byte(id))
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
