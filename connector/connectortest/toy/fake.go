package toy

import (
	"encoding/json"
	"net/http"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// Fake implements connector.Faker.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	kind := map[conversation.Author]string{
		conversation.Customer: "visitor", conversation.HumanAgent: "agent", conversation.Bot: "robot", conversation.System: "agent",
	}[a.By]
	w := map[string]any{
		"at": a.Time.UnixMilli(),
		"by": map[string]any{"kind": kind, "id": a.Agent.ID, "name": a.Agent.Name},
		"chat": map[string]any{"id": a.Conversation, "started": a.StartedAt.UnixMilli(), "visitor": map[string]any{
			"id": a.Customer.ContactID, "user_id": a.Customer.UserID, "name": a.Customer.Name, "email": a.Customer.Email}},
	}
	switch {
	case a.Type == conversation.Closed:
		w["event"] = "closed"
	case a.Type == conversation.Message && kind != "":
		w["event"] = "message"
		w["message"] = map[string]any{"id": a.Message.ID, "text": a.Message.Body, "private": a.By == conversation.System}
	default:
		return nil // the tool does not tell
	}
	b, _ := json.Marshal(w) // plain values always marshal
	r := connector.Request{Header: http.Header{"Content-Type": {"application/json"}}, Body: b}
	scheme.Sign(c.o, &r)
	return []connector.Request{r}
}
