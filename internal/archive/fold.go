package archive

import "cmp"

// A kind is one of the four events, in the order in which they come where
// their times are the same.
type kind int64

const (
	started kind = iota + 1
	sent
	received
	ended
)

// An event is one of the four as the archive keeps it.
type event struct {
	id       string // the messageId, packed
	at       int64  // in milliseconds, as all times here
	kind     kind
	place    int64
	person   int64
	known    bool  // the person has a userId
	agent    int64 // 0 is none
	bot      bool  // the agent is
	duration int64 // in seconds
	message  string
	body     string
	received int64
	seq      int64
	response int64 // how long the customer had waited for it; -1 is not at all
}

// compare orders the events of a thread: by the tool's clock.
func (e *event) compare(at int64, k kind, id string) int {
	return cmp.Or(cmp.Compare(e.at, at), cmp.Compare(e.kind, k), cmp.Compare(e.id, id))
}

func compareEvents(a, b *event) int { return a.compare(b.at, b.kind, b.id) }

// A state is that of a conversation.
type state int64

const (
	going state = iota // open
	over               // its last event is an Ended
	stale              // the next one of its thread started, and it had not ended
)

// A conversation is one from a start to before the next. Its fields are the
// columns of its row.
type conversation struct {
	id                      int64
	place, person           int64
	known                   bool // the person has a userId
	state                   state
	opened                  int64 // its first event
	started                 int64 // 0, as for all times, is never
	active                  int64 // its last event
	waiting                 int64
	firstEnded, lastEnded   int64
	closings, reopenings    int64
	firstDuration           int64 // in seconds, told by the first Ended
	duration                int64 // and by the last
	customer, human, bot    int64 // messages
	firstResponse           int64 // of a person to the start; -1 is none
	firstBotResponse        int64 // of a bot
	firstAgent, lastAgent   int64 // people who wrote
	transfers               int64
	firstCloser, lastCloser int64

	quarter             int64 // the last in which somebody wrote
	opening, openingBot int64 // since when the first answer of this leg is waited for
	waitingBot          int64 // since when any answer is
	leg                 int64 // 1 if it has been opened, by a start or by what the customer wrote after an end
	lastKind            kind
	lastID              string
	lastSaid            kind // sent or received; 0 is nothing
	startMessage        string

	parts map[int64]*part // by agent
}

// A part is that of one agent in a conversation.
type part struct{ messages, first, last, quarter int64 }

func newConversation(id int64) *conversation {
	return &conversation{id: id, firstResponse: -1, firstBotResponse: -1, quarter: -1, parts: map[int64]*part{}}
}

// A thread folds events, in order, into conversations.
type thread struct {
	id   int64
	list []*conversation // from the one it began with; the last one is going on
}

// take folds the next event of the thread. What counts in figures it adds to t.
func (th *thread) take(t *tally, e *event) {
	e.response = -1
	last := th.last()
	if last == nil || e.kind == started && last.started != 0 {
		number := int64(0)
		if last != nil {
			number = last.id&numberMask + 1
			if last.state == going {
				t.standing(last, -1)
				last.state = stale
				t.standing(last, 1)
			}
		}
		last = newConversation(th.id<<numberBits | number)
		th.list = append(th.list, last)
	} else {
		t.standing(last, -1)
	}
	last.take(t, e)
	t.standing(last, 1)
}

func (th *thread) last() *conversation {
	if len(th.list) == 0 {
		return nil
	}
	return th.list[len(th.list)-1]
}

// A conversation's id is its thread's and a number.
const (
	numberBits = 20
	numberMask = 1<<numberBits - 1
)

func (c *conversation) take(t *tally, e *event) {
	if c.opened == 0 {
		c.opened = e.at
	}
	c.active, c.lastKind, c.lastID, c.place = e.at, e.kind, e.id, e.place
	if e.known || !c.known {
		c.person, c.known = e.person, e.known
	}
	c.state = going
	switch e.kind {
	case started:
		c.started, c.startMessage = e.at, e.message
		t.count(e, Started)
		c.openLeg(t, e)
		c.customerWrote(t, e)
	case sent:
		if c.started == e.at && c.startMessage == e.message {
			break // the same message as the Started tells
		}
		if c.leg == 0 && c.closings > 0 {
			c.reopenings++
			t.count(e, Reopened)
			c.openLeg(t, e)
		}
		c.customerWrote(t, e)
	case received:
		c.companyWrote(t, e)
	case ended:
		c.end(t, e)
	}
}

