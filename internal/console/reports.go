package console

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"time"

	"github.com/parlance-chat/parlance/internal/report"
)

// A reportView is the figures of a period beside those before.
type reportView struct {
	choice
	Range    string      `json:"range,omitempty"` // a preset's name
	Weekdays string      `json:"weekdays,omitempty"`
	By       report.Unit `json:"by"`
	HeatOf   string      `json:"-"`
	From     string      `json:"-"` // days, both of them included
	To       string      `json:"-"`
	report.Overview
	Team    []report.AgentFigures `json:"agents"`
	Metrics []report.Metric       `json:"metrics"`

	Presets []link      `json:"-"`
	Cards   []card      `json:"-"`
	Charts  []chartView `json:"-"`
	Tables  []tableView `json:"-"`
}

// Days are what the choice of weekdays offers.
func (v *reportView) Days() []option { return dayChoices }

// Form is what the report is about, for a form that changes something of it.
func (v *reportView) Form(q *request) map[string]string {
	form := map[string]string{}
	values, _ := url.ParseQuery(v.address(q, url.Values{"heat": nil}))
	for key, list := range values {
		if len(list) > 0 {
			form[key] = list[0]
		}
	}
	return form
}

// Units are the steps of what is drawn over time.
func (v *reportView) Units() []report.Unit {
	return []report.Unit{report.Hour, report.Day, report.Week, report.Month}
}

// An option is one of a choice.
type option struct{ Value, Text string }

var dayChoices = []option{{"", "every day"}, {"workdays", "Monday to Friday"}, {"weekend", "Saturday and Sunday"},
	{"1", "Mondays"}, {"2", "Tuesdays"}, {"3", "Wednesdays"}, {"4", "Thursdays"}, {"5", "Fridays"}, {"6", "Saturdays"}, {"0", "Sundays"}}

// presets are periods up to now, of so many days.
var presets = []struct {
	name, text string
	days       int
}{{"today", "Today", 1}, {"7d", "7 days", 7}, {"30d", "30 days", 30}, {"90d", "90 days", 90}}

func (c *Console) reports(q *request) (any, error) {
	v, err := c.report(q)
	if err != nil {
		return nil, err
	}
	if !q.JSON {
		v.draw(q)
	}
	return v, nil
}

// report reads what a request asks for.
func (c *Console) report(q *request) (*reportView, error) {
	ch, err := c.choice(q)
	if err != nil {
		return nil, err
	}
	v := &reportView{choice: ch, Range: q.FormValue("range"), Weekdays: q.FormValue("weekdays"), HeatOf: q.FormValue("heat"), Metrics: report.Metrics()}
	ask := report.Query{Workspace: q.Workspace, Zone: q.Zone, Sources: oneOf(ch.Source), Channels: oneOf(ch.Channel)}
	if ch.key != 0 {
		ask.Agents = []int64{ch.key}
	}
	if ask.Weekdays, err = weekdays(v.Weekdays); err != nil {
		return nil, err
	}
	if ask.Since, ask.Until, err = v.period(q, time.Now().In(q.Zone)); err != nil {
		return nil, err
	}
	v.From, v.To = ask.Since.Format(time.DateOnly), ask.Until.Add(-time.Nanosecond).In(q.Zone).Format(time.DateOnly)
	if v.By = report.Unit(q.FormValue("by")); v.By == "" {
		v.By = unit(ask.Until.Sub(ask.Since))
	}
	ask.By = v.By
	v.Overview, err = report.Read(q.Context(), c.o.Archive, ask)
	if err == nil {
		v.Team, err = report.Agents(q.Context(), c.o.Archive, ask)
	}
	slices.SortStableFunc(v.Team, func(a, b report.AgentFigures) int { return cmp.Compare(b.Handled, a.Handled) })
	if errors.Is(err, report.ErrQuery) {
		return nil, badRequest("There is no such report: it may be too long for steps of one %s, or of days that are not there.", v.By)
	}
	return v, err
}

// period returns what a report is about: the days that are asked for, or those
// of a preset up to now.
func (v *reportView) period(q *request, now time.Time) (since, until time.Time, err error) {
	if since, until, err = q.between(); err != nil {
		return since, until, err
	}
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, q.Zone)
	if v.Range == "" && since.IsZero() && until.IsZero() {
		v.Range = "7d"
	}
	for _, p := range presets {
		if p.name == v.Range {
			return today.AddDate(0, 0, 1-p.days), now, nil
		}
	}
	if v.Range != "" {
		return since, until, badRequest("There are the ranges today, 7d, 30d and 90d; or name the days since and until.")
	}
	if until.IsZero() {
		until = today.AddDate(0, 0, 1)
	}
	if since.IsZero() {
		since = until.AddDate(0, 0, -7)
	}
	if until.After(now) && since.Before(now) {
		until = now // so that what is compared with it is as long
	}
	if !since.Before(until) {
		return since, until, badRequest("The first day is after the last one.")
	}
	return since, until, nil
}

// unit is the step that suits a period.
func unit(length time.Duration) report.Unit {
	switch days := length / (24 * time.Hour); {
	case days <= 2:
		return report.Hour
	case days <= 100:
		return report.Day
	case days <= 700:
		return report.Week
	}
	return report.Month
}

func weekdays(choice string) (list []time.Weekday, err error) {
	i := slices.IndexFunc(dayChoices, func(o option) bool { return o.Value == choice })
	switch {
	case i < 0:
		return nil, badRequest("There are no such weekdays.")
	case choice == "":
		return nil, nil
	case choice == "workdays":
		return []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}, nil
	case choice == "weekend":
		return []time.Weekday{time.Saturday, time.Sunday}, nil
	}
	return []time.Weekday{time.Weekday(choice[0] - '0')}, nil
}

// address returns the report's as a part of one, with some of it changed.
func (v *reportView) address(q *request, change url.Values) string {
	to := v.values(q.Workspace)
	for key, value := range map[string]string{"weekdays": v.Weekdays, "by": q.FormValue("by"), "heat": v.HeatOf, "range": v.Range} {
		if value != "" {
			to.Set(key, value)
		}
	}
	if v.Range == "" {
		to.Set("since", v.From)
		to.Set("until", v.To)
	}
	for key, list := range change {
		to[key] = list
	}
	return to.Encode()
}

// list is the address of the conversations that began on some days.
func (v *reportView) list(q *request, from, to time.Time) string {
	in := v.values(q.Workspace)
	in.Set("since", from.Format(time.DateOnly))
	in.Set("until", to.Add(-time.Nanosecond).Format(time.DateOnly))
	return "/conversations?" + in.Encode()
}

// draw makes of the figures what the page shows.
func (v *reportView) draw(q *request) {
	for _, p := range presets {
		to := v.values(q.Workspace)
		to.Set("range", p.name)
		if v.Weekdays != "" {
			to.Set("weekdays", v.Weekdays)
		}
		v.Presets = append(v.Presets, link{Href: "/reports?" + to.Encode(), Name: p.text, Here: v.Range == p.name})
	}
	v.Cards, v.Charts, v.Tables = v.cards(q), v.charts(q), v.tables(q)
	for i := range v.Charts {
		v.Charts[i].finish(v.address(q, nil))
	}
	for i := range v.Tables {
		v.Tables[i].Download = "/reports/" + v.Tables[i].Name + ".csv?" + v.address(q, nil)
	}
}

// metrics returns the definitions of figures.
func metrics(keys ...string) (list []report.Metric) {
	for _, m := range report.Metrics() {
		if slices.Contains(keys, m.Key) {
			list = append(list, m)
		}
	}
	return list
}
