package archive

import (
	"errors"

	"zombiezen.com/go/sqlite"
)

// A dictionary holds the rows for what the same words come for again and
// again. It forgets everything when it has grown, and when a transaction fails.
type dictionary struct {
	sources map[[2]string]int64
	places  map[placeName]int64
	agents  map[agentName]*agentRow
	people  map[[3]string]int64
}

type placeName struct {
	source  int64
	channel string
}

type agentName struct {
	source int64
	bot    bool
	agent  string
}

type agentRow struct {
	id             int64
	name, username string
	at             int64 // when they were told
	changed        bool  // and not written yet
}

// entries bounds each of a dictionary's maps.
const entries = 5_000

func (d *dictionary) bound() {
	if d.sources == nil || len(d.sources) > entries || len(d.places) > entries || len(d.agents) > entries || len(d.people) > entries {
		*d = dictionary{map[[2]string]int64{}, map[placeName]int64{}, map[agentName]*agentRow{}, map[[3]string]int64{}}
	}
}

// run runs a statement whose arguments are bound by hand, and calls row, if
// not nil, with each of its rows.
func run(conn *sqlite.Conn, query string, bind func(*sqlite.Stmt), row func(*sqlite.Stmt)) error {
	s := conn.Prep(query)
	if bind != nil {
		bind(s)
	}
	for {
		more, err := s.Step()
		if err != nil || !more {
			return errors.Join(err, s.Reset())
		}
		if row != nil {
			row(s)
		}
	}
}

// id runs a statement that returns the id of a row, 0 if there is none.
func id(conn *sqlite.Conn, query string, bind func(*sqlite.Stmt)) (n int64, err error) {
	err = run(conn, query, bind, func(s *sqlite.Stmt) { n = s.ColumnInt64(0) })
	return n, err
}

// lookup returns the id that key has in known, or else what is found, or made.
func lookup[K comparable](conn *sqlite.Conn, known map[K]int64, key K, find, make string, bind func(*sqlite.Stmt)) (int64, error) {
	if n := known[key]; n != 0 {
		return n, nil
	}
	n, err := id(conn, find, bind)
	if err == nil && n == 0 {
		n, err = id(conn, make, bind)
	}
	if err == nil {
		known[key] = n
	}
	return n, err
}

// source returns the row of a source, whose tool may have become another.
func (w *writing) source(name, tool string) (int64, error) {
	return lookup(w.conn, w.dict.sources, [2]string{w.workspace, name},
		"SELECT id FROM sources WHERE workspace = ?1 AND source = ?2 AND (tool = ?3 OR ?3 = '')",
		"INSERT INTO sources (workspace, source, tool) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET tool = excluded.tool RETURNING id",
		func(s *sqlite.Stmt) { s.BindText(1, w.workspace); s.BindText(2, name); s.BindText(3, tool) })
}

func (w *writing) place(source int64, channel string) (int64, error) {
	return lookup(w.conn, w.dict.places, placeName{source, channel},
		"SELECT id FROM places WHERE source = ?1 AND channel = ?2",
		"INSERT INTO places (source, channel) VALUES (?1, ?2) RETURNING id",
		func(s *sqlite.Stmt) { s.BindInt64(1, source); s.BindText(2, channel) })
}

func (w *writing) person(user, anonymous string) (int64, error) {
	return lookup(w.conn, w.dict.people, [3]string{w.workspace, user, anonymous},
		"SELECT id FROM people WHERE workspace = ?1 AND user_id = ?2 AND anonymous_id = ?3",
		"INSERT INTO people (workspace, user_id, anonymous_id) VALUES (?1, ?2, ?3) RETURNING id",
		func(s *sqlite.Stmt) { s.BindText(1, w.workspace); s.BindText(2, user); s.BindText(3, anonymous) })
}

// agent returns the row of an agent, and keeps the names that were told last.
func (w *writing) agent(source int64, bot bool, c *call) (int64, error) {
	p := &c.Properties
	n := agentName{source, bot, c.agent()}
	if n.agent == "" {
		return 0, nil
	}
	r := w.dict.agents[n]
	if r == nil {
		r = &agentRow{}
		err := run(w.conn, "SELECT id, name, username, at FROM agents WHERE source = ? AND bot = ? AND agent = ?",
			func(s *sqlite.Stmt) { s.BindInt64(1, source); s.BindBool(2, bot); s.BindText(3, n.agent) },
			func(s *sqlite.Stmt) {
				*r = agentRow{id: s.ColumnInt64(0), name: s.ColumnText(1), username: s.ColumnText(2), at: s.ColumnInt64(3)}
			})
		if err != nil {
			return 0, err
		}
		w.dict.agents[n] = r
	}
	r.hear(p.AgentName, p.AgentUsername, c.Timestamp.UnixMilli())
	if r.id != 0 {
		return r.id, nil
	}
	var err error
	r.id, err = id(w.conn, "INSERT INTO agents (source, bot, agent, at) VALUES (?, ?, ?, 0) RETURNING id", func(s *sqlite.Stmt) {
		s.BindInt64(1, source)
		s.BindBool(2, bot)
		s.BindText(3, n.agent)
	})
	return r.id, err
}

// hear takes in what an event of a time calls the agent. What was told last,
// by the tool's clock, counts, in whatever order it comes.
func (r *agentRow) hear(name, username string, at int64) {
	if name == "" && username == "" {
		return
	}
	later := at > r.at || at == r.at && name+username > r.name+r.username
	for _, f := range []struct {
		field *string
		value string
	}{{&r.name, name}, {&r.username, username}} {
		if f.value != "" && (*f.field == "" || later) && *f.field != f.value {
			*f.field, r.changed = f.value, true
		}
	}
	if at > r.at {
		r.at, r.changed = at, true
	}
}

// name writes down what agents are called now.
func (w *writing) name() error {
	for _, r := range w.dict.agents {
		if !r.changed {
			continue
		}
		err := run(w.conn, "UPDATE agents SET name = ?, username = ?, at = ? WHERE id = ?", func(s *sqlite.Stmt) {
			bindText(s, 1, r.name)
			bindText(s, 2, r.username)
			s.BindInt64(3, r.at)
			s.BindInt64(4, r.id)
		}, nil)
		if err != nil {
			return err
		}
		r.changed = false
	}
	return nil
}

// bindText and bindNumber bind nothing for what is not known.
func bindText(s *sqlite.Stmt, param int, value string) {
	if value == "" {
		s.BindNull(param)
	} else {
		s.BindText(param, value)
	}
}

func bindNumber(s *sqlite.Stmt, param int, value, unknown int64) {
	if value == unknown {
		s.BindNull(param)
	} else {
		s.BindInt64(param, value)
	}
}
