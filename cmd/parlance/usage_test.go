package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/internal/doctable"
	"github.com/spf13/cobra"
)

func TestExport(t *testing.T) {
	for _, what := range []string{"schema", "segment-plan", "rudderstack-plan"} {
		if out, status := parlance(t, "", "", "export", what); status != 0 || !json.Valid([]byte(out)) {
			t.Errorf("%s: got status %d and %d bytes, want JSON", what, status, len(out))
		}
	}
	for _, args := range [][]string{{"export"}, {"export", "nothing"}, {"export", "schema", "segment-plan"}} {
		if out, status := parlance(t, "", "", args...); status == 0 || !strings.Contains(out, "want one of rudderstack-plan, schema, segment-plan") {
			t.Errorf("%v: got status %d and %s", args, status, out)
		}
	}
}

// A mistake on the command line says what to do, and makes nothing.
func TestUsage(t *testing.T) {
	dir := t.TempDir()
	for args, want := range map[string]struct {
		status int
		text   string
	}{
		"srve":                      {2, `did you mean "serve"?; see 'parlance --help'`},
		"alert tset":                {2, `did you mean "test"?; see 'parlance alert --help'`},
		"archive mend":              {2, `no command "mend"`},
		"parked lsit":               {2, `did you mean "list"?`},
		"alert":                     {0, "Send a test"},
		"serve --confg x":           {2, "parlance serve --help"},
		"serve --config nope.yaml":  {1, "nope.yaml: no such file"},
		"check parlance.yaml":       {2, "--config FILE"},
		"check":                     {0, "there is no parlance.yaml here"},
		"doctor":                    {0, "there is no parlance.yaml here"},
		"lint --bogus":              {2, "parlance lint --help"},
		"lint a b":                  {2, "one file"},
		"export":                    {2, "rudderstack-plan, schema, segment-plan"},
		"replay":                    {2, "--destination"},
		"forget":                    {2, "--user"},
		"forget --user x":           {1, "parlance serve"},
		"simulate":                  {2, "--to"},
		"capture --source a":        {1, "there is none"},
		"serve --config .":          {1, "is a directory"},
		"replay -d x":               {2, "say what to replay"},
		"replay -d x --since never": {1, "2026-03-02"},
		"replay cancel":             {2, "parlance replay list"},
		"replay cancel x":           {2, "parlance replay list"},
		"pause":                     {2, "one destination's name"},
		"resume a b":                {2, "one destination's name"},
		"pause segment":             {1, "parlance serve"},
		"status":                    {1, "parlance serve"},
		"status -w nobody":          {1, `there are ["default"]`},
		"parked show":               {2, "one ID"},
		"parked show x":             {1, "is not an ID"},
		"parked resend --bogus":     {2, "parlance parked resend --help"},
		"parked":                    {1, "parlance serve"},
		"parked -w nobody":          {1, `there are ["default"]`},
		"parked drop":               {2, "--all"},
		"tail":                      {1, "parlance serve"},
		"simulate --to http://x/":   {1, "PARLANCE_SECRET"},
	} {
		out, status := parlance(t, dir, "", strings.Fields(args)...)
		if status != want.status || !strings.Contains(out, want.text) {
			t.Errorf("%s: got status %d and\n%s\nwant %d and %q", args, status, out, want.status, want.text)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("they left %v behind (%v)", left, err)
	}
}

// What the README says to write, type and open is there.
func TestReadme(t *testing.T) {
	page, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(page)
	if err := os.WriteFile(filepath.Join(dir, defaultConfig), config[1], 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"CHATWOOT_SECRET", "SHOP_TOKEN", "WEBSITE_KEY", "SEGMENT_KEY"} {
		t.Setenv(name, "made-up-"+name)
	}
	if out, status := parlance(t, dir, "", "check"); status != 0 {
		t.Errorf("check: got status %d and\n%s", status, out)
	}
	for _, m := range regexp.MustCompile(`(?:bin/|\x60)parlance ([a-z]+)`).FindAllSubmatch(page, -1) {
		if cmd, _, err := command().Find([]string{string(m[1])}); err != nil || cmd.Name() != string(m[1]) {
			t.Errorf("there is no command %s", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`\]\(([^):#]+)`).FindAllSubmatch(page, -1) {
		if _, err := os.Stat(filepath.Join("../..", string(m[1]))); err != nil && string(m[1]) != "https" {
			t.Error(err)
		}
	}
}

// The page of commands has each with its help's own words.
func TestCommandsPage(t *testing.T) {
	var b strings.Builder
	b.WriteString("| command | does | ends with status 1 also if |\n|---|---|---|\n")
	var rows func(cmd *cobra.Command)
	rows = func(cmd *cobra.Command) {
		for _, c := range cmd.Commands() {
			if !c.HasSubCommands() || c.Use == "parked" || strings.HasPrefix(c.Use, "replay") {
				fmt.Fprintf(&b, "| `%s` | %s | %s |\n", strings.TrimPrefix(c.CommandPath(), "parlance "), c.Short, strings.ReplaceAll(c.Annotations[endsWith], "\n", " "))
			}
			rows(c)
		}
	}
	rows(command())
	doctable.Check(t, "../../docs/commands.md", b.String())
}

func TestVersion(t *testing.T) {
	if out, status := parlance(t, "", "", "version"); status != 0 || !strings.HasPrefix(out, "parlance ") {
		t.Errorf("got status %d and %s", status, out)
	}
}

func TestParseTime(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.Local)
	for in, want := range map[string]time.Time{
		"24h": now.Add(-24 * time.Hour), "2026-03-01": time.Date(2026, 3, 1, 0, 0, 0, 0, time.Local),
		"2026-03-01T08:00:00Z": time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC),
	} {
		if got, err := parseTime("since", in, now); err != nil || !got.Equal(want) {
			t.Errorf("%s: got %v (%v), want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "yesterday", "-1h"} {
		if got, err := parseTime("since", in, now); err == nil {
			t.Errorf("%q: got %v, want an error", in, got)
		}
	}
}
