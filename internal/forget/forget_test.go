package forget

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/archive"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/journal/sqlite"
	"github.com/parlance-chat/parlance/livechat"
)

var morning = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// A home is a data directory with what a gateway keeps.
type home struct {
	t       *testing.T
	dir     string
	journal *sqlite.Journal
	archive *archive.Archive
}

func newHome(t *testing.T) *home {
	h := &home{t: t, dir: t.TempDir()}
	var err error
	if h.journal, err = sqlite.Open(h.dir, sqlite.Options{}); err != nil {
		t.Fatal(err)
	}
	if h.archive, err = archive.Open(h.dir, archive.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.close)
	return h
}

func (h *home) close() {
	h.archive.Close()
	h.journal.Close()
}

func (h *home) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// chat keeps a conversation as ingest and the engine do: its customer says who
// they are with the second message.
func (h *home) chat(id string, first, second conversation.Person) {
	h.t.Helper()
	var webhooks []*journal.Webhook
	var s conversation.State
	var applied []journal.Applied
	rules := conversation.Rules{Identify: true}
	at := journal.Conversation{Workspace: "default", Source: "shop", ID: id}
	for i, a := range []conversation.Activity{
		{Type: conversation.Message, By: conversation.Customer, Customer: first},
		{Type: conversation.Message, By: conversation.HumanAgent, Agent: conversation.Agent{ID: "7", Name: "Ann Lee"}},
		{Type: conversation.Message, By: conversation.Customer, Customer: second},
	} {
		a.ID, a.Conversation, a.Time = fmt.Sprint(i), id, morning.Add(time.Duration(i)*time.Minute)
		a.Message = conversation.Text{ID: fmt.Sprint("m", i), Body: fmt.Sprintf("said-%d-in-%s", i, id)}
		a.ConversationURL = "https://chat.example.com/" + id
		body, err := json.Marshal(a)
		h.must(err)
		webhooks = append(webhooks, &journal.Webhook{Workspace: "default", Source: "shop", Body: body, Activities: []conversation.Activity{a}})
		var o conversation.Output
		s, o = conversation.Step(conversation.Origin{Workspace: "default", Source: "shop", Tool: "toy"}, rules, s, a)
		one := journal.Applied{Conversation: at, Activity: a.ID}
		add := func(name, id string, v any) {
			b, err := json.Marshal(v)
			h.must(err)
			one.Events = append(one.Events, journal.Event{Workspace: "default", Source: "shop", Conversation: at.ID, Name: name, MessageID: id, JSON: b})
		}
		if o.Identify != nil {
			add("identify", o.Identify.MessageID, o.Identify)
		}
		for _, e := range o.Events {
			add(string(e.Kind), e.MessageID, e)
		}
		applied = append(applied, one)
	}
	b, err := stateMode.Marshal(s)
	h.must(err)
	applied[len(applied)-1].State = b
	if second.ContactID != "" {
		b, err := cbor.Marshal(remembered{second})
		h.must(err)
		applied = append(applied, journal.Applied{Conversation: journal.Conversation{Workspace: "default", Source: "shop\x00contact", ID: second.ContactID}, State: b})
	}
	ctx := h.t.Context()
	h.must(h.journal.Append(ctx, webhooks...))
	h.must(h.journal.Commit(ctx, journal.Source{Workspace: "default", Name: "shop"}, applied, webhooks[len(webhooks)-1].Seq))
	last := applied[2].Events[len(applied[2].Events)-1]
	h.must(h.journal.Move(ctx, journal.Cursor{Workspace: "default", Destination: "segment", At: last.Seq}, journal.Parked{Workspace: "default", Destination: "segment", Reason: "refused", Event: last}))
	h.must(h.archive.CatchUp(ctx, h.journal, "default", nil))
}

// A spy reads all that a journal has.
type spy struct {
	text   strings.Builder
	events []journal.Event
}

func (s *spy) Webhook(w *journal.Webhook) bool {
	fmt.Fprintf(&s.text, "%s %+v %+v\n", w.Body, w.Activities, w.Contacts)
	return false
}

func (s *spy) Event(e *journal.Event) bool {
	fmt.Fprintf(&s.text, "%s\n", e.JSON)
	s.events = append(s.events, *e)
	return false
}

