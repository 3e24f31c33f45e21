package console_test

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/parlance-chat/parlance/internal/console/browsertest"
)

// weeks are 10 conversations of one week and 35 of the next, and how many
// seconds those wait for their first answer.
func weeks() (list []*talk, waits []float64) {
	for i := range 10 {
		k := &talk{id: fmt.Sprint("before-", i), at: monday.AddDate(0, 0, i%7-7)}
		k.customer(0, fmt.Sprint("u-", i), "Where is my order?")
		k.agent(3*time.Minute, "Ann", "On its way.")
		list = append(list, k)
	}
	for day := range 7 {
		for n := range day + 2 {
			wait := time.Duration(n+1) * 30 * time.Second
			k := &talk{id: fmt.Sprint(day, "-", n), at: monday.AddDate(0, 0, day).Add(time.Duration(n) * time.Hour)}
			k.customer(0, fmt.Sprint("u-", n), "Where is my order?")
			k.bot(2*time.Second, "Let me see.")
			k.agent(wait, []string{"Ann", "Ben"}[n%2], "On its way.")
			k.customer(wait+time.Minute, fmt.Sprint("u-", n), "Thank you!")
			if n > 0 {
				k.close(wait + 2*time.Minute)
			}
			list, waits = append(list, k), append(waits, wait.Seconds())
		}
	}
	return list, waits
}

func (k *talk) close(after time.Duration) { k.agent(after, "Ann", "") }

const week = "since=2026-03-02&until=2026-03-08&tz=UTC"

// table asks for a CSV file.
func table(t *testing.T, address string) [][]string {
	t.Helper()
	resp, body := get(t, address, nil)
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/csv") {
		t.Fatalf("%s: got %d, %v: %s", address, resp.StatusCode, err, body)
	}
	return rows
}

// cell returns what a table says in the row and the column of those names.
func cell(t *testing.T, rows [][]string, row, column string) string {
	t.Helper()
	i := slices.Index(rows[0], column)
	for _, r := range rows[1:] {
		if i >= 0 && slices.Contains(r[:min(3, len(r))], row) {
			return r[i]
		}
	}
	t.Fatalf("no %s of %s in %v", column, row, rows)
	return ""
}

// Figures that are known are what the page, its twin and its files say.
func TestReportFigures(t *testing.T) {
	address := run(t, shop())
	list, waits := weeks()
	talks(t, address, list...)
	slices.Sort(waits)
	median := waits[(len(waits)-1)/2]

	var twin struct {
		Figures struct {
			Started, Closings, Received int64
			BotReceived                 int64                    `json:"bot_received"`
			FirstResponse               struct{ Median float64 } `json:"first_response"`
		}
		Before struct{ Started int64 }
		Now    struct{ Open, Unanswered int64 }
		Agents []struct{ Name string }
	}
	_, body := get(t, address+"/reports.json?"+week, nil)
	if err := json.Unmarshal([]byte(body), &twin); err != nil {
		t.Fatal(err)
	}
	f := twin.Figures
	if f.Started != 35 || f.Closings != 28 || f.Received != 35 || f.BotReceived != 35 || twin.Before.Started != 10 || twin.Now.Open != 17 || twin.Now.Unanswered != 7 || len(twin.Agents) != 3 ||
		math.Abs(f.FirstResponse.Median-median) > median/100 {
		t.Errorf("the twin says %+v, want 35 started, 28 ended, 10 before, 17 open, 7 unanswered, 3 agents and a median of %g s", twin, median)
	}

	rows := table(t, address+"/reports/conversations.csv?"+week)
	if len(rows) != 8 || cell(t, rows, "2026-03-08", "Started") != "8" || cell(t, rows, "2026-03-02", "Ended") != "1" {
		t.Errorf("conversations: got %v", rows)
	}
	rows = table(t, address+"/reports/agents.csv?"+week)
	if cell(t, rows, "Ann", "handled") != "19" || cell(t, rows, "Ben", "messages") != "16" || cell(t, rows, "Answers", "bot") != "true" {
		t.Errorf("agents: got %v", rows)
	}
	rows = table(t, address+"/reports/hours.csv?"+week)
	if len(rows) != 1+7*24 || cell(t, rows, "Sunday 16:00", "Started") != "1" || cell(t, rows, "Sunday 17:00", "Started") != "0" {
		t.Errorf("hours: got %v", rows)
	}
	rows = table(t, address+"/reports/hours.csv?heat=sent&since=2026-03-02&until=2026-03-08&tz=Asia/Kathmandu") // 5:45 ahead
	if cell(t, rows, "Monday 14:00", "Messages of customers") != "2" {
		t.Errorf("hours in Kathmandu: got %v", rows)
	}
	rows = table(t, address+"/reports/figures.csv?weekdays=weekend&"+week)
	if cell(t, rows, "started", "now") != "15" || cell(t, rows, "bot_received", "now") != "15" {
		t.Errorf("of the weekend: got %v", rows)
	}
	rows = table(t, address+"/reports/sides.csv?agent=shop/ben&"+week)
	if cell(t, rows, "Messages", "people") != "16" {
		t.Errorf("of Ben: got %v", rows)
	}
	total := 0
	for _, row := range table(t, address+"/reports/first-response-spread.csv?"+week)[1:] {
		n, err := strconv.Atoi(row[1])
		if err != nil {
			t.Fatal(err)
		}
		total += n
	}
	if total != 35 {
		t.Errorf("the distribution has %d first responses, want 35", total)
	}
	resp, svg := get(t, address+"/reports/messages.svg?"+week, nil)
	if err := xml.NewDecoder(strings.NewReader(svg)).Decode(new(struct{})); err != nil && err != io.EOF || resp.Header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(svg, "Customers") {
		t.Errorf("%v: %s", err, svg)
	}
	for _, wrong := range []string{"?range=year", "?since=then", "?since=2026-03-02&until=2026-03-01", "?by=minute", "?weekdays=9", "?since=1900-01-01", "/none.csv", "/messages.exe"} {
		want := http.StatusBadRequest
		if wrong[0] == '/' {
			want = http.StatusNotFound
		}
		if resp, body := get(t, address+"/reports"+wrong, nil); resp.StatusCode != want {
			t.Errorf("%s: got %d, want %d: %s", wrong, resp.StatusCode, want, body)
		}
	}
	for _, period := range []string{"range=today", "range=90d", "by=hour&range=30d", "since=2025-01-01", "until=2026-03-05", "by=month&" + week, "agent=shop/nobody"} {
		if resp, body := get(t, address+"/reports?"+period, nil); resp.StatusCode != http.StatusOK {
			t.Errorf("%s: got %d: %s", period, resp.StatusCode, body)
		}
	}
}

