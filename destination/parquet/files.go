package parquet

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/warehouse"
)

// atOnce is how many files are written at once: a replay of long ago has many
// small ones, a day each.
const atOnce = 4

// A file is the rows of one table and day.
type file struct {
	key   string
	table *warehouse.Table
	rows  [][]any
}

func keys(files []file) (list []string) {
	for _, f := range files {
		list = append(list, f.key)
	}
	return list
}

// files lays out the calls of an attempt, whose ids are given. The same calls
// have the same files, so that one which a store writes late, after it was
// given up, is written over and doubles nothing.
func (d *Destination) files(a destination.Attempt, ids []string) ([]file, error) {
	if len(a.Calls) == 0 {
		return nil, nil
	}
	h := sha256.New()
	for _, id := range ids {
		fmt.Fprintf(h, "%d %s\n", len(id), id)
	}
	name := hex.EncodeToString(h.Sum(nil)[:12])
	rows, err := d.layout.Rows(a)
	if err != nil {
		return nil, err
	}
	var all []file
	for i, t := range d.layout.Tables {
		if t.Name == warehouse.Users {
			continue
		}
		at := slices.IndexFunc(t.Columns, func(c warehouse.Column) bool { return c.Name == "timestamp" })
		days := make(map[string]int) // indexes in all
		for _, r := range rows[i] {
			day := r[at].(time.Time).Format(time.DateOnly)
			n, ok := days[day]
			if !ok {
				n = len(all)
				days[day] = n
				all = append(all, file{key: fmt.Sprintf("%s/date=%s/%s.parquet", t.Name, day, name), table: t})
			}
			all[n].rows = append(all[n].rows, r)
		}
	}
	return all, nil
}

// empty are files without rows, one for each table: from them readers learn the
// columns of tables that have no rows yet, where without a file there is none.
func (d *Destination) empty() (files []file) {
	for _, t := range tables(d.layout) {
		files = append(files, file{key: t.Name + "/date=1970-01-01/none.parquet", table: t})
	}
	return files
}

// tables are those that have files. Nothing can be changed in a file, so that
// what users are now is left to a view.
func tables(l *warehouse.Layout) []*warehouse.Table {
	return slices.DeleteFunc(slices.Clone(l.Tables), func(t *warehouse.Table) bool { return t.Name == warehouse.Users })
}

// columnsOf tells layouts with different columns apart.
func columnsOf(l *warehouse.Layout) string {
	h := sha256.New()
	for _, t := range tables(l) {
		fmt.Fprintln(h, t.Name, t.Columns)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// write writes the files. After an error no more are begun, but those under way
// are waited for: one that is called off may still be there a moment later, when
// an attempt with other calls looks for it.
func (d *Destination) write(ctx context.Context, s *store, files []file, tell func(destination.Exchange)) error {
	g, failed := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, f := range files {
		if err := failed.Err(); err != nil {
			return cmp.Or(g.Wait(), err)
		}
		g.Go(func() error {
			var b bytes.Buffer
			if err := d.encoders[f.table.Name].encode(&b, f.rows); err != nil {
				return fmt.Errorf("encode: %w", err)
			}
			err := s.write(ctx, f.key, "application/vnd.apache.parquet", b.Bytes())
			if tell != nil {
				tell(exchange(f, b.Len(), err))
			}
			return err
		})
	}
	return g.Wait()
}

// exchange tells of one file.
func exchange(f file, size int, err error) destination.Exchange {
	x := destination.Exchange{Request: fmt.Sprintf("write %s, %d rows, %d bytes", f.key, len(f.rows), size), Response: "written"}
	if err != nil {
		x.Response = judge(err).Error()
		if a, ok := answered(err); ok {
			x.Status = a.status
		}
	}
	return x
}
