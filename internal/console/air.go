package console

import (
	"bytes"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/parlance-chat/parlance/internal/console/access"
	"github.com/parlance-chat/parlance/internal/live"
)

const (
	// pace is how often browsers are told, at the speed of a reader's eyes, and
	// slowPace while more passes than they are told of.
	pace     = 400 * time.Millisecond
	slowPace = time.Second
)

// An air has what browsers are told of what passes. All are told at the same
// beat, of what had passed by then, so that those who may see the same and have
// seen the same are told the same bytes: a hundred cost little more than one.
type air struct {
	hub *live.Hub

	mu     sync.Mutex // guards the fields below; held while a frame is made, for others want the same
	here   int        // who may ask
	next   time.Time  // when the next beat may be
	view   *live.View // what was remembered at this one; nil before the first
	frames map[spot][]byte
}

// A spot is from where somebody looks.
type spot struct {
	workspace string
	filter    liveFilter
	bodies    bool   // what people wrote may be seen
	after     uint64 // the last record that was seen
}

// join has somebody ask until they leave.
func (a *air) join() (leave func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.here++
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.here--; a.here == 0 {
			a.view, a.frames = nil, nil
		}
	}
}

// frame returns one server-sent event, the last record that it tells of, and
// when the next beat may be.
func (a *air) frame(s spot) (frame []byte, last uint64, next time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now := time.Now(); a.view == nil || !now.Before(a.next) {
		view := a.hub.Look()
		a.next = now.Add(pace)
		if a.view != nil && view.Last() > a.view.Last()+told {
			a.next = now.Add(slowPace)
		}
		a.view, a.frames = view, map[spot][]byte{}
	}
	last = max(s.after, a.view.Last()) // who has just come has seen more
	frame, ok := a.frames[s]
	if !ok {
		list, missed := a.view.After(s.after, told, s.filter.lets(s.workspace))
		frame = newFrame(list, last, missed, access.User{Bodies: s.bodies})
		a.frames[s] = frame
	}
	return frame, last, a.next
}

// rows renders records as they stand in the page's table.
var rows = parsed("live.html")

// newFrame returns one server-sent event.
func newFrame(list []live.Record, id, missed uint64, u access.User) []byte {
	var b, html bytes.Buffer
	for _, r := range list {
		_ = rows().ExecuteTemplate(&html, "record", masked(r, u)) // it is rendered in tests
	}
	b.WriteString("id: " + strconv.FormatUint(id, 10) + "\nevent: records\n")
	if missed > 0 {
		b.WriteString("data: <tr class=\"missed\"><td colspan=\"6\">" + number(missed) + " more passed too fast to show</td></tr>\n")
	}
	for line := range strings.Lines(html.String()) {
		b.WriteString("data: " + strings.TrimRight(line, "\n") + "\n")
	}
	b.WriteString("data: \n\n")
	return b.Bytes()
}
