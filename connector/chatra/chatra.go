// Package chatra reads the webhooks of Chatra, which speak a dialect of those of
// Brevo Conversations.
//
// Source: https://chatra.com/help/api/#webhooks, as public integrations repeat
// it.
package chatra

import (
	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/brevoconversations"
	"github.com/parlance-chat/parlance/conversation"
)

// Type is the entry in the list.
func Type() connector.Type {
	return connector.Type{
		Name:   "chatra",
		Title:  "Chatra",
		Reopen: conversation.Restart,
		Signs:  connector.Never,
		Gives:  brevoconversations.Gives(),
		New:    func(o connector.Options) connector.Connector { return brevoconversations.New(o, dialect) },
	}
}

var dialect = brevoconversations.Dialect{
	Tool:    "chatra",
	Started: "chatStarted", Fragment: "chatFragment", Transcript: "chatTranscript",
	Visitor: "client", UserIDs: []string{"user_id", "external_id", "userId"},
}
