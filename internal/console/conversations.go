package console

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/internal/archive"
	"github.com/parlance-chat/parlance/internal/console/access"
)

// A conversationRow is a conversation as the pages show it.
type conversationRow archive.Conversation

// Who is what to call the customer.
func (c conversationRow) Who() string {
	if who := cmp.Or(c.Name, c.Email, c.UserID); who != "" {
		return who
	}
	return "visitor " + c.AnonymousID[:min(8, len(c.AnonymousID))]
}

// Customer is the id by which to find more of the customer.
func (c conversationRow) Customer() string { return cmp.Or(c.UserID, c.AnonymousID) }

// Agent is who wrote last for the company.
func (c conversationRow) Agent() string { return titleAgent(c.LastAgent) }

// Took is how long the conversation has taken.
func (c conversationRow) Took() time.Duration { return time.Duration(c.Duration) * time.Second }

// shownRow returns a conversation as a user may see it.
func shownRow(c archive.Conversation, q *request) conversationRow {
	if !q.User.Bodies {
		c.Name, c.Email, c.UserID = masks(c.Name), masks(c.Email), shownID(c.UserID, q.User)
	}
	c.URL = webURL(c.URL)
	return conversationRow(c)
}

// shownID returns a userId as a user may see it: some are e-mail addresses.
func shownID(id string, u access.User) string {
	if !u.Bodies && strings.Contains(id, "@") {
		return hidden
	}
	return id
}

// webURL returns an address that a browser may be led to, or "".
func webURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return ""
	}
	return s
}

// A conversationsView is a page of conversations.
type conversationsView struct {
	choice
	Find  string `json:"find,omitempty"`
	Text  string `json:"text,omitempty"`
	State string `json:"state,omitempty"`
	Sort  string `json:"sort,omitempty"`
	Since string `json:"since,omitempty"`
	Until string `json:"until,omitempty"`

	Conversations []conversationRow `json:"conversations"`
	Next          string            `json:"next,omitempty"`     // in "after" of the next page
	Searched      time.Time         `json:"searched,omitzero"`  // up to when a text was looked for
	More          string            `json:"-"`                  // the next page's address
	First         string            `json:"-"`                  // the first page's, on another one
	Sortable      bool              `json:"-"`                  // the order can be chosen
	Filtered      bool              `json:"filtered,omitempty"` // not all are asked for
}

func (c *Console) conversations(q *request) (any, error) {
	ch, err := c.choice(q)
	if err != nil {
		return nil, err
	}
	v := conversationsView{choice: ch, Find: q.FormValue("find"), Text: q.FormValue("text"), State: q.FormValue("state"), Sort: q.FormValue("sort"),
		Since: q.FormValue("since"), Until: q.FormValue("until")}
	if v.Text != "" && !q.User.Bodies {
		return nil, &problem{http.StatusForbidden, "You do not see what people wrote here, so you cannot look for it."}
	}
	if shownID(v.Find, q.User) != v.Find {
		return nil, &problem{http.StatusForbidden, "You do not see e-mail addresses here, so you cannot look for one."}
	}
	query := archive.Query{Workspace: q.Workspace, Text: v.Text, Agent: ch.key, Sources: oneOf(ch.Source), Channels: oneOf(ch.Channel),
		Only: archive.Only(v.State), Sort: archive.Sort(v.Sort), After: q.FormValue("after")}
	if query.Since, query.Until, err = q.between(); err != nil {
		return nil, err
	}
	page, err := c.find(q, query, v.Find)
	if errors.Is(err, archive.ErrQuery) {
		return nil, badRequest("There is no such list of conversations.")
	}
	if err != nil {
		return nil, err
	}
	v.Next, v.Searched = page.Next, page.Searched
	v.Conversations = make([]conversationRow, 0, len(page.Conversations))
	for _, one := range page.Conversations {
		v.Conversations = append(v.Conversations, shownRow(one, q))
	}
	v.Sortable = ch.key == 0 && v.State != string(archive.OnlyUnanswered)
	v.Filtered = v.Find+v.Text+v.State+v.Since+v.Until+ch.Source+ch.Channel+ch.Agent != ""
	v.lead(q, query.After != "")
	return v, nil
}

// find returns the conversations that a query asks for: of those a tool calls
// so, or else of whoever is called so, if find is a name.
func (c *Console) find(q *request, query archive.Query, find string) (archive.Page, error) {
	query.Conversation = find
	page, err := c.o.Archive.Conversations(q.Context(), query)
	if find == "" || err != nil || len(page.Conversations) > 0 {
		return page, err
	}
	query.Conversation, query.User = "", find
	return c.o.Archive.Conversations(q.Context(), query)
}

// lead sets where the page leads to.
func (v *conversationsView) lead(q *request, past bool) {
	to := v.values(q.Workspace)
	for key, value := range map[string]string{"find": v.Find, "text": v.Text, "state": v.State, "sort": v.Sort, "since": v.Since, "until": v.Until} {
		if value != "" {
			to.Set(key, value)
		}
	}
	if past {
		v.First = "/conversations?" + to.Encode()
	}
	if v.Next != "" {
		to.Set("after", v.Next)
		v.More = "/conversations?" + to.Encode()
	}
}
