// Package chatwoot reads the webhooks of Chatwoot.
//
// A webhook is the object itself, a message or a conversation, with the name
// of what happened beside its fields.
//
// Source: chatwoot/chatwoot v4.15.1, app/listeners/webhook_listener.rb,
// app/models/message.rb, lib/webhooks/trigger.rb; and
// https://www.chatwoot.com/hc/user-guide/articles/1677693021-how-to-use-webhooks
package chatwoot

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// Type is the entry in the list.
func Type() connector.Type {
	return connector.Type{
		Name:   "chatwoot",
		Title:  "Chatwoot",
		Reopen: conversation.Continue,
		Signs:  connector.Sometimes,
		JSON:   true,
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: connector.Yes, Bots: connector.Yes,
			AgentID: connector.Yes, AgentName: connector.Yes, AgentUsername: "once the agent has written: their e-mail address",
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: "the contact's identifier, if identity validation vouches for it", AnonymousID: "from a custom attribute", Email: connector.Yes,
			Signature: "HMAC-SHA256 with time, since 4.12", Retries: "none",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one Chatwoot account.
type Connector struct{ o connector.Options }

var (
	_ connector.Scrubber = (*Connector)(nil)
	_ connector.Faker    = (*Connector)(nil)
)

// scheme is how Chatwoot signs since 4.12.
var scheme = connector.Scheme{Header: "X-Chatwoot-Signature", Value: "sha256={signature}", Signed: "{time}.{body}", Time: "X-Chatwoot-Timestamp"}

// Verify implements connector.Connector. Chatwoot before 4.12 does not sign:
// with Unsigned, a webhook without signature passes. So does one with a
// signature that no secret is there to check: an upgraded Chatwoot signs from
// then on, sends each webhook once, and must not lose them to that.
func (c *Connector) Verify(r *connector.Request) error {
	if c.o.Unsigned && (len(c.o.Secrets) == 0 || r.Header.Get(scheme.Time) == "" && r.Header.Get(scheme.Header) == "") {
		return nil
	}
	return scheme.Verify(c.o, r)
}

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (connector.Parsed, error) {
	var w webhook
	err := field.Decode(r.Body, &w)
	if err != nil {
		// What is of no interest may have any shape.
		kind, ok := field.Kind(r.Body, "event")
		if !ok {
			return connector.Parsed{}, field.Malformed("chatwoot", err)
		}
		w.Event = kind
	}
	switch w.Event {
	case "message_created":
		if err == nil {
			return c.message(w)
		}
	case "conversation_created", "conversation_updated", "conversation_status_changed":
		if err == nil {
			return c.conversation(w)
		}
	case "message_updated", "webwidget_triggered", "contact_created", "contact_updated", "inbox_created", "inbox_updated",
		"conversation_typing_on", "conversation_typing_off", "conversation_opened", "conversation_resolved", "macro.executed":
		return connector.Parsed{}, nil // nothing that became known by it is an activity
	default:
		if strings.HasPrefix(w.Event, "automation_event.") {
			return connector.Parsed{}, nil
		}
		return dropped("unknown_event"), nil
	}
	return connector.Parsed{}, field.Malformed("chatwoot", err)
}

func dropped(reason string) connector.Parsed { return connector.Parsed{Dropped: []string{reason}} }

// message tells of a message, if the customer could see it and it is known
// who wrote it.
func (c *Connector) message(m webhook) (connector.Parsed, error) {
	if m.Private == nil || *m.Private {
		return dropped("private_note"), nil
	}
	if m.ContentAttributes.Truthy("deleted") {
		return dropped("deleted"), nil
	}
	by, reason := m.author()
	if reason != "" {
		return dropped(reason), nil
	}
	if m.ID == "" || m.Conversation.ID == "" || m.CreatedAt.IsZero() {
		return connector.Parsed{}, fmt.Errorf("chatwoot: message without id, conversation.id or created_at")
	}
	if by == conversation.Customer && m.Sender != nil && m.Conversation.Meta.Sender.ID == "" {
		m.Conversation.Meta.Sender = *m.Sender
	}
	a := c.about(m.Conversation)
	a.ID, a.Type, a.By, a.Time = "message:"+string(m.ID), conversation.Message, by, m.CreatedAt.Time
	a.Message = conversation.Text{ID: string(m.ID), Body: plain(m.Content, by)}
	if by == conversation.HumanAgent || by == conversation.Bot {
		a.Agent = conversation.Agent{}
		if m.Sender != nil && m.Sender.speaks() {
			// People log in with their e-mail address.
			a.Agent = conversation.Agent{ID: string(m.Sender.ID), Name: m.Sender.Name, Username: m.Sender.Email}
		}
	}
	return connector.Parsed{Activities: []conversation.Activity{a}}, nil
}

// author says who wrote a message, or why that is not known.
func (m text) author() (by conversation.Author, reason string) {
	sender := ""
	if m.Sender != nil {
		if sender = m.Sender.Type; sender == "" {
			sender = "contact" // which alone comes without a type
		}
	}
	kind := string(m.MessageType)
	switch {
	case kind == "template" || kind == "3":
		return conversation.Automation, ""
	case kind == "activity" || kind == "2":
		return "", "activity_line"
	case m.ContentType == "input_csat":
		return conversation.Automation, ""
	case !m.known():
		return "", "unknown_kind"
	case (kind == "incoming" || kind == "0") && (sender == "contact" || sender == ""):
		return conversation.Customer, ""
	case kind != "outgoing" && kind != "1":
		return "", "unknown_author"
	case m.ContentAttributes.Has("automation_rule_id"), m.AdditionalAttributes.Has("campaign_id"):
		return conversation.Automation, ""
	case sender == "user":
		return conversation.HumanAgent, ""
	case sender == "agent_bot" || sender == "captain_assistant":
		return conversation.Bot, ""
	case m.ContentAttributes.Truthy("external_echo"):
		return conversation.HumanAgent, "" // who wrote in the channel's own app
	case sender == "":
		return conversation.Automation, ""
	}
	return "", "unknown_author"
}

// known reports whether the message is of a kind that people read as text.
func (m text) known() bool {
	switch m.ContentType {
	case "", "text", "input_text", "input_textarea", "input_email", "input_select", "cards", "form", "article", "incoming_email", "integrations", "sticker":
		return true
	}
	return false
}

// markup is HTML that an editor writes, and layout is what of it ends a line.
// People write "<3" and "<your name>" too.
var (
	markup = regexp.MustCompile(`(?i)</?(p|br|div|span|a|b|strong|i|em|u|s|del|ul|ol|li|blockquote|pre|code|h[1-6]|hr|img|table)(\s[^<>]*)?/?>`)
	layout = regexp.MustCompile(`(?i)<(p|br|div|ul|ol|li|blockquote|h[1-6]|hr|table)[\s/>]`)
)

// plain returns the text of a message. Chatwoot 4.9 to 4.12.0 sends HTML, later
// ones Markdown for what its editor wrote; where only parts are HTML, as for
// Telegram, lines are as typed. A customer's own words keep their stars.
func plain(content string, by conversation.Author) string {
	content = strings.TrimSpace(content)
	if markup.MatchString(content) {
		if !layout.MatchString(content) {
			content = strings.ReplaceAll(content, "\n", "<br>")
		}
		return connector.PlainText(content)
	}
	if by == conversation.Customer {
		return content
	}
	return connector.PlainMarkdown(content)
}

// conversation tells what changed in a conversation.
func (c *Connector) conversation(v webhook) (p connector.Parsed, err error) {
	if v.ID == "" {
		return p, fmt.Errorf("chatwoot: conversation without id")
	}
	at := v.changedAt()
	_, created := v.Changed.to("id") // conversation_updated tells of that, too
	if created = created || v.Event == "conversation_created"; created && !v.CreatedAt.IsZero() {
		at = v.CreatedAt.Time
	}
	if at.IsZero() {
		return p, fmt.Errorf("chatwoot: conversation without updated_at, timestamp or created_at")
	}
	add := func(t conversation.Type, id string) *conversation.Activity {
		a := c.about(v.chat)
		a.Type, a.ID, a.Time = t, id, at
		p.Activities = append(p.Activities, a)
		return &p.Activities[len(p.Activities)-1]
	}
	if created {
		add(conversation.Identified, "created")
		return p, nil
	}
	stamp := at.UTC().Format(time.RFC3339Nano)
	if _, assigned := v.Changed.to("assignee_id"); assigned {
		add(conversation.Assigned, "assigned:"+stamp)
	}
	status, changed := v.Changed.to("status")
	if v.Event == "conversation_status_changed" && !changed {
		status, changed = v.Status, true
	}
	switch {
	case changed && status == "resolved":
		closing := add(conversation.Closed, "closed:"+stamp)
		closing.Message = v.last(at)
	case changed && status == "open" && v.Changed.from("status") == "resolved":
		add(conversation.Reopened, "reopened:"+stamp)
	}
	return p, nil
}

// anonymousIDs are the custom attributes, of the contact or the conversation,
// in which sites hand over their Segment anonymousId.
var anonymousIDs = []string{"segment_anonymous_id", "segmentAnonymousId", "anonymous_id", "anonymousId", "ajs_anonymous_id"}

// about starts an activity with what a conversation tells.
func (c *Connector) about(v chat) conversation.Activity {
	contact := v.Meta.Sender
	customer := conversation.Person{ContactID: string(contact.ID), Email: contact.Email, Name: contact.Name}
	if v.Meta.HMACVerified || v.ContactInbox.HMACVerified || c.o.UnverifiedIDs {
		customer.UserID = string(contact.Identifier)
		if c.o.UserIDField != "" {
			customer.UserID = contact.CustomAttributes.Text(c.o.UserIDField)
		}
	}
	fields := anonymousIDs
	if c.o.AnonymousIDField != "" {
		fields = c.o.AnonymousIDFields()
	}
	for _, key := range fields {
		customer.AnonymousID = cmp.Or(customer.AnonymousID, contact.CustomAttributes.Text(key), v.CustomAttributes.Text(key))
	}
	a := conversation.Activity{
		Conversation: string(v.ID),
		Customer:     customer,
		StartedAt:    v.CreatedAt.Time,
		Channel:      v.channel(),
	}
	if as := v.Meta.Assignee; as != nil && v.Meta.AssigneeType != "AgentBot" && (as.Type == "user" || as.Type == "") {
		a.Agent = conversation.Agent{ID: string(as.ID), Name: as.Name}
	}
	return a
}

// channel puts the inbox's kind in our words.
func (v chat) channel() string {
	switch kind := strings.TrimPrefix(v.Channel, "Channel::"); kind {
	case "":
		return ""
	case "WebWidget":
		return "chat"
	case "Api", "FacebookPage", "Whatsapp", "Telegram", "Line", "Instagram", "TwitterProfile", "Tiktok":
		return "messaging"
	case "Email":
		return "email"
	case "Sms":
		return "sms"
	case "Voice":
		return "phone"
	case "TwilioSms":
		if strings.HasPrefix(v.ContactInbox.SourceID, "whatsapp:") {
			return "messaging"
		}
		return "sms"
	default:
		return strings.ToLower(kind)
	}
}

// changedAt is when the conversation changed, to the millisecond, so that all
// webhooks about one change say the same. Before 4.0.2 the nearest that some of
// them tell is the second in which somebody last wrote.
func (v webhook) changedAt() time.Time {
	if at, ok := v.Changed.to("updated_at"); ok {
		if t, err := field.ParseTime(at); err == nil && !t.IsZero() {
			return t.Truncate(time.Millisecond)
		}
	}
	if !v.UpdatedAt.IsZero() {
		return v.UpdatedAt.Truncate(time.Millisecond)
	}
	at := v.CreatedAt.Time
	for _, t := range []field.Time{v.LastActivityAt, v.Timestamp} {
		if !t.IsZero() {
			at = t.Time
		}
	}
	// What changed then did so after the message of that second, not before.
	if n := len(v.Messages); n > 0 && v.Messages[n-1].CreatedAt.Truncate(time.Second).Equal(at) {
		at = at.Add(time.Second - time.Millisecond)
	}
	return at
}

// last is the last message, if both sides could see it, a person wrote it, and
// it does not lie after at: a body may be newer than what it tells of. A bot's
// may be unwanted; it counts if its own webhook came.
func (v webhook) last(at time.Time) conversation.Text {
	if len(v.Messages) == 0 {
		return conversation.Text{}
	}
	m := v.Messages[len(v.Messages)-1]
	by, reason := m.author()
	person := reason == "" && (by == conversation.Customer || by == conversation.HumanAgent)
	if !person || m.Private == nil || *m.Private || m.ContentAttributes.Truthy("deleted") || m.CreatedAt.After(at) {
		return conversation.Text{}
	}
	return conversation.Text{ID: string(m.ID), Body: plain(m.Content, by)}
}
