package conversation

import (
	"cmp"
	"time"
	"unicode/utf8"

	"github.com/parlance-chat/parlance/livechat"
)

// late is how much older than the first activity we see a conversation may
// say it is, and still be one whose beginning we saw. Tools round the time of
// creation to seconds and create a conversation a moment before its message.
const late = 10 * time.Second

// A State is what Step must know of a conversation's past. Its size does not
// grow with the number of messages: of 10, 1,000 and 100,000 messages of 100
// characters it is 287, 289 and 291 bytes (TestStateSize). The zero State is a
// conversation of which nothing is known.
type State struct {
	Seen      bool      `cbor:"1,keyasint,omitempty"` // something has happened
	Started   bool      `cbor:"2,keyasint,omitempty"` // Started was sent, or lies before our time
	StartedAt time.Time `cbor:"3,keyasint,omitzero"`  // when the clock began
	EndedAt   time.Time `cbor:"4,keyasint,omitzero"`  // the last closing that counted
	Duration  int64     `cbor:"5,keyasint,omitempty"` // of the last event; never shrinks while Started
	Last      Text      `cbor:"6,keyasint,omitzero"`  // the last message that became an event
	LastAt    time.Time `cbor:"7,keyasint,omitzero"`
	Assignee  agent     `cbor:"8,keyasint,omitzero"`
	Writer    agent     `cbor:"9,keyasint,omitzero"` // the last agent who wrote
	Customer  Person    `cbor:"10,keyasint,omitzero"`
	Told      string    `cbor:"11,keyasint,omitempty"` // the last identify call's MessageID
	Channel   string    `cbor:"12,keyasint,omitempty"`
	URL       string    `cbor:"13,keyasint,omitempty"`
	Nameless  bool      `cbor:"14,keyasint,omitempty"` // the customer was told by the conversation's own anonymousId
	EndingAt  time.Time `cbor:"15,keyasint,omitzero"`  // when the tool last said that it is over
}

// ended reports whether the conversation ended and nobody has written since.
func (s *State) ended() bool { return !s.EndedAt.IsZero() && !s.LastAt.After(s.EndedAt) }

// An agent is an Agent of known kind.
type agent struct {
	Agent
	Bot bool      `cbor:"4,keyasint,omitempty"`
	At  time.Time `cbor:"5,keyasint,omitzero"` // when they were assigned, or last wrote
}

func (a agent) known() bool { return a.Agent != Agent{} }

func (a agent) kind() string {
	switch {
	case !a.known():
		return ""
	case a.Bot:
		return "bot"
	default:
		return "human"
	}
}

// Output is what follows from an activity, in the order in which it is told:
// first who the customer is, then what happened.
type Output struct {
	Identify *livechat.Identify
	Events   []livechat.Event
}

// Step returns the state after a, and what is to be told because of it. It is
// pure. Activities of one conversation are expected in the order of [Compare];
// one that comes too late still becomes its event, with its own timestamp and
// a duration that does not shrink.
func Step(o Origin, r Rules, s State, a Activity) (State, Output) {
	set(&s.Channel, a.Channel) // a tool that told it once need not tell it again
	if !r.counts(s.Channel) {
		return s, Output{}
	}
	st := step{o: o, r: r, s: s, a: a}
	st.begin()
	st.fallSilent()
	st.learn()
	switch a.Type {
	case Message:
		st.message()
	case Closed:
		st.closed()
	case Assigned:
		st.assign()
	case Ending:
		st.s.EndingAt = a.Time
	}
	return st.s, st.out
}

// Silent returns when a conversation ends if nothing else happens, by the
// tool's clock, or the zero time if it does not: whatever is applied after that
// ends it, and a [Silence] if nothing does.
func Silent(r Rules, s State) time.Time {
	if !r.InactivityEnd || r.Inactivity <= 0 || !s.Started || s.LastAt.IsZero() || s.ended() || !r.counts(s.Channel) {
		return time.Time{}
	}
	return s.LastAt.Add(r.Inactivity)
}

// A step is one call of Step.
type step struct {
	o   Origin
	r   Rules
	s   State
	a   Activity
	out Output
}

// begin notes, at the first activity, whether we saw the beginning. A
// conversation that began before our time has had its Started.
func (st *step) begin() {
	if st.s.Seen {
		return
	}
	st.s.Seen = true
	if began := st.a.StartedAt; !began.IsZero() && st.a.Time.Sub(began) > late {
		st.s.Started, st.s.StartedAt = true, began
	}
}

