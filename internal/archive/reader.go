package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// A Reader reads the archive as it was at one moment. It is used by one
// goroutine.
type Reader struct {
	conn *sqlite.Conn
	data []byte   // of a cell
	list []Number // in it
}

// View calls f with a reader, which is valid until f returns.
func (a *Archive) View(ctx context.Context, f func(*Reader) error) (err error) {
	conn, err := a.pool.Take(ctx)
	if err != nil {
		return fmt.Errorf("archive: read: %w", err)
	}
	defer a.pool.Put(conn)
	end := sqlitex.Transaction(conn)
	defer end(&err)
	return f(&Reader{conn: conn})
}

func (r *Reader) query(query string, bind, row func(*sqlite.Stmt)) error {
	if err := run(r.conn, query, bind, row); err != nil {
		return fmt.Errorf("archive: read: %w", err)
	}
	return nil
}

// A Place is a channel of a source.
type Place struct {
	ID                    int64
	Source, Tool, Channel string
}

// Places returns the places of a workspace.
func (r *Reader) Places(workspace string) (list []Place, err error) {
	err = r.query("SELECT p.id, s.source, s.tool, p.channel FROM sources s JOIN places p ON p.source = s.id WHERE s.workspace = ? ORDER BY s.source, p.channel",
		func(s *sqlite.Stmt) { s.BindText(1, workspace) },
		func(s *sqlite.Stmt) {
			list = append(list, Place{s.ColumnInt64(0), s.ColumnText(1), s.ColumnText(2), s.ColumnText(3)})
		})
	return list, err
}

// Choose returns the ids of those places that are of one of the sources and
// have one of the channels. No sources, or channels, means any.
func Choose(places []Place, sources, channels []string) (ids []int64) {
	for _, p := range places {
		if (len(sources) == 0 || slices.Contains(sources, p.Source)) && (len(channels) == 0 || slices.Contains(channels, p.Channel)) {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// An Agent is a person or a bot who wrote for the company, or was named in an
// event. The same id in two sources is two agents.
type Agent struct {
	Key      int64  `json:"key"` // the archive's own; another one after a rebuild
	Source   string `json:"source"`
	Bot      bool   `json:"bot"`
	ID       string `json:"id"` // the tool's own, or else what else is known
	Name     string `json:"name,omitempty"`
	Username string `json:"username,omitempty"`
}

// Agents returns the agents of a workspace, by source, people first, by name.
func (r *Reader) Agents(workspace string) (list []Agent, err error) {
	err = r.query(`SELECT a.id, s.source, a.bot, a.agent, a.name, a.username FROM sources s JOIN agents a ON a.source = s.id
		WHERE s.workspace = ? ORDER BY s.source, a.bot, coalesce(a.name, a.agent), a.id`,
		func(s *sqlite.Stmt) { s.BindText(1, workspace) },
		func(s *sqlite.Stmt) {
			list = append(list, Agent{s.ColumnInt64(0), s.ColumnText(1), s.ColumnBool(2), s.ColumnText(3), s.ColumnText(4), s.ColumnText(5)})
		})
	return list, err
}

// Now calls f with the numbers that are not by time.
func (r *Reader) Now(places []int64, f func(m Metric, n int64)) error {
	for _, p := range places {
		err := r.Days(0, p, 0, 0, func(_ int64, m Metric, list []Number) {
			for _, n := range list {
				f(m, n.N)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Days calls f with the numbers of an agent, 0 being all, at a place on days,
// metric by metric, and with the quarter of an hour from which they count. Days,
// in UTC, and quarters count from 1970. Of agents whole cells are told, which
// are of four days, from a multiple of four. The list is valid until f returns.
func (r *Reader) Days(agent, place, from, to int64, f func(first int64, m Metric, list []Number)) (err error) {
	span := cellsOf(agent) * threeHours / quarter
	rerr := r.query("SELECT id, data FROM cells WHERE id BETWEEN ? AND ?",
		func(s *sqlite.Stmt) {
			id, _ := cellOf(agent, place, from*day)
			s.BindInt64(1, id)
			s.BindInt64(2, cellID(agent, place, (to+1)*day/quarter-1))
		},
		func(s *sqlite.Stmt) {
			r.data = slices.Grow(r.data[:0], s.ColumnLen(1))[:s.ColumnLen(1)]
			s.ColumnBytes(1, r.data)
			first := s.ColumnInt64(0) & (1<<timeBits - 1) * threeHours / quarter
			var e error
			r.list, e = each(r.data, r.list, func(m Metric, list []Number) {
				if int64(list[len(list)-1].Quarter) < span {
					f(first, m, list)
				} else {
					err = errCell
				}
			})
			if e != nil {
				err = e
			}
		})
	return errors.Join(rerr, err)
}
