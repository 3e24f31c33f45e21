package connector

import (
	"testing"
	"time"
)

// A message has the same id in a longer transcript, and in one that has lost
// its beginning, though the same was said before.
func TestOccurrences(t *testing.T) {
	ids := func(texts ...string) (list []string) {
		o := Occurrences{}
		for _, s := range texts {
			list = append(list, o.ID("customer", s))
		}
		return list
	}
	whole := ids("hello", "ok", "ok", "bye")
	for i := range whole {
		for j := range i {
			if whole[i] == whole[j] {
				t.Errorf("messages %d and %d have one id", j, i)
			}
		}
	}
	if short := ids("hello", "ok"); short[0] != whole[0] || short[1] != whole[1] {
		t.Errorf("a shorter transcript: got %q, want the beginning of %q", short, whole)
	}
	if late := ids("ok", "bye"); late[0] != whole[1] || late[1] != whole[3] {
		t.Errorf("without its beginning: got %q, want what %q has", late, whole)
	}
	if o := (Occurrences{}); o.ID("ab", "c") == o.ID("a", "bc") {
		t.Error("content is told apart by its letters only")
	}
}

func TestOrder(t *testing.T) {
	var o Order
	nine := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	first, second, later := o.Next(nine), o.Next(nine), o.Next(nine.Add(45*time.Second))
	if !first.Equal(nine) || !second.After(first) || second.Sub(first) >= time.Millisecond {
		t.Errorf("got %s and %s, want them in order", first, second)
	}
	if got := later.Sub(second); got < 45*time.Second || got >= 46*time.Second {
		t.Errorf("from the second to one 45s later: got %s", got)
	}
}
