package sqlite

import (
	"context"

	"zombiezen.com/go/sqlite"

	"github.com/parlance-chat/parlance/internal/journal"
)

// endedReplays is how many replays of a workspace are remembered once they
// have ended.
const endedReplays = 100

// AddReplay implements journal.Replays.
func (j *Journal) AddReplay(ctx context.Context, r *journal.Replay) error {
	r.At = r.After
	return j.write(ctx, 512, func(t *tx) error {
		r.Started = t.at
		t.w.codec.reset()
		data, err := t.w.codec.encode(r)
		if err != nil {
			return err
		}
		t.bytes += len(data)
		if err := t.w.exec(`DELETE FROM replays WHERE workspace = ?1 AND ended IS NOT NULL AND id <=
			(SELECT id FROM replays WHERE workspace = ?1 AND ended IS NOT NULL ORDER BY id DESC LIMIT 1 OFFSET ?2)`, r.Workspace, endedReplays); err != nil {
			return err
		}
		err = t.w.exec("INSERT INTO replays (workspace, destination, at, done, cancelled, data) VALUES (?, ?, ?, ?, 0, ?)",
			r.Workspace, r.Destination, int64(r.At), r.Done, data)
		r.ID = t.conn.LastInsertRowID()
		return err
	})
}

// MoveReplay implements journal.Replays.
func (j *Journal) MoveReplay(ctx context.Context, r journal.Replay, parked ...journal.Parked) error {
	return j.write(ctx, 64+parkedSize(parked), func(t *tx) error {
		if err := t.park(parked); err != nil {
			return err
		}
		t.bytes += 64
		return t.w.exec("UPDATE replays SET at = ?, done = ? WHERE workspace = ? AND id = ? AND ended IS NULL", int64(r.At), r.Done, r.Workspace, r.ID)
	})
}

// EndReplay implements journal.Replays.
func (j *Journal) EndReplay(ctx context.Context, workspace string, id int64, cancelled bool) error {
	return j.write(ctx, 64, func(t *tx) error {
		return t.w.exec("UPDATE replays SET ended = ?, cancelled = ? WHERE workspace = ? AND id = ? AND ended IS NULL", t.at.UnixMicro(), cancelled, workspace, id)
	})
}

// Replays implements journal.Replays.
func (j *Journal) Replays(ctx context.Context, workspace string) (list []journal.Replay, err error) {
	err = j.query(ctx, "SELECT id, destination, at, done, ended, cancelled, data FROM replays WHERE workspace = ? ORDER BY id DESC", func(s *sqlite.Stmt) error {
		var r journal.Replay
		if err := decode(j.decoder, blob(s, 6), &r); err != nil {
			return err
		}
		r.ID, r.Workspace, r.Destination = s.ColumnInt64(0), workspace, s.ColumnText(1)
		r.At, r.Done, r.Cancelled = journal.Seq(s.ColumnInt64(2)), s.ColumnInt64(3), s.ColumnBool(5)
		if !s.ColumnIsNull(4) {
			r.Ended = moment(s.ColumnInt64(4))
		}
		list = append(list, r)
		return nil
	}, workspace)
	return list, err
}

// Hold implements journal.Holds.
func (j *Journal) Hold(ctx context.Context, h journal.Hold) error {
	return j.write(ctx, 128, func(t *tx) error {
		return t.w.exec("INSERT OR REPLACE INTO holds (workspace, destination, at, by, reason) VALUES (?, ?, ?, ?, ?)",
			h.Workspace, h.Destination, t.at.UnixMicro(), h.By, h.Reason)
	})
}

// Release implements journal.Holds.
func (j *Journal) Release(ctx context.Context, workspace, destination string) error {
	return j.write(ctx, 64, func(t *tx) error {
		return t.w.exec("DELETE FROM holds WHERE workspace = ? AND destination = ?", workspace, destination)
	})
}

// Holds implements journal.Holds.
func (j *Journal) Holds(ctx context.Context, workspace string) (list []journal.Hold, err error) {
	err = j.query(ctx, "SELECT destination, at, by, reason FROM holds WHERE workspace = ? ORDER BY destination", func(s *sqlite.Stmt) error {
		list = append(list, journal.Hold{Workspace: workspace, Destination: s.ColumnText(0), At: moment(s.ColumnInt64(1)), By: s.ColumnText(2), Reason: s.ColumnText(3)})
		return nil
	}, workspace)
	return list, err
}
