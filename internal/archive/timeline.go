package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/livechat"
)

// A Conversation is one from a start to before the next of the same thread.
// Times that are not known are zero.
type Conversation struct {
	ID           int64  `json:"id"` // the archive's own; another one after a rebuild
	Source       string `json:"source"`
	Tool         string `json:"tool,omitempty"`
	Channel      string `json:"channel,omitempty"`
	Conversation string `json:"conversation_id"` // the tool's own id, which later starts share
	Number       int64  `json:"number"`          // of the start, from 1
	URL          string `json:"url,omitempty"`
	UserID       string `json:"user_id,omitempty"`
	AnonymousID  string `json:"anonymous_id,omitempty"`
	Name         string `json:"name,omitempty"`  // of the customer, as an identify call told it last
	Email        string `json:"email,omitempty"` // likewise

	State     string    `json:"state"` // "open", "ended", or "left" open when the next one started
	Opened    time.Time `json:"opened"`
	Started   time.Time `json:"started,omitzero"`
	Active    time.Time `json:"active"`           // when something happened last
	Waiting   time.Time `json:"waiting,omitzero"` // since when the customer waits for a person
	FirstEnd  time.Time `json:"first_end,omitzero"`
	LastEnd   time.Time `json:"last_end,omitzero"`
	Closings  int64     `json:"closings"`
	Reopened  int64     `json:"reopened"`
	Transfers int64     `json:"transfers"`
	// Duration is what the last Ended tells, in seconds; of one that did not
	// end, how long it has gone on.
	Duration int64 `json:"duration"`

	CustomerMessages int64 `json:"customer_messages"`
	HumanMessages    int64 `json:"human_messages"`
	BotMessages      int64 `json:"bot_messages"`
	// FirstResponse and FirstBotResponse are in seconds; nil if there is none.
	FirstResponse    *float64 `json:"first_response,omitempty"`
	FirstBotResponse *float64 `json:"first_bot_response,omitempty"`
	FirstAgent       *Agent   `json:"first_agent,omitempty"` // people who wrote
	LastAgent        *Agent   `json:"last_agent,omitempty"`
}

// A Timeline is a conversation with all that happened.
type Timeline struct {
	Conversation
	Items []Item `json:"items"`
}

// An Item is one event of a conversation.
type Item struct {
	Event     livechat.Event `json:"event"` // as it was told, without its integration and library
	Committed time.Time      `json:"committed"`
	Seq       journal.Seq    `json:"seq"` // where it is in the log
	Agent     *Agent         `json:"agent,omitempty"`
	// Gap is how long nobody had written, in seconds, and Response how long
	// the customer had waited for this; nil if they had not.
	Gap      float64  `json:"gap"`
	Response *float64 `json:"response,omitempty"`
	Transfer bool     `json:"transfer,omitempty"` // another person than wrote before
}

// ErrNone means that there is no such conversation.
var ErrNone = errors.New("archive: no such conversation")

// Conversation returns a conversation with all that happened in it. The error
// may be ErrNone.
func (a *Archive) Conversation(ctx context.Context, id int64) (t Timeline, err error) {
	err = a.View(ctx, func(r *Reader) error {
		if t.Conversation, err = r.conversation(id); err != nil {
			return err
		}
		t.Items, err = r.items(id, &t.Conversation)
		return err
	})
	return t, err
}

// Find returns the ids of the conversations that a tool's own id stands for,
// in their order.
func (r *Reader) Find(workspace, source, conversation string) (ids []int64, err error) {
	err = r.query(`SELECT c.id FROM sources s JOIN threads t ON t.source = s.id JOIN conversations c ON c.id BETWEEN t.id << 20 AND t.id << 20 | 1048575
		WHERE s.workspace = ? AND s.source = ? AND t.conversation = ? ORDER BY c.id`,
		func(s *sqlite.Stmt) { s.BindText(1, workspace); s.BindText(2, source); s.BindText(3, conversation) },
		func(s *sqlite.Stmt) { ids = append(ids, s.ColumnInt64(0)) })
	return ids, err
}

