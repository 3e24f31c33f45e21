// Package npmtest installs packages of npm that tests run.
package npmtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Install installs what package.json and package-lock.json in directory from
// name, once, and returns the directory in which they then are. Without node
// and npm it skips a test, but fails a benchmark, which somebody has asked for,
// and whatever runs in CI, where nothing skips.
func Install(t testing.TB, from string, options ...string) string {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			if _, benchmark := t.(*testing.B); benchmark || os.Getenv("CI") == "true" {
				t.Fatalf("%s is not installed: run scripts/need-node first", program)
			}
			t.Skipf("%s is not installed: what npm has is not run", program)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	lock, err := os.ReadFile(filepath.Join(from, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(lock)
	dir := filepath.Join(cache, "parlance-npmtest-"+hex.EncodeToString(sum[:6]))
	done := filepath.Join(dir, "installed")
	if _, err := os.Stat(done); err == nil {
		return dir
	}
	// Tests of other packages may be installing the same.
	if err := os.MkdirAll(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	begun, err := os.MkdirTemp(cache, "parlance-npm-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(begun)
	for _, name := range []string{"package.json", "package-lock.json"} {
		Copy(t, filepath.Join(from, name), begun)
	}
	t.Logf("installing from npm into %s, once", dir)
	// Not "ci": it insists on optional packages for other systems.
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", append([]string{"install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"}, options...)...)
	cmd.Dir = begun
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm: %v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(begun, "installed"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(begun, dir); err != nil {
		if _, there := os.Stat(done); there != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Copy copies a file into a directory.
func Copy(t testing.TB, file, dir string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, filepath.Base(file)), b, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
