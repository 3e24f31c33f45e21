package console

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/internal/archive"
)

// errNoArchive is what pages say that have nothing to read.
var errNoArchive = &problem{http.StatusNotFound, "No conversations are kept here: archive.enabled is off, or the archive could not be opened, of which the gateway's log tells."}

// A choice is what somebody has chosen of what the archive has of a workspace.
type choice struct {
	Source  string `json:"source,omitempty"`
	Channel string `json:"channel,omitempty"`
	Agent   string `json:"agent,omitempty"` // see nameAgent

	Sources  []string `json:"-"`
	Channels []string `json:"-"`
	Agents   []agent  `json:"-"`
	key      int64    // the agent's; 0 is anybody
}

// An agent is one as people choose them.
type agent struct{ Name, Title string }

// nobody is the key of no agent.
const nobody = -1

// choice reads what a request has chosen.
func (c *Console) choice(q *request) (ch choice, err error) {
	if c.o.Archive == nil {
		return ch, errNoArchive
	}
	ch = choice{Source: q.FormValue("source"), Channel: q.FormValue("channel"), Agent: q.FormValue("agent")}
	if ch.Agent != "" {
		ch.key = nobody
	}
	return ch, c.o.Archive.View(q.Context(), func(r *archive.Reader) error {
		places, err := r.Places(q.Workspace)
		if err != nil {
			return err
		}
		for _, p := range places {
			ch.Sources = append(ch.Sources, p.Source)
			if p.Channel != "" {
				ch.Channels = append(ch.Channels, p.Channel)
			}
		}
		slices.Sort(ch.Channels)
		ch.Sources, ch.Channels = slices.Compact(ch.Sources), slices.Compact(ch.Channels)
		list, err := r.Agents(q.Workspace)
		for _, a := range list {
			one := agent{nameAgent(a), titleAgent(&a)}
			if a.Bot {
				one.Title += " (bot)"
			}
			if len(ch.Sources) > 1 {
				one.Title += " · " + a.Source
			}
			ch.Agents = append(ch.Agents, one)
			if one.Name == ch.Agent {
				ch.key = a.Key
			}
		}
		return err
	})
}

// nameAgent names an agent in addresses: the archive's own key is another one
// after it is made anew.
func nameAgent(a archive.Agent) string {
	if a.Bot {
		return a.Source + "/bot/" + a.ID
	}
	return a.Source + "/" + a.ID
}

// titleAgent is what people call an agent.
func titleAgent(a *archive.Agent) string {
	if a == nil {
		return ""
	}
	return cmp.Or(a.Name, a.Username, a.ID)
}

// values are the choice as a part of an address.
func (ch choice) values(workspace string) url.Values {
	v := url.Values{}
	for key, value := range map[string]string{"workspace": workspace, "source": ch.Source, "channel": ch.Channel, "agent": ch.Agent} {
		if value != "" {
			v.Set(key, value)
		}
	}
	return v
}

func oneOf(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// between reads the days that a request names, both of them included, in the
// viewer's zone. Without a day the time is zero.
func (q *request) between() (since, until time.Time, err error) {
	for key, t := range map[string]*time.Time{"since": &since, "until": &until} {
		text := q.FormValue(key)
		if text == "" {
			continue
		}
		if *t, err = time.ParseInLocation(time.DateOnly, text, q.Zone); err != nil {
			return since, until, badRequest("%s: write a day such as 2026-03-02.", key)
		}
	}
	if !until.IsZero() {
		until = until.AddDate(0, 0, 1)
	}
	if !since.IsZero() && !until.IsZero() && !since.Before(until) {
		return since, until, badRequest("The first day is after the last one.")
	}
	return since, until, nil
}

// conversationURL is the address of a conversation: its last start, or the one
// of a number. Ids are the tools' own, and may hold anything.
func conversationURL(workspace, source, id string, number int64) string {
	path := url.PathEscape(id)
	if rest, ok := strings.CutSuffix(path, ".json"); ok {
		path = rest + "%2Ejson" // not the twin of another one
	}
	v := url.Values{"workspace": {workspace}, "source": {source}}
	if number > 0 {
		v.Set("n", strconv.FormatInt(number, 10))
	}
	return "/conversations/" + path + "?" + v.Encode()
}
