package console

import (
	"fmt"
	"math"
	"strconv"

	"github.com/parlance-chat/parlance/internal/report"
)

// A card is a figure that stands above.
type card struct {
	Label, Value string
	Beside       string // what else is known
	Change       difference
	Href         string
	Help         []report.Metric
}

// A difference is what a figure is beside that before.
type difference struct {
	Text   string
	Before string
	Class  string // good, bad, or "" for what is neither
}

// compared returns how far a figure went up or down. better is 1 where more is
// better, -1 where less is, 0 where nobody can tell.
func compared(now, before float64, better int, write func(float64) string) difference {
	if before == 0 {
		if now == 0 {
			return difference{}
		}
		return difference{Text: "none before"}
	}
	percent := int64(math.Round(100 * (now - before) / before))
	switch {
	case percent == 0:
		return difference{Text: "as before"}
	case percent > 0:
		return difference{"▲ " + number(percent) + " %", write(before), [...]string{"bad", "", "good"}[better+1]}
	}
	return difference{"▼ " + number(-percent) + " %", write(before), [...]string{"good", "", "bad"}[better+1]}
}

func writeNumber(v float64) string { return number(int64(math.Round(v))) }

func writeTime(v float64) string { return duration(seconds(v)) }

func (v *reportView) cards(q *request) []card {
	now, before := v.Figures, v.Before
	count := func(label, key string, n, b int64, better int) card {
		return card{Label: label, Value: number(n), Change: compared(float64(n), float64(b), better, writeNumber), Help: metrics(key)}
	}
	times := func(label, key string, n, b report.Times, better int, beside string) card {
		c := card{Label: label, Value: "–", Help: metrics(key), Beside: beside}
		if n.Count > 0 {
			c.Value = writeTime(n.Median)
			c.Beside = fmt.Sprintf("median; 9 in 10 within %s, mean %s", writeTime(n.P90), writeTime(n.Mean)) + beside
			c.Change = compared(n.Median, b.Median, better, writeTime)
		}
		return c
	}
	state := func(label, key string, n int64) card {
		in := v.values(q.Workspace)
		in.Del("agent")
		in.Set("state", map[string]string{"open": "open", "unanswered": "unanswered"}[key])
		beside := "whatever the period"
		if v.Agent != "" {
			beside += ", and of all agents"
		}
		return card{Label: label, Value: number(n), Beside: beside, Href: "/conversations?" + in.Encode(), Help: metrics(key)}
	}
	started := count("Conversations started", "started", now.Started, before.Started, 0)
	started.Href = v.list(q, v.Since, v.Until)
	messages := card{Label: "Messages: customers / us", Value: number(now.Sent) + " / " + number(now.Received+now.BotReceived),
		Change: compared(float64(now.Sent+now.Received+now.BotReceived), float64(before.Sent+before.Received+before.BotReceived), 0, writeNumber), Help: metrics("sent", "received", "bot_received")}
	return []card{
		started, count("Ended", "closings", now.Closings, before.Closings, 0), state("Open now", "open", v.Now.Open), state("Unanswered now", "unanswered", v.Now.Unanswered),
		times("First response", "first_response", now.FirstResponse, before.FirstResponse, -1, fmt.Sprintf("; %s of %s answered", number(now.FirstResponse.Count), number(now.Waits))),
		times("Response", "response", now.Response, before.Response, -1, ""),
		times("Duration", "duration", now.Duration, before.Duration, 0, ""),
		messages,
	}
}

// A tableView is a table that can be downloaded.
type tableView struct {
	Name, Title string
	Head        []string
	Rows        []tableRow
	Help        []report.Metric
	Download    string
	raw         [][]string // as downloaded, its head included
}

// A tableRow is one of a table.
type tableRow struct {
	Name, Href string
	Source     string // of an agent, who is another one in another tool
	Bot        bool
	Cells      []string
}

func (v *reportView) tables(q *request) []tableView {
	return []tableView{v.team(q), v.sides(), v.all()}
}

// team is what each agent did.
func (v *reportView) team(q *request) tableView {
	t := tableView{Name: "agents", Title: "Agents", Help: metrics("handled", "received", "first_response", "response", "closings", "duration", "transfers", "concurrency"),
		Head: []string{"Agent", "Conversations", "Messages", "First response", "9 in 10 within", "Response", "9 in 10 within", "Ended", "Duration", "Transfers", "At once, mean", "most"},
		raw: [][]string{{"source", "agent_id", "agent_name", "bot", "handled", "messages", "first_response_median", "first_response_p90", "response_median", "response_p90", "closings",
			"duration_median", "transfers", "at_once_mean", "at_once_most"}}}
	for _, a := range v.Team {
		first, response, messages := a.FirstResponse, a.Response, a.Received
		if a.Bot {
			first, response, messages = a.FirstBotResponse, a.BotResponse, a.BotReceived
		}
		in := v.values(q.Workspace)
		in.Set("agent", nameAgent(a.Agent))
		in.Set("since", v.From)
		in.Set("until", v.To)
		t.Rows = append(t.Rows, tableRow{Name: titleAgent(&a.Agent), Source: a.Source, Bot: a.Bot, Href: "/conversations?" + in.Encode(), Cells: []string{
			number(a.Handled), number(messages), took(first.Count, first.Median), took(first.Count, first.P90), took(response.Count, response.Median), took(response.Count, response.P90),
			number(a.Closings), took(a.Duration.Count, a.Duration.Median), number(a.Transfers), number(a.Concurrency.Mean), number(a.Concurrency.Most)}})
		t.raw = append(t.raw, []string{a.Source, a.ID, a.Name, strconv.FormatBool(a.Bot), whole(a.Handled), whole(messages), exact(first.Count, first.Median), exact(first.Count, first.P90),
			exact(response.Count, response.Median), exact(response.Count, response.P90), whole(a.Closings), exact(a.Duration.Count, a.Duration.Median), whole(a.Transfers),
			exact(a.Concurrency.Quarters, a.Concurrency.Mean), whole(a.Concurrency.Most)})
	}
	return t
}

