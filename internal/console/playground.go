package console

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/live"
	"github.com/parlance-chat/parlance/internal/trace"
)

// What a playground remembers at most.
const (
	maxPlays   = 100
	maxHistory = 200
	maxText    = 4000
)

// A play is a conversation that somebody plays both sides of.
type play struct {
	workspace, source string
	after             journal.Seq // of webhooks, before its first
	history           []conversation.Activity
}

// plays are those that were played last. The zero value is ready.
type plays struct {
	mu    sync.Mutex // guards the fields below
	list  map[string]*play
	order []string
}

// The people of the playground.
var (
	playedCustomer = conversation.Person{ContactID: "4711", UserID: "user-4711", Name: "Mia Berg", Email: "mia@example.org"}
	playedAgent    = conversation.Agent{ID: "7", Name: "Ann Lee", Username: "ann@example.com"}
	playedBot      = conversation.Agent{ID: "1", Name: "Helper"}
)

// A playView is the playground.
type playView struct {
	Conversation string     `json:"conversation"`
	Source       string     `json:"source"`
	Sources      []string   `json:"sources"`
	Destinations []string   `json:"destinations"`
	Said         []saidView `json:"said"`
	Over         bool       `json:"over"` // it has ended, and nobody has written since
	Steps        []playStep `json:"steps"`
	Waiting      bool       `json:"waiting"` // events may still come
	Failed       string     `json:"failed,omitempty"`
}

// A saidView is one thing that somebody said or did.
type saidView struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"` // as in Activity, or "end"
	Name string    `json:"name"`
	Text string    `json:"text"`
}

// A playStep is what became of it.
type playStep struct {
	Webhook  journal.Seq  `json:"webhook"`
	Activity string       `json:"activity"`
	By       string       `json:"by"`
	Text     string       `json:"text,omitempty"`
	Changes  []change     `json:"changes"`
	Events   []playedCall `json:"events"`
}

// A playedCall is an event, and whether it has been derived yet.
type playedCall struct {
	Name     string      `json:"name"`
	Duration int64       `json:"duration"`
	Agent    string      `json:"agent,omitempty"`
	Seq      journal.Seq `json:"seq,omitempty"` // 0 while it waits for what may come late
}

func (c *Console) playground(q *request) (any, error) {
	v := playView{Conversation: q.FormValue("conversation"), Source: q.FormValue("source"), Destinations: c.o.Destinations(q.Workspace), Failed: q.FormValue("failed")}
	if v.Failed != "" {
		v.Failed = "That did not work. The gateway's log says why."
	}
	for _, s := range c.o.Sources.Sources(q.Workspace) {
		if s.Playable {
			v.Sources = append(v.Sources, s.Name)
		}
	}
	p := c.plays.get(q.Workspace, v.Conversation)
	if p == nil {
		v.Conversation = strconv.FormatInt(time.Now().UnixMilli(), 10)
		return v, nil
	}
	v.Source = p.source
	for _, a := range p.history {
		one := said(a)
		if !q.User.Bodies {
			one.Text = masks(one.Text)
		}
		v.Said = append(v.Said, one)
		if a.By != conversation.System { // a note changes nothing
			v.Over = a.Type == conversation.Closed
		}
	}
	steps, err := trace.Conversation(q.Context(), c.o.Journal, c.o.Rules, journal.Conversation{Workspace: p.workspace, Source: p.source, ID: v.Conversation}, p.after)
	if err != nil {
		return nil, err
	}
	derived := c.derived(p, v.Conversation)
	for _, s := range steps {
		step := playStep{Webhook: s.Webhook, Activity: string(s.Activity.Type), By: string(s.Activity.By), Text: s.Activity.Message.Body, Changes: changes(s.Before, s.After, q.User)}
		if !q.User.Bodies {
			step.Text = masks(step.Text)
		}
		for _, e := range s.Events {
			seq := derived[e.MessageID]
			v.Waiting = v.Waiting || seq == 0
			step.Events = append(step.Events, playedCall{Name: string(e.Kind), Duration: e.Properties.ConversationDuration, Agent: e.Properties.AgentName, Seq: seq})
		}
		v.Steps = append(v.Steps, step)
	}
	return v, nil
}

// derived returns where the events of a play are, by messageId.
func (c *Console) derived(p *play, conversation string) map[string]journal.Seq {
	at := map[string]journal.Seq{}
	for r := range c.o.Hub.Look().Newest(0) {
		if r.Kind == live.Event && r.Workspace == p.workspace && r.Source == p.source && r.Conversation == conversation {
			at[r.MessageID] = r.Seq
		}
	}
	return at
}