var stateNames = map[state]string{going: "open", over: "ended", stale: "left"}

const conversationQuery = `SELECT s.source, s.tool, p.channel, t.conversation, t.url, u.user_id, u.anonymous_id, c.state, c.opened, c.started, c.active, c.waiting,
	c.first_ended, c.last_ended, c.closings, c.reopenings, c.transfers, c.duration, c.customer_messages, c.human_messages, c.bot_messages,
	c.first_response, c.first_bot_response, c.first_agent, c.last_agent, u.workspace
	FROM conversations c JOIN places p ON p.id = c.place JOIN sources s ON s.id = p.source JOIN threads t ON t.id = c.id >> 20 JOIN people u ON u.id = c.person WHERE c.id = ?`

func (r *Reader) conversation(id int64) (c Conversation, err error) {
	var agents [2]int64
	workspace := ""
	err = r.query(conversationQuery, func(s *sqlite.Stmt) { s.BindInt64(1, id) }, func(s *sqlite.Stmt) {
		c = Conversation{
			ID: id, Number: id&numberMask + 1,
			Source: s.ColumnText(0), Tool: s.ColumnText(1), Channel: s.ColumnText(2), Conversation: s.ColumnText(3), URL: s.ColumnText(4),
			UserID: s.ColumnText(5), AnonymousID: s.ColumnText(6), State: stateNames[state(s.ColumnInt64(7))],
			Opened: moment(s, 8), Started: moment(s, 9), Active: moment(s, 10), Waiting: moment(s, 11), FirstEnd: moment(s, 12), LastEnd: moment(s, 13),
			Closings: s.ColumnInt64(14), Reopened: s.ColumnInt64(15), Transfers: s.ColumnInt64(16), Duration: s.ColumnInt64(17),
			CustomerMessages: s.ColumnInt64(18), HumanMessages: s.ColumnInt64(19), BotMessages: s.ColumnInt64(20),
			FirstResponse: seconds(s, 21), FirstBotResponse: seconds(s, 22),
		}
		agents = [2]int64{s.ColumnInt64(23), s.ColumnInt64(24)}
		workspace = s.ColumnText(25)
	})
	if err == nil && c.ID == 0 {
		err = ErrNone
	}
	if err != nil {
		return c, err
	}
	if c.State != "ended" && !c.Started.IsZero() {
		c.Duration = int64(c.Active.Sub(c.Started) / time.Second)
	}
	if c.FirstAgent, err = r.agent(agents[0]); err == nil {
		c.LastAgent, err = r.agent(agents[1])
	}
	if err != nil {
		return c, err
	}
	return c, r.identity(workspace, &c)
}

// identity fills in what was told last of the customer.
func (r *Reader) identity(workspace string, c *Conversation) error {
	of, value := "user_id", c.UserID
	if value == "" {
		of, value = "anonymous_id", c.AnonymousID
	}
	return r.query("SELECT name, email FROM identifies WHERE workspace = ? AND "+of+" = ? ORDER BY at DESC LIMIT 1",
		func(s *sqlite.Stmt) { s.BindText(1, workspace); s.BindText(2, value) },
		func(s *sqlite.Stmt) { c.Name, c.Email = s.ColumnText(0), s.ColumnText(1) })
}

// agent returns an agent, nil if the key is none.
func (r *Reader) agent(key int64) (a *Agent, err error) {
	if key == 0 {
		return nil, nil
	}
	err = r.query("SELECT a.id, s.source, a.bot, a.agent, a.name, a.username FROM agents a JOIN sources s ON s.id = a.source WHERE a.id = ?",
		func(s *sqlite.Stmt) { s.BindInt64(1, key) },
		func(s *sqlite.Stmt) {
			a = &Agent{s.ColumnInt64(0), s.ColumnText(1), s.ColumnBool(2), s.ColumnText(3), s.ColumnText(4), s.ColumnText(5)}
		})
	return a, err
}

