// Package twilioconversations reads what Twilio Conversations, also as part of
// Flex, sends: CloudEvents of Event Streams, and classic webhooks.
//
// Neither tells who an author is: a customer of a channel is called by an
// address, everybody else by the identity that the application gave them.
//
// Source: https://www.twilio.com/docs/events/event-types/conversations/message,
// https://www.twilio.com/docs/conversations/conversations-webhooks and
// https://www.twilio.com/docs/usage/webhooks/webhooks-security
package twilioconversations

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// Type is the entry in the list.
func Type() connector.Type {
	return connector.Type{
		Name:   "twilio-conversations",
		Title:  "Twilio Conversations and Flex",
		Reopen: conversation.Continue,
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: connector.Yes, Bots: "if bot_ids names them",
			AgentID: connector.Yes, AgentName: "once a user event told it", AgentUsername: connector.No,
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: "from attributes, or the identity", AnonymousID: "from attributes", Email: "from the web chat's form",
			Signature: "HMAC-SHA1 of the address, with a hash of the body", Retries: "Event Streams: for up to 4 hours",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one Twilio account.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

// bodyHash is the parameter of the address that vouches for a JSON body.
const bodyHash = "bodySHA256"

// scheme is how Twilio signs: the address alone, which for JSON holds a hash of
// the body, or the address and the form. Accounts with rules for webhooks may
// have a key of their own, and SHA-256.
func scheme(r *connector.Request, signed string) connector.Scheme {
	s := connector.Scheme{Header: "X-Twilio-Signature", Hash: connector.HMACSHA1, Signed: signed, Encoding: "base64"}
	if strings.Contains(r.Header.Get("X-Twilio-Webhooks-Signature-Settings"), "HMAC_SHA256") {
		s.Hash = connector.HMACSHA256
	}
	return s
}

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error {
	if want := hashInAddress(r.URL); want != "" {
		sum := sha256.Sum256(r.Body)
		if subtle.ConstantTimeCompare([]byte(strings.ToLower(want)), []byte(hex.EncodeToString(sum[:]))) != 1 {
			return fmt.Errorf("%w: the body is not the one that was signed", connector.ErrSignature)
		}
		return scheme(r, "{url}").Verify(c.o, r)
	}
	// What is not a form would be no part of what is signed.
	if _, err := url.ParseQuery(string(r.Body)); err != nil || isJSON(r.Body) {
		return fmt.Errorf("%w: neither a form, nor is there a hash of the body in the address", connector.ErrSignature)
	}
	return scheme(r, "{url}{form}").Verify(c.o, r)
}

func hashInAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Query().Get(bodyHash)
}

func isJSON(body []byte) bool {
	b := bytes.TrimLeft(body, " \t\r\n")
	return len(b) > 0 && (b[0] == '[' || b[0] == '{')
}

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (p connector.Parsed, err error) {
	if !isJSON(r.Body) {
		e, err := classic(r.Body)
		if err != nil || e.Kind == "" {
			return p, errors.New("twilio-conversations: the body is no form as it is known")
		}
		e.Kind = streamed[e.Kind]
		err = c.tell(&p, e)
		return p, err
	}
	list, one := []cloudEvent(nil), cloudEvent{}
	if bytes.HasPrefix(bytes.TrimLeft(r.Body, " \t\r\n"), []byte("{")) {
		err = field.Decode(r.Body, &one)
		list = append(list, one)
	} else {
		err = field.Decode(r.Body, &list)
	}
	if err != nil {
		return p, field.Malformed("twilio-conversations", err)
	}
	for _, w := range list {
		if err := c.stream(&p, w); err != nil {
			return connector.Parsed{}, err
		}
	}
	return p, nil
}

// stream adds what one event of Event Streams tells.
func (c *Connector) stream(p *connector.Parsed, w cloudEvent) error {
	kind, ok := strings.CutPrefix(w.Type, "com.twilio.conversations.")
	if !ok {
		if !strings.HasPrefix(w.Type, "com.twilio.") {
			p.Dropped = append(p.Dropped, "unknown_event")
		}
		return nil // of another product, or a test
	}
	var e event
	switch kind {
	case "message.added", "participant.added", "conversation.added", "conversation-state.updated", "user.added", "user.updated":
		if err := field.Decode(w.Data, &e); err != nil {
			return field.Malformed("twilio-conversations", err)
		}
	}
	e.Kind = kind
	return c.tell(p, e)
}

// tell adds what an event tells.
func (c *Connector) tell(p *connector.Parsed, e event) error {
	switch e.Kind {
	case "message.added":
		return c.message(p, e)
	case "participant.added":
		return c.participant(p, e)
	case "conversation.added":
		return c.created(p, e)
	case "conversation-state.updated":
		return c.state(p, e)
	case "user.added", "user.updated":
		c.user(p, e)
	case "message.updated", "message.removed", "participant.updated", "participant.removed", "conversation.updated", "conversation.removed",
		"delivery.updated", "user.removed":
	default:
		p.Dropped = append(p.Dropped, "unknown_event")
	}
	return nil
}

// author says who an author is.
func (c *Connector) author(author, source string) conversation.Author {
	switch by := c.o.Author(author); {
	case by == conversation.Bot || by == conversation.HumanAgent:
		return by
	case author == "system":
		return conversation.Automation // what the API calls whom nobody named
	case author != "" && (outside[source] || channelAddress.MatchString(author)):
		return conversation.Customer
	default:
		return by
	}
}

func (c *Connector) message(p *connector.Parsed, e event) error {
	if e.MessageSid == "" || e.ConversationSid == "" || e.DateCreated.IsZero() {
		return errors.New("twilio-conversations: message without MessageSid, ConversationSid or DateCreated")
	}
	source, author := strings.ToUpper(string(e.Source)), string(e.Author)
	a := conversation.Activity{
		ID: "message:" + e.MessageSid, Type: conversation.Message, By: c.author(author, source), Conversation: e.ConversationSid,
		Time: e.DateCreated.Time, Message: conversation.Text{ID: e.MessageSid, Body: string(e.Body)},
	}
	switch a.By {
	case "":
		p.Dropped = append(p.Dropped, "unknown_author")
		return nil
	case conversation.Customer:
		a.Channel = channel(author, source)
		a.Customer = c.customer(author, e.Attributes)
		if !c.o.UnverifiedIDs && c.o.UserIDField != identity {
			a.Customer.UserID = "" // whoever writes a message writes its attributes
		}
	case conversation.HumanAgent, conversation.Bot:
		a.Agent = conversation.Agent{ID: author}
	}
	p.Activities = append(p.Activities, a)
	return nil
}

// identity is the user_id_field for those whose applications call their users
// by the company's own ids.
const identity = "Identity"

// customer is what a name and attributes tell of a customer.
func (c *Connector) customer(name string, a attributes) conversation.Person {
	anonymous, form := c.o.AnonymousIDFields(), a.form()
	p := conversation.Person{
		ContactID:   name,
		AnonymousID: cmp.Or(a.First(anonymous...), form.First(anonymous...)),
		Email:       form.Text("email"),
		Name:        form.First("friendlyName", "name"),
	}
	switch {
	case c.o.UserIDField == "":
		p.UserID = a.First("user_id", "external_id")
	case c.o.UserIDField != identity:
		p.UserID = a.Text(c.o.UserIDField)
	case !channelAddress.MatchString(name):
		p.UserID = name
	}
	return p
}

// participant tells of somebody who takes part from now on.
func (c *Connector) participant(p *connector.Parsed, e event) error {
	if e.ParticipantSid == "" || e.ConversationSid == "" || e.DateCreated.IsZero() {
		return errors.New("twilio-conversations: participant without ParticipantSid, ConversationSid or DateCreated")
	}
	name := string(cmp.Or(e.Identity, e.Binding.Address))
	a := conversation.Activity{ID: "joined:" + e.ParticipantSid, Conversation: e.ConversationSid, Time: e.DateCreated.Time}
	switch by := c.author(name, ""); {
	case by == conversation.HumanAgent:
		a.Type, a.Agent = conversation.Assigned, conversation.Agent{ID: name}
	case by == conversation.Bot || by == conversation.Automation:
		return nil
	case by == conversation.Customer || e.Binding.Address != "":
		a.Type, a.Customer = conversation.Identified, c.customer(name, e.Attributes)
		a.Customer.Name = cmp.Or(string(e.Binding.Name), a.Customer.Name)
		a.Channel = channel(string(cmp.Or(e.Binding.Address, e.Identity)), "")
	default:
		p.Dropped = append(p.Dropped, "unknown_author")
		return nil
	}
	p.Activities = append(p.Activities, a)
	return nil
}

func (c *Connector) created(p *connector.Parsed, e event) error {
	if e.ConversationSid == "" || e.DateCreated.IsZero() {
		return errors.New("twilio-conversations: conversation without ConversationSid or DateCreated")
	}
	a := conversation.Activity{ID: "created", Type: conversation.Identified, Conversation: e.ConversationSid,
		Time: e.DateCreated.Time, StartedAt: e.DateCreated.Time, Customer: c.customer(string(e.Binding.AuthorAddress), e.Attributes)}
	if e.Binding.AuthorAddress != "" {
		a.Channel = channel(string(e.Binding.AuthorAddress), "")
	}
	p.Activities = append(p.Activities, a)
	return nil
}

// state tells that a conversation was closed, for good. Inactive is a pause.
func (c *Connector) state(p *connector.Parsed, e event) error {
	switch e.StateTo {
	case "closed":
	case "active", "inactive":
		return nil
	default:
		p.Dropped = append(p.Dropped, "unknown_state")
		return nil
	}
	if e.ConversationSid == "" || e.StateUpdated.IsZero() {
		return errors.New("twilio-conversations: state without ConversationSid or StateUpdated")
	}
	a := conversation.Activity{ID: "closed:" + e.StateUpdated.Format(time.RFC3339Nano), Type: conversation.Closed,
		Conversation: e.ConversationSid, Time: e.StateUpdated.Time}
	if strings.EqualFold(string(e.Reason), "timer") {
		a.By = conversation.System
	}
	p.Activities = append(p.Activities, a)
	return nil
}

// user tells what else is known of somebody.
func (c *Connector) user(p *connector.Parsed, e event) {
	name, friendly := string(e.Identity), string(e.FriendlyName)
	switch c.author(name, "") {
	case conversation.HumanAgent, conversation.Bot:
		p.Agents = append(p.Agents, conversation.Agent{ID: name, Name: friendly})
	case conversation.Customer:
		person := c.customer(name, e.Attributes)
		if !c.o.UnverifiedIDs && c.o.UserIDField != identity {
			person.UserID = "" // users may change their own attributes
		}
		person.Name = cmp.Or(friendly, person.Name)
		p.Contacts = append(p.Contacts, person)
	}
}
