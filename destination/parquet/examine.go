package parquet

import (
	"context"
	"fmt"
	"io"

	"gocloud.dev/blob"

	"github.com/parlance-chat/parlance/destination"
)

// examinedKey is written and removed to see whether that is allowed.
const examinedKey = "_parlance/examined"

// Examine implements destination.Examiner. It leaves nothing behind.
func (d *Destination) Examine(ctx context.Context) []destination.Finding {
	s, err := d.open(ctx)
	if err != nil {
		return []destination.Finding{problem("the store cannot be opened", err)}
	}
	if err := s.list(ctx); err != nil {
		return []destination.Finding{problem("it cannot be listed", err)}
	}
	found := []destination.Finding{{Text: "it is there, and can be listed"}}
	if s.region != "" {
		found[0].Text += "; requests go to the region " + s.region
	}
	if err := s.write(ctx, examinedKey, "text/plain", []byte("Written by parlance to see whether it may.\n")); err != nil {
		return append(found, problem("a file cannot be written", err))
	}
	_, unread := s.read(ctx, examinedKey)
	if err := s.remove(ctx, examinedKey); err != nil {
		return append(found, problem("a file that was written cannot be deleted", err))
	}
	if unread != nil {
		return append(found, problem("a file that was written cannot be read", unread))
	}
	found = append(found, destination.Finding{Text: "a file was written, read and deleted again"})
	last, err := s.last(ctx)
	if err != nil {
		return append(found, problem("the record of the last attempt is no good", err))
	}
	if len(last.Files) > 0 {
		found = append(found, destination.Finding{Text: fmt.Sprintf("the last attempt is not finished; the next one replaces its %d files", len(last.Files))})
	}
	return found
}

// list looks whether there is anything.
func (s *store) list(ctx context.Context) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	_, err := s.bucket.List(&blob.ListOptions{Delimiter: "/"}).Next(ctx)
	if err == io.EOF {
		return nil
	}
	return err
}

// problem is a finding of what an error means.
func problem(text string, err error) destination.Finding {
	f := destination.Found(judge(err))
	f.Level, f.Text = destination.Problem, text+": "+f.Text
	return f
}
