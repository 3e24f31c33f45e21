package gateway

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/internal/archive"
)

// The archive is written unless it is off; a gateway goes on without one that
// cannot be read, and says so.
func TestArchive(t *testing.T) {
	for _, test := range []struct {
		name    string
		enabled Switch
		content string
		exists  bool
		logged  string
	}{
		{"by default", "", "", true, ""},
		{"off", Off, "", false, ""},
		{"damaged", On, strings.Repeat("no archive ", 1000), true, "archive is not written"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var log strings.Builder
			c := Config{Data: t.TempDir(), Listen: NoListener, Archive: Archive{Enabled: test.enabled}, Log: slog.New(slog.NewTextHandler(&log, nil))}
			path := filepath.Join(c.Data, archive.FileName)
			if test.content != "" {
				if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			g, err := Open(c)
			if err != nil {
				t.Fatal(err)
			}
			if err := g.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) == test.exists {
				t.Errorf("got %v, want that the file exists: %v", err, test.exists)
			}
			if strings.Contains(log.String(), "level=ERROR") != (test.logged != "") || !strings.Contains(log.String(), test.logged) {
				t.Errorf("got log %q, want %q in it", log.String(), test.logged)
			}
		})
	}
}
