package console

import (
	"cmp"
	"strconv"
	"time"

	"github.com/parlance-chat/parlance/internal/archive"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/phrase"
	"github.com/parlance-chat/parlance/livechat"
)

const (
	// itemsShown is how many events of a conversation a page has: threads of
	// messengers never end.
	itemsShown = 300
	// quiet is after how long a silence is worth a line.
	quiet = 5 * time.Minute
)

// A conversationView is one conversation with what happened.
type conversationView struct {
	conversationRow
	Items []archive.Item `json:"items"`
	All   int            `json:"all"` // how many events it has; Items may be some
	Lines []line         `json:"-"`
	// KeepsText says that a message without a text never had one.
	KeepsText bool        `json:"-"`
	Starts    []startLink `json:"-"` // of the same thread, if there are several
	Earlier   string      `json:"-"`
	Later     string      `json:"-"`
}

// Title implements the heading of the page.
func (v conversationView) Title() string { return "Conversation " + v.Conversation }

// A startLink leads to one start of a thread.
type startLink struct {
	Number int64
	Href   string
	Here   bool
}

// A line is one of a chat as people read it: a message, or what happened.
type line struct {
	Class string // customer, agent own, bot own, or end for what nobody wrote
	Who   string
	Text  string
	None  bool // it has no text, or none is kept
	At    time.Time
	Seq   journal.Seq
	Note  string
}

func (c *Console) conversation(q *request) (any, error) {
	if c.o.Archive == nil {
		return nil, errNoArchive
	}
	source, ids, err := c.starts(q)
	if err != nil {
		return nil, err
	}
	number := len(ids)
	if n, err := strconv.Atoi(q.FormValue("n")); err == nil && n > 0 && n <= len(ids) {
		number = n
	}
	t, err := c.o.Archive.Conversation(q.Context(), ids[number-1])
	if err != nil {
		return nil, err
	}
	v := conversationView{conversationRow: shownRow(t.Conversation, q), All: len(t.Items), KeepsText: c.o.Archive.KeepsText()}
	for i := range ids {
		if n := int64(i + 1); len(ids) > 1 && max(n-int64(number), int64(number)-n) < 10 {
			v.Starts = append(v.Starts, startLink{n, conversationURL(q.Workspace, source, q.name, n), i+1 == number})
		}
	}
	until := len(t.Items)
	if n, err := strconv.Atoi(q.FormValue("until")); err == nil && n > 0 {
		until = min(n, until)
	}
	from := max(0, until-itemsShown)
	here := conversationURL(q.Workspace, source, q.name, int64(number)) + "&until="
	if from > 0 {
		v.Earlier = here + strconv.Itoa(from)
	}
	if until < len(t.Items) {
		v.Later = here + strconv.Itoa(until+itemsShown)
	}
	if !q.User.Bodies {
		for i := range t.Items {
			e := &t.Items[i].Event
			e.Properties.MessageBody, e.UserID = masks(e.Properties.MessageBody), shownID(e.UserID, q.User)
		}
	}
	customer := "Customer"
	if q.User.Bodies && v.Name != "" {
		customer = v.Name
	}
	v.Items, v.Lines = t.Items[from:until], chat(t.Items, span{from, until}, customer, q.Zone)
	return v, nil
}

// starts returns the ids of what a tool's own id stands for, in the source that
// is asked for or else in the first that has it.
func (c *Console) starts(q *request) (source string, ids []int64, err error) {
	err = c.o.Archive.View(q.Context(), func(r *archive.Reader) error {
		sources := oneOf(q.FormValue("source"))
		if sources == nil {
			places, err := r.Places(q.Workspace)
			if err != nil {
				return err
			}
			for _, p := range places {
				sources = append(sources, p.Source)
			}
		}
		for _, source = range sources {
			if ids, err = r.Find(q.Workspace, source, q.name); err != nil || len(ids) > 0 {
				return err
			}
		}
		return notFound("No such conversation is kept. It may be just arriving, have been forgotten, or be older than archive.keep.")
	})
	return source, ids, err
}

// A span is from one event of a conversation to before another.
type span struct{ from, until int }

// A telling is a chat that is being told.
type telling struct {
	customer string          // what they are called
	said     map[string]bool // messages of customers that have an event of their own
	person   string          // who wrote last for the company
	over     bool            // it has ended
}

// chat tells what happened as people read it.
func chat(items []archive.Item, of span, customer string, zone *time.Location) (lines []line) {
	t := telling{customer: customer, said: map[string]bool{}}
	for _, it := range items {
		if it.Event.Kind == livechat.Sent {
			t.said[it.Event.Properties.MessageID] = true
		}
	}
	for i, it := range items[:of.until] {
		told := t.item(it)
		if i < of.from {
			continue
		}
		at := it.Event.Timestamp.In(zone)
		gap := seconds(it.Gap)
		if i == of.from || gap >= 24*time.Hour || at.YearDay() != items[i-1].Event.Timestamp.In(zone).YearDay() {
			lines = append(lines, line{Class: "end day", Text: at.Format("Monday, 2 January 2006")})
		} else if gap >= quiet {
			lines = append(lines, line{Class: "end", Text: phrase.Span(gap) + " later"})
		}
		lines = append(lines, told...)
	}
	return lines
}

// item tells of one event.
func (t *telling) item(it archive.Item) (lines []line) {
	p, who := it.Event.Properties, titleAgent(it.Agent)
	bubble := line{Class: "customer", Who: t.customer, Text: p.MessageBody, None: p.MessageBody == "", At: it.Event.Timestamp, Seq: it.Seq}
	switch it.Event.Kind {
	case livechat.Started:
		lines = append(lines, line{Class: "end", Text: "The conversation started", Seq: it.Seq})
		if !t.said[p.MessageID] {
			lines = append(lines, bubble)
		}
	case livechat.Sent:
		if t.over {
			lines = append(lines, line{Class: "end", Text: "The customer wrote again"})
		}
		t.over = false
		lines = append(lines, bubble)
	case livechat.Received:
		bubble.Class, bubble.Who = "bot own", cmp.Or(who, "Bot")
		if it.Response != nil {
			bubble.Note = "after " + duration(seconds(*it.Response))
		}
		if it.Event.Context.LiveChat.AgentType != "bot" {
			bubble.Class, bubble.Who = "agent own", cmp.Or(who, "Agent")
			if it.Transfer {
				lines = append(lines, line{Class: "end", Text: bubble.Who + " took over from " + t.person})
			}
			t.person = bubble.Who
		}
		lines = append(lines, bubble)
	case livechat.Ended:
		ended := line{Class: "end", Text: "Ended after " + duration(seconds(float64(p.ConversationDuration))), Seq: it.Seq}
		if who != "" {
			ended.Text += ", agent " + who
		}
		t.over = true
		lines = append(lines, ended)
	}
	return lines
}
