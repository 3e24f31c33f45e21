// Package lint finds what breaks the Live Chat specification in track calls,
// whoever made them: within each call, and between the calls of a
// conversation.
//
// Reports hold names, IDs and places, and never a message body or the name of
// a person.
package lint

import (
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
)

// What is remembered of the input, so that memory stays bounded however long
// it is: at most twice as many conversations and calls as these.
const (
	maxConversations = 1 << 18
	maxCallIDs       = 1 << 20
)

// maxFindings is how many findings of one rule a Report holds.
const maxFindings = 100

// A Report is what Check found.
type Report struct {
	Calls         int            `json:"calls"`         // calls read, of whatever kind
	LiveChat      int            `json:"live_chat"`     // of these, Live Chat events, also by a name that nearly is one
	Conversations int            `json:"conversations"` // of these events
	Counts        map[string]int `json:"counts"`        // findings by rule
	Findings      []Finding      `json:"findings"`      // in the order of the calls, at most 100 of a rule
}

// A Finding is one thing that is wrong with one call.
type Finding struct {
	Line         int      `json:"line"`                      // where the call begins, from 1
	Call         int      `json:"call,omitempty"`            // which call of the input, from 1; 0 if it is none
	Event        string   `json:"event,omitempty"`           // which of the four
	Conversation string   `json:"conversation_id,omitempty"` // as the call says
	MessageID    string   `json:"messageId,omitempty"`       // of the call, not of the chat message
	Rule         string   `json:"rule"`                      // Name of one of Rules
	Severity     Severity `json:"severity"`
	Path         string   `json:"path,omitempty"` // as in "properties.agent_id"
	Problem      string   `json:"problem"`        // what is wrong
	Help         string   `json:"help"`           // what to do, or why it matters
	Code         string   `json:"code,omitempty"` // with which Segment throws the call away, if it says so
}

// Clean reports whether nothing at all was found.
func (r Report) Clean() bool { return len(r.Counts) == 0 }

// Check reads track calls from r until its end: JSON Lines, JSON objects one
// after another, arrays of calls, or bodies of Segment's batch endpoint, also
// mixed. Live Chat events are judged in the order in which they come; other
// calls are counted, and passed over unless their event is named almost like
// one of the four.
//
// What is broken is reported with its place and does not stop Check. Its error
// is not nil only if r fails, or if the input has no call at all; the Report
// is good as far as it goes. Memory is bounded however long the input is: a
// text of more than 1 MiB is reported and skipped, and a conversation is
// forgotten when 250,000 others have spoken since.
//
// It cannot see everything. Sent and Received are known to be swapped only
// where Started, whose message is the customer's, comes with a Received of the
// same message. Input that begins in mid-conversation shows Ended without
// Started.
func Check(r io.Reader) (Report, error) {
	c := newChecker()
	err := split(r, c.value)
	c.finish()
	if err != nil {
		return c.report, fmt.Errorf("lint: read input: %w", err)
	}
	if !c.usable {
		return c.report, errors.New("lint: read input: no call found" + c.firstPlace() + `: give JSON Lines, a JSON array of calls, or {"batch": [...]}`)
	}
	return c.report, nil
}

// firstPlace says where, and why, the input was first found to hold no call.
func (c *checker) firstPlace() string {
	if len(c.report.Findings) == 0 {
		return ""
	}
	f := c.report.Findings[0]
	return fmt.Sprintf(" (line %d: %s)", f.Line, f.Problem)
}

type checker struct {
	report        Report
	rules         map[string]Rule
	usable        bool // something like a call was read
	seed          maphash.Seed
	ids           recent[uint64, seen]
	conversations recent[uint64, *conversation]
}

func newChecker() *checker {
	c := &checker{
		report:        Report{Counts: map[string]int{}, Findings: []Finding{}},
		rules:         map[string]Rule{},
		seed:          maphash.MakeSeed(),
		ids:           recent[uint64, seen]{max: maxCallIDs},
		conversations: recent[uint64, *conversation]{max: maxConversations},
	}
	for _, r := range Rules() {
		c.rules[r.Name] = r
	}
	return c
}

// add reports f, whose Rule is one of Rules, completing it from there.
func (c *checker) add(f Finding) {
	rule, ok := c.rules[f.Rule]
	if !ok {
		panic("BUG: lint: no rule " + f.Rule)
	}
	f.Severity, f.Help = rule.Severity, rule.Help
	c.report.Counts[f.Rule]++
	if c.report.Counts[f.Rule] <= maxFindings {
		c.report.Findings = append(c.report.Findings, f)
	}
}

// finish reports what only the end of the input shows.
func (c *checker) finish() {
	var late []Finding
	c.conversations.each(func(conv *conversation) {
		if conv.unproven != nil {
			late = append(late, *conv.unproven)
		}
	})
	byPlace := func(a, b Finding) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Call, b.Call)) }
	slices.SortFunc(late, byPlace)
	for _, f := range late {
		c.add(f)
	}
	slices.SortStableFunc(c.report.Findings, byPlace)
}