func (c *conversation) openLeg(t *tally, e *event) {
	if c.leg == 0 {
		c.leg, c.opening, c.openingBot = 1, e.at, e.at
		t.count(e, Waits)
	}
}

// said counts who writes first, and in which quarters of an hour somebody does.
func (c *conversation) said(t *tally, e *event, first Metric, k kind) {
	if c.lastSaid == 0 {
		t.count(e, first)
	}
	c.lastSaid = k
	if q := e.at / quarter; q != c.quarter {
		c.quarter = q
		t.add(0, e.place, e.at, Active, 1)
	}
}

func (c *conversation) customerWrote(t *tally, e *event) {
	c.customer++
	t.count(e, Sent)
	c.said(t, e, CustomerFirst, sent)
	if c.waiting == 0 {
		c.waiting = e.at
	}
	if c.waitingBot == 0 {
		c.waitingBot = e.at
	}
}

func (c *conversation) companyWrote(t *tally, e *event) {
	if e.bot {
		c.botWrote(t, e)
	} else {
		c.personWrote(t, e)
	}
	c.waitingBot = 0
	if e.agent == 0 {
		return
	}
	p, q := c.parts[e.agent], e.at/quarter
	if p == nil {
		p = &part{first: e.at, quarter: -1}
		c.parts[e.agent] = p
		t.add(e.agent, e.place, e.at, Handled, 1)
	}
	if p.quarter != q {
		t.add(e.agent, e.place, e.at, Active, 1)
	}
	p.messages, p.last, p.quarter = p.messages+1, e.at, q
}

func (c *conversation) personWrote(t *tally, e *event) {
	c.human++
	t.count(e, Received)
	c.said(t, e, AgentFirst, received)
	if c.opening != 0 {
		t.time(e, c.opening, FirstResponse, e.at-c.opening)
		if c.closings == 0 {
			c.firstResponse = e.at - c.opening
		}
	}
	if c.waiting != 0 {
		e.response = e.at - c.waiting
		t.time(e, c.waiting, Response, e.response)
	}
	c.opening, c.waiting = 0, 0
	if e.agent == 0 {
		return
	}
	if c.firstAgent == 0 {
		c.firstAgent = e.agent
	} else if c.lastAgent != e.agent {
		c.transfers++
		t.count(e, Transfers)
	}
	c.lastAgent = e.agent
}

func (c *conversation) botWrote(t *tally, e *event) {
	c.bot++
	t.count(e, BotReceived)
	c.said(t, e, BotFirst, received)
	if c.openingBot != 0 {
		t.time(e, c.openingBot, FirstBotResponse, e.at-c.openingBot)
		if c.closings == 0 {
			c.firstBotResponse = e.at - c.openingBot
		}
		c.openingBot = 0
	}
	if c.waitingBot != 0 {
		e.response = e.at - c.waitingBot
		t.time(e, c.waitingBot, BotResponse, e.response)
	}
}

func (c *conversation) end(t *tally, e *event) {
	t.count(e, Closings)
	if c.closings == 0 {
		c.firstEnded, c.firstDuration, c.firstCloser = e.at, e.duration, e.agent
	}
	c.closings++
	c.lastEnded, c.duration, c.lastCloser = e.at, e.duration, e.agent
	c.opening, c.openingBot, c.waiting, c.waitingBot = 0, 0, 0, 0
	c.leg, c.state = 0, over
}

// missed reports whether the conversation ended without any answer, and
// dropped whether it is over and its last word was the customer's.
func (c *conversation) missed() bool { return c.closings > 0 && c.human+c.bot == 0 }
func (c *conversation) dropped() bool {
	return c.closings > 0 && c.lastKind == ended && c.lastSaid == sent
}
