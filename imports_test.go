package parlance_test

import (
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/parlance-chat/parlance"

// The architecture, top to bottom: a tree, and the trees of this module that
// it may import. What is not listed is refused.
var layers = []struct{ tree, may string }{
	{"livechat", ""},
	{"conversation", "livechat"},
	{"connector/connectortest", "livechat conversation connector internal/corpus"},
	{"internal/jq", ""},
	{"internal/disk", ""},
	{"internal/phrase", ""},
	{"internal/chart", ""},
	{"connector", "conversation internal/jq"},
	{"destination/destinationtest", "destination internal/deliver internal/journal internal/listentest"},
	{"destination", "livechat internal/strictyaml internal/disk internal/phrase"},
	{"internal/spell", ""},
	{"internal/strictyaml", "internal/spell"},
	{"internal/journal", "conversation"},
	{"internal/ingest", "livechat conversation connector internal/spell internal/journal"},
	{"internal/lookup", "connector internal/journal"},
	{"internal/engine", "livechat conversation internal/journal"},
	{"internal/deliver", "livechat destination internal/journal internal/jq"},
	{"internal/archive", "livechat internal/journal"},
	{"internal/report", "internal/archive"},
	{"internal/inside", ""},
	{"internal/recovery", ""},
	{"internal/forget", "conversation internal/archive internal/journal"},
	{"internal/control", "livechat connector internal/forget internal/inside internal/journal internal/phrase internal/recovery"},
	{"internal/doctor", "livechat destination internal/control internal/deliver internal/disk internal/journal internal/phrase"},
	{"internal/alert", "livechat destination internal/control internal/phrase"},
	{"internal/live", "conversation internal/journal"},
	{"internal/trace", "livechat conversation internal/journal"},
	{"internal/quality", "livechat internal/journal"},
	{"docs", ""},
	{"internal/console", "docs livechat conversation destination internal/archive internal/report internal/journal internal/deliver internal/control internal/live internal/phrase internal/chart internal/trace internal/quality internal/npmtest"},
	{"internal/recording", "connector"},
	{"internal/simulate", "conversation connector"},
	{"internal/standin", "livechat"},
	{"internal/sdktest", ""},
	{"internal/corpus", ""},
	{"internal/npmtest", ""},
	{"internal/listentest", ""},
	{"internal/doctable", ""},
	{"gateway", "livechat conversation connector destination internal/spell internal/strictyaml internal/journal internal/jq internal/ingest internal/lookup internal/engine internal/deliver internal/control internal/live internal/archive internal/forget internal/console internal/disk internal/doctor internal/alert internal/inside internal/phrase internal/recovery"},
	{"bench", "livechat conversation connector gateway internal/archive internal/journal internal/report internal/simulate internal/standin"},
	{"cmd", "livechat conversation connector destination gateway internal/archive internal/control internal/doctor internal/forget internal/phrase internal/journal internal/recording internal/simulate internal/spell internal/standin"},
}

// TestImportsPointOneWay holds every package to the table.
func TestImportsPointOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		pkg := strings.TrimPrefix(words[0], module+"/")
		if pkg == module {
			continue // only this test
		}
		tree, may, ok := layer(pkg)
		if !ok {
			t.Errorf("%s: in no row of the table", pkg)
			continue
		}
		for _, imp := range words[1:] {
			if tree == "livechat" && strings.Contains(imp, ".") && !within(imp, module+"/livechat") {
				t.Errorf("%s imports %s: livechat imports the standard library only", pkg, imp)
			}
			of, ours := strings.CutPrefix(imp, module+"/")
			if ours && !within(of, tree) && !anyWithin(of, may) {
				t.Errorf("%s imports %s: %s may import only %q", pkg, of, tree, may)
			}
		}
	}
}

// TestPure holds the state machine and the connectors to reading no clock and
// doing no I/O, as far as imports can show it.
func TestPure(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./conversation", "./connector/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		if strings.HasSuffix(words[0], "connectortest") {
			continue
		}
		for _, imp := range words[1:] {
			switch imp {
			case "os", "net", "io/fs", "os/exec", "database/sql", "log", "log/slog":
				t.Errorf("%s imports %s", words[0], imp)
			}
		}
	}
}

func layer(pkg string) (tree, may string, ok bool) {
	for _, l := range layers {
		if within(pkg, l.tree) {
			return l.tree, l.may, true
		}
	}
	return "", "", false
}

func anyWithin(pkg, trees string) bool {
	for _, t := range strings.Fields(trees) {
		if within(pkg, t) {
			return true
		}
	}
	return false
}

func within(pkg, tree string) bool { return pkg == tree || strings.HasPrefix(pkg, tree+"/") }
