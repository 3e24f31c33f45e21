// Package instagram reads the webhooks of Instagram messaging. They have the
// form of Messenger's; package messenger reads them.
//
// Source: https://developers.facebook.com/docs/messenger-platform/instagram/features/webhook
package instagram

import (
	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/messenger"
)

// Type is the entry in the list.
func Type() connector.Type { return messenger.TypeOf("instagram", "Instagram", "instagram") }