func (s *spy) State(c journal.Conversation, state []byte) ([]byte, bool) {
	fmt.Fprintf(&s.text, "%+v %s\n", c, state)
	return state, false
}

func (s *spy) Parked(e *journal.Event) bool {
	fmt.Fprintf(&s.text, "parked %s\n", e.JSON)
	return false
}

func (s *spy) Replay(r *journal.Replay) bool {
	fmt.Fprintf(&s.text, "%+v\n", r)
	return false
}

func (h *home) spy() *spy {
	h.t.Helper()
	s := &spy{}
	h.must(h.journal.Erase(h.t.Context(), "default", s, true))
	return s
}

// archived are the conversations in the archive.
func (h *home) archived() (ids []string) {
	h.t.Helper()
	page, err := h.archive.Conversations(h.t.Context(), archive.Query{Workspace: "default"})
	h.must(err)
	for _, c := range page.Conversations {
		ids = append(ids, c.Conversation)
	}
	slices.Sort(ids)
	return ids
}

// files are the bytes of all files, SQLite's logs included.
func (h *home) files() []byte {
	h.t.Helper()
	var all []byte
	h.must(filepath.WalkDir(h.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			var b []byte
			b, err = os.ReadFile(path)
			all = append(all, b...)
		}
		return err
	}))
	return all
}

// people have chats: mia three, of which the first is under her device alone,
// the second under her e-mail address in the tool; her brother uses her device
// too.
func (h *home) people() {
	h.chat("101", conversation.Person{AnonymousID: "device-of-mia"}, conversation.Person{AnonymousID: "device-of-mia"})
	h.chat("102", conversation.Person{ContactID: "contact-of-mia"}, conversation.Person{ContactID: "contact-of-mia", UserID: "user-of-mia", AnonymousID: "device-of-mia", Email: "Mia@example.com", Name: "Mia Berg"})
	h.chat("103", conversation.Person{ContactID: "contact-of-mia"}, conversation.Person{ContactID: "contact-of-mia"})
	h.chat("104", conversation.Person{UserID: "user-of-noah", AnonymousID: "device-of-mia"}, conversation.Person{UserID: "user-of-noah", AnonymousID: "device-of-mia", Name: "Noah"})
	h.chat("105", conversation.Person{UserID: "user-of-omar"}, conversation.Person{UserID: "user-of-omar"})
}

// After it nothing of the person is left, by whatever they were named, and all
// of the others.
func TestForget(t *testing.T) {
	for _, test := range []struct {
		named string
		stay  []string
		gone  []string
	}{
		{"user-of-mia", []string{"104", "105"}, []string{"user-of-mia", "contact-of-mia", "ia@example.com", "Mia Berg"}},
		{"mia@example.com", []string{"104", "105"}, []string{"user-of-mia", "contact-of-mia", "ia@example.com", "Mia Berg"}},
		{"user-of-omar", []string{"101", "102", "103", "104"}, []string{"user-of-omar"}},
		{"nobody-knows", []string{"101", "102", "103", "104", "105"}, nil},
	} {
		t.Run(test.named, func(t *testing.T) {
			h := newHome(t)
			h.people()
			before := h.spy()
			for _, text := range test.gone {
				if !strings.Contains(before.text.String(), text) {
					t.Fatalf("%s is not kept in the first place", text)
				}
			}
			request := Request{Workspace: "default", User: test.named, DryRun: true}
			dry, err := Run(t.Context(), h.journal, h.archive, request, false)
			h.must(err)
			if got := h.spy(); got.text.String() != before.text.String() || len(h.archived()) != 5 {
				t.Error("a dry run changed something")
			}
			request.DryRun = false
			real, err := Run(t.Context(), h.journal, h.archive, request, false)
			h.must(err)
			if real != dry {
				t.Errorf("got %+v, the dry run said %+v", real, dry)
			}
			if got := h.archived(); !slices.Equal(got, test.stay) {
				t.Errorf("archived: got %v, want %v", got, test.stay)
			}
			after := h.spy()
			said, files := after.text.String(), h.files()
			for _, id := range []string{"101", "102", "103", "104", "105"} {
				if kept := slices.Contains(test.stay, id); strings.Contains(said, "in-"+id) != kept || !kept && bytes.Contains(files, []byte("in-"+id)) {
					t.Errorf("%s: got that what was said is in the journal: %v, in a file: %v; want %v", id, strings.Contains(said, "in-"+id), bytes.Contains(files, []byte("in-"+id)), kept)
				}
			}
			for _, text := range test.gone {
				if strings.Contains(said, text) || bytes.Contains(files, []byte(text)) {
					t.Errorf("%s: got that it is in the journal: %v, in a file: %v; want neither", text, strings.Contains(said, text), bytes.Contains(files, []byte(text)))
				}
			}
			h.others(before, after, test.stay)
			h.goesOn()
			again, err := Run(t.Context(), h.journal, h.archive, request, true)
			h.must(err)
			if again.Webhooks+again.Events+again.States+again.Parked+again.Archived > 0 {
				t.Errorf("got %+v at the second time, want nothing", again)
			}
		})
	}
}

