package live

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/journal/sqlite"
)

func all(*Record) bool { return true }

func TestHub(t *testing.T) {
	var h Hub
	if list, missed := h.Look().After(0, 10, all); len(list) != 0 || h.Look().Last() != 0 || missed != 0 {
		t.Errorf("empty: got %v, %d", list, missed)
	}
	for n := range 30 {
		h.Publish(Record{Name: fmt.Sprint(n), Source: fmt.Sprint(n % 2)})
	}
	v := h.Look()
	h.Publish(Record{Name: "later"})
	list, missed := v.After(20, 4, all)
	if len(list) != 4 || list[0].Name != "26" || list[3].Name != "29" || v.Last() != 30 || missed != 6 {
		t.Errorf("got %v, %d, %d; want 26 to 29, 30, 6", list, v.Last(), missed)
	}
	list, missed = v.After(20, 10, func(r *Record) bool { return r.Source == "1" })
	if len(list) != 5 || list[0].Name != "21" || missed != 0 {
		t.Errorf("filtered: got %v, %d; want the 5 odd ones", list, missed)
	}
	if list, missed := v.After(40, 10, all); len(list) != 0 || missed != 0 {
		t.Errorf("of another process: got %v, %d; want nothing", list, missed)
	}
}

func TestHubForgets(t *testing.T) {
	var h Hub
	for n := range 3 * kept {
		h.Publish(Record{Name: fmt.Sprint(n)})
	}
	v := h.Look()
	list, missed := v.After(10, 2*kept, all)
	if len(list) != kept || list[kept-1].Name != fmt.Sprint(3*kept-1) || v.Last() != 3*kept || missed != 2*kept-10 {
		t.Errorf("got %d records, %d, %d missed; want the last %d, and to be told of the others", len(list), v.Last(), missed, kept)
	}
}

// Many look at the same events while others pass.
func TestLookWhilePassing(t *testing.T) {
	var h Hub
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := range 3 * kept {
			h.Publish(Record{Kind: Event, Name: fmt.Sprint(n), said: &said{call: fmt.Appendf(nil, `{"userId":"u%d"}`, n)}})
		}
	})
	for range 4 {
		wg.Go(func() {
			for last := uint64(0); last < 3*kept; {
				v := h.Look()
				list, missed := v.After(last, kept, all)
				if uint64(len(list))+missed != v.Last()-last && last > 0 {
					t.Errorf("after %d: got %d, missed %d; want %d together", last, len(list), missed, v.Last()-last)
				}
				for _, r := range list {
					if r.User != "u"+r.Name {
						t.Errorf("got user %s of event %s", r.User, r.Name)
					}
				}
				last = v.Last()
			}
		})
	}
	wg.Wait()
}

func TestHubTellsOfMore(t *testing.T) {
	var h Hub
	more := h.More(0)
	select {
	case <-more:
		t.Fatal("there is nothing yet")
	default:
	}
	h.Publish(Record{})
	<-more
	<-h.More(0)
}

// What a journal takes is told; what it does not take is not.
func TestWatched(t *testing.T) {
	j, err := sqlite.Open(t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var h Hub
	w := Watched{Journal: j, Hub: &h}
	hook := &journal.Webhook{Workspace: "default", Source: "support", Body: []byte("{}"), Activities: []conversation.Activity{{
		ID: "1", Type: conversation.Message, Conversation: "17", By: conversation.Customer, Message: conversation.Text{Body: "hello"}, Customer: conversation.Person{UserID: "u1"}}}}
	if err := w.Append(t.Context(), hook, &journal.Webhook{Workspace: "default", Source: "support", Unreadable: "no JSON"}); err != nil {
		t.Fatal(err)
	}
	applied := journal.Applied{Conversation: journal.Conversation{Workspace: "default", Source: "support", ID: "17"}, Activity: "1", State: []byte{1},
		Events: []journal.Event{{Workspace: "default", Source: "support", Conversation: "17", Name: "Live Chat Message Sent", MessageID: "m1",
			JSON: []byte(`{"userId":"u1","properties":{"message_body":"hello"}}`)}}}
	if err := w.Commit(t.Context(), journal.Source{Workspace: "default", Name: "support"}, []journal.Applied{applied}, hook.Seq); err != nil {
		t.Fatal(err)
	}
	list, _ := h.Look().After(0, 10, all)
	want := []Record{
		{Kind: Webhook, Name: "read", Seq: hook.Seq},
		{Kind: Activity, Name: "message", Text: "customer", Conversation: "17", User: "u1", Body: "hello", Seq: hook.Seq},
		{Kind: Webhook, Name: "unreadable", Text: "no JSON", Trouble: true, Seq: hook.Seq + 1},
		{Kind: Event, Name: "Live Chat Message Sent", Conversation: "17", User: "u1", Body: "hello", Seq: 1, MessageID: "m1"},
	}
	for i := range list {
		list[i].At, list[i].ID, list[i].Workspace, list[i].Source = time.Time{}, 0, "", ""
		list[i].said = nil
	}
	if got := fmt.Sprintf("%+v", list); got != fmt.Sprintf("%+v", want) {
		t.Errorf("got\n%s\nwant\n%+v", got, want)
	}
	j.Close()
	if err := w.Append(t.Context(), &journal.Webhook{Workspace: "default", Source: "support"}); err == nil {
		t.Error("a closed journal takes nothing")
	}
	if h.Look().Last() != uint64(len(list)) {
		t.Error("what was not taken was told")
	}
}

// What is told long after it happened is known to be late.
func TestLate(t *testing.T) {
	now := time.Now()
	for _, tt := range []struct {
		call string
		late bool
	}{
		{fmt.Sprintf(`{"timestamp":%q}`, now.Format(time.RFC3339Nano)), false},
		{fmt.Sprintf(`{"properties":{"message_body":"\"timestamp\":\"2020-01-01T00:00:00Z\""},"timestamp":%q}`, now.Format(time.RFC3339Nano)), false},
		{`{"timestamp":"2026-01-02T03:04:05.678Z"}`, true},
		{`{"timestamp":"yesterday"}`, false},
		{`{}`, false},
	} {
		if r := (Record{At: now, happened: timestamp([]byte(tt.call))}); r.Late() != tt.late {
			t.Errorf("%s: late %v, want %v", tt.call, r.Late(), tt.late)
		}
	}
}