// A support lead reads a report, changes what it is about, points at a value
// and takes it home.
func TestReportInBrowser(t *testing.T) {
	address := run(t, shop())
	list, _ := weeks()
	talks(t, address, list...)
	tab := browsertest.Open(t, address)
	tab.Go("/reports?" + week)
	tab.See(".card .value", "35")
	tab.See(".card .change", "▲ 250 % · 10 before")
	tab.See(".card .change.good", "before")
	tab.Shots("reports")

	// By keyboard: a value of a chart, and a definition.
	tab.Press("#conversations svg", kb.End)
	tab.See("#conversations .tip", "Sunday, 8 March 2026\nStarted: 8\nEnded: 7")
	tab.Press("#conversations svg", kb.ArrowLeft)
	tab.See("#conversations .tip", "Saturday, 7 March 2026\nStarted: 7")
	tab.Press("#conversations svg", kb.Escape)
	if tab.Shows("#conversations .tip", "Started") {
		t.Error("the values stay after Escape")
	}
	tab.Press("#hours svg", kb.ArrowRight)
	tab.Press("#hours svg", kb.ArrowDown)
	tab.See("#hours .tip", "Tuesday, 00:00 to 01:00\nStarted: 0")
	tab.Press(".card .help summary", kb.Enter)
	tab.Shots("reports-help")
	tab.See(".card .help p", "count of Live Chat Conversation Started, by its time")
	// By hand.
	tab.Hover("#messages .slot")
	tab.See("#messages .tip", "Sunday, 8 March 2026\nCustomers: 16\nPeople: 8\nBots: 8")
	tab.Shots("reports-tip")
	tab.Click("#hours .below summary")
	tab.See("#hours th", "Sun")

	browsertest.Eval[any](tab, `document.getElementById('duration-spread').scrollIntoView()`)
	tab.Shots("reports-end")

	// The charts are of the page's theme, whatever the browser prefers.
	const colour = `getComputedStyle(document.querySelector('#messages rect.s1')).fill`
	light := browsertest.Eval[string](tab, colour)
	tab.Click("[data-theme-toggle]")
	if dark := browsertest.Eval[string](tab, colour); dark == light {
		t.Errorf("the bars are %s in light and in dark", dark)
	}
	tab.Click("[data-theme-toggle]")

	tab.Choose("select[name=agent]", "shop/ben")
	tab.See("section th", "Ben")
	tab.See(".card .value", "16 / 16")
	tab.Choose("select[name=agent]", "")
	tab.See(".card .value", "35")
	tab.Choose("select[name=weekdays]", "weekend")
	tab.See(".card .value", "15")
	tab.Choose("#heat", "first_response")
	tab.See("#hours h2", "Slowest hours")
	if got := browsertest.Eval[string](tab, `fetch(document.querySelector('#conversations .files a').href).then(r => r.text())`); !strings.Contains(got, "2026-03-08,8,7") || strings.Contains(got, "2026-03-06,6") {
		t.Errorf("the file says %q", got)
	}
	if got := browsertest.Eval[string](tab, `new Promise(done => { HTMLAnchorElement.prototype.click = function () { done(this.download + ' ' + this.href.slice(0, 22)); }; document.querySelector('#hours .files button').click(); })`); got != "hours.png data:image/png;base64," {
		t.Errorf("the picture is %q", got)
	}

	tab.Go("/reports?" + week)
	browsertest.Eval[any](tab, `[...document.querySelectorAll('.card')].find(c => c.textContent.includes('Unanswered now')).querySelector('.value a').click()`)
	tab.See("h1", "Conversations")
	tab.See(".chip.warn", "unanswered")
	tab.Go("/reports?range=30d")
	tab.See(".presets [aria-current]", "30 days")
}

// Names are whatever people choose, in pages and in spreadsheets.
func TestHostileReport(t *testing.T) {
	address := run(t, shop())
	k := &talk{id: "1", at: monday}
	k.customer(0, "u-1", "hello")
	k.agent(time.Minute, `=HYPERLINK("https://evil.example.com","<img src=x onerror=alert(1)>")`, "hello")
	talks(t, address, k)
	tab := browsertest.Open(t, address)
	tab.Go("/reports?" + week)
	tab.See("th", "<img src=x onerror=alert(1)>")
	if page := browsertest.Eval[string](tab, `document.documentElement.outerHTML`); strings.Contains(page, "<img src=x") {
		t.Error("the page holds what an agent is called, as HTML")
	}
	_, body := get(t, address+"/reports/agents.csv?"+week, nil)
	if !strings.Contains(body, `"'=HYPERLINK(`) {
		t.Errorf("a name is a formula: %s", body)
	}
}
