package connectortest

import (
	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/livechat"
)

// What the tests of the whole gateway take from those of a connector.
var (
	Differ = differ
	Kinds  = kinds
)

// Told returns the events of a history, as far as the tool can say it.
func Told(typ connector.Type, history []conversation.Activity) []livechat.Event {
	return steps(typ, sayable(typ, history))
}
