package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/journal"
)

// Limits of the activity API.
const (
	maxActivities     = 1000
	maxActivitiesBody = 4 << 20
	maxID             = 255  // bytes of an ID
	maxText           = 1024 // bytes of a name, an address or a URL
)

// A Problem says what is wrong with an activity.
type Problem struct {
	Index   int    `json:"index"` // of the activity in the request
	Path    string `json:"path"`
	Problem string `json:"problem"`
}

// Problems say all that is wrong with a request. Nothing of it was stored.
type Problems []Problem

func (p Problems) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "ingest: %d problems:", len(p))
	for _, q := range p {
		fmt.Fprintf(&b, " activities[%d].%s: %s;", q.Index, q.Path, q.Problem)
	}
	return strings.TrimSuffix(b.String(), ";")
}

// activities takes what a program tells in our own words.
func (h *Handler) activities(w http.ResponseWriter, r *http.Request) {
	if !post(w, r) {
		return
	}
	token, bearer := credentials(r, "Bearer")
	s := h.routes.Load().tokens[sha256.Sum256([]byte(token))]
	if !bearer || s == nil {
		w.Header().Set("WWW-Authenticate", "Bearer")
		h.refuse(w, nil, &refusal{http.StatusUnauthorized, "token", "send Authorization: Bearer with the token of a source of type api"})
		return
	}
	n, err := h.take(w, r, s)
	var problems Problems
	switch {
	case errors.As(err, &problems):
		h.metrics.refuse(s, "invalid")
		fail(w, http.StatusBadRequest, "nothing was accepted; see problems", problems...)
	case err != nil:
		h.refuse(w, s, err)
	default:
		answer(w, fmt.Sprintf("{\"accepted\":%d}\n", n))
	}
}

func (h *Handler) take(w http.ResponseWriter, r *http.Request, s *Source) (n int, err error) {
	if t := mediaType(r); !acceptable(t) || t == urlencoded {
		return 0, &refusal{http.StatusUnsupportedMediaType, "content_type", "send JSON, with Content-Type application/json"}
	}
	body, release, err := h.body(w, r, maxActivitiesBody)
	if err != nil {
		return 0, err
	}
	defer release()
	list, err := readActivities(body)
	if err != nil {
		return 0, err
	}
	return len(list), h.store(r.Context(), s, &journal.Webhook{Body: body, Activities: list})
}

// Record takes activities in as the activity API does: all, or none with
// Problems. When it returns nil they are on disk.
func (h *Handler) Record(ctx context.Context, workspace, source string, activities ...conversation.Activity) error {
	s := h.routes.Load().names[path{workspace, source}]
	if s == nil || s.Type != "api" {
		return fmt.Errorf("ingest: record: no source %q of type api in workspace %q", source, workspace)
	}
	if len(activities) == 0 {
		return nil
	}
	var problems Problems
	for i, a := range activities {
		problems = append(problems, check(i, a)...)
	}
	if len(problems) > 0 {
		return problems
	}
	return h.store(ctx, s, &journal.Webhook{Activities: slices.Clone(activities)})
}

