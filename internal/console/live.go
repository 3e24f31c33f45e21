package console

import (
	"bytes"
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
	// pace is how often a browser is told.
	pace = 400 * time.Millisecond
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
			(f.User == "" || f.User == r.User)
	}
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
	list, next, _ := c.o.Hub.After(0, shown, v.Filter.lets(q.Workspace))
	v.After = next
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

// rows renders records as they stand in the page's table.
var rows = template.Must(template.New("parts.html").Funcs(functions).ParseFS(templates, "templates/parts.html"))

// stream tells a browser of what passes, as server-sent events that hold rows
// of the page's table.
func (c *Console) stream(w http.ResponseWriter, r *http.Request) {
	q := c.request(r)
	lets := filterOf(q).lets(q.Workspace)
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
	var b bytes.Buffer
	for {
		list, next, missed := c.o.Hub.After(after, told, lets)
		after = next
		b.Reset()
		writeRecords(&b, list, next, missed, q.User)
		_ = flush.SetWriteDeadline(time.Now().Add(patience))
		if _, err := b.WriteTo(w); err != nil || flush.Flush() != nil {
			return
		}
		if !c.wait(r, after) {
			return
		}
	}
}

// wait returns when there may be more, at the pace of a reader's eyes. It
// reports whether to go on.
func (c *Console) wait(r *http.Request, after uint64) bool {
	rest := make(chan struct{})
	time.AfterFunc(pace, func() { close(rest) })
	quiet := time.NewTimer(silence)
	defer quiet.Stop()
	next := (<-chan struct{})(rest)
	for {
		select {
		case <-c.left:
			return false
		case <-r.Context().Done():
			return false
		case <-quiet.C:
			return true
		case <-next:
			if next != (<-chan struct{})(rest) {
				return true
			}
			next = c.o.Hub.More(after)
		}
	}
}

// writeRecords writes one server-sent event.
func writeRecords(b *bytes.Buffer, list []live.Record, id, missed uint64, u access.User) {
	var html bytes.Buffer
	for _, r := range list {
		_ = rows.ExecuteTemplate(&html, "record", masked(r, u)) // it is rendered in tests
	}
	b.WriteString("id: " + strconv.FormatUint(id, 10) + "\nevent: records\n")
	if missed > 0 {
		b.WriteString("data: <tr class=\"missed\"><td colspan=\"6\">" + number(missed) + " more passed too fast to show</td></tr>\n")
	}
	for line := range strings.Lines(html.String()) {
		b.WriteString("data: " + strings.TrimRight(line, "\n") + "\n")
	}
	b.WriteString("data: \n\n")
}
