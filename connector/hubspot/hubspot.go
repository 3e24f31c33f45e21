// Package hubspot reads the webhooks of HubSpot's conversations.
//
// A webhook is a list of what happened, of any objects, each with ids only: the
// API knows the rest.
//
// Sources: https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide,
// https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation,
// HubSpot's OpenAPI descriptions of conversations v3 and contacts v3, and a
// recorded webhook about a message.
package hubspot

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// Type is the entry in the list.
func Type() connector.Type {
	return connector.Type{
		Name:   "hubspot",
		Title:  "HubSpot",
		Reopen: conversation.Continue,
		API:    &connector.API{URL: "https://api.hubapi.com"},
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: connector.Yes, Bots: connector.Yes,
			AgentID: "the actor's id, such as A-12345", AgentName: connector.Yes, AgentUsername: connector.Yes,
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: "from a contact property", AnonymousID: "from a contact property", Email: "once HubSpot knows it",
			Signature: "HMAC-SHA256 with time, over the address too", Retries: "up to 10 in 24 hours",
		},
		New: newConnector,
	}
}

// A Connector reads the webhooks of one HubSpot app.
type Connector struct {
	o       connector.Options
	userIDs []string // the contact properties that may carry the company's own id
	query   string   // asks for the contact properties of interest
}

var _ connector.Faker = (*Connector)(nil)

func newConnector(o connector.Options) connector.Connector {
	c := &Connector{o: o, userIDs: []string{"user_id", "external_id"}}
	if o.UserIDField != "" {
		c.userIDs = []string{o.UserIDField}
	}
	names := []string{"email", "firstname", "lastname"}
	names = append(append(names, c.userIDs...), o.AnonymousIDFields()...)
	for i, name := range names {
		names[i] = url.QueryEscape(name)
	}
	c.query = "?properties=" + strings.Join(names, ",")
	return c
}

// How HubSpot signs, with the app's client secret: version 3, and what older
// apps have in its place.
var (
	scheme3 = connector.Scheme{Header: "X-HubSpot-Signature-v3", Signed: "{method}{url}{body}{time}", Encoding: "base64",
		Time: "X-HubSpot-Request-Timestamp", Unit: "ms"}
	scheme2 = connector.Scheme{Header: "X-HubSpot-Signature", Hash: connector.SHA256, Signed: "{method}{url}{body}"}
	scheme1 = connector.Scheme{Header: "X-HubSpot-Signature", Hash: connector.SHA256}
)

const versionHeader = "X-HubSpot-Signature-Version"

// escapes are those of an address that HubSpot signs without.
var escapes = strings.NewReplacer("%3A", ":", "%3a", ":", "%2F", "/", "%2f", "/", "%3F", "?", "%3f", "?", "%40", "@", "%21", "!", "%24", "$",
	"%27", "'", "%28", "(", "%29", ")", "%2A", "*", "%2a", "*", "%2C", ",", "%2c", ",", "%3B", ";", "%3b", ";")

// Verify implements connector.Connector. HubSpot's documentation wants some
// escapes of the address undone; its own libraries leave them.
func (c *Connector) Verify(r *connector.Request) error {
	if r.Header.Get(scheme3.Header) != "" {
		plain := *r
		plain.URL = escapes.Replace(r.URL)
		err := scheme3.Verify(c.o, &plain)
		if err != nil && plain.URL != r.URL {
			return scheme3.Verify(c.o, r)
		}
		return err
	}
	switch r.Header.Get(versionHeader) {
	case "v1":
		return scheme1.Verify(c.o, r)
	case "v2":
		return scheme2.Verify(c.o, r)
	}
	return fmt.Errorf("%w: missing, or of an unknown version", connector.ErrSignature)
}

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (connector.Parsed, error) {
	var list []item
	if err := field.Decode(r.Body, &list); err != nil {
		return connector.Parsed{}, field.Malformed("hubspot", err)
	}
	t := telling{c: c, r: r}
	for i := range list {
		if err := t.item(&list[i]); err != nil {
			return connector.Parsed{}, err
		}
	}
	return t.Parsed, nil
}
