// Package parquet writes calls to Parquet files in a bucket or a directory, as
// rows of the tables in which Segment lays them out in a warehouse.
//
// A table is a directory, and a day of it another, as Hive has them:
// live_chat_message_sent/date=2026-03-02/0f….parquet.
package parquet

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/warehouse"
)

const (
	// maxCalls bounds the record of an attempt, which has the id of each call,
	// and maxBytes what an attempt holds in memory: its calls, their rows, and
	// the files that are being written.
	maxCalls = 10_000
	maxBytes = 16 << 20
	// age is how long calls wait for others, so that files do not become many.
	age = 5 * time.Minute
)

// Type is the entry in the list.
func Type() destination.Type {
	return destination.Type{
		Name:  "parquet",
		Title: "Parquet files",
		Gives: destination.Gives{
			Repetition: "attempts that come again write no row twice; what is replayed later gets new rows with the same id, of which the shipped views take one",
			Order:      "kept within a file; rows have the time of what happened, to the microsecond",
			Batch:      "taken as a whole: what a failed attempt wrote, the next one replaces",
			Limits:     "10,000 calls, 16 MB; what is less waits up to 5 minutes for more",
			Retries:    "Retry-After, up to 5 minutes",
		},
		Find:     "in the table tracks, where id is the messageId, some minutes later",
		Settings: func() any { return &Settings{} },
		Place:    func(settings any) string { return settings.(*Settings).place() },
		Open:     func(settings any) (destination.Destination, error) { return Open(*settings.(*Settings)) },
	}
}

// Open returns a destination. It connects when there is something to send.
func Open(s Settings) (*Destination, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("parquet: %w", err)
	}
	l := warehouse.New()
	d := &Destination{settings: s, layout: l, columns: columnsOf(l), remembered: 2 * maxCalls, encoders: make(map[string]*encoder)}
	for _, t := range tables(l) {
		d.encoders[t.Name] = &encoder{table: t}
	}
	return d, nil
}

// A Destination writes below one URL. It implements destination.Destination
// and destination.Examiner.
type Destination struct {
	settings Settings
	layout   *warehouse.Layout
	columns  string // tells which the tables have
	// remembered is of how many calls is known that they have their rows, beside
	// those of the last attempt.
	remembered int
	encoders   map[string]*encoder // by table

	mu    sync.Mutex // guards store, which Examine may open too
	store *store     // nil until it is needed
}

// Limits implements destination.Destination.
func (d *Destination) Limits() destination.Limits {
	return destination.Limits{Calls: maxCalls, Bytes: maxBytes, Age: age}
}

// Location implements destination.Located.
func (d *Destination) Location() (at, account string) {
	u, err := url.Parse(d.settings.URL)
	if err != nil {
		return "", "" // it was checked
	}
	return u.Scheme + "://" + u.Host + u.Path, u.Host
}

// Send implements destination.Destination. When it returns nil, each call has
// its rows, and where that is a directory, they are on disk.
func (d *Destination) Send(ctx context.Context, a destination.Attempt) error {
	s, err := d.open(ctx)
	if err != nil {
		return judge(err)
	}
	return judge(d.send(ctx, s, a))
}

// send brings the store from what the last attempt left to where each of the
// calls has its rows once. The record is read anew each time: another gateway
// may have written since.
func (d *Destination) send(ctx context.Context, s *store, a destination.Attempt) error {
	last, err := s.last(ctx)
	if err != nil {
		return told(a, "read "+recordKey, err)
	}
	left, ids, taken := last.part(a, d.remembered)
	if a.Calls = left; len(left) == 0 && len(last.Files) == 0 {
		return nil
	}
	files, err := d.files(a, ids)
	if err != nil {
		return err
	}
	now := record{Version: recordVersion, Columns: d.columns, Taken: last.Taken, Again: last.Again, Files: keys(files), Gone: last.gone(files)}
	*now.of(a.Again) = taken
	if err := s.removeAll(ctx, slices.Concat(now.Gone, last.Gone), now.Files); err != nil {
		return told(a, "delete files that the last attempt left", err)
	}
	if last.Columns != now.Columns {
		if err := d.write(ctx, s, d.empty(), a.Tell); err != nil {
			return err
		}
	}
	if err := s.note(ctx, now); err != nil {
		return told(a, "write "+recordKey, err)
	}
	if err := d.write(ctx, s, files, a.Tell); err != nil {
		return err
	}
	if now.Files = nil; len(ids) > 0 {
		*now.of(a.Again) = slices.Insert(taken, 0, ids)
	}
	return told(a, "write "+recordKey, s.note(ctx, now))
}

// told tells of what failed and is no file of the calls, and returns its error.
func told(a destination.Attempt, asked string, err error) error {
	if err != nil {
		a.Told(asked, judge(err))
	}
	return err
}

// open returns the store.
func (d *Destination) open(ctx context.Context) (*store, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.store != nil {
		return d.store, nil
	}
	s, err := openStore(ctx, &d.settings)
	if err == nil {
		d.store = s
	}
	return s, err
}

// Close implements destination.Destination.
func (d *Destination) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.store
	if d.store = nil; s == nil {
		return nil
	}
	return s.bucket.Close()
}
