package control

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/livechat"
)

const (
	// chattingDay is how far back it is looked who tells of chats, and
	// chattingEvents how many events are looked at.
	chattingDay    = 24 * time.Hour
	chattingEvents = 200_000
	// maxIntegrations is how many names of integrations are told of a source.
	maxIntegrations = 10
)

// A Chatting is a source that has told of live chats within a day.
type Chatting struct {
	Source string `json:"source"`
	Events int64  `json:"events"` // Live Chat events
	// Integrations are what the events call the tools that they come from.
	Integrations []string `json:"integrations,omitempty"`
	// Shared counts the conversations of which other sources told too, by source.
	Shared map[string]int `json:"shared,omitempty"`
}

// chatting tells which sources of a workspace tell of live chats: what two of
// them tell is counted twice.
func (t Target) chatting(_ http.ResponseWriter, r *http.Request) (any, error) {
	w := workspace(r.FormValue("workspace"))
	after, err := t.Journal.Since(r.Context(), w, time.Now().Add(-chattingDay))
	if err != nil {
		return nil, err
	}
	now, cancel := context.WithCancel(r.Context())
	cancel() // it would wait for more
	told := tellers{sources: map[string]*Chatting{}, conversations: map[string][]string{}}
	for looked := 0; looked < chattingEvents; {
		events, err := t.Journal.Events(now, w, after, 1000)
		if err != nil && !errors.Is(err, context.Canceled) {
			return nil, err
		}
		if len(events) == 0 {
			break
		}
		for i := range events {
			told.add(&events[i])
		}
		looked, after = looked+len(events), events[len(events)-1].Seq
	}
	return told.list(), r.Context().Err()
}

// tellers gather who tells of which conversation.
type tellers struct {
	sources       map[string]*Chatting
	conversations map[string][]string // sources, by conversation_id
}

func (t *tellers) add(e *journal.Event) {
	if !slices.Contains(livechat.Kinds(), livechat.Kind(e.Name)) {
		return
	}
	c := t.sources[e.Source]
	if c == nil {
		c = &Chatting{Source: e.Source}
		t.sources[e.Source] = c
	}
	c.Events++
	var call struct {
		Context struct {
			Integration struct{ Name string }
		}
		Properties struct {
			ConversationID string `json:"conversation_id"`
		}
	}
	if json.Unmarshal(e.JSON, &call) != nil {
		return // somebody's own idea of an event
	}
	if name := call.Context.Integration.Name; name != "" && len(name) <= 40 && len(c.Integrations) < maxIntegrations && !slices.Contains(c.Integrations, name) {
		c.Integrations = append(c.Integrations, name)
	}
	id := call.Properties.ConversationID
	if id != "" && !slices.Contains(t.conversations[id], e.Source) {
		t.conversations[id] = append(t.conversations[id], e.Source)
	}
}

func (t *tellers) list() []Chatting {
	for _, sources := range t.conversations {
		for _, a := range sources {
			for _, b := range sources {
				if a == b {
					continue
				}
				if t.sources[a].Shared == nil {
					t.sources[a].Shared = map[string]int{}
				}
				t.sources[a].Shared[b]++
			}
		}
	}
	list := []Chatting{}
	for _, c := range t.sources {
		slices.Sort(c.Integrations)
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b Chatting) int { return int(b.Events - a.Events) })
	return list
}