// fallSilent ends, at its last message, a session in which nobody has written
// for too long. It comes before anything that the activity tells, so that the
// end is the same whatever came after it.
func (st *step) fallSilent() {
	end := Silent(st.r, st.s)
	if end.IsZero() || !st.a.Time.After(end) {
		return
	}
	now := st.a.Time
	st.a.Time = st.s.LastAt
	st.emit(livechat.Ended, st.ofRecord(), st.s.Last)
	st.a.Time, st.s.EndedAt = now, end
}

// learn takes in what the activity tells besides what happened.
func (st *step) learn() {
	a, s := &st.a, &st.s
	set(&s.URL, a.ConversationURL)
	set(&s.Customer.UserID, a.Customer.UserID)
	set(&s.Customer.AnonymousID, a.Customer.AnonymousID)
	set(&s.Customer.ContactID, a.Customer.ContactID)
	set(&s.Customer.Email, a.Customer.Email)
	set(&s.Customer.Name, a.Customer.Name)
	if author := a.By == HumanAgent || a.By == Bot; !author && a.Type != Assigned && a.Agent != (Agent{}) {
		st.assign()
	}
	if st.r.Identify {
		st.identify()
	}
}

func set(field *string, value string) {
	if value != "" {
		*field = value
	}
}

// assign notes the assignee, unless a later one is known already.
func (st *step) assign() {
	if !st.a.Time.Before(st.s.Assignee.At) {
		st.s.Assignee = st.complete(st.a.Agent, false)
	}
}

// complete fills in what an earlier activity told about the same agent. People
// and bots may have the same IDs.
func (st *step) complete(a Agent, bot bool) agent {
	whole := agent{Agent: a, Bot: bot}
	for _, known := range []agent{st.s.Assignee, st.s.Writer} {
		if a.ID != "" && known.ID == a.ID && known.Bot == bot {
			set(&known.Name, a.Name)
			set(&known.Username, a.Username)
			whole = known
		}
	}
	whole.At = st.a.Time
	return whole
}

func (st *step) message() {
	switch st.a.By {
	case Customer:
		st.customerWrote()
	case HumanAgent:
		st.companyWrote(false)
	case Bot:
		if st.r.Bots != Drop {
			st.companyWrote(true)
		}
	case Company:
		st.received(agent{}, "")
	case Automation:
		if st.r.Automation == Include {
			st.received(agent{}, "bot") // no agent wrote it
		}
	}
}

func (st *step) customerWrote() {
	s := &st.s
	first := st.anew() || !s.Started && !st.late()
	if first {
		s.Started, s.StartedAt, s.Duration = true, st.a.Time, 0
	}
	st.wrote()
	if first {
		st.emit(livechat.Started, st.ofRecord(), st.a.Message)
	}
	if !first || st.r.FirstMessage != StartedOnly {
		st.emit(livechat.Sent, st.ofRecord(), st.a.Message)
	}
}

func (st *step) companyWrote(bot bool) {
	by, kind := st.complete(st.a.Agent, bot), "human"
	if bot {
		kind = "bot"
	}
	if by.known() && !st.a.Time.Before(st.s.Writer.At) {
		st.s.Writer = by
	}
	if has := &st.s.Assignee; by.ID != "" && by.ID == has.ID && by.Bot == has.Bot {
		// Tools assign by ID alone, and name whoever writes.
		has.Name, has.Username = cmp.Or(has.Name, by.Name), cmp.Or(has.Username, by.Username)
	}
	st.received(by, kind)
}

func (st *step) received(by agent, kind string) {
	if st.anew() {
		// The company speaks first in what may become the next session.
		st.s.Started = false
	}
	st.wrote()
	st.emit(livechat.Received, by, st.a.Message)
	st.out.Events[len(st.out.Events)-1].Context.LiveChat.AgentType = kind
}

// anew reports whether the message begins a session anew: nobody has written
// for too long, or it lies after the end of what ended, in a thread that has no
// end of its own.
func (st *step) anew() bool {
	s := &st.s
	if st.late() {
		return false
	}
	if end := s.LastAt.Add(st.r.Inactivity); st.r.Inactivity > 0 && !s.LastAt.IsZero() && st.a.Time.After(end) {
		if s.Started && !s.ended() {
			s.EndedAt = end // what comes late is known to be from before
		}
		return true
	}
	return st.r.Reopen == Restart && s.ended()
}

// late reports whether the activity is from before the last end. It belongs to
// what ended, whatever has begun meanwhile.
func (st *step) late() bool { return !st.a.Time.After(st.s.EndedAt) }

