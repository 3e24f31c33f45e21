package archive

// A Metric is something that is counted or measured in cells. Its number is
// in the file.
type Metric int

// What is counted when an event tells it, at the event's time and, where the
// event names an agent, for the agent too.
const (
	Started       Metric = iota + 1 // conversations started
	Sent                            // messages of customers
	Received                        // messages of people to customers
	BotReceived                     // messages of bots to customers
	Closings                        // Ended events
	Reopened                        // customers' first messages after an Ended
	Waits                           // starts and reopenings, to each of which a first answer is due
	CustomerFirst                   // conversations in which the customer wrote first
	AgentFirst                      // in which a person did
	BotFirst                        // in which a bot did
	Transfers                       // messages of another person than wrote before
	Handled                         // conversations in which an agent wrote, at their first message; for agents only
	Active                          // conversations in which somebody wrote within a quarter of an hour; for agents, in which they wrote
	Missed                          // conversations that ended without an answer, at their first end
	Dropped                         // conversations that ended on the customer's words, at their first end
	OpenNow                         // conversations that are open, or 0; not by time
	WaitingNow                      // conversations in which the customer waits for a person; not by time
)

// What is measured, at the time at which the wait began, or at the end that
// tells the duration. Each has a sum at the next number.
const (
	FirstResponse    Metric = 32 + 2*iota // of a person, to a start or a reopening
	FirstBotResponse                      // of a bot
	Response                              // of a person, to the first message that had no answer of one
	BotResponse                           // of a bot, to the first that had no answer at all
	Duration                              // that the last Ended of a conversation tells
	FirstDuration                         // that the first tells
)

// measured reports whether m is.
func (m Metric) measured() bool { return m >= FirstResponse && (m-FirstResponse)%2 == 0 }

// Sum is the metric that holds the sum of a measured one, in milliseconds.
func (m Metric) Sum() Metric { return m + 1 }

const (
	second  = 1000
	quarter = 15 * 60 * second // a quarter of an hour
	day     = 96 * quarter
)

// A tally adds up what changes in cells.
type tally struct {
	sign  int64
	cells map[int64]map[key]int64
}

func newTally() *tally { return &tally{sign: 1, cells: map[int64]map[key]int64{}} }

// add counts n for an agent, 0 being all.
func (t *tally) add(agent, place, at int64, m Metric, n int64) {
	id, q := cellOf(agent, place, at)
	t.put(id, newKey(m, q, 0), n)
}

func (t *tally) put(id int64, k key, n int64) {
	c := t.cells[id]
	if c == nil {
		c = map[key]int64{}
		t.cells[id] = c
	}
	c[k] += t.sign * n
}

// count counts an event, for all and for its agent.
func (t *tally) count(e *event, m Metric) {
	t.add(0, e.place, e.at, m, 1)
	if e.agent != 0 {
		t.add(e.agent, e.place, e.at, m, 1)
	}
}

// time measures what an event ends that began at a time.
func (t *tally) time(e *event, since int64, m Metric, ms int64) {
	t.measure(e.agent, e.place, since, m, ms, 1)
}

func (t *tally) measure(agent, place, at int64, m Metric, ms, n int64) {
	for _, a := range []int64{0, agent} {
		id, q := cellOf(a, place, at)
		t.put(id, newKey(m, q, Bucket(ms)), n)
		t.put(id, newKey(m.Sum(), q, 0), n*ms)
		if agent == 0 {
			return
		}
	}
}

// standing counts what is true of a conversation as it stands: what may be so
// no more when it goes on. With n = -1 it takes that back.
func (t *tally) standing(c *conversation, n int64) {
	t.now(c, n)
	if c.closings == 0 {
		return
	}
	t.measure(c.firstCloser, c.place, c.firstEnded, FirstDuration, c.firstDuration*second, n)
	t.measure(c.lastCloser, c.place, c.lastEnded, Duration, c.duration*second, n)
	if c.missed() {
		t.add(0, c.place, c.firstEnded, Missed, n)
	}
	if c.dropped() {
		t.add(0, c.place, c.firstEnded, Dropped, n)
	}
}

// now counts what is open.
func (t *tally) now(c *conversation, n int64) {
	if c.state != going {
		return
	}
	t.put(cellID(0, c.place, 0), newKey(OpenNow, 0, 0), n)
	if c.waiting != 0 {
		t.put(cellID(0, c.place, 0), newKey(WaitingNow, 0, 0), n)
	}
}
