// Package crisp reads the webhooks of Crisp, both those of a website and those
// of a plugin.
//
// A session is all that a visitor ever wrote. message:send is what they sent,
// and message:received what they received; who wrote is told beside it.
//
// Source: https://docs.crisp.chat/references/web-hooks/v1/,
// https://docs.crisp.chat/guides/web-hooks/, and crisp-im/node-crisp-api and
// go-crisp-api (events)
package crisp

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// Type is the entry in the list.
func Type() connector.Type {
	return connector.Type{
		Name:   "crisp",
		Title:  "Crisp",
		Reopen: conversation.Restart, // a visitor's session goes on for ever
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: connector.Yes, Bots: connector.Yes,
			AgentID: "of operators; bots may have none", AgentName: connector.Yes, AgentUsername: connector.No,
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: "from session data", AnonymousID: "from session data", Email: "once the visitor has given it",
			Signature: "HMAC-SHA256 with time (plugin), or a token in the address (website)", Retries: "yes; each says which attempt it is",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one Crisp website.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

var (
	// signed is how plugin hooks are signed. Some have seen seconds for the
	// milliseconds of the time.
	signed = connector.Scheme{Header: "X-Crisp-Signature", Signed: "[{time};{body}]", Time: "X-Crisp-Request-Timestamp", Unit: "ms"}
	// keyed is what Crisp recommends for website hooks, which it does not sign.
	keyed = connector.Scheme{Query: "key", Hash: connector.Token}
)

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error {
	if r.Header.Get(signed.Header) == "" {
		return keyed.Verify(c.o, r)
	}
	s := signed
	if n, err := strconv.ParseInt(r.Header.Get(s.Time), 10, 64); err == nil && n < 1e11 {
		s.Unit = "s"
	}
	return s.Verify(c.o, r)
}

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (p connector.Parsed, err error) {
	var w webhook
	if err := field.Decode(r.Body, &w); err != nil {
		return p, field.Malformed("crisp", err)
	}
	var read func(webhook, data) (connector.Parsed, error)
	switch w.Event {
	case "message:send", "message:received":
		read = c.message
	case "session:set_state":
		read = state
	case "session:set_routing":
		read = routed
	case "session:set_email", "session:set_nickname", "session:set_data":
		read = c.identified
	default:
		if !known(w.Event) {
			return dropped("unknown_event"), nil
		}
		return p, nil // nothing else that becomes known is an activity
	}
	var d data
	if err := field.Decode(w.Data, &d); err != nil {
		return p, field.Malformed("crisp", err)
	}
	return read(w, d)
}

func known(event string) bool {
	switch family, _, _ := strings.Cut(event, ":"); family {
	case "session", "message", "people", "campaign", "browsing", "call", "identity", "status", "website", "bucket", "media", "email", "plugin", "spam", "widget":
		return true
	}
	return false
}

func dropped(reason string) connector.Parsed { return connector.Parsed{Dropped: []string{reason}} }

func one(a conversation.Activity) (connector.Parsed, error) {
	return connector.Parsed{Activities: []conversation.Activity{a}}, nil
}

// message tells of a message, if both sides could see it and it is known who
// wrote it.
func (c *Connector) message(w webhook, d data) (connector.Parsed, error) {
	if reason := d.unread(); reason != "" {
		return dropped(reason), nil
	}
	by := c.author(d)
	if by == "" {
		return dropped("unknown_author"), nil
	}
	at := d.Timestamp.Time
	if at.IsZero() {
		at = w.Timestamp.Time
	}
	if d.Fingerprint == "" || d.SessionID == "" || at.IsZero() {
		return connector.Parsed{}, errors.New("crisp: message without fingerprint, session_id or timestamp")
	}
	a := conversation.Activity{ID: "message:" + string(d.Fingerprint), Type: conversation.Message, By: by, Conversation: string(d.SessionID), Time: at,
		Customer: conversation.Person{ContactID: string(d.SessionID)}, Message: conversation.Text{ID: string(d.Fingerprint), Body: d.plain()}}
	switch by {
	case conversation.Customer:
		a.Message.Body, a.Channel, a.Customer.Name = d.text(), channel(d.Origin), name(d.User.Nickname)
	case conversation.HumanAgent, conversation.Bot:
		a.Agent = conversation.Agent{ID: string(d.User.UserID), Name: d.User.Nickname}
	}
	return one(a)
}

// author says who wrote a message, or "". Whoever writes through a plugin of
// others may be a person or a program.
func (c *Connector) author(d data) conversation.Author {
	id := string(d.User.UserID)
	switch {
	case d.From == "user" && d.Automated:
		return conversation.Automation
	case d.From == "user":
		return conversation.Customer
	case d.From != "operator":
		return ""
	case strings.HasPrefix(d.Origin, "urn:crisp.im:trigger"), strings.HasPrefix(d.Origin, "urn:crisp.im:campaign"):
		return conversation.Automation
	case d.Automated, strings.HasPrefix(d.Origin, "urn:crisp.im:bot"), c.o.IsBot(id):
		return conversation.Bot
	case !strings.HasPrefix(d.Origin, "urn:"), strings.HasPrefix(d.Origin, "urn:crisp.im:"), c.o.IsAgent(id):
		return conversation.HumanAgent
	}
	return ""
}

// about starts an activity with what a session's webhook tells.
func about(w webhook, d data, t conversation.Type, id string) (conversation.Activity, error) {
	if d.SessionID == "" || w.Timestamp.IsZero() {
		return conversation.Activity{}, fmt.Errorf("crisp: %s without session_id or timestamp", w.Event)
	}
	return conversation.Activity{ID: id + ":" + strconv.FormatInt(w.Timestamp.UnixMilli(), 10), Type: t, Conversation: string(d.SessionID), Time: w.Timestamp.Time,
		Customer: conversation.Person{ContactID: string(d.SessionID)}}, nil
}

// state tells that a session was resolved; by whom is not told. That it is
// unresolved says nothing: it is so from the first answer on.
func state(w webhook, d data) (connector.Parsed, error) {
	if d.State != "resolved" {
		return connector.Parsed{}, nil
	}
	a, err := about(w, d, conversation.Closed, "closed")
	if err != nil {
		return connector.Parsed{}, err
	}
	return one(a)
}

// routed tells who is responsible for a session.
func routed(w webhook, d data) (connector.Parsed, error) {
	a, err := about(w, d, conversation.Assigned, "assigned")
	if err != nil {
		return connector.Parsed{}, err
	}
	a.Agent.ID = string(d.RoutingID)
	return one(a)
}

// identified tells what became known of a visitor, if it is of interest.
func (c *Connector) identified(w webhook, d data) (connector.Parsed, error) {
	a, err := about(w, d, conversation.Identified, strings.TrimPrefix(w.Event, "session:"))
	if err != nil {
		return connector.Parsed{}, err
	}
	ids := []string{"user_id", "external_id"}
	if c.o.UserIDField != "" {
		ids = []string{c.o.UserIDField}
	}
	unknown := a.Customer
	a.Customer.Email, a.Customer.Name = string(d.Email), name(string(d.Nickname))
	a.Customer.UserID, a.Customer.AnonymousID = d.Data.First(ids...), d.Data.First(c.o.AnonymousIDFields()...)
	if a.Customer == unknown {
		return connector.Parsed{}, nil
	}
	return one(a)
}

// nobody is what Crisp calls those who gave no name.
var nobody = regexp.MustCompile(`^visitor\d*$`)

func name(nickname string) string {
	if nobody.MatchString(nickname) {
		return ""
	}
	return nickname
}

// channel puts where a visitor writes in our words.
func channel(origin string) string {
	plugin, ok := strings.CutPrefix(origin, "urn:")
	switch {
	case !ok:
		return origin // chat, email
	case strings.Contains(plugin, ":sms:") || strings.Contains(plugin, ":twilio:"):
		return "sms"
	case strings.Contains(plugin, ":phone:") || strings.Contains(plugin, ":call:"):
		return "phone"
	}
	return "messaging"
}
