package console

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/parlance-chat/parlance/internal/console/access"
)

// A loginView is the page at which people log in.
type loginView struct {
	To       string `json:"to"`
	Password bool   `json:"password"` // people can log in with one
	OIDC     bool   `json:"oidc"`     // or at a provider
	Failed   string `json:"failed,omitempty"`
}

// reasons are what the login page says of an attempt that failed, by the word
// in its address. Whatever else stands there says nothing.
var reasons = map[string]string{
	"wrong":    "That did not work: the name or the password is wrong, or this gateway does not know you.",
	"many":     "Too many attempts. Wait a minute, then try again.",
	"provider": "The provider could not be asked. The gateway's log says why.",
}

func (c *Console) login(q *request) (any, error) {
	return loginView{To: access.Back(q.FormValue("to")), Password: c.o.Guard.HasPasswords(), OIDC: c.o.Guard.HasOIDC(),
		Failed: reasons[q.FormValue("failed")]}, nil
}

// enter logs somebody in with a password.
func (c *Console) enter(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	to := access.Back(r.PostFormValue("to"))
	c.goOn(w, r, to, c.o.Guard.Login(r, r.PostFormValue("name"), r.PostFormValue("password")))
}

// depart and arrive log somebody in at a provider.
func (c *Console) depart(w http.ResponseWriter, r *http.Request) {
	if err := c.o.Guard.Depart(w, r); err != nil {
		c.goOn(w, r, "/", err)
	}
}

func (c *Console) arrive(w http.ResponseWriter, r *http.Request) {
	to, err := c.o.Guard.Arrive(r)
	c.goOn(w, r, to, err)
}

// goOn leads to where somebody wanted to go, or back to the login page.
func (c *Console) goOn(w http.ResponseWriter, r *http.Request, to string, err error) {
	failed := "provider"
	switch {
	case err == nil:
		http.Redirect(w, r, to, http.StatusSeeOther)
		return
	case errors.Is(err, access.ErrWrong):
		failed = "wrong"
	case errors.Is(err, access.ErrTooMany):
		failed = "many"
	default:
		c.o.Log.Error("console: login", "error", err)
	}
	http.Redirect(w, r, "/login?"+url.Values{"failed": {failed}, "to": {to}}.Encode(), http.StatusSeeOther)
}

func (c *Console) exit(w http.ResponseWriter, r *http.Request) {
	if err := c.o.Guard.Logout(r); err != nil {
		c.o.Log.Error("console: logout", "error", err)
	}
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// notesShown is how many notes a page of the audit log has.
const notesShown = 200

// An auditView is what people did.
type auditView struct {
	Notes []access.Note `json:"notes"` // the newest first
	Older string        `json:"older,omitempty"`
}

func (c *Console) audit(q *request) (any, error) {
	before := time.Now().Add(time.Second)
	if s := q.FormValue("before"); s != "" {
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return nil, badRequest("before: write a time such as 2026-03-02T09:00:00Z.")
		}
		before = t
	}
	notes, err := c.o.Guard.Notes(q.Context(), before, notesShown)
	v := auditView{Notes: notes}
	if len(notes) == notesShown {
		v.Older = notes[len(notes)-1].At.UTC().Format(time.RFC3339Nano)
	}
	return v, err
}