// sides are customers, people and bots beside one another.
func (v *reportView) sides() tableView {
	f := v.Figures
	t := tableView{Name: "sides", Title: "Who writes", Head: []string{"", "Customers", "People", "Bots"}, raw: [][]string{{"figure", "customers", "people", "bots"}},
		Help: metrics("sent", "received", "bot_received", "customer_first", "agent_first", "bot_first", "first_response", "first_bot_response", "response", "bot_response")}
	numbers := func(name string, of ...int64) {
		total := float64(max(of[0]+of[1]+of[2], 1))
		r, raw := tableRow{Name: name}, []string{name}
		for _, n := range of {
			r.Cells = append(r.Cells, fmt.Sprintf("%s · %.0f %%", number(n), 100*float64(n)/total))
			raw = append(raw, whole(n))
		}
		t.Rows, t.raw = append(t.Rows, r), append(t.raw, raw)
	}
	numbers("Messages", f.Sent, f.Received, f.BotReceived)
	numbers("Wrote first", f.CustomerFirst, f.AgentFirst, f.BotFirst)
	times := func(name string, of func(report.Times) float64, people, bots report.Times) {
		t.Rows = append(t.Rows, tableRow{Name: name, Cells: []string{"", took(people.Count, of(people)), took(bots.Count, of(bots))}})
		t.raw = append(t.raw, []string{name, "", exact(people.Count, of(people)), exact(bots.Count, of(bots))})
	}
	median, p90 := func(t report.Times) float64 { return t.Median }, func(t report.Times) float64 { return t.P90 }
	times("First response, median", median, f.FirstResponse, f.FirstBotResponse)
	times("First response, 9 in 10 within", p90, f.FirstResponse, f.FirstBotResponse)
	times("Response, median", median, f.Response, f.BotResponse)
	times("Response, 9 in 10 within", p90, f.Response, f.BotResponse)
	return t
}

// all are all figures beside those before.
func (v *reportView) all() tableView {
	t := tableView{Name: "figures", Title: "All figures", Head: []string{"Figure", "Now", "Before", "Change"}, raw: [][]string{{"figure", "now", "before"}}, Help: report.Metrics()}
	add := func(name, key string, n, b float64, write func(float64) string) {
		t.raw = append(t.raw, []string{key, plainNumber(n), plainNumber(b)})
		t.Rows = append(t.Rows, tableRow{Name: name, Cells: []string{write(n), write(b), compared(n, b, 0, write).Text}})
	}
	for _, m := range metrics("started", "closings", "reopened", "sent", "received", "bot_received", "customer_first", "agent_first", "bot_first", "transfers", "missed", "dropped", "waits") {
		add(m.Name, m.Key, float64(counts(&v.Figures)[m.Key]), float64(counts(&v.Before)[m.Key]), writeNumber)
	}
	for _, m := range metrics("first_response", "first_bot_response", "response", "bot_response", "duration", "first_duration") {
		n, b := lengths(&v.Figures)[m.Key], lengths(&v.Before)[m.Key]
		if n.Count+b.Count == 0 {
			continue
		}
		add(m.Name+", median", m.Key+"_median", n.Median, b.Median, writeTime)
		add(m.Name+", 9 in 10 within", m.Key+"_p90", n.P90, b.P90, writeTime)
		add(m.Name+", mean", m.Key+"_mean", n.Mean, b.Mean, writeTime)
		add(m.Name+", measured", m.Key+"_count", float64(n.Count), float64(b.Count), writeNumber)
	}
	add("At once, mean", "concurrency_mean", v.Figures.Concurrency.Mean, v.Before.Concurrency.Mean, func(n float64) string { return number(n) })
	add("At once, most", "concurrency_most", float64(v.Figures.Concurrency.Most), float64(v.Before.Concurrency.Most), writeNumber)
	return t
}

// counts are figures that are numbers, by their metrics' keys.
func counts(f *report.Figures) map[string]int64 {
	return map[string]int64{"started": f.Started, "closings": f.Closings, "reopened": f.Reopened, "sent": f.Sent, "received": f.Received, "bot_received": f.BotReceived,
		"customer_first": f.CustomerFirst, "agent_first": f.AgentFirst, "bot_first": f.BotFirst, "transfers": f.Transfers, "missed": f.Missed, "dropped": f.Dropped, "waits": f.Waits}
}

// lengths are those that are times.
func lengths(f *report.Figures) map[string]report.Times {
	return map[string]report.Times{"first_response": f.FirstResponse, "first_bot_response": f.FirstBotResponse, "response": f.Response, "bot_response": f.BotResponse,
		"duration": f.Duration, "first_duration": f.FirstDuration}
}

// took writes a time of which so many were measured.
func took(count int64, v float64) string {
	if count == 0 {
		return "–"
	}
	return writeTime(v)
}

// whole, exact and plainNumber write for programs.
func whole(n int64) string { return strconv.FormatInt(n, 10) }

func exact(count int64, v float64) string {
	if count == 0 {
		return ""
	}
	return plainNumber(v)
}

func plainNumber(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
