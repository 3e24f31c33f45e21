package gateway

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/parlance-chat/parlance/internal/archive"
	"github.com/parlance-chat/parlance/internal/forget"
	"github.com/parlance-chat/parlance/internal/journal/sqlite"
)

// Forget takes a person out of all that the gateway that c describes keeps: has
// the running one do so, or does it in its data directory, and writes the files
// anew.
func Forget(ctx context.Context, c *Config, r forget.Request) (reply forget.Reply, err error) {
	c.setDefaults()
	if !sqlite.Exists(c.Data) {
		return reply, noGateway(c.Data)
	}
	j, err := openJournal(*c, slog.New(slog.DiscardHandler))
	if errors.Is(err, sqlite.ErrInUse) {
		client, err := Control(c)
		if err != nil {
			return reply, err
		}
		err = client.Post(ctx, "/forget", r, &reply)
		return reply, errors.Join(err, client.Close())
	}
	if err != nil {
		return reply, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	var a *archive.Archive
	if _, err := os.Stat(filepath.Join(c.Data, archive.FileName)); err == nil {
		if a, err = openArchive(*c, slog.New(slog.DiscardHandler), nil); err != nil {
			return reply, err
		}
		defer func() { err = errors.Join(err, a.Close()) }()
	}
	return forget.Run(ctx, j, a, r, true)
}
