package sqlite

import (
	"testing"

	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/journal/journaltest"
)

func TestJournal(t *testing.T) {
	journaltest.Test(t, func(t testing.TB, dir string) journal.Journal {
		j, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return j
	})
}
