package sqlite

import (
	"slices"
	"sync"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/parlance-chat/parlance/internal/journal"
)

// sources are those that webhooks have come from, and how far each is applied.
type sources struct {
	mu     sync.Mutex       // guards the fields below
	list   []journal.Source // in the order in which they came
	at     map[journal.Source]journal.Seq
	wakeup chan struct{} // closed at the next addition; nil if nobody waits
}

// more returns the sources if they are more than known, and a channel that is
// closed when there is another.
func (s *sources) more(known int) ([]journal.Source, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wakeup == nil {
		s.wakeup = make(chan struct{})
	}
	if len(s.list) <= known {
		return nil, s.wakeup
	}
	return slices.Clone(s.list), s.wakeup
}

func (s *sources) position(of journal.Source) journal.Seq {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at[of]
}

func (s *sources) known(source journal.Source) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.at[source]
	return ok
}

// update takes in what was committed.
func (s *sources) update(t *tx) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range t.parts {
		s.put(p.source, s.at[p.source])
	}
	for source, at := range t.positions {
		s.put(source, at)
	}
}

// put notes how far a source is applied. The caller holds the lock.
func (s *sources) put(source journal.Source, at journal.Seq) {
	if _, ok := s.at[source]; !ok {
		s.list = append(s.list, source)
		if s.wakeup != nil {
			close(s.wakeup)
			s.wakeup = nil
		}
	}
	s.at[source] = at
}

// recall reads what the file says. Sources keep their place in the list.
func (s *sources) recall(conn *sqlite.Conn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == nil {
		s.at = map[journal.Source]journal.Seq{}
	}
	return sqlitex.Execute(conn, "SELECT workspace, source, at FROM sources ORDER BY id", &sqlitex.ExecOptions{ResultFunc: func(row *sqlite.Stmt) error {
		s.put(journal.Source{Workspace: row.ColumnText(0), Name: row.ColumnText(1)}, journal.Seq(row.ColumnInt64(2)))
		return nil
	}})
}
