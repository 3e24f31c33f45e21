// Package snapengage reads what SnapEngage's Integration POST API sends: the
// transcript of a chat, once it is over.
//
// Source: https://help.snapengage.com/integration-api-json/ and public
// programs that read it.
package snapengage

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// Type is the entry in the list.
func Type() connector.Type {
	return connector.Type{
		Name:   "snapengage",
		Title:  "SnapEngage",
		Reopen: conversation.Continue,
		Signs:  connector.Sometimes,
		Gives: connector.Gives{
			Started: "with the transcript", Sent: "with the transcript", Received: "with the transcript", Ended: "with the transcript",
			Bots:    "if bot_ids names them",
			AgentID: "such as wc:ann@example.com", AgentName: "the alias", AgentUsername: "their e-mail address",
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: "made from author, time and text",
			UserID: "from a JavaScript variable", AnonymousID: "from a JavaScript variable", Email: "once the visitor has told it",
			Signature: "token in the Authorization header, if wanted", Retries: "for about 2 hours",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one SnapEngage account.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

var (
	token  = connector.Scheme{Header: "Authorization", Query: "token", Hash: connector.Token}
	bearer = connector.Scheme{Header: "Authorization", Hash: connector.Token, Value: "Bearer {signature}"}
)

// Verify implements connector.Connector. SnapEngage sends a token if it is
// told one.
func (c *Connector) Verify(r *connector.Request) error {
	if c.o.Unsigned && len(c.o.Secrets) == 0 {
		return nil
	}
	if bearer.Verify(c.o, r) == nil {
		return nil
	}
	return token.Verify(c.o, r)
}

// A chat is a support request. Of its times, which tell the same in several
// ways, older versions have some.
type chat struct {
	ID        field.ID     `json:"id"`
	URL       field.Text   `json:"url"`
	Type      string       `json:"type"`
	Email     field.Text   `json:"requested_by"`
	CreatedMs field.Time   `json:"created_at_milliseconds"`
	CreatedS  field.Time   `json:"created_at_seconds"`
	Created   field.Time   `json:"created_at"`
	CreatedOn field.Time   `json:"created_at_date"`
	Seconds   float64      `json:"chat_duration"`
	Proactive bool         `json:"proactive_chat"`
	Source    field.ID     `json:"source_id"`
	Lines     []line       `json:"transcripts"`
	Variables field.Object `json:"javascript_variables"`
}

// A line of a transcript. The visitor's have an empty id.
type line struct {
	ID    *field.ID  `json:"id"`
	Alias field.Text `json:"alias"`
	Text  field.Text `json:"message"`
	Ms    field.Time `json:"date_milliseconds"`
	S     field.Time `json:"date_seconds"`
	Date  field.ID   `json:"date"`
}

// first returns the first time that is told.
func first(list ...field.Time) time.Time {
	for _, t := range list {
		if !t.IsZero() {
			return t.Time
		}
	}
	return time.Time{}
}

func (l line) at() time.Time {
	if at := first(l.Ms, l.S); !at.IsZero() {
		return at
	}
	at, _ := field.ParseTime(string(l.Date)) // what is none is the zero time
	return at
}

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (connector.Parsed, error) {
	var v chat
	if err := field.Decode(r.Body, &v); err != nil {
		return connector.Parsed{}, field.Malformed("snapengage", err)
	}
	switch v.Type {
	case "chat":
	case "offline": // what visitors leave while nobody is there
		return connector.Parsed{}, nil
	default:
		return connector.Parsed{Dropped: []string{"unknown_event"}}, nil
	}
	if v.ID == "" {
		return connector.Parsed{}, errors.New("snapengage: chat without id")
	}
	return c.transcript(v), nil
}

// transcript tells what was said, and that it is over.
func (c *Connector) transcript(v chat) (p connector.Parsed) {
	occurrences, order := connector.Occurrences{}, connector.Order{}
	p.Activities = make([]conversation.Activity, 0, len(v.Lines)+1) // and the end
	about := conversation.Activity{Conversation: string(v.ID), Customer: c.customer(v), Channel: "chat", ConversationURL: string(v.URL)}
	// A proactive chat begins with a prompt in an agent's name.
	prompt := v.Proactive || v.Source == "3"
	var end time.Time
	for _, l := range v.Lines {
		by, reason := c.author(l)
		at := l.at()
		if at.IsZero() {
			reason = cmp.Or(reason, "no_time")
		}
		if reason != "" {
			p.Dropped = append(p.Dropped, reason)
			continue
		}
		if by == conversation.Customer {
			prompt = false
		} else if prompt {
			by = conversation.Automation
		}
		body := strings.TrimSpace(string(l.Text))
		id := occurrences.ID(string(by), at.Format(time.RFC3339Nano), body)
		a := about
		a.ID, a.Type, a.By, a.Time = "message:"+id, conversation.Message, by, order.Next(at)
		a.Message = conversation.Text{ID: id, Body: body}
		if by == conversation.HumanAgent || by == conversation.Bot {
			a.Agent = l.agent()
		}
		if a.Time.After(end) {
			end = a.Time
		}
		p.Activities = append(p.Activities, a)
	}
	began := first(v.CreatedMs, v.CreatedS, v.Created, v.CreatedOn)
	if over := began.Add(time.Duration(v.Seconds * float64(time.Second))); !began.IsZero() && over.After(end) {
		end = over
	}
	if !end.IsZero() {
		about.ID, about.Type, about.Time = "closed:"+end.Truncate(time.Millisecond).Format(time.RFC3339Nano), conversation.Closed, end
		p.Activities = append(p.Activities, about)
	}
	return p
}

// author says who wrote a line, or why that is not known.
func (c *Connector) author(l line) (by conversation.Author, reason string) {
	if l.ID == nil {
		if l.Alias == "" {
			return conversation.Customer, ""
		}
		return "", "unknown_author"
	}
	switch id := string(*l.ID); {
	case id == "":
		return conversation.Customer, ""
	case c.o.IsBot(id):
		return conversation.Bot, ""
	case strings.HasPrefix(id, "wc:"), strings.Contains(id, "@"), c.o.IsAgent(id):
		return conversation.HumanAgent, ""
	}
	return "", "unknown_author"
}

// agent returns who wrote a line. People log in with their e-mail address,
// which is their id, after what they use for it: "wc:" is the web client.
func (l line) agent() conversation.Agent {
	a := conversation.Agent{ID: string(*l.ID), Name: string(l.Alias)}
	if email, ok := strings.CutPrefix(a.ID, "wc:"); ok && strings.Contains(email, "@") {
		a.Username = email
	}
	return a
}

// nobody is the address of visitors who have not told theirs.
const nobody = "unknown@example.com"

func (c *Connector) customer(v chat) (who conversation.Person) {
	if v.Email != nobody {
		who.Email = string(v.Email)
	}
	userIDs := []string{"user_id", "external_id"}
	if c.o.UserIDField != "" {
		userIDs = []string{c.o.UserIDField}
	}
	who.UserID = v.variable(userIDs...)
	who.AnonymousID = v.variable(c.o.AnonymousIDFields()...)
	return who
}

// variable returns the first JavaScript variable of these names that has a
// value. They come as a list of names and values.
func (v chat) variable(names ...string) string {
	var list []struct {
		Name  field.Text `json:"name"`
		Value field.ID   `json:"value"`
	}
	if field.Decode(v.Variables, &list) != nil {
		return v.Variables.First(names...)
	}
	for _, name := range names {
		for _, pair := range list {
			if string(pair.Name) == name && pair.Value != "" {
				return string(pair.Value)
			}
		}
	}
	return ""
}
