// Package corpus finds the recorded webhooks and signatures of real tools, which
// are not in the repository.
package corpus

import (
	"os"
	"testing"
)

// Dir returns PARLANCE_CORPUS, which holds a folder for each tool. Without it
// the test skips, but in CI it fails.
func Dir(t testing.TB) string {
	t.Helper()
	const without = "PARLANCE_CORPUS is not set: no recorded webhooks and signatures of real tools here"
	dir := os.Getenv("PARLANCE_CORPUS")
	switch {
	case dir != "":
	case os.Getenv("CI") == "true":
		t.Fatal(without)
	default:
		t.Skip(without)
	}
	return dir
}