// readActivities reads the body of a request.
func readActivities(body []byte) ([]conversation.Activity, error) {
	raw, err := readEnvelope(body)
	if err != nil {
		return nil, &refusal{http.StatusBadRequest, "malformed", err.Error()}
	}
	list := make([]conversation.Activity, len(raw))
	var problems Problems
	for i, one := range raw {
		if string(one) != "null" && strict(one, &list[i]) == nil {
			problems = append(problems, check(i, list[i])...)
		} else {
			problems = append(problems, inspect(i, one)...)
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return list, nil
}

// readEnvelope returns the activities in a body, each as it came.
func readEnvelope(body []byte) (list []json.RawMessage, err error) {
	if !utf8.Valid(body) {
		return nil, errors.New("the body is not UTF-8")
	}
	if err := json.Unmarshal(body, new(json.RawMessage)); err != nil {
		return nil, errors.New("the body is " + explain(err))
	}
	var activities json.RawMessage
	ok := members(body, func(key string, value json.RawMessage) bool {
		switch {
		case key != "activities":
			err = fmt.Errorf("unknown key %s beside activities", quote(short(key)))
		case activities != nil:
			err = errors.New("activities: is given twice")
		}
		activities = value
		return err == nil
	})
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, errors.New(`the body must be {"activities":[…]}`)
	case activities == nil:
		return nil, errors.New("activities: is required")
	}
	if list, ok = elements(activities, maxActivities); !ok {
		return nil, errors.New("activities: must be an array")
	}
	if n := len(list); n == 0 || n > maxActivities {
		return nil, fmt.Errorf("activities: there must be 1 to %d in a request", maxActivities)
	}
	return list, nil
}

// strict decodes JSON in which no key is unknown, written in another case, or
// given twice. What JavaScript leaves of an emoji cut in half it forgives.
func strict(b []byte, v any) error {
	return jsonv2.Unmarshal(b, v, jsonv2.RejectUnknownMembers(true), jsontext.AllowInvalidUTF8(true))
}

// explain says what is wrong with JSON, without what it holds.
func explain(err error) string {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Sprintf("broken JSON at byte %d", syntax.Offset)
	}
	return "no JSON"
}

var (
	types   = []conversation.Type{conversation.Message, conversation.Closed, conversation.Reopened, conversation.Assigned, conversation.Identified}
	authors = []conversation.Author{"", conversation.Customer, conversation.HumanAgent, conversation.Bot, conversation.Automation, conversation.System}
)

// check says all that is wrong with an activity.
func check(i int, a conversation.Activity) (p Problems) {
	add := func(path, problem string) { p = append(p, Problem{i, path, problem}) }
	required := func(path, v string) {
		if v == "" {
			add(path, "is required")
		}
	}
	bounded := func(path, v string, limit int) {
		if len(v) > limit {
			add(path, fmt.Sprintf("has %d bytes, and may have %d", len(v), limit))
		} else if !utf8.ValidString(v) {
			add(path, "is not UTF-8")
		}
	}
	required("id", a.ID)
	required("conversation_id", a.Conversation)
	if !slices.Contains(types, a.Type) {
		add("type", "is not one of message, closed, reopened, assigned, identified")
	}
	if !slices.Contains(authors, a.By) {
		add("by", "is not one of customer, agent, bot, automation, system")
	}
	if a.Time.IsZero() {
		add("time", "is required, like 2026-03-02T09:00:00Z")
	} else if implausible(a.Time) {
		add("time", "is not between the years 1970 and 9999")
	}
	if !a.StartedAt.IsZero() && implausible(a.StartedAt) {
		add("started_at", "is not between the years 1970 and 9999")
	}
	if a.Type == conversation.Message {
		required("by", string(a.By))
		required("message.id", a.Message.ID)
	}
	for _, f := range []struct {
		path, value string
		limit       int
	}{
		{"id", a.ID, maxID}, {"conversation_id", a.Conversation, maxID},
		{"message.id", a.Message.ID, maxID}, {"message.body", a.Message.Body, maxActivitiesBody},
		{"agent.id", a.Agent.ID, maxID}, {"agent.name", a.Agent.Name, maxText}, {"agent.username", a.Agent.Username, maxText},
		{"customer.user_id", a.Customer.UserID, maxID}, {"customer.anonymous_id", a.Customer.AnonymousID, maxID},
		{"customer.contact_id", a.Customer.ContactID, maxID}, {"customer.email", a.Customer.Email, maxText}, {"customer.name", a.Customer.Name, maxText},
		{"channel", a.Channel, maxID}, {"conversation_url", a.ConversationURL, maxText},
	} {
		bounded(f.path, f.value, f.limit)
	}
	return p
}

func implausible(t time.Time) bool { y := t.UTC().Year(); return y < 1970 || y > 9999 }
