package parlance_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A new chat tool is one folder, and one line in the list with its import: the
// program then reads it, and everything else is as with any other tool.
func TestNewToolIsAFolderAndALine(t *testing.T) {
	const list = "connector/all/all.go"
	b, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	with := strings.NewReplacer(
		"import (\n", "import (\n\t\""+module+"/connector/connectortest/toy\"\n",
		"return []connector.Type{\n", "return []connector.Type{\n\t\ttoy.Type(),\n",
	).Replace(string(b))
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	here, err := filepath.Abs(list)
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{here: write("all.go", with)}})
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "parlance")
	if out, err := exec.Command("go", "build", "-overlay", write("overlay.json", string(overlay)), "-o", program, "./cmd/parlance").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	config := write("parlance.yaml", "sources:\n  desk: {type: toy, secret: made-up}\ndestinations:\n  log: {type: file, path: "+filepath.Join(dir, "events.jsonl")+"}\n")
	for _, tt := range []struct{ args, want string }{
		{"connectors", "toy"},
		{"check --config " + config, "toy"},
		{"map --type toy --try connector/connectortest/toy/testdata/message.json", "Live Chat Message Sent"},
		{"map --config " + config + " --source desk --try connector/connectortest/toy/testdata/note.json", "dropped: private_note"},
	} {
		out, err := exec.Command(program, strings.Fields(tt.args)...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), tt.want) {
			t.Errorf("parlance %s: got %v\n%s\nwant %q", tt.args, err, out, tt.want)
		}
	}
}
