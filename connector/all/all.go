// Package all is the list of connectors.
package all

import (
	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/ada"
	"github.com/parlance-chat/parlance/connector/amazonconnect"
	"github.com/parlance-chat/parlance/connector/brevoconversations"
	"github.com/parlance-chat/parlance/connector/chatra"
	"github.com/parlance-chat/parlance/connector/chatwoot"
	"github.com/parlance-chat/parlance/connector/crisp"
	"github.com/parlance-chat/parlance/connector/custom"
	"github.com/parlance-chat/parlance/connector/dixa"
	"github.com/parlance-chat/parlance/connector/drift"
	"github.com/parlance-chat/parlance/connector/freshchat"
	"github.com/parlance-chat/parlance/connector/front"
	"github.com/parlance-chat/parlance/connector/gorgias"
	"github.com/parlance-chat/parlance/connector/helpscout"
	"github.com/parlance-chat/parlance/connector/hubspot"
	"github.com/parlance-chat/parlance/connector/instagram"
	"github.com/parlance-chat/parlance/connector/intercom"
	"github.com/parlance-chat/parlance/connector/jivochat"
	"github.com/parlance-chat/parlance/connector/kustomer"
	"github.com/parlance-chat/parlance/connector/libredesk"
	"github.com/parlance-chat/parlance/connector/line"
	"github.com/parlance-chat/parlance/connector/livechat"
	"github.com/parlance-chat/parlance/connector/livehelperchat"
	"github.com/parlance-chat/parlance/connector/liveperson"
	"github.com/parlance-chat/parlance/connector/messenger"
	"github.com/parlance-chat/parlance/connector/olark"
	"github.com/parlance-chat/parlance/connector/papercups"
	"github.com/parlance-chat/parlance/connector/rocketchat"
	"github.com/parlance-chat/parlance/connector/smartsupp"
	"github.com/parlance-chat/parlance/connector/snapengage"
	"github.com/parlance-chat/parlance/connector/tawkto"
	"github.com/parlance-chat/parlance/connector/telegram"
	"github.com/parlance-chat/parlance/connector/tiledesk"
	"github.com/parlance-chat/parlance/connector/twilioconversations"
	"github.com/parlance-chat/parlance/connector/userlike"
	"github.com/parlance-chat/parlance/connector/whatsappcloud"
	"github.com/parlance-chat/parlance/connector/zendeskevents"
	"github.com/parlance-chat/parlance/connector/zendesksunco"
	"github.com/parlance-chat/parlance/connector/zohosalesiq"
)

// Types returns every chat tool.
func Types() []connector.Type {
	return []connector.Type{
		ada.Type(),
		amazonconnect.Type(),
		brevoconversations.Type(),
		chatra.Type(),
		chatwoot.Type(),
		crisp.Type(),
		custom.Type(),
		dixa.Type(),
		drift.Type(),
		freshchat.Type(),
		front.Type(),
		gorgias.Type(),
		helpscout.Type(),
		hubspot.Type(),
		instagram.Type(),
		intercom.Type(),
		jivochat.Type(),
		kustomer.Type(),
		libredesk.Type(),
		line.Type(),
		livechat.Type(),
		livehelperchat.Type(),
		liveperson.Type(),
		messenger.Type(),
		olark.Type(),
		papercups.Type(),
		rocketchat.Type(),
		smartsupp.Type(),
		snapengage.Type(),
		tawkto.Type(),
		telegram.Type(),
		tiledesk.Type(),
		twilioconversations.Type(),
		userlike.Type(),
		whatsappcloud.Type(),
		zendeskevents.Type(),
		zendesksunco.Type(),
		zohosalesiq.Type(),
	}
}
