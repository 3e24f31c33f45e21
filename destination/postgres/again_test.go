//go:build unix

package postgres

import (
	"fmt"
	"sync"
	"testing"

	"github.com/parlance-chat/parlance/destination/warehouse/warehousetest"
)

const tracksAndSent = "select (select count(*) from live_chat.tracks), (select count(*) from live_chat.live_chat_message_sent)"

// Rows are copied straight into their tables, and what comes again is not there
// twice: the first that does has the next attempts look, until none comes.
func TestAgain(t *testing.T) {
	address, db := database(t)
	d := open(t, address)
	for _, step := range []struct {
		from, n int
		careful bool // from then on
		want    string
	}{
		{0, 10, false, "10|10"},
		{10, 10, false, "20|20"},
		{5, 10, true, "20|20"},   // all again
		{15, 10, true, "25|25"},  // some again
		{25, 10, false, "35|35"}, // none
		{35, 10, false, "45|45"},
	} {
		if err := d.Send(t.Context(), warehousetest.Numbered(step.from, step.n)); err != nil {
			t.Fatal(err)
		}
		if got := query(t, db, tracksAndSent); got != step.want || d.careful != step.careful {
			t.Errorf("from %d: got %s rows, careful: %v; want %s, %v", step.from, got, d.careful, step.want, step.careful)
		}
	}
	a := warehousetest.Numbered(40, 10) // of which half did arrive, unseen
	a.Calls = append(a.Calls, a.Calls...)
	a.Retry = 1
	if err := d.Send(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if got := query(t, db, tracksAndSent); got != "50|50" {
		t.Errorf("twice in an attempt: got %s rows, want 50|50", got)
	}
}

// Attempts at once, with the same users and with rows of each other, end, and
// each row is there once.
func TestAttemptsAtOnce(t *testing.T) {
	address, db := database(t)
	d := open(t, address)
	var wg sync.WaitGroup
	for n := range 6 {
		wg.Go(func() {
			for i := range 10 {
				a := warehousetest.Numbered(i*50, 100) // half of which others have
				for u := range 20 {
					call := warehousetest.Identify(i, fmt.Sprint((u*7+n)%20), fmt.Sprintf(`{"name":"Name %d"}`, n))
					a.Calls = append(a.Calls, warehousetest.Attempt(call).Calls...)
				}
				warehousetest.Insist(t, d, a)
			}
		})
	}
	wg.Wait()
	if got := query(t, db, tracksAndSent); got != "550|550" {
		t.Errorf("got %s rows, want 550|550", got)
	}
	if got := query(t, db, "select count(*) from live_chat.users"); got != "20" {
		t.Errorf("got %s users, want 20", got)
	}
}