func moment(s *sqlite.Stmt, col int) time.Time {
	if s.ColumnIsNull(col) {
		return time.Time{}
	}
	return time.UnixMilli(s.ColumnInt64(col)).UTC()
}

func seconds(s *sqlite.Stmt, col int) *float64 {
	if s.ColumnIsNull(col) {
		return nil
	}
	v := float64(s.ColumnInt64(col)) / second
	return &v
}

// An entry is an event as it is read, with its item.
type entry struct {
	event
	Item
}

// items returns what happened in one conversation of a thread.
func (r *Reader) items(id int64, c *Conversation) ([]Item, error) {
	entries, err := r.entries(id >> numberBits)
	if err != nil {
		return nil, err
	}
	th := &thread{id: id >> numberBits}
	agents := map[int64]*Agent{}
	var items []Item
	var last int64
	for _, e := range entries {
		var before conversation
		if l := th.last(); l != nil {
			before = *l
		}
		th.take(newTally(), &e.event)
		now := th.last()
		if now.id != id {
			continue
		}
		if agents[e.agent] == nil {
			if agents[e.agent], err = r.agent(e.agent); err != nil {
				return nil, err
			}
		}
		it := e.item(c, agents[e.agent])
		it.Transfer = before.id == id && now.transfers > before.transfers
		if last != 0 {
			it.Gap = float64(e.at-last) / second
		}
		last = e.at
		items = append(items, it)
	}
	return items, nil
}

var kindNames = map[kind]livechat.Kind{started: livechat.Started, sent: livechat.Sent, received: livechat.Received, ended: livechat.Ended}

// item completes the item of an event.
func (e *entry) item(c *Conversation, a *Agent) Item {
	it := e.Item
	it.Agent = a
	if e.response >= 0 {
		v := float64(e.response) / second
		it.Response = &v
	}
	ev := &it.Event
	ev.Kind, ev.MessageID, ev.Timestamp = kindNames[e.kind], unpack(e.id), time.UnixMilli(e.at).UTC()
	ev.Context.LiveChat.Source, ev.Context.LiveChat.ConversationURL = c.Source, c.URL
	p := &ev.Properties
	p.ConversationID, p.ConversationDuration, p.MessageID, p.MessageBody = c.Conversation, e.duration, e.message, e.body
	if a != nil {
		p.AgentID, p.AgentName, p.AgentUsername = a.ID, a.Name, a.Username
		ev.Context.LiveChat.AgentType = "human"
	}
	if e.bot {
		ev.Context.LiveChat.AgentType = "bot"
	}
	return it
}

// entries returns the events of a thread in order.
func (r *Reader) entries(thread int64) (list []*entry, err error) {
	err = r.query(`SELECT e.id, e.at, e.kind, e.place, e.person, u.user_id, u.anonymous_id, e.agent, e.bot, e.duration, e.message, e.received, e.body, p.channel, e.seq
		FROM events e JOIN people u ON u.id = e.person JOIN places p ON p.id = e.place WHERE e.thread = ?`,
		func(s *sqlite.Stmt) { s.BindInt64(1, thread) },
		func(s *sqlite.Stmt) {
			e := &entry{event: event{
				id: string(blob(s, 0)), at: s.ColumnInt64(1), kind: kind(s.ColumnInt64(2)), place: s.ColumnInt64(3), person: s.ColumnInt64(4),
				known: s.ColumnText(5) != "", agent: s.ColumnInt64(7), bot: s.ColumnBool(8), duration: s.ColumnInt64(9), message: s.ColumnText(10), body: s.ColumnText(12),
			}}
			e.Event.UserID, e.Event.AnonymousID, e.Event.Context.LiveChat.Channel = s.ColumnText(5), s.ColumnText(6), s.ColumnText(13)
			e.Committed, e.Seq = moment(s, 11), journal.Seq(s.ColumnInt64(14))
			list = append(list, e)
		})
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	slices.SortFunc(list, func(a, b *entry) int { return compareEvents(&a.event, &b.event) })
	return list, nil
}