// wrote notes that the activity's message became an event.
func (st *step) wrote() {
	if !st.a.Time.Before(st.s.LastAt) {
		st.s.Last, st.s.LastAt = st.a.Message, st.a.Time
		st.s.Last.Body = cut(st.s.Last.Body, livechat.MaxEventBytes) // no event can hold more
	}
}

// cut shortens s to at most n bytes, between two characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func (st *step) closed() {
	if told := st.s.EndingAt; told.Before(st.a.Time) && !told.Before(st.s.LastAt) && !told.IsZero() {
		st.a.Time = told
	}
	a, s := &st.a, &st.s
	if person := a.By == Customer || a.By == HumanAgent || a.By == ""; !person && st.r.Ended != Any {
		return
	}
	if !s.Started || st.s.ended() || st.late() {
		return // nothing to end, or the tool repeats itself
	}
	last := s.Last
	if told := a.Message; told.ID != "" && told.ID != last.ID {
		last = told // the tool knows of one that has not reached us
	}
	by := st.ofRecord()
	if a.By == HumanAgent && a.Agent != (Agent{}) {
		by = st.complete(a.Agent, false)
	}
	// A closing that comes late still closes what was written meanwhile, or
	// the next one would end the same conversation twice.
	s.EndedAt = a.Time
	if s.LastAt.After(s.EndedAt) {
		s.EndedAt = s.LastAt
	}
	st.emit(livechat.Ended, by, last)
}

// ofRecord is the agent of an event that no agent caused.
func (st *step) ofRecord() agent {
	if st.s.Assignee.known() {
		return st.s.Assignee
	}
	return st.s.Writer
}

// emit adds an event of the activity's time.
func (st *step) emit(k livechat.Kind, by agent, t Text) {
	st.s.Duration = st.duration()
	// Which message, and when, for not every tool's message IDs are unique: in
	// the specification's examples a customer's two and the agent's answer have
	// one. Of a closing, the last message before it: a conversation cannot end
	// twice with the same one, and the tool's telling a closing again, at
	// another time, makes no other call.
	at := st.a.Time
	if k == livechat.Ended && t.ID != "" {
		at = st.s.LastAt
	}
	which := livechat.FormatTime(at) + " " + t.ID
	user, anonymous := st.who()
	e := livechat.Event{
		UserID:      user,
		AnonymousID: anonymous,
		Kind:        k,
		Properties: livechat.Properties{
			AgentID:              by.ID,
			AgentName:            by.Name,
			AgentUsername:        by.Username,
			ConversationDuration: st.s.Duration,
			ConversationID:       st.a.Conversation,
			MessageBody:          t.Body,
			MessageID:            t.ID,
		},
		MessageID: st.o.id("event", st.a.Conversation, string(k), which),
		Timestamp: st.a.Time,
		Context:   st.o.context(),
	}
	e.Context.LiveChat = livechat.LiveChat{AgentType: by.kind(), Channel: st.s.Channel, ConversationURL: st.s.URL, Source: st.o.Source}
	st.out.Events = append(st.out.Events, e)
}

// who returns the customer's ids. A tool's own contact ID is never a userId;
// an anonymousId is never random, for that would break every join.
func (st *step) who() (user, anonymous string) {
	c := st.s.Customer
	user = c.UserID
	if user == "" && st.r.Identity == Email {
		user = c.Email
	}
	switch {
	case c.AnonymousID != "":
		anonymous = c.AnonymousID
	case c.ContactID != "":
		anonymous = st.o.id("contact", c.ContactID)
	case user == "" || st.s.Nameless:
		// All that is known of this customer, or was, is that they are in
		// this conversation.
		st.s.Nameless = true
		anonymous = st.o.id("customer of", st.a.Conversation)
	}
	return user, anonymous
}

// duration is the whole seconds from the start to the activity.
func (st *step) duration() int64 {
	if !st.s.Started && !st.late() {
		return 0
	}
	d := int64(st.a.Time.Sub(st.s.StartedAt) / time.Second)
	return max(d, st.s.Duration, 0)
}

// identify adds an identify call if it would say something new.
func (st *step) identify() {
	c := st.s.Customer
	if c.UserID == "" && c.Email == "" && c.Name == "" {
		return
	}
	user, anonymous := st.who()
	id := st.o.id("identify", user, anonymous, c.Email, c.Name)
	if id == st.s.Told {
		return
	}
	st.s.Told = id
	st.out.Identify = &livechat.Identify{
		UserID:      user,
		AnonymousID: anonymous,
		Traits:      livechat.Traits{Email: c.Email, Name: c.Name},
		MessageID:   id,
		Timestamp:   st.a.Time,
		Context:     st.o.context(),
	}
}
