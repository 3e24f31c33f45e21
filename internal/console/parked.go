package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/parlance-chat/parlance/internal/control"
)

// parkedShown is how many parked calls a page has.
const parkedShown = 50

// A parkedView is a page of parked calls.
type parkedView struct {
	Parked []control.Parked  `json:"parked"`
	Older  string            `json:"-"`
	Form   map[string]string `json:"-"`
	Told   string            `json:"told,omitempty"`
	Bad    bool              `json:"-"`
}

var parkedKeys = []string{"destination", "source", "event", "conversation", "user", "reason"}

func (c *Console) parked(q *request) (any, error) {
	v := &parkedView{Form: map[string]string{}}
	query := url.Values{"workspace": {q.Workspace}, "limit": {strconv.Itoa(parkedShown)}}
	for _, key := range parkedKeys {
		if v.Form[key] = q.FormValue(key); v.Form[key] != "" {
			query.Set(key, v.Form[key])
		}
	}
	page := url.Values{}
	for k, list := range query {
		page[k] = list
	}
	if v.Form["reason"] != "" && !q.User.Bodies { // which could be guessed letter by letter
		return nil, &problem{http.StatusForbidden, "You do not see what receivers say here, so you cannot look for it."}
	}
	if past := q.FormValue("past"); past != "" {
		query.Set("past", past)
	}
	if q.User.Bodies {
		query.Set("body", "true")
	}
	if err := c.o.Control.Get(q.Context(), "/parked", query, &v.Parked); err != nil {
		v.Told, v.Bad = err.Error(), true
		return v, nil
	}
	for i := range v.Parked {
		c.hideParked(q, &v.Parked[i])
	}
	if len(v.Parked) == parkedShown {
		page.Set("past", strconv.FormatInt(v.Parked[len(v.Parked)-1].ID, 10))
		v.Older = "/parked?" + page.Encode()
	}
	return v, nil
}

// hideParked takes out what a user may not see.
func (c *Console) hideParked(q *request, p *control.Parked) {
	if !q.User.Bodies {
		p.Response, p.Reason = masks(p.Response), masks(p.Reason)
	}
	p.Call = shownJSON(p.Call, q.User)
}

// parkedAct resends or drops parked calls.
func (c *Console) parkedAct(q *request) (any, error) {
	action := q.PostFormValue("do")
	if action != "resend" && action != "drop" {
		return nil, badRequest("Parked calls are resent or dropped.")
	}
	r := control.ParkedRequest{Workspace: q.Workspace}
	for _, id := range q.PostForm["id"] {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return nil, badRequest("An id is a number.")
		}
		r.IDs = append(r.IDs, n)
	}
	if q.PostFormValue("all") != "" {
		r.IDs, r.All = nil, true
		r.Destination, r.Reason = q.PostFormValue("destination"), q.PostFormValue("reason")
		r.Source, r.Name, r.Conversation, r.User = q.PostFormValue("source"), q.PostFormValue("event"), q.PostFormValue("conversation"), q.PostFormValue("user")
	}
	if len(r.IDs) == 0 && !r.All {
		return c.withParked(q, "Tick what you mean, or say that all are meant.", true)
	}
	if err := c.o.Guard.Note(q.Request, action+" parked", fmt.Sprintf("%s, %d calls, all: %v", q.Workspace, len(r.IDs), r.All)); err != nil {
		return nil, err
	}
	done, problems := 0, 0
	stopped := ""
	for {
		var reply control.ParkedReply
		if err := c.o.Control.Post(q.Context(), "/parked/"+action, r, &reply); err != nil {
			return c.withParked(q, err.Error(), true)
		}
		done, problems = done+reply.Done, problems+len(reply.Problems)
		r.Past, stopped = reply.Past, reply.Stopped
		if !reply.More || reply.Stopped != "" {
			break
		}
	}
	text := fmt.Sprintf("%s: %d done, %d refused again.", action, done, problems)
	if stopped != "" {
		text += " The rest was not tried: " + stopped
	}
	return c.withParked(q, text, problems > 0 || stopped != "")
}

func (c *Console) withParked(q *request, text string, bad bool) (any, error) {
	made, err := c.parked(q)
	if err != nil {
		return nil, err
	}
	v := made.(*parkedView)
	v.Told, v.Bad = text, bad
	return v, nil
}
