package console

import (
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/internal/console/access"
	"github.com/parlance-chat/parlance/internal/live"
)

const (
	// shown is how many records the Live page has, and told how many a browser
	// is told of at once; it is told how many it misses.
	shown = 100
	told  = 12
	// patience bounds how long a browser may take to read, and silence is after
	// how long a line shows that the gateway is there.
	patience = 30 * time.Second
	silence  = 15 * time.Second
)

// A liveView is the Live page.
type liveView struct {
	Health  healthView    `json:"health"`
	Filter  liveFilter    `json:"filter"`
	Records []live.Record `json:"records"` // the newest first
	After   uint64        `json:"after"`
}

// A liveFilter says which records to show.
type liveFilter struct {
	Kind         string `json:"kind,omitempty"`
	Source       string `json:"source,omitempty"`
	Event        string `json:"event,omitempty"`
	Conversation string `json:"conversation,omitempty"`
	User         string `json:"user,omitempty"`
}

func filterOf(q *request) liveFilter {
	return liveFilter{Kind: q.FormValue("kind"), Source: q.FormValue("source"), Event: q.FormValue("event"),
		Conversation: q.FormValue("conversation"), User: q.FormValue("user")}
}

// Query returns the filter as the part of an address.
func (f liveFilter) Query(workspace string, after uint64) string {
	q := template.URLQueryEscaper
	return "workspace=" + q(workspace) + "&kind=" + q(f.Kind) + "&source=" + q(f.Source) + "&event=" + q(f.Event) +
		"&conversation=" + q(f.Conversation) + "&user=" + q(f.User) + "&after=" + strconv.FormatUint(after, 10)
}

// lets returns a function that reports whether a record is shown.
func (f liveFilter) lets(workspace string) func(*live.Record) bool {
	return func(r *live.Record) bool {
		return r.Workspace == workspace &&
			(f.Kind == "" || f.Kind == string(r.Kind)) &&
			(f.Source == "" || f.Source == r.Source || f.Source == r.Destination) &&
			(f.Event == "" || strings.Contains(strings.ToLower(r.Name), strings.ToLower(f.Event))) &&
			(f.Conversation == "" || f.Conversation == r.Conversation) &&
			(f.User == "" || f.of(r))
	}
}

func (f liveFilter) of(r *live.Record) bool {
	user, _ := r.Words()
	return user == f.User
}

func (c *Console) live(q *request) (any, error) {
	if err := c.first(q); err != nil {
		return nil, err
	}
	health, err := c.health(q)
	if err != nil {
		return nil, err
	}
	v := liveView{Health: health.(healthView), Filter: filterOf(q)}
	view := c.o.Hub.Look()
	list, _ := view.After(0, shown, v.Filter.lets(q.Workspace))
	v.After = view.Last()
	for i := len(list) - 1; i >= 0; i-- {
		v.Records = append(v.Records, masked(list[i], q.User))
	}
	return v, nil
}

// masked returns a record as a user may see it.
func masked(r live.Record, u access.User) live.Record {
	if !u.Bodies {
		r.Body, r.User = masks(r.Body), shownID(r.User, u)
	}
	return r
}

// stream tells a browser of what passes, as server-sent events that hold rows
// of the page's table.
func (c *Console) stream(w http.ResponseWriter, r *http.Request) {
	q := c.request(r)
	after, err := strconv.ParseUint(r.FormValue("after"), 10, 64)
	if id := r.Header.Get("Last-Event-ID"); id != "" { // it was here before
		after, err = strconv.ParseUint(id, 10, 64)
	}
	if err != nil {
		http.Error(w, "after must be the ID of a record", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	flush := http.NewResponseController(w)
	leave := c.air.join()
	defer leave()
	s := spot{workspace: q.Workspace, filter: filterOf(q), bodies: q.User.Bodies, after: min(after, c.o.Hub.Look().Last())} // those of another process are not ours
	for {
		frame, next, again := c.air.frame(s)
		_ = flush.SetWriteDeadline(time.Now().Add(patience))
		if _, err := w.Write(frame); err != nil || flush.Flush() != nil {
			return
		}
		s.after = next
		if !c.wait(r, again, next) {
			return
		}
	}
}

// wait returns at a time or, if there is no record after one then, when there
// is, or when it has been silent for long. It reports whether to go on.
func (c *Console) wait(r *http.Request, at time.Time, after uint64) bool {
	rest, quiet := time.NewTimer(time.Until(at)), time.NewTimer(silence)
	defer rest.Stop()
	defer quiet.Stop()
	var more <-chan struct{}
	for {
		select {
		case <-c.left:
			return false
		case <-r.Context().Done():
			return false
		case <-quiet.C:
			return true
		case <-rest.C:
			more = c.o.Hub.More(after)
		case <-more:
			return true
		}
	}
}
