package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/control"
	"github.com/parlance-chat/parlance/internal/phrase"
)

const (
	// silent is how long nothing may come from a source: longer than a weekend.
	silent = 4 * 24 * time.Hour
	// late is how old an event may be that a destination still has to get.
	late = 10 * time.Minute
)

// Delivering says how the delivery to a destination is doing.
func Delivering(d control.Destination, running bool) (found []destination.Finding) {
	what := func(level destination.Level, text, do string) {
		found = append(found, destination.Finding{Level: level, Text: text, Do: do})
	}
	waits := phrase.Count(d.LagEvents, "event") + " wait"
	if d.LagEvents == 1 {
		waits += "s"
	}
	if d.LagEvents > 0 {
		waits += ", the oldest for " + phrase.Span(time.Duration(d.LagSeconds*float64(time.Second)))
	}
	name := d.Name + workspaceFlag(d.Workspace)
	switch {
	case !running && d.LagEvents > 0:
		what(destination.Problem, waits+", and no gateway runs", "start it: parlance serve")
	case d.Paused != nil:
		text := "paused by " + d.Paused.By + " on " + d.Paused.Since.UTC().Format(time.DateTime) + " UTC"
		if d.Paused.Reason != "" {
			text += " (" + d.Paused.Reason + ")"
		}
		what(destination.Warning, text+"; "+waits, "parlance resume "+name)
	case d.State == control.StatePaused:
		what(destination.Problem, "the gateway has paused it: "+cmp.Or(d.Cause(), "its log says why")+"; "+waits, "set that right; then it goes on within 5 minutes, or at once with: parlance resume "+name)
	case d.Trouble != "":
		what(destination.Warning, "the last attempt failed: "+d.Cause()+"; "+waits, "nothing, if it is over soon: the gateway tries again")
	case d.LagSeconds > late.Seconds():
		what(destination.Warning, waits, "is it slower than the events that come? 'parlance status' shows whether they become fewer")
	case running && d.LagEvents == 0:
		what(destination.Good, "it has got every event", "")
	}
	if d.Parked > 0 {
		what(destination.Warning, phrase.Count(d.Parked, "call")+" it refused for good, and parked", "parlance parked -d "+name+" says why")
	}
	return found
}

func workspaceFlag(workspace string) string {
	if workspace == "default" {
		return ""
	}
	return " -w " + workspace
}

// Telling says how a source is doing. Address is where its tool is to send
// webhooks.
func Telling(s control.Source, address string, now time.Time) (found []destination.Finding) {
	what := func(level destination.Level, text, do string) {
		found = append(found, destination.Finding{Level: level, Text: text, Do: do})
	}
	switch {
	case s.LastWebhook.IsZero():
		what(destination.Warning, "nothing is kept that came from it", "have the tool send to "+address+"; docs/connectors has where to click")
	case now.Sub(s.LastWebhook) > silent:
		what(destination.Warning, "the last webhook came "+phrase.Ago(now.Sub(s.LastWebhook)), "is the webhook still switched on in the tool, and does it send to "+address+"? Some tools switch it off after failures")
	default:
		what(destination.Good, "the last webhook came "+phrase.Ago(now.Sub(s.LastWebhook)), "")
	}
	if s.Refused > 0 {
		level := destination.Warning // strangers try as well
		if s.LastWebhook.IsZero() || now.Sub(s.LastWebhook) > silent {
			level = destination.Problem
		}
		what(level, phrase.Count(s.Refused, "request")+" refused since the gateway began: the signature was wrong", "compare secret with the tool's; behind a proxy some need public_url; a proxy must not change the body")
	}
	if s.Unreadable > 0 {
		what(destination.Warning, phrase.Count(s.Unreadable, "webhook")+" could not be read, and kept", "parlance unreadable"+workspaceFlag(s.Workspace)+" says why")
	}
	return found
}

// CountedTwice warns of chats of which two sources tell. The type of each source
// is in types.
func CountedTwice(list []control.Chatting, types map[string]string) map[string][]destination.Finding {
	found := map[string][]destination.Finding{}
	for i, a := range list {
		for _, b := range list[i+1:] {
			site, tool := a, b
			if types[tool.Source] == "tracking" {
				site, tool = tool, site
			}
			n := site.Shared[tool.Source]
			var text, do string
			switch {
			case types[site.Source] == "tracking" && types[tool.Source] != "tracking" && (n > 0 || mayBe(site.Integrations, types[tool.Source])):
				text = fmt.Sprintf("it passed on %s of Live Chat that a website or program made itself%s, and the source %s told of chats too", phrase.Count(site.Events, "event"), by(site.Integrations), tool.Source)
				do = "if they are the same chats, switch them off there: “Record Live Chat Events” of the browser integration, or the program's own calls"
			case types[site.Source] == types[tool.Source] && n > 0:
				text = "the source " + tool.Source + " tells of chats with the same ids"
				do = "does the tool send its webhooks twice? Remove one of the two sources, or its webhook"
			default:
				continue
			}
			if n > 0 {
				text += fmt.Sprintf("; %s within a day were told by both and are counted twice", phrase.Count(int64(n), "conversation"))
			}
			found[site.Source] = append(found[site.Source], destination.Finding{Level: destination.Warning, Text: text, Do: do})
		}
	}
	return found
}

// mayBe reports whether events that say that they come from integrations may be
// about the chats of a tool.
func mayBe(integrations []string, tool string) bool {
	return len(integrations) == 0 || slices.ContainsFunc(integrations, func(name string) bool {
		return strings.Contains(tool, strings.ToLower(name)) || name == "zopim" && strings.HasPrefix(tool, "zendesk")
	})
}

// by names what events say that they come from.
func by(integrations []string) string {
	if len(integrations) == 0 {
		return ""
	}
	return " (" + strings.Join(slices.Sorted(slices.Values(integrations)), ", ") + ")"
}
