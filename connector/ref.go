package connector

import (
	"slices"
	"strings"

	"github.com/parlance-chat/parlance/conversation"
)

// Ref reads what the site put into a link that opens a chat, where that is all
// it can tell the tool: "NAME-VALUE", as in anonymous_id-0b1c…, with the name of
// one of the AnonymousIDFields, or of UserIDField. Whoever follows the link can
// change it, so a user's ID counts only if UnverifiedIDs do.
func (o Options) Ref(ref string) (who conversation.Person) {
	name, value, _ := strings.Cut(ref, "-")
	user := o.UserIDField
	if user == "" {
		user = "user_id"
	}
	switch {
	case slices.Contains(o.AnonymousIDFields(), name):
		who.AnonymousID = value
	case name == user && o.UnverifiedIDs:
		who.UserID = value
	}
	return who
}
