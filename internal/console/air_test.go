package console

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-chat/parlance/internal/live"
)

func publish(h *live.Hub, n int) {
	for range n {
		h.Publish(live.Record{Kind: live.Event, Workspace: "default", Name: fmt.Sprintf("event %d.", h.Look().Last()+1), Body: "hello"})
	}
}

// All are told the same at one beat, whenever they came, and each once of what
// passed.
func TestBeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h live.Hub
		a := air{hub: &h}
		defer a.join()()
		publish(&h, 2)
		early := spot{workspace: "default", bodies: true}
		frame, last, next := a.frame(early)
		if !strings.Contains(string(frame), "event 2.") || last != 2 || !next.Equal(time.Now().Add(pace)) {
			t.Errorf("got %s, %d, %s", frame, last, next)
		}
		early.after = last
		publish(&h, 3)
		late := spot{workspace: "default", bodies: true, after: 4} // whose page had been made by then
		if frame, last, _ := a.frame(late); strings.Contains(string(frame), "<tr") || last != 4 {
			t.Errorf("between beats: got %s, %d; want nothing, 4", frame, last)
		}
		time.Sleep(time.Until(next))
		frame, last, _ = a.frame(late)
		if strings.Contains(string(frame), "event 4.") || !strings.Contains(string(frame), "event 5.") || last != 5 {
			t.Errorf("late: got %s, %d; want the fifth", frame, last)
		}
		publish(&h, 1)
		frame, last, _ = a.frame(early)
		if !strings.Contains(string(frame), "event 3.") || strings.Contains(string(frame), "event 6.") || last != 5 {
			t.Errorf("early: got %s, %d; want the third to the fifth", frame, last)
		}
		early.after, late.after = last, last
		time.Sleep(pace)
		one, _, _ := a.frame(early)
		two, _, _ := a.frame(late)
		if &one[0] != &two[0] {
			t.Error("what is the same is made twice")
		}
		publish(&h, 2*told)
		time.Sleep(pace)
		if frame, _, next := a.frame(early); strings.Count(string(frame), "data: <tr class=\"record") != told || !next.Equal(time.Now().Add(slowPace)) {
			t.Errorf("too much: got %s, %s; want %d rows and a slower beat", frame, time.Until(next), told)
		}
	})
}

// Who may not see what people write is not shown what was made for those who may.
func TestBeatKeepsBodies(t *testing.T) {
	var h live.Hub
	a := air{hub: &h}
	leave := a.join()
	publish(&h, 1)
	for _, bodies := range []bool{true, false, true} {
		frame, _, _ := a.frame(spot{workspace: "default", bodies: bodies})
		if strings.Contains(string(frame), "hello") != bodies {
			t.Errorf("bodies %v: got %s", bodies, frame)
		}
	}
	if frame, _, _ := a.frame(spot{workspace: "other", bodies: true}); strings.Contains(string(frame), "<tr") {
		t.Errorf("another workspace: got %s", frame)
	}
	if leave(); a.view != nil || a.frames != nil {
		t.Error("what nobody asks for is kept")
	}
}
