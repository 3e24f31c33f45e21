package connector

import (
	"slices"
	"strings"

	"github.com/parlance-chat/parlance/conversation"
)

// Author says who is behind an id, where the tool itself does not tell: a bot
// or an agent if the configuration names it, and the customer if it names
// agents, but not this one. If it names none, nobody knows.
func (o Options) Author(id string) conversation.Author {
	switch {
	case id == "":
		return ""
	case o.IsBot(id):
		return conversation.Bot
	case o.IsAgent(id):
		return conversation.HumanAgent
	case len(o.AgentIDs) > 0:
		return conversation.Customer
	}
	return ""
}

// IsAgent reports whether AgentIDs names id.
func (o Options) IsAgent(id string) bool { return names(o.AgentIDs, id) }

// IsBot reports whether BotIDs names id.
func (o Options) IsBot(id string) bool { return names(o.BotIDs, id) }

// names reports whether one of the patterns stands for id; a * at the end of
// one stands for anything.
func names(patterns []string, id string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
			return strings.HasPrefix(id, prefix)
		}
		return id == pattern
	})
}
