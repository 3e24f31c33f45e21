package conversation

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/livechat"
)

var update = flag.Bool("update", false, "rewrite what the transcripts expect")

// A transcript is a text file: activities flush left, and what follows from
// each of them indented below it. See testdata/README.md.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("transcripts: got %d, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(want))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(want) {
				t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
			}
		})
	}
}

// play returns the transcript with what Step makes of its activities.
func play(t *testing.T, text string) string {
	var (
		out   strings.Builder
		rules Rules
		show  string
		state State
	)
	origin := Origin{Workspace: "default", Source: "support", Tool: "chatwoot"}
	in := bufio.NewScanner(strings.NewReader(text))
	for in.Scan() {
		line := in.Text()
		if strings.HasPrefix(line, "\t") {
			continue
		}
		fmt.Fprintln(&out, line)
		switch {
		case line == "", strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "rules:"):
			rules = parseRules(t, line)
		case strings.HasPrefix(line, "show:"):
			show = line
		default:
			var o Output
			state, o = Step(origin, rules, state, parseActivity(t, line))
			if o.Identify != nil {
				fmt.Fprintf(&out, "\tidentify user=%s anonymous=%s name=%s email=%s\n", o.Identify.UserID, short(o.Identify.AnonymousID), o.Identify.Traits.Name, o.Identify.Traits.Email)
			}
			for _, e := range o.Events {
				if p := e.Validate(); len(p) > 0 {
					t.Errorf("%q: event is not valid: %v", line, p)
				}
				fmt.Fprintln(&out, "\t"+describe(e, show))
			}
		}
	}
	return out.String()
}

func describe(e livechat.Event, show string) string {
	p := e.Properties
	s := fmt.Sprintf("%s %ds", e.Kind, p.ConversationDuration)
	if p.MessageID != "" {
		s += " " + p.MessageID
	}
	if p.AgentID+p.AgentName+p.AgentUsername != "" {
		s += strings.TrimRight(fmt.Sprintf(" agent=%s:%s:%s", p.AgentID, p.AgentName, p.AgentUsername), ":")
	}
	if e.Context.LiveChat.AgentType == "bot" {
		s += " (bot)"
	}
	if strings.Contains(show, "customer") {
		s += fmt.Sprintf(" user=%s anonymous=%s", e.UserID, short(e.AnonymousID))
	}
	if strings.Contains(show, "body") {
		s += fmt.Sprintf(" %q", p.MessageBody)
	}
	if strings.Contains(show, "time") {
		s += " at " + e.Timestamp.Format("15:04:05.000")
	}
	if strings.Contains(show, "call") {
		s += " call=" + short(e.MessageID)
	}
	if strings.Contains(show, "context") {
		c := e.Context
		s += fmt.Sprintf(" integration=%s/%s agent_type=%s channel=%s source=%s url=%s", c.Integration.Name, c.Integration.Version,
			c.LiveChat.AgentType, c.LiveChat.Channel, c.LiveChat.Source, c.LiveChat.ConversationURL)
	}
	return s
}

// short tells a derived UUID by its first digits, and anything else as it is.
func short(id string) string {
	if len(id) == 36 {
		return id[:8] + "…"
	}
	return id
}

func parseRules(t *testing.T, line string) (r Rules) {
	for _, f := range strings.Fields(line)[1:] {
		key, value, _ := strings.Cut(f, "=")
		switch key {
		case "first_message":
			r.FirstMessage = FirstMessage(value)
		case "ended":
			r.Ended = EndedRule(value)
		case "reopen":
			r.Reopen = Reopen(value)
		case "bots":
			r.Bots = Voice(value)
		case "automation":
			r.Automation = Voice(value)
		case "channels":
			r.Channels = strings.Split(value, ",")
		case "identity":
			r.Identity = Identity(value)
		case "identify":
			r.Identify = value == "on"
		case "inactivity":
			var err error
			if r.Inactivity, err = time.ParseDuration(value); err != nil {
				t.Fatal(err)
			}
		case "inactivity_end":
			r.InactivityEnd = value == "on"
		default:
			t.Fatalf("unknown rule %q", key)
		}
	}
	return r
}

// parseActivity reads "09:00:45 agent m2 key=value… "body"".
func parseActivity(t *testing.T, line string) Activity {
	head, body, _ := strings.Cut(line, ` "`)
	f := strings.Fields(head)
	a := Activity{Conversation: "17", Time: clock(t, f[0]), ID: line}
	a.Message.Body = strings.TrimSuffix(body, `"`)
	switch f[1] {
	case "close":
		a.Type = Closed
	case "ending":
		a.Type = Ending
	case "silence":
		a.Type = Silence
	case "reopen":
		a.Type = Reopened
	case "assign":
		a.Type = Assigned
	case "identify":
		a.Type = Identified
	default:
		a.Type, a.By = Message, Author(f[1])
	}
	for _, w := range f[2:] {
		key, value, pair := strings.Cut(w, "=")
		value = strings.ReplaceAll(value, "_", " ")
		switch {
		case !pair:
			a.Message.ID = w
		case key == "by":
			a.By = Author(value)
		case key == "agent":
			p := append(strings.Split(value, ":"), "", "")
			a.Agent = Agent{ID: p[0], Name: p[1], Username: p[2]}
		case key == "user":
			a.Customer.UserID = value
		case key == "anonymous":
			a.Customer.AnonymousID = value
		case key == "contact":
			a.Customer.ContactID = value
		case key == "email":
			a.Customer.Email = value
		case key == "name":
			a.Customer.Name = value
		case key == "began":
			a.StartedAt = clock(t, value)
		case key == "channel":
			a.Channel = value
		case key == "url":
			a.ConversationURL = value
		default:
			t.Fatalf("%q: unknown word %q", line, w)
		}
	}
	return a
}

func clock(t *testing.T, s string) time.Time {
	at, err := time.Parse("2006-01-02 15:04:05.999", "2026-03-02 "+s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
