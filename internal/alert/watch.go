package alert

import (
	"maps"
	"time"

	"github.com/parlance-chat/parlance/internal/control"
)

const (
	// steady is how long a destination must have changed before it is told: one
	// that catches up after a restart is not late, and one that is tried is not
	// yet back.
	steady = time.Minute
	// together is how often at most it is told that more was parked or could
	// not be read.
	together = time.Minute
)

// A subject is what may be told of, and may hold or not: "paused", "late",
// "parked" or "unreadable", of a destination or source.
type subject string

func subjectOf(what, workspace, name string) subject {
	return subject(what + " " + workspace + "/" + name)
}

// A told is what a receiver knows of a subject.
type told struct {
	At    time.Time `json:"at,omitzero"`     // when it was told last
	Count int64     `json:"count,omitempty"` // parked or unreadable then, or fewer since
}

// A watch compares how things are with what a receiver was told.
type watch struct {
	limit  Limit
	repeat time.Duration // 0 is never
	fresh  bool          // it has never looked: what was parked before is no news

	told    map[subject]told
	since   map[subject]time.Time // since when something else holds than was told
	pending map[subject]Alert     // due, and the same at every attempt
	changed bool                  // told has, otherwise than by tell
}

func newWatch(limit Limit, repeat time.Duration, known map[subject]told) *watch {
	w := &watch{limit: limit, repeat: repeat, fresh: known == nil, told: known, since: map[subject]time.Time{}, pending: map[subject]Alert{}}
	if w.told == nil {
		w.told = map[subject]told{}
	}
	return w
}

// look returns what is to be told, in the order of the status.
func (w *watch) look(now time.Time, s control.Status) (due []Alert) {
	there := map[subject]bool{}
	judge := func(what, workspace, name string, judged func(of subject) *Alert) {
		of := subjectOf(what, workspace, name)
		there[of] = true
		a := judged(of)
		if a == nil {
			delete(w.pending, of)
			return
		}
		a.subject = of
		if p, ok := w.pending[of]; ok && p.Type == a.Type {
			*a = p
		}
		w.pending[of] = *a
		due = append(due, *a)
	}
	for _, d := range s.Destinations {
		judge("paused", d.Workspace, d.Name, func(of subject) *Alert { return w.paused(now, of, d) })
		judge("late", d.Workspace, d.Name, func(of subject) *Alert { return w.late(now, of, d) })
		judge("parked", d.Workspace, d.Name, func(of subject) *Alert {
			if !w.more(now, of, d.Parked) {
				return nil
			}
			return ofDestination(now, Parked, d)
		})
	}
	for _, source := range s.Sources {
		judge("unreadable", source.Workspace, source.Name, func(of subject) *Alert {
			if !w.more(now, of, source.Unreadable) {
				return nil
			}
			return ofSource(now, source)
		})
	}
	w.forget(there)
	w.fresh = false
	return due
}

// forget lets go of what is configured no more.
func (w *watch) forget(there map[subject]bool) {
	for of := range w.told {
		if !there[of] {
			delete(w.told, of)
			w.changed = true
		}
	}
	maps.DeleteFunc(w.since, func(of subject, _ time.Time) bool { return !there[of] })
	maps.DeleteFunc(w.pending, func(of subject, _ Alert) bool { return !there[of] })
}

// paused judges whether a destination waits for somebody. One that somebody
// paused does not; and one that is being tried, waits or backs off may yet turn
// out either way.
func (w *watch) paused(now time.Time, of subject, d control.Destination) *Alert {
	switch d.State {
	case control.StatePaused:
		return w.edge(now, of, true, 0, Paused, Resumed, d)
	case control.StateOK:
		return w.edge(now, of, false, steady, Paused, Resumed, d)
	}
	delete(w.since, of)
	return nil
}

func (w *watch) late(now time.Time, of subject, d control.Destination) *Alert {
	if d.Paused != nil { // somebody has it wait
		delete(w.since, of)
		return nil
	}
	return w.edge(now, of, w.limit.passed(d), steady, Late, Recovered, d)
}

// edge returns what is to be told of a subject that holds or not, once it has
// for a while.
func (w *watch) edge(now time.Time, of subject, holds bool, after time.Duration, begins, ends string, d control.Destination) *Alert {
	known, was := w.told[of]
	if holds == was {
		delete(w.since, of)
		if !holds || w.repeat == 0 || now.Sub(known.At) < w.repeat {
			return nil
		}
		a := ofDestination(now, begins, d)
		data := a.Data.(Destination)
		data.Repeated = true
		a.Data = data
		return a
	}
	if _, ok := w.since[of]; !ok {
		w.since[of] = now
	}
	if now.Sub(w.since[of]) < after {
		return nil
	}
	if holds {
		return ofDestination(now, begins, d)
	}
	return ofDestination(now, ends, d)
}

// more reports whether it is to be told that a number has grown.
func (w *watch) more(now time.Time, of subject, n int64) bool {
	known, ok := w.told[of]
	if w.fresh && !ok || n < known.Count {
		w.told[of] = told{known.At, n}
		w.changed = true
		return false
	}
	return n > known.Count && now.Sub(known.At) >= together
}

// tell notes that the receiver was told.
func (w *watch) tell(now time.Time, a Alert) {
	delete(w.pending, a.subject)
	delete(w.since, a.subject)
	switch data := a.Data.(type) {
	case Destination:
		switch a.Type {
		case Resumed, Recovered:
			delete(w.told, a.subject)
		case Parked:
			w.told[a.subject] = told{now, data.Parked}
		default:
			w.told[a.subject] = told{At: now}
		}
	case Source:
		w.told[a.subject] = told{now, data.Unreadable}
	}
}