// others: what stays of the log is what was there, where it was.
func (h *home) others(before, after *spy, stay []string) {
	h.t.Helper()
	want := slices.DeleteFunc(before.events, func(e journal.Event) bool { return !slices.Contains(stay, e.Conversation) })
	if !slices.EqualFunc(after.events, want, func(a, b journal.Event) bool {
		return a.Seq == b.Seq && a.MessageID == b.MessageID && bytes.Equal(a.JSON, b.JSON)
	}) {
		h.t.Errorf("got %d events of others, want the %d as they were", len(after.events), len(want))
	}
	var read []journal.Event
	for after := journal.Seq(0); len(read) < len(want); {
		list, err := h.journal.Events(h.t.Context(), "default", after, 2)
		h.must(err)
		read, after = append(read, list...), list[len(list)-1].Seq
	}
	if !slices.EqualFunc(read, want, func(a, b journal.Event) bool { return a.Seq == b.Seq && a.MessageID == b.MessageID }) {
		h.t.Error("readers of the log do not get the same events at the same positions")
	}
	lag, err := h.journal.Lag(h.t.Context(), "default", "segment")
	h.must(err)
	if lag.Events != 0 {
		h.t.Errorf("got a lag of %d, want 0", lag.Events)
	}
}

// goesOn: the log goes on behind where it ended, and the archive with it.
func (h *home) goesOn() {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
	defer cancel()
	end, err := h.journal.End(ctx, "default")
	h.must(err)
	h.chat("106", conversation.Person{UserID: "user-of-zoe"}, conversation.Person{UserID: "user-of-zoe"})
	list, err := h.journal.Events(ctx, "default", end, 100)
	h.must(err)
	if len(list) != 5 || list[0].Seq != end+1 || list[1].Name != string(livechat.Started) {
		h.t.Errorf("got %d events after %d, want 5", len(list), end)
	}
	if got := h.archived(); !slices.Contains(got, "106") {
		h.t.Errorf("archived: got %v, want 106 too", got)
	}
}

// Among many others too, whose rows share pages with theirs, and while the files
// have grown and shrunk.
func TestForgetAmongMany(t *testing.T) {
	h := newHome(t)
	for i := range 120 {
		who := fmt.Sprintf("user-of-%d-of-many", i%10)
		h.chat(fmt.Sprint(200+i), conversation.Person{ContactID: who + "-contact"}, conversation.Person{ContactID: who + "-contact", UserID: who})
	}
	for i := range 9 {
		who := fmt.Sprintf("user-of-%d-of-many", i)
		reply, err := Run(t.Context(), h.journal, h.archive, Request{Workspace: "default", User: who}, i == 8)
		h.must(err)
		if reply.Conversations != 12 || reply.Archived != 12*4 || reply.Webhooks != 12*3 || reply.Parked != 12 || reply.Compacted != (i == 8) {
			t.Errorf("got %+v", reply)
		}
		if files := h.files(); bytes.Contains(files, []byte(who)) {
			t.Errorf("%s is in a file still: %q", who, files[max(0, bytes.Index(files, []byte(who))-100):][:200])
		}
	}
	if got := h.archived(); len(got) != 12 || !strings.Contains(h.spy().text.String(), "user-of-9-of-many") {
		t.Errorf("got %d conversations in the archive, want 12", len(got))
	}
}