func said(a conversation.Activity) saidView {
	v := saidView{At: a.Time, By: string(a.By), Text: a.Message.Body}
	switch {
	case a.Type == conversation.Closed:
		v.By, v.Text = "end", "ended the conversation"
		v.Name = cmp.Or(a.Agent.Name, a.Customer.Name)
	case a.By == conversation.Customer:
		v.Name = a.Customer.Name
	case a.By == conversation.System:
		v.By, v.Name = "note", a.Agent.Name+", to colleagues only"
	default:
		v.Name = a.Agent.Name
	}
	return v
}

// say has somebody say something.
func (c *Console) say(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	q := c.request(r)
	back := url.Values{"workspace": {q.Workspace}, "source": {q.PostFormValue("source")}, "conversation": {q.PostFormValue("conversation")}}
	err := c.playOn(q)
	if err != nil {
		c.o.Log.Warn("console: playground", "error", err)
		back.Set("failed", "1")
	}
	http.Redirect(w, r, "/playground?"+back.Encode(), http.StatusSeeOther)
}

// playOn adds to a play, and has the chat tool tell of it.
func (c *Console) playOn(q *request) error {
	id, source := q.PostFormValue("conversation"), q.PostFormValue("source")
	if _, err := strconv.ParseUint(id, 10, 53); err != nil {
		return badRequest("a conversation of the playground is a number")
	}
	a, err := playedActivity(q.PostFormValue("by"), strings.TrimSpace(q.PostFormValue("text")))
	if err != nil {
		return err
	}
	p := c.plays.get(q.Workspace, id)
	if p == nil {
		if err := c.o.Guard.Note(q.Request, "playground", source); err != nil {
			return err
		}
		p = c.plays.begin(q.Workspace, source, id, c.lastWebhook(q.Workspace))
	}
	history, err := c.plays.add(p, id, a)
	if err != nil {
		return err
	}
	return c.o.Play(q.Context(), p.workspace, p.source, c.base(q.Request), history)
}

// lastWebhook returns a position before which nothing of a new play is.
func (c *Console) lastWebhook(workspace string) journal.Seq {
	for r := range c.o.Hub.Look().Newest(0) {
		if r.Kind == live.Webhook && r.Workspace == workspace {
			return r.Seq
		}
	}
	return 0
}

// playedActivity is what somebody does.
func playedActivity(by, text string) (a conversation.Activity, err error) {
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "")
	}
	a = conversation.Activity{Type: conversation.Message, By: conversation.Author(by), Customer: playedCustomer, Channel: "chat"}
	switch by {
	case "customer":
	case "agent":
		a.Agent = playedAgent
	case "bot":
		a.Agent = playedBot
	case "note": // which is how a chat tool is told that it is private
		a.By, a.Agent = conversation.System, playedAgent
	case "end":
		a.Type, a.By, a.Agent = conversation.Closed, conversation.HumanAgent, playedAgent
		return a, nil
	default:
		return a, badRequest("nobody on the playground is called so")
	}
	if text == "" {
		return a, badRequest("there is nothing to say")
	}
	a.Message.Body = text
	return a, nil
}

func (p *plays) get(workspace, id string) *play {
	p.mu.Lock()
	defer p.mu.Unlock()
	one := p.list[id]
	if one == nil || one.workspace != workspace {
		return nil
	}
	view := *one
	view.history = one.history[:len(one.history):len(one.history)]
	return &view
}

func (p *plays) begin(workspace, source, id string, after journal.Seq) *play {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.list == nil {
		p.list = map[string]*play{}
	}
	if p.list[id] == nil {
		if len(p.order) >= maxPlays {
			delete(p.list, p.order[0])
			p.order = p.order[1:]
		}
		p.list[id] = &play{workspace: workspace, source: source, after: after}
		p.order = append(p.order, id)
	}
	view := *p.list[id]
	return &view
}

// add adds to a play, and returns its history.
func (p *plays) add(to *play, id string, a conversation.Activity) ([]conversation.Activity, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	one := p.list[id]
	if one == nil || one.workspace != to.workspace {
		return nil, notFound("This conversation is not played any more: begin another.")
	}
	if len(one.history) >= maxHistory {
		return nil, badRequest("This conversation is long enough: begin another.")
	}
	a.Conversation, a.Time = id, time.Now().UTC().Truncate(time.Millisecond)
	a.StartedAt = a.Time
	if len(one.history) > 0 {
		a.StartedAt = one.history[0].StartedAt
	}
	a.StartedAt = a.StartedAt.Truncate(time.Second)
	a.ID = fmt.Sprintf("%s:%d", a.Type, len(one.history))
	if a.Type == conversation.Message {
		number, _ := strconv.ParseInt(id, 10, 64) // it was looked at before
		a.Message.ID = strconv.FormatInt(number*maxHistory+int64(len(one.history)), 10)
		a.ID = "message:" + a.Message.ID
	}
	one.history = append(one.history, a)
	return one.history[:len(one.history):len(one.history)], nil
}
