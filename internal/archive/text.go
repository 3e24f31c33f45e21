package archive

import (
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
)

const (
	// patientFor bounds how long a page looks through what was written.
	patientFor = 150 * time.Millisecond
	// lookedAt is how many conversations are asked for at once, to be looked
	// through.
	lookedAt = 200
)

// lookThrough returns those of the conversations that a query asks for in which
// its text was written, as far as it gets.
func (r *Reader) lookThrough(q Query, page *Page) (found []hit, err error) {
	began, text := time.Now(), strings.ToLower(q.Text)
	wide := q
	wide.Limit = lookedAt
	for {
		list, err := r.find(wide)
		if err != nil {
			return nil, err
		}
		for i, h := range list[:min(len(list), lookedAt)] {
			ok, err := r.written(h.id, text)
			if err != nil {
				return nil, err
			}
			if ok {
				found = append(found, h)
			}
			full, late := len(found) == q.Limit, time.Since(began) > patientFor
			if i+1 == len(list) || !full && !late {
				continue
			}
			if page.Next = h.String(); !full {
				page.Searched = time.UnixMilli(h.key).UTC()
			}
			return found, nil
		}
		if len(list) <= lookedAt {
			return found, nil
		}
		wide.After = list[lookedAt-1].String()
	}
}

// written reports whether a text, in lower case, was written in a conversation.
func (r *Reader) written(id int64, text string) (found bool, err error) {
	err = r.query(`SELECT e.body FROM conversations c JOIN events e ON e.thread = c.id >> 20 AND e.at BETWEEN c.opened AND c.active
		WHERE c.id = ? AND e.body IS NOT NULL`,
		func(s *sqlite.Stmt) { s.BindInt64(1, id) },
		func(s *sqlite.Stmt) {
			found = found || strings.Contains(strings.ToLower(s.ColumnText(0)), text)
		})
	return found, err
}
