package hubspot

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// Where the API has what, and how long that may serve.
const (
	threadsPath  = "/conversations/v3/conversations/threads/"
	actorsPath   = "/conversations/v3/conversations/actors/"
	contactsPath = "/crm/v3/objects/contacts/"
	keepPerson   = time.Hour
	keepThread   = 10 * time.Minute // the contact may become another
)

// liveChat is the channel of HubSpot's own chat.
const liveChat = "1000"

// A telling is what one webhook says.
type telling struct {
	connector.Parsed
	c *Connector
	r *connector.Request
}

// item adds what happened to one object; of others than conversations, nothing.
func (t *telling) item(v *item) error {
	switch v.Type {
	case "conversation.newMessage", "conversation.propertyChange":
	case "conversation.creation", "conversation.deletion", "conversation.privacyDeletion":
		return nil
	default:
		if v.Type == "" || strings.HasPrefix(v.Type, "conversation.") {
			t.drop("unknown_event")
		}
		return nil
	}
	if v.ObjectID == "" || v.OccurredAt.IsZero() {
		return errors.New("hubspot: conversation without objectId or occurredAt")
	}
	switch {
	case v.Type == "conversation.newMessage":
		return t.newMessage(v)
	case v.Property == "status":
		return t.status(v)
	case v.Property == "assignedTo":
		a := v.activity(conversation.Assigned, "assigned:")
		a.Agent.ID = string(v.Value)
		return t.add(a)
	}
	return nil
}

func (t *telling) drop(reason string) { t.Dropped = append(t.Dropped, reason) }

// newMessage adds a message. What is none between the two sides is not asked
// about.
func (t *telling) newMessage(v *item) error {
	if reason := hidden(v.MessageType); reason != "" && v.MessageType != "" {
		t.drop(reason)
		return nil
	}
	if v.MessageID == "" {
		return errors.New("hubspot: message without messageId")
	}
	var (
		m        message
		thread   thread
		threadAt = threadsPath + url.PathEscape(string(v.ObjectID))
	)
	said, err := t.ask(threadAt+"/messages/"+url.PathEscape(string(v.MessageID)), 0, &m)
	if err != nil {
		return err
	}
	if said == nothing {
		t.drop("not_found")
		return nil
	}
	around, err := t.ask(threadAt, keepThread, &thread)
	if err != nil || said == waiting || around == waiting {
		return err
	}
	return t.message(v, &m, &thread)
}

// message adds a message as the API has it.
func (t *telling) message(v *item, m *message, thread *thread) error {
	reason := hidden(m.Type)
	if reason == "" && m.Archived {
		reason = "deleted"
	}
	by, who := m.author()
	if reason == "" && by == "" {
		reason = "unknown_author"
	}
	channel := cmp.Or(thread.OriginalChannelID, m.ChannelID)
	if reason == "" && channel == "" {
		reason = "unknown_channel"
	}
	if reason != "" {
		t.drop(reason)
		return nil
	}
	a := v.activity(conversation.Message, "")
	a.ID, a.By, a.Time = "message:"+string(v.MessageID), by, cmp.Or(m.CreatedAt, v.OccurredAt).Time
	a.Message = conversation.Text{ID: string(v.MessageID), Body: m.plain()}
	a.Channel = inWords(channel)
	visitor := ""
	if by == conversation.Customer {
		if a.Customer.Name = string(who.Name); kindOf(who.ActorID) == 'V' {
			visitor = who.ActorID[len("V-"):]
		}
	} else {
		a.Agent = conversation.Agent{ID: who.ActorID, Name: string(who.Name)}
	}
	if err := t.customer(&a.Customer, cmp.Or(string(thread.AssociatedContactID), visitor)); err != nil {
		return err
	}
	return t.add(a)
}

