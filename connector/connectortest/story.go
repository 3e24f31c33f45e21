package connectortest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// Story tells what becomes of webhooks that arrive one after the other, each
// long after the one before: an event a line, such as
// "Started 0s Hello at 09:00:00" or "Received 20s Hi at 09:00:20 by 7 Ann Lee".
func Story(t *testing.T, typ connector.Type, requests ...*connector.Request) string {
	t.Helper()
	var out strings.Builder
	c := typ.New(options())
	states, known := map[string]conversation.State{}, map[string]bool{}
	for _, r := range requests {
		p := parse(t, c, own(r))
		Check(t, p)
		slices.SortStableFunc(p.Activities, conversation.Compare)
		for _, a := range p.Activities {
			if id := a.Conversation + " " + a.ID; !known[id] {
				known[id] = true
				tell(&out, typ, states, a)
			}
		}
	}
	return out.String()
}

func tell(out *strings.Builder, typ connector.Type, states map[string]conversation.State, a conversation.Activity) {
	next, o := conversation.Step(conversation.Origin{Source: "test"}, conversation.Rules{Reopen: typ.Reopen, Inactivity: typ.Inactivity}, states[a.Conversation], a)
	states[a.Conversation] = next
	for _, e := range o.Events {
		p := e.Properties
		kind := string(e.Kind)
		fmt.Fprintf(out, "%s %ds %s at %s", kind[strings.LastIndex(kind, " ")+1:], p.ConversationDuration, p.MessageBody, e.Timestamp.Format("15:04:05.999"))
		if by := strings.TrimSpace(p.AgentID + " " + p.AgentName); by != "" {
			out.WriteString(" by " + by)
		}
		out.WriteString("\n")
	}
}
