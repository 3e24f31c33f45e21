package livechat

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of a call. A duration is kept below what JSON readers that hold
// numbers as IEEE doubles, JavaScript among them, can count exactly.
const (
	maxMessageID = 100
	maxDuration  = 1<<53 - 1
)

// The codes with which Segment lists what it accepted with 200 and then threw
// away (Delivery Overview, "Failed on ingest").
const (
	codeNoUser        = "no_user_anon_id"
	codeIDNotString   = "id_not_string"
	codeNoType        = "missing_type"
	codeInvalidType   = "invalid_type"
	codeNoEvent       = "event_not_defined"
	codeEventString   = "event_not_string"
	codePropertiesObj = "properties_not_object"
	codeAdvertisingID = "device_advertisingid_should_be_string"
)

// A Problem is one way in which a call breaks the specification or would be
// thrown away by Segment. It holds no value of the call, only names, so that
// it may be logged.
type Problem struct {
	Path    string `json:"path"`           // as in "properties.message_id"; empty for the call as a whole
	Problem string `json:"problem"`        // what is wrong and what would be right
	Code    string `json:"code,omitempty"` // Segment's own discard code, where it has one
}

// String returns the problem in one line, as in
// "userId: missing, and so is anonymousId (Segment: no_user_anon_id)".
func (p Problem) String() string {
	var b strings.Builder
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Problem)
	if p.Code != "" {
		b.WriteString(" (Segment: " + p.Code + ")")
	}
	return b.String()
}

// Validate returns everything that is wrong with e, in the order of its
// fields, and nil if nothing is. An event without problems is one that the
// specification describes and that no receiver discards, provided that it
// marshals to at most [MaxEventBytes]; only [ValidateJSON] sees bytes.
//
// A customer's ID, conversation_id, messageId and timestamp are required, and
// so is message_id except for [Ended]: most tools close without a message.
// The agent and message_body are not: they may be unknown.
func (e Event) Validate() []Problem {
	var ps []Problem // stays nil, and Validate free of allocation, if all is well
	if e.UserID == "" && e.AnonymousID == "" {
		ps = append(ps, Problem{"userId", missingUser, codeNoUser})
	}
	if !e.Kind.known() {
		code := ""
		if e.Kind == "" {
			code = codeNoEvent
		}
		ps = append(ps, Problem{"event", notOneOfFour, code})
	}
	if d := e.Properties.ConversationDuration; d < 0 {
		ps = append(ps, Problem{"properties.conversation_duration", negative, ""})
	} else if d > maxDuration {
		ps = append(ps, Problem{"properties.conversation_duration", tooLong, ""})
	}
	if e.Properties.ConversationID == "" {
		ps = append(ps, Problem{"properties.conversation_id", missing, ""})
	}
	if e.Properties.MessageID == "" && e.Kind != Ended {
		ps = append(ps, Problem{"properties.message_id", missing, ""})
	}
	if e.MessageID == "" {
		ps = append(ps, Problem{"messageId", missing, ""})
	} else if longID(e.MessageID) {
		ps = append(ps, Problem{"messageId", longMessageID, ""})
	}
	if e.Timestamp.IsZero() {
		ps = append(ps, Problem{"timestamp", missing, ""})
	} else if !plausible(e.Timestamp) {
		ps = append(ps, Problem{"timestamp", outOfRange, ""})
	}
	if !e.SentAt.IsZero() && !plausible(e.SentAt) {
		ps = append(ps, Problem{"sentAt", outOfRange, ""})
	}
	return ps
}

// What is wrong, in the words that Validate and ValidateJSON share.
const (
	missing       = "missing"
	missingUser   = "missing, and so is anonymousId: one of them is required"
	null          = "null: leave out what is not known"
	empty         = "empty: leave out what is not known"
	negative      = "negative: a conversation lasts 0 seconds or more"
	tooLong       = "longer than 2^53-1 seconds, which no reader of JSON numbers counts exactly"
	longMessageID = "longer than 100 characters, the most that receivers keep"
	outOfRange    = "outside the years 1970 to 9999: receivers drop it"
	notOneOfFour  = `not one of "Live Chat Conversation Started", "Live Chat Conversation Ended", "Live Chat Message Sent" and "Live Chat Message Received"`
)

func (k Kind) known() bool {
	switch k {
	case Started, Ended, Sent, Received:
		return true
	}
	return false
}

func longID(id string) bool {
	return len(id) > maxMessageID && utf8.RuneCountInString(id) > maxMessageID
}

func plausible(t time.Time) bool {
	y := t.UTC().Year()
	return 1970 <= y && y <= 9999
}