// status adds that a conversation ended, or was opened again.
func (t *telling) status(v *item) error {
	switch v.Value {
	case "OPEN":
		return t.add(v.activity(conversation.Reopened, "reopened:"))
	case "CLOSED":
	default:
		return nil
	}
	var thread thread
	path := threadsPath + url.PathEscape(string(v.ObjectID))
	if said, err := t.ask(path, keepThread, &thread); err != nil || said == waiting {
		return err
	}
	a := v.activity(conversation.Closed, "closed:")
	if a.Channel = inWords(thread.OriginalChannelID); thread.OriginalChannelID != liveChat {
		return t.add(a) // who closed an e-mail is not worth reading all of it
	}
	var list struct {
		Results []message `json:"results"`
	}
	if said, err := t.ask(path+"/messages?limit=100", 0, &list); err != nil || said == waiting {
		return err
	}
	switch who := closer(list.Results, v.OccurredAt.Time); kindOf(who) {
	case 'A':
		a.By, a.Agent.ID = conversation.HumanAgent, who
	case 'V':
		a.By = conversation.Customer
	case 'B', 'L':
		a.By = conversation.Bot
	case 'S', 'I':
		a.By = conversation.System
	}
	return t.add(a)
}

// closer is the actor who closed a conversation, or "": whose change of status
// is nearest in time.
func closer(list []message, at time.Time) string {
	const most = time.Minute
	var changes []message
	for _, m := range list {
		if m.Type == "THREAD_STATUS_CHANGE" && m.NewStatus == "CLOSED" && m.CreatedAt.Sub(at).Abs() <= most {
			changes = append(changes, m)
		}
	}
	if len(changes) == 0 {
		return ""
	}
	return slices.MinFunc(changes, func(a, b message) int { return cmp.Compare(a.CreatedAt.Sub(at).Abs(), b.CreatedAt.Sub(at).Abs()) }).CreatedBy
}

// add adds an activity once it is known who its agent is.
func (t *telling) add(a conversation.Activity) error {
	if kindOf(a.Agent.ID) == 'A' || a.Agent.ID != "" && a.Agent.Name == "" {
		var who actor
		said, err := t.ask(actorsPath+url.PathEscape(a.Agent.ID), keepPerson, &who)
		if err != nil || said == waiting {
			return err
		}
		a.Agent.Name = cmp.Or(string(who.Name), a.Agent.Name)
		if kindOf(a.Agent.ID) == 'A' {
			a.Agent.Username = string(who.Email)
		}
	}
	t.Activities = append(t.Activities, a)
	return nil
}

// customer adds what is known of a contact, or of a visitor who is none yet.
func (t *telling) customer(p *conversation.Person, id string) error {
	if p.ContactID = id; strings.Trim(id, "0123456789") != "" || id == "" {
		return nil // none that the API would take for an id
	}
	var contact struct {
		Properties field.Object `json:"properties"`
	}
	said, err := t.ask(contactsPath+url.PathEscape(id)+t.c.query, keepPerson, &contact)
	if err != nil || said == waiting {
		return err
	}
	if said == told {
		v := contact.Properties
		p.Email, p.UserID, p.AnonymousID = v.Text("email"), v.First(t.c.userIDs...), v.First(t.c.o.AnonymousIDFields()...)
		p.Name = cmp.Or(strings.TrimSpace(v.Text("firstname")+" "+v.Text("lastname")), p.Name)
		return nil
	}
	var visitor actor
	if said, err = t.ask(actorsPath+"V-"+url.PathEscape(id), keepPerson, &visitor); said == told {
		p.Email, p.Name = string(visitor.Email), cmp.Or(string(visitor.Name), p.Name)
	}
	return err
}

// What the API said.
type answer int

const (
	waiting answer = iota // it is still to be asked
	nothing               // it knows nothing of it
	told
)

// ask reads what the API says, if it has been asked, and asks if not.
func (t *telling) ask(path string, keep time.Duration, v any) (answer, error) {
	b, known := t.r.Answers[path]
	switch {
	case !known:
		l := connector.Lookup{Path: path, Keep: keep}
		if !slices.Contains(t.Lookups, l) {
			t.Lookups = append(t.Lookups, l)
		}
		return waiting, nil
	case b == nil:
		return nothing, nil
	}
	if err := field.Decode(b, v); err != nil {
		return nothing, field.Malformed("hubspot", err)
	}
	return told, nil
}

// inWords puts the id of a channel in our words.
func inWords(channel field.ID) string {
	if channel == liveChat {
		return "chat"
	}
	return string(channel)
}
