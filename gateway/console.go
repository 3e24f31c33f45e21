package gateway

import (
	"slices"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/console"
	"github.com/parlance-chat/parlance/internal/live"
)

// newConsole returns the pages that show this gateway.
func (g *Gateway) newConsole(hub *live.Hub) *console.Console {
	return console.New(console.Options{Log: g.log, Guard: g.guard, Hub: hub, Journal: g.journal, Rules: g.rules, Workspaces: g.workspaces})
}

// rules tells how a source's conversations are told.
func (g *Gateway) rules(workspace, source string) (conversation.Origin, conversation.Rules) {
	s := g.origin(workspace, source)
	return s.Origin, s.Rules
}

// workspaces returns the names of the workspaces that have anything.
func (g *Gateway) workspaces() []string {
	var names []string
	r := g.inForce.Load()
	for _, s := range r.Sources {
		names = append(names, s.Workspace)
	}
	for _, d := range r.Destinations {
		names = append(names, d.Workspace)
	}
	names = slices.DeleteFunc(names, func(n string) bool { return n == "default" })
	slices.Sort(names)
	return append([]string{"default"}, slices.Compact(names)...)
}
